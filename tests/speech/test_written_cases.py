"""The cases of `tests/data/written_forms.jsonl`: dictated words and how they are filed, ordinary speech among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.speech.written import write

DATA = Path(__file__).parent.parent / "data" / "written_forms.jsonl"
CASES = [json.loads(line) for line in DATA.read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, str]) -> None:
    written = write(case["raw"], spoken_words=True, forms=True)
    assert written.text == case["written"]
    for change in written.changes:
        assert written.text[change.start : change.end] == change.after
        assert case["raw"][change.raw_start : change.raw_end].strip()


def test_half_of_the_cases_are_ordinary_speech() -> None:
    ordinary = [case for case in CASES if case["raw"].lower() == case["written"].lower()]
    assert len(CASES) >= 250
    assert len(ordinary) >= 0.45 * len(CASES)
