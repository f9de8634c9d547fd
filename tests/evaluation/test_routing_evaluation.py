"""``evaluate routing``: how the figures count, and what the shipped router reaches on a file it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.routing import evaluate
from pipelines.routing import Router

DATA = Path(__file__).parents[1] / "data" / "routing.jsonl"


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load()


def test_figures_count_as_they_say(router: Router) -> None:
    cases = [
        {"id": "right", "text": "Is there a pneumothorax?", "attachments": ["chest-xray"], "task": "image-question"},
        {"id": "wrong", "text": "Is there a pneumothorax?", "attachments": ["chest-xray"], "task": "chest-xray-report"},
        {"id": "asked", "text": "um", "attachments": ["chest-xray"], "task": "chest-xray-report"},
        {"id": "noise", "text": "uh", "attachments": [], "task": "unclear"},
        {"id": "misrouted", "text": "Is there a pneumothorax?", "attachments": ["chest-xray"], "task": "unclear"},
    ]
    figures = evaluate(cases, router)
    assert figures == {
        "accuracy": 2 / 5,
        "wrong_route_rate": 2 / 5,
        "asked_back_rate": 1 / 5,
        "unclear_recall": 1 / 2,
        "unclear_misrouted_rate": 1 / 2,
        "confusion": {
            "chest-xray-report": {"image-question": 1, "unclear": 1},
            "image-question": {"image-question": 1},
            "unclear": {"image-question": 1, "unclear": 1},
        },
        "n": 5,
        "engines": ["words"],
        "failures": [
            {"id": "wrong", "expected": "chest-xray-report", "got": "image-question"},
            {"id": "asked", "expected": "chest-xray-report", "got": "unclear"},
            {"id": "misrouted", "expected": "unclear", "got": "image-question"},
        ],
    }


def test_nothing_to_count_is_none(router: Router) -> None:
    figures = evaluate([], router)
    assert figures["accuracy"] is None
    assert figures["unclear_recall"] is None


def test_an_unknown_task_is_refused(router: Router) -> None:
    with pytest.raises(BadInput, match="task"):
        evaluate([{"id": 1, "text": "a", "attachments": [], "task": "coffee"}], router)


def test_shipped_weights_on_a_style_that_was_never_trained_on(router: Router) -> None:
    figures = evaluate(read_cases(DATA), router)
    assert figures["n"] >= 120
    assert figures["accuracy"] >= 0.90
    assert figures["wrong_route_rate"] <= 0.05
