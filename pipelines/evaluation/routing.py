"""How often a request is sent to the right task, to a wrong one, or asked back.

* ``accuracy``: right ÷ all, ``unclear`` included.
* ``wrong_route_rate``: sent to a wrong task ÷ all; an ``unclear`` request sent to any task is one.
* ``asked_back_rate``: asked back though a task was meant ÷ all.
* ``unclear_recall``, ``unclear_misrouted_rate``: asked back, sent to a task ÷ requests that are ``unclear``.

A figure without anything to count is None.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from pipelines.evaluation.data import as_model
from pipelines.records import Kind, TaskName
from pipelines.routing import Router

ENGINE: Final = "words"
_UNCLEAR: Final = "unclear"


class RoutingCase(BaseModel):
    """A request and the task that is meant."""

    model_config = ConfigDict(frozen=True)

    id: str | int | None = None
    text: str
    attachments: tuple[Kind, ...]
    task: TaskName | Literal["unclear"]


def evaluate(cases: Iterable[Mapping[str, Any]], router: Router) -> dict[str, Any]:
    """Figures over lines of ``{"id", "text", "attachments": [kinds], "task"}``; a case without id is its number.

    ``confusion`` maps what was expected to what came and how often. Failures hold ids and tasks, never the text.

    Raises:
        BadInput: a case lacks a key, or names a task or kind that does not exist.
    """
    parsed = as_model(cases, RoutingCase)
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    failures = []
    for number, case in enumerate(parsed, start=1):
        got = str(router.decide(case.text, case.attachments).task or _UNCLEAR)
        confusion[str(case.task)][got] += 1
        if got != case.task:
            failures.append({"id": number if case.id is None else case.id, "expected": str(case.task), "got": got})
    unclear = confusion[_UNCLEAR] if _UNCLEAR in confusion else Counter[str]()
    asked_back = sum(failure["got"] == _UNCLEAR for failure in failures)
    n = len(parsed)
    return {
        "accuracy": _share(n - len(failures), n),
        "wrong_route_rate": _share(len(failures) - asked_back, n),
        "asked_back_rate": _share(asked_back, n),
        "unclear_recall": _share(unclear[_UNCLEAR], unclear.total()),
        "unclear_misrouted_rate": _share(unclear.total() - unclear[_UNCLEAR], unclear.total()),
        "confusion": {task: dict(sorted(got.items())) for task, got in sorted(confusion.items())},
        "n": n,
        "engines": [ENGINE],
        "failures": failures,
    }


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
