"""The figures of `evaluate lab-reports`: what counts as right, wrong, and silently wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.lab_reports import Reading, evaluate
from pipelines.tasks.lab.rows import Doubt, LabReport, Limits, Reference, Row

TRUTH = {
    "panel": "Chemistry", "name": "Potassium", "value": 5.9, "value_printed": "5.90", "unit": "mmol/L",
    "ref_low": 3.5, "ref_high": 5.1, "flag": "H", "page": 1,
}  # fmt: skip
ROW = Row(
    panel="Chemistry", test="Potassium", value="5.90", printed="5.90", unit="mmol/L", flag="H", page=1,
    reference=Reference(text="3.5-5.1", limits=Limits(low="3.5", high="5.1")), box=(0, 0, 1, 1), read="…",
)  # fmt: skip


def measured(folder: Path, *rows: Row, truths: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    (folder / "a.truth.json").write_text(json.dumps({"results": [TRUTH] if truths is None else truths, **more}))
    (folder / "a.png").write_bytes(b"picture")
    return evaluate(folder, lambda data, name: Reading(LabReport(rows=rows), "image"))


def test_a_row_read_right_is_right_in_all_its_fields(tmp_path: Path) -> None:
    found = measured(tmp_path, ROW)
    assert (found["field_micro_f1"], found["field_macro_f1"], found["exact_rows"]) == (1.0, 1.0, 1.0)
    assert (found["silent_wrong_numbers"], found["numbers"], found["failures"]) == (0, 3, [])
    assert found["by_kind"]["image"]["rows"] == 1


def test_a_wrong_number_is_silent_unless_it_bears_a_doubt(tmp_path: Path) -> None:
    wrong = ROW.model_copy(update={"value": "59"})
    assert measured(tmp_path, wrong)["silent_wrong_numbers"] == 1
    doubted = wrong.model_copy(update={"doubts": (Doubt(cell="value", why="…"),)})
    found = measured(tmp_path, doubted)
    assert (found["silent_wrong_numbers"], found["doubted_numbers"]) == (0, 1)
    assert found["failures"][0]["expected"] == {"value": "5.9"}
    assert found["failures"][0]["got"] == {"value": "59"}


def test_a_doubt_about_another_cell_does_not_excuse_it(tmp_path: Path) -> None:
    wrong = ROW.model_copy(update={"value": "59", "doubts": (Doubt(cell="unit", why="…"),)})
    assert measured(tmp_path, wrong)["silent_wrong_numbers"] == 1


def test_a_row_that_does_not_exist_counts_with_its_numbers(tmp_path: Path) -> None:
    found = measured(tmp_path, ROW, ROW.model_copy(update={"test": "Page"}))
    assert found["silent_wrong_numbers"] == 3
    assert found["exact_rows"] == 1.0
    assert found["field_micro_f1"] < 1


def test_a_missing_row_is_no_silent_number(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert (found["silent_wrong_numbers"], found["field_micro_f1"], found["exact_rows"]) == (0, 0.0, 0.0)


def test_a_lost_comparator_is_a_wrong_number(tmp_path: Path) -> None:
    found = measured(tmp_path, ROW, truths=[{**TRUTH, "value_printed": "<5.90"}])
    assert found["silent_wrong_numbers"] == 1


def test_names_that_are_alike_are_one_row_with_a_wrong_name(tmp_path: Path) -> None:
    found = measured(tmp_path, ROW.model_copy(update={"test": "Potasslum"}))
    assert found["rows"] == 1
    assert found["failures"][0]["expected"] == {"test": "Potassium"}


def test_pictures_are_held_against_the_page_that_they_show(tmp_path: Path) -> None:
    second = {**TRUTH, "name": "Sodium", "page": 2}
    assert measured(tmp_path, ROW, truths=[TRUTH, second], images_show_page=1)["rows"] == 1


def test_equal_names_are_paired_within_their_panels(tmp_path: Path) -> None:
    urine = {**TRUTH, "panel": "Urine", "value": 1, "value_printed": "1"}
    rows = (ROW.model_copy(update={"panel": "Urine", "value": "1"}), ROW)
    assert measured(tmp_path, *rows, truths=[TRUTH, urine])["failures"] == []


def test_what_is_no_folder_of_reports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no reports"):
        evaluate(tmp_path, lambda data, name: Reading(LabReport(), "text"))
    (tmp_path / "a.truth.json").write_text('{"results": [{"name": 3}]}')
    (tmp_path / "a.pdf").write_bytes(b"")
    with pytest.raises(BadInput, match=r"key 'results\.0\.name' is wrong"):
        evaluate(tmp_path, lambda data, name: Reading(LabReport(), "text"))
