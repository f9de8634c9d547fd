"""The seam for whoever chooses where the words leave doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.records import Kind, TaskName
from pipelines.routing import Router

DOUBTFUL = ("how is the chest", [Kind.CHEST_XRAY, Kind.FHIR_RECORD])


class MostSharedWords:
    """Chooses the task whose description shares most words with the request; none shared: unclear."""

    def __init__(self) -> None:
        self.asked: list[Mapping[TaskName, str]] = []

    def choose(self, text: str, kinds: Sequence[Kind], candidates: Mapping[TaskName, str]) -> TaskName | None:
        self.asked.append(candidates)
        said = set(text.lower().split())
        shared = {task: len(said & set(what.lower().split())) for task, what in candidates.items()}
        best = max(shared, key=lambda task: shared[task])
        return best if shared[best] else None


class Elsewhere:
    """Answers with a task that was not offered."""

    def choose(self, text: str, kinds: Sequence[Kind], candidates: Mapping[TaskName, str]) -> TaskName | None:
        return TaskName.SLIDE_REVIEW


def test_it_is_asked_when_in_doubt() -> None:
    breaker = MostSharedWords()
    decision = Router.load().decide(*DOUBTFUL, breaker)
    assert decision.task in breaker.asked[0]
    assert decision.by == "generator"
    assert decision.question is None
    assert all(len(what) > 20 for what in breaker.asked[0].values())


def test_it_is_not_asked_when_sure() -> None:
    breaker = MostSharedWords()
    decision = Router.load().decide("Is there a pneumothorax?", [Kind.CHEST_XRAY], breaker)
    assert decision.by == "words"
    assert breaker.asked == []


def test_it_is_not_asked_about_noise() -> None:
    breaker = MostSharedWords()
    assert Router.load().decide("um", [Kind.CHEST_XRAY], breaker).task is None
    assert breaker.asked == []


def test_an_answer_that_was_not_offered_is_asked_back() -> None:
    decision = Router.load().decide(*DOUBTFUL, Elsewhere())
    assert decision.task is None
    assert decision.question is not None
