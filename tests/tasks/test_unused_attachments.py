"""What was attached and is not used is told with the result, whatever the task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import DONE, MODEL_NEEDED, PERSON_NEEDED
from pipelines.records import Kind, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.opening import result_of
from tests.support.pictures import write_dicom
from tests.support.records import patient, potassium, write_bundle
from tests.support.slides import aperio, paper, with_tissue, write_tiff
from tests.support.volumes import AXIAL, body, write_series

NOTHING_THERE = '{"answered": "no", "sentences": []}'
BOX = 'Final Answer: [{"box_2d": [300, 300, 700, 700], "label": "heart"}]'
LABS = "Test          Result   Units     Reference\nPotassium     4.1      mmol/L    3.5-5.1\n"
NAMES = {
    "film.dcm": Kind.CHEST_XRAY,
    "eye.png": Kind.FUNDUS,
    "ct": Kind.CT_SERIES,
    "mr": Kind.MR_SERIES,
    "scan.svs": Kind.WHOLE_SLIDE,
    "labs.txt": Kind.LAB_REPORT,
    "record.json": Kind.FHIR_RECORD,
    "letter.txt": Kind.DOCUMENT,
}
USED = {
    TaskName.DICTATION_NOTE: "",
    TaskName.CLINICAL_QUESTION: "labs.txt letter.txt",
    TaskName.RECORD_QUESTION: "record.json",
    TaskName.RECORD_SUMMARY: "record.json",
    TaskName.LAB_REPORT: "labs.txt",
    TaskName.IMAGE_QUESTION: "film.dcm eye.png",
    TaskName.CHEST_XRAY_REPORT: "film.dcm",
    TaskName.ANATOMY_LOCALIZATION: "film.dcm",
    TaskName.CT_VOLUME: "ct",
    TaskName.MRI_VOLUME: "mr",
    TaskName.SLIDE_REVIEW: "scan.svs",
}


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(answer=BOX)


@pytest.fixture
def everything(tmp_path: Path) -> tuple[GivenAttachment, ...]:
    """One of every kind, in the order of ``NAMES``."""
    film(tmp_path / "film.dcm", "20210602")
    Image.new("RGB", (64, 64), (90, 40, 20)).save(tmp_path / "eye.png")
    write_series(tmp_path / "ct", body(3, 8, 8), AXIAL)
    write_series(tmp_path / "mr", body(3, 8, 8), AXIAL, Modality="MR")
    write_tiff(tmp_path / "scan.svs", [with_tissue(paper(896, 896), 0, 0, 896, 896)], aperio(1.0, 10))
    (tmp_path / "labs.txt").write_text(LABS)
    (tmp_path / "letter.txt").write_text("The potassium was 4.1 mmol/L.\n")
    write_bundle(tmp_path / "record.json", patient(), potassium())
    return tuple(GivenAttachment(tmp_path / name, kind) for name, kind in NAMES.items())


def film(path: Path, day: str) -> Path:
    values = np.tile(np.arange(80, dtype=np.uint8), (80, 1))
    return write_dicom(path, values, BodyPartExamined="CHEST", StudyDate=day, SOPInstanceUID=f"1.2.{day}")


def unused_but(used: str) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in NAMES.items() if name not in used.split())


@pytest.mark.parametrize("task", USED)
def test_every_task_names_what_it_does_not_use(
    task: TaskName, runner: Runner, generator: ScriptedGenerator, everything: tuple[GivenAttachment, ...]
) -> None:
    if task is TaskName.CLINICAL_QUESTION:
        generator.answers = (NOTHING_THERE,)
    confirm(runner.log, RESEARCH_USE)
    done = runner.submit(Given(text="What was her last potassium?", task=task, attachments=everything))
    assert done.exit_code == DONE, done.view.error
    message = result_of(done).message or ""
    assert f"Not used for this: {unused_but(USED[task])}." in message


def test_a_comparison_names_what_is_no_film_and_tells_itself_of_films_that_it_leaves_out(
    runner: Runner, everything: tuple[GivenAttachment, ...], tmp_path: Path
) -> None:
    confirm(runner.log, RESEARCH_USE)
    others = (GivenAttachment(film(tmp_path / f"{day}.dcm", day)) for day in ("20190301", "20140131"))
    given = Given(text="compare", task=TaskName.CHEST_XRAY_COMPARISON, attachments=(*everything, *others))
    message = result_of(runner.submit(given)).message or ""
    assert f"Not used for this: {unused_but('film.dcm')}." in message
    assert "Not compared: 20140131.dcm" in message


def test_a_second_record_is_not_looked_into_and_that_is_said(runner: Runner, tmp_path: Path) -> None:
    earlier = {**potassium(), "effectiveDateTime": "2020-03-04"}
    records = [
        write_bundle(tmp_path / "one.json", patient(), potassium()),
        write_bundle(tmp_path / "other.json", patient(), earlier),
    ]
    attachments = tuple(map(GivenAttachment, records))
    done = runner.submit(Given(text="last potassium", task=TaskName.RECORD_QUESTION, attachments=attachments))
    assert done.exit_code == DONE, done.view.error
    assert "Not used for this: other.json (fhir-record)." in (result_of(done).message or "")


def test_it_is_said_while_the_run_waits_for_a_model_too(
    runner: Runner, generator: ScriptedGenerator, everything: tuple[GivenAttachment, ...]
) -> None:
    generator.ready = False
    picture_and_report = tuple(one for one in everything if one.kind in (Kind.FUNDUS, Kind.LAB_REPORT))
    waiting = runner.submit(Given(text="look", task=TaskName.IMAGE_QUESTION, attachments=picture_and_report))
    assert waiting.exit_code == MODEL_NEEDED
    assert (result_of(waiting).message or "").startswith("Not used for this: labs.txt (lab-report). ")


def test_where_all_is_used_or_something_is_asked_nothing_is_said(
    runner: Runner, everything: tuple[GivenAttachment, ...]
) -> None:
    confirm(runner.log, RESEARCH_USE)
    eye = next(one for one in everything if one.kind is Kind.FUNDUS)
    done = runner.submit(Given(text="look", task=TaskName.IMAGE_QUESTION, attachments=(eye,)))
    assert "Not used" not in (result_of(done).message or "")
    asked = runner.submit(Given(text="look", task=TaskName.CT_VOLUME, attachments=(eye,)))
    assert asked.exit_code == PERSON_NEEDED
    assert "Not used" not in (result_of(asked).message or "")
