from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.formatting import evaluate

CASES = Path(__file__).parents[1] / "data" / "formatting.jsonl"


def test_every_case_worked_out_by_hand_comes_out_exactly() -> None:
    figures = evaluate(read_cases(CASES))
    assert figures["failures"] == []
    assert figures["accuracy"] == 1.0
    assert figures["n"] >= 60
    assert figures["engines"] == ["commands"]


def test_text_and_flags_must_both_be_exact() -> None:
    figures = evaluate(
        [
            {"id": "right", "raw": "a {bold}", "expected": "A {bold}", "flags": [unknown("{bold}")]},
            {"id": "text", "raw": "a {period}", "expected": "a.", "flags": []},
            {"id": "flags", "raw": "a {bold}", "expected": "A {bold}", "flags": []},
            {"id": "kind", "raw": "[X]", "expected": "[X]", "flags": [unknown("[X]")]},
        ]
    )
    assert figures["accuracy"] == 0.25
    assert [failure["id"] for failure in figures["failures"]] == ["text", "flags", "kind"]
    assert figures["failures"][1] == {
        "id": "flags",
        "expected": {"text": "A {bold}", "flags": []},
        "got": {"text": "A {bold}", "flags": [unknown("{bold}")]},
    }


def test_no_cases_have_no_accuracy() -> None:
    assert evaluate([])["accuracy"] is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": "2", "expected": "secret"}', "line 2: key 'raw' is wrong (missing)"),
        ('{"id": "2", "raw": ["secret"], "expected": ""}', "line 2: key 'raw' is wrong (string_type)"),
        ('{"id": "2", "raw": "", "expected": "", "flags": [{"kind": "secret"}]}', "key 'flags.0.text'"),
        ('{"id": "2", "raw": "secret"', "line 2: not JSON"),
        ('["secret"]', "line 2: not a JSON object"),
    ],
)
def test_a_bad_line_is_named_without_its_text(tmp_path: Path, line: str, problem: str) -> None:
    data = tmp_path / "cases.jsonl"
    data.write_text('{"id": 1, "raw": "", "expected": ""}\n' + line + "\n")
    with pytest.raises(BadInput) as caught:
        evaluate(read_cases(data))
    message = str(caught.value)
    assert problem in message
    assert message.startswith(str(data))
    assert "secret" not in message
    assert "\n" not in message


def unknown(text: str) -> dict[str, str]:
    return {"kind": "unknown-command", "text": text}
