"""Reports drawn in layouts of our own, read through the text layer of their PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.evaluation.lab_reports import Reading, evaluate
from pipelines.evidence.documents.reading import read_document
from pipelines.tasks.lab.reading import read_report
from tests.support.lab_layouts import LAYOUTS
from tests.support.lab_rendering import write


def read(data: bytes, name: str) -> Reading:
    document = read_document(data, name)
    return Reading(read_report(document.pages), "text", document.engines)


def figures(folder: Path, layout: str) -> dict[str, Any]:
    write(folder, [layout], [7], ["pdf"])
    return evaluate(folder, read)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_field_of_a_text_layer_is_read(tmp_path: Path, layout: str) -> None:
    found = figures(tmp_path, layout)
    assert found["failures"] == []
    assert found["field_micro_f1"] == 1.0
    assert found["silent_wrong_numbers"] == 0
    assert found["rows"] >= 10


@pytest.mark.long
@pytest.mark.parametrize("kind", ["clean", "scan", "photo"])
def test_pictures_are_read_with_every_wrong_number_marked(tmp_path: Path, kind: str) -> None:
    write(tmp_path, ["result_first"], [7], [kind])
    found = evaluate(tmp_path, read)
    assert found["field_micro_f1"] >= 0.95
    assert found["silent_wrong_numbers"] == 0
    assert found["numbers"] > 30
