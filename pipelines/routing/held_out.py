"""How well the router does on requests of authors and specialties that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.routing.model import CLASSES, UNCLEAR
from pipelines.routing.router import Router
from pipelines.routing.utterance import Utterance


@dataclass(frozen=True)
class Figures:
    """Shares of ``n`` requests, each from 0 to 1."""

    n: int
    accuracy: float
    wrong: float
    """Sent to a wrong task; an ``unclear`` request sent to any task counts."""
    asked_back: float
    unclear_recall: float

    def __str__(self) -> str:
        return (
            f"n {self.n:5d}  accuracy {self.accuracy:.3f}  wrong route {self.wrong:.3f}  "
            f"asked back {self.asked_back:.3f}  unclear recall {self.unclear_recall:.3f}"
        )


Outcome = tuple[str, str]
"""What was expected and what came."""


def outcomes(router: Router, rows: Sequence[Utterance]) -> list[Outcome]:
    """Decide every row."""
    return [(row.task, router.decide(row.text, row.attachments).task or CLASSES[UNCLEAR]) for row in rows]


def figures(came: Sequence[Outcome]) -> Figures:
    """Count outcomes."""
    unclear = CLASSES[UNCLEAR]
    n = max(1, len(came))
    lost = [got for expected, got in came if expected == unclear]
    return Figures(
        n=len(came),
        accuracy=sum(expected == got for expected, got in came) / n,
        wrong=sum(got not in (expected, unclear) for expected, got in came) / n,
        asked_back=sum(got == unclear != expected for expected, got in came) / n,
        unclear_recall=lost.count(unclear) / max(1, len(lost)),
    )


def leave_out(
    rows: Sequence[Utterance],
    group: Callable[[Utterance], str],
    fit_without: Callable[[str], Router],
) -> dict[str, list[Outcome]]:
    """For each group: the outcomes of a router trained on all the others."""
    return {
        name: outcomes(fit_without(name), [row for row in rows if group(row) == name])
        for name in sorted({group(row) for row in rows})
    }
