"""Two readings held against each other: what differs is shown, and nothing is chosen or averaged."""

from __future__ import annotations

from pipelines.evidence.documents.text_file import text_pages
from pipelines.tasks.lab.by_model import ModelRow
from pipelines.tasks.lab.comparing import compared
from pipelines.tasks.lab.reading import read_report
from pipelines.tasks.lab.rows import Row

TABLE = b"""\
Test          Result   Flag   Units     Reference
Potassium     5.9      H      mmol/L    3.5-5.1
Sodium        139             mmol/L    135-145
Nitrite       Negative                  Negative
"""


def rows() -> tuple[Row, ...]:
    return read_report(text_pages(TABLE, "report.txt")).rows


def model(test: str, value: str, unit: str = "mmol/L", low: str = "", high: str = "", flag: str = "") -> ModelRow:
    return ModelRow(test=test, value=value, unit=unit, ref_low=low, ref_high=high, flag=flag)


SAME = (
    model("Potassium", "5.90", low="3.5", high="5.1", flag="HIGH"),
    model("SODIUM", "139", low="135", high="145"),
)


def test_equal_readings_leave_no_doubt() -> None:
    both = compared(rows()[:2], SAME)
    assert [row.doubts for row in both.rows] == [(), ()]
    assert (both.differing, both.only_second) == (0, ())


def test_a_cell_that_differs_keeps_the_first_reading_and_shows_the_second() -> None:
    both = compared(rows()[:1], [model("Potassium", "5.4", "mg/dL", "3.5", "5.7", "H")])
    [row] = both.rows
    assert row.value == "5.9"
    assert [(doubt.cell, doubt.why) for doubt in row.doubts] == [
        ("value", "the model reads 5.4"),
        ("unit", "the model reads mg/dL"),
        ("reference", "the model reads 5.7"),
    ]
    assert both.differing == 3


def test_rows_that_only_one_reading_has_are_told() -> None:
    both = compared(rows()[:2], [SAME[0], model("Chloride", "101")])
    assert [doubt.why for doubt in both.rows[1].doubts] == ["the model does not read this row"]
    assert [row.test for row in both.only_second] == ["Chloride"]


def test_comparators_and_texts_are_compared_too() -> None:
    both = compared(rows(), [SAME[0].model_copy(update={"value": "<5.9"}), SAME[1], model("Nitrite", "Positive", "")])
    assert [[doubt.cell for doubt in row.doubts] for row in both.rows] == [["value"], [], ["value"]]
