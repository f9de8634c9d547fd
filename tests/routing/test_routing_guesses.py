"""Whose word counts where a model said what kind of picture an attachment is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from pipelines.records import Attachment, Kind, TaskName
from pipelines.routing import Router
from pipelines.routing.guesses import chosen, decide


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load()


def attached(kind: Kind, kind_from: str = "header", name: str = "a") -> Attachment:
    return Attachment.model_validate(
        {"sha256": name * 64, "name": name, "media_type": "image/png", "size": 1, "kind": kind, "kind_from": kind_from}
    )


def guess(kind: Kind) -> Attachment:
    return attached(kind, "model")


@dataclass
class Breaker:
    asked: list[tuple[Kind, ...]] = field(default_factory=list)

    def choose(self, text: str, kinds: Sequence[Kind], candidates: Mapping[TaskName, str]) -> TaskName | None:
        self.asked.append(tuple(kinds))
        return None


@pytest.mark.parametrize("text", ["", "is there a pneumothorax", "read this film", "please compare these", "hello"])
@pytest.mark.parametrize("kinds", [(), (Kind.IMAGE,), (Kind.CHEST_XRAY, Kind.IMAGE), (Kind.DOCUMENT,)])
def test_without_a_guess_nothing_changes(router: Router, text: str, kinds: tuple[Kind, ...]) -> None:
    attachments = [attached(kind) for kind in kinds]
    assert decide(router, text, attachments, None) == router.decide(text, kinds)


@pytest.mark.parametrize("kind", [Kind.FUNDUS, Kind.DERMATOLOGY, Kind.RADIOGRAPH, Kind.CHEST_XRAY])
@pytest.mark.parametrize("text", ["Report this chest x-ray please.", "is there a pneumothorax on this chest x-ray?"])
def test_words_that_name_a_kind_leave_the_model_no_part(router: Router, text: str, kind: Kind) -> None:
    attachments = [guess(kind)]
    decision = decide(router, text, attachments, None)
    assert decision == router.decide(text, [Kind.IMAGE])
    assert decision.task is not None
    [taken] = decision.named(attachments)
    assert taken.kind is Kind.CHEST_XRAY
    assert taken.kind_from == ("model" if kind is Kind.CHEST_XRAY else "words")


def test_words_that_name_none_take_the_models(router: Router) -> None:
    attachments = [guess(Kind.RADIOGRAPH)]
    decision = decide(router, "Is there anything abnormal in this picture?", attachments, None)
    assert decision.task is TaskName.IMAGE_QUESTION
    assert decision.named(attachments) == tuple(attachments)


def test_a_decision_that_the_guess_would_spoil_is_made_without_it(router: Router) -> None:
    text = "What has changed between these two films?"
    attachments = [guess(Kind.FUNDUS), attached(Kind.IMAGE, name="b")]
    assert router.decide(text, [Kind.FUNDUS, Kind.IMAGE]).task is not TaskName.CHEST_XRAY_COMPARISON
    by_words = router.decide(text, [Kind.IMAGE, Kind.IMAGE])
    assert by_words.task is TaskName.CHEST_XRAY_COMPARISON
    decision = decide(router, text, attachments, None)
    assert decision.task is TaskName.CHEST_XRAY_COMPARISON
    assert [one.kind for one in decision.named(attachments)] == [Kind.CHEST_XRAY, Kind.CHEST_XRAY]


def test_kinds_stay_with_their_attachments(router: Router) -> None:
    """A header's kind and an unknown one beside a guess: each attachment keeps or gets its own."""
    attachments = [attached(Kind.DOCUMENT, name="b"), attached(Kind.FHIR_RECORD, name="c"), guess(Kind.CHEST_XRAY)]
    decision = decide(router, "Outline the heart on the film.", attachments, None)
    assert decision.task is TaskName.ANATOMY_LOCALIZATION
    assert decision.inferred_kinds == (Kind.DOCUMENT, Kind.CHEST_XRAY)
    assert decision.named(attachments) == tuple(attachments)
    spoiled = [*attachments[:2], guess(Kind.FUNDUS)]
    named = decide(router, "Report this chest x-ray please.", spoiled, None).named(spoiled)
    assert [one.kind for one in named] == [Kind.DOCUMENT, Kind.FHIR_RECORD, Kind.CHEST_XRAY]


def test_a_guess_can_make_clear_what_the_words_left_open(router: Router) -> None:
    assert router.decide("is there a pneumothorax", [Kind.IMAGE]).task is None
    assert decide(router, "is there a pneumothorax", [guess(Kind.CHEST_XRAY)], None).task is TaskName.IMAGE_QUESTION


def test_whoever_breaks_a_tie_is_told_the_guess_once(router: Router) -> None:
    breaker = Breaker()
    decision = decide(router, "could you have a look", [guess(Kind.FUNDUS)], breaker)
    assert len(breaker.asked) <= 1
    assert breaker.asked in ([], [(Kind.FUNDUS,)])
    assert decision.task is None or decision.inferred_kinds == (Kind.FUNDUS,)


def test_the_users_task_is_not_refused_for_a_guess() -> None:
    attachments = [guess(Kind.FUNDUS)]
    decision = chosen(TaskName.CHEST_XRAY_REPORT, attachments)
    assert (decision.task, decision.by) == (TaskName.CHEST_XRAY_REPORT, "user")
    assert [one.kind for one in decision.named(attachments)] == [Kind.IMAGE]


@pytest.mark.parametrize("task", [TaskName.IMAGE_QUESTION, TaskName.DICTATION_NOTE, TaskName.CT_VOLUME])
def test_a_guess_that_is_not_in_the_way_stays(task: TaskName) -> None:
    attachments = [guess(Kind.FUNDUS)]
    decision = chosen(task, attachments)
    assert decision.inferred_kinds == ()
    assert decision.named(attachments) == tuple(attachments)
