"""Routing where a model said what kind of picture an attachment is: the words come first.

Where they name a kind of picture the model has no part in it. Else its kind counts as known; where a decision would
fail by it, the words decide as if nobody had looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.records import Attachment, Decision, Kind, TaskName
from pipelines.routing.cues import named
from pipelines.routing.features import words_of
from pipelines.routing.fit import is_possible

if TYPE_CHECKING:
    from pipelines.routing.router import Router, TieBreaker

#: Names that say of one picture what it is.
_KINDS: Final = frozenset({"chest-xray", "fundus", "dermatology", "patch", "whole-slide", "lab-report"})


def decide(router: Router, text: str, attachments: Sequence[Attachment], tie_breaker: TieBreaker | None) -> Decision:
    """As `Router.decide`. Of a decision in which a model's kinds had a part, ``inferred_kinds`` gives the kind of every
    attachment whose kind was open, those that a model named among them."""
    if not any(one.kind_from == "model" for one in attachments) or _KINDS & set(named(" ".join(words_of(text)))):
        return router.decide(text, _unguessed(attachments), tie_breaker)
    guessed = router.decide(text, [one.kind for one in attachments], tie_breaker)
    if guessed.task is not None:
        return guessed.model_copy(update={"inferred_kinds": _all_open(guessed, attachments)})
    by_words = router.decide(text, _unguessed(attachments))
    if by_words.task is not None:
        return by_words.model_copy(update={"inferred_kinds": by_words.inferred_kinds or _open_unguessed(attachments)})
    return by_words


def chosen(task: TaskName, attachments: Sequence[Attachment]) -> Decision:
    """The user's own decision. A model's kind that the task could not take does not stand in its way."""
    decision = Decision(task=task, by="user", confidence=1.0)
    unguessed = _unguessed(attachments)
    if is_possible(task, [one.kind for one in attachments]) or not is_possible(task, unguessed):
        return decision
    return decision.model_copy(update={"inferred_kinds": _open_unguessed(attachments)})


def _unguessed(attachments: Sequence[Attachment]) -> list[Kind]:
    """The kinds as they were before a model was asked."""
    return [Kind.IMAGE if one.kind_from == "model" else one.kind for one in attachments]


def _open_unguessed(attachments: Sequence[Attachment]) -> tuple[Kind, ...]:
    return tuple(kind for kind, one in zip(_unguessed(attachments), attachments, strict=True) if one.is_open)


def _all_open(guessed: Decision, attachments: Sequence[Attachment]) -> tuple[Kind, ...]:
    inferred = iter(guessed.inferred_kinds)
    return tuple(
        one.kind if one.kind_from == "model" else next(inferred, one.kind) for one in attachments if one.is_open
    )
