"""CSV that other programs read as it is meant, and no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.exports.table import csv_bytes, guarded
from assistant.plain import one_line
from pipelines.records import Result, Statement, Status, TaskName
from tests.support.documents import DOCUMENT
from tests.support.lab_rows import REPORT

NOTE = Result(
    task=TaskName.DICTATION_NOTE,
    status=Status.DRAFT,
    statements=(
        Statement(text='He said "no", then\nleft.', origin="dictated", section="plan"),
        Statement(text="=1+1", origin="inserted"),
    ),
)
LAB = Result(
    task=TaskName.LAB_REPORT,
    status=Status.DRAFT,
    data={"reports": [{"attachment": "ab" * 32, "report": REPORT.model_dump(mode="json")}]},
)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_sentences() -> None:
    data = csv_bytes(DOCUMENT, NOTE)
    first, second = read(data)
    assert (first["text"], first["section"], first["check"]) == ('He said "no", then left.', "plan", "supported")
    assert second["text"] == "'=1+1"
    assert {one["use"] for one in (first, second)} == {"For research and development, not for diagnosis."}
    assert first["patient"] == "Zoë Šedá (p-1), born 1950-01-02"
    assert data.count(b"\r\n") == 3
    assert b'"He said ""no"", then left."' in data


def test_rows_of_a_laboratory_report() -> None:
    potassium, crp, haemoglobin, nitrite = read(csv_bytes(DOCUMENT, LAB))
    assert (potassium["value"], potassium["unit"], potassium["low"], potassium["high"]) == (
        "5.60",
        "mmol/L",
        "3.5",
        "5.0",
    )
    assert (crp["value"], crp["comparator"], crp["printed"]) == ("0.5", "<", "< 0.5")
    assert "doubtful" in haemoglobin["look_at_this"]
    assert (nitrite["text"], nitrite["value"], nitrite["page"]) == ("Negative", "", "2")


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = guarded(text)
    assert cell in (one_line(text), f"'{one_line(text)}")
    assert not cell.startswith(tuple("=@\t\r＝＠"))
    assert cell[:1] not in tuple("+-＋－") or re.fullmatch(r"[+-]\d+([.,]\d+)?", cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("-5.2", "-5.2"),
        ("+1", "+1"),
        ("-5,2", "-5,2"),
        ("-", "'-"),
        ("+++", "'+++"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("＝1", "'＝1"),
        ("<5", "<5"),
        ("1-2", "1-2"),
        ("", ""),
    ],
)
def test_numbers_stay_numbers(text: str, cell: str) -> None:
    assert guarded(text) == cell


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    statements = tuple(Statement(text=text, origin="dictated") for text in texts)
    sources = tuple(replace(DOCUMENT.sources[0], number=n) for n in range(1, len(texts) + 1))
    found = read(csv_bytes(replace(DOCUMENT, sources=sources), NOTE.model_copy(update={"statements": statements})))
    assert [one["text"].removeprefix("'") for one in found] == [one_line(text).removeprefix("'") for text in texts]
