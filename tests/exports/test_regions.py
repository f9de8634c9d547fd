"""Marked regions for other programs: read again by their libraries, the boxes are where they were."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.exports.exporting import Format, export
from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import DONE, UsageProblem
from pipelines.evidence.dicom import unwarned
from pipelines.records import Kind, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.fhir_validation import problems
from tests.support.pictures import write_dicom

#: Films are 600 x 400, in a square of 600 whose first 100 rows are padding.
ANSWER = (
    "Both are seen.\nFinal Answer: ```json\n"
    '[{"box_2d": [300, 500, 700, 800], "label": "cœur"}, {"box_2d": [200, 100, 400, 350], "label": ""}]\n```'
)
BOXES = {"cœur": [300, 80, 480, 320], "region 2": [60, 20, 210, 140]}
UIDS = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.4", "SOPInstanceUID": "1.2.5"}


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(answer=ANSWER)


def film(tmp_path: Path, **elements: object) -> Path:
    values = np.tile(np.linspace(0, 200, 600).astype(np.uint8), (400, 1))
    about = {"BodyPartExamined": "CHEST", "StudyDate": "20190301", **UIDS, **elements}
    return write_dicom(tmp_path / "film.dcm", values, **about)


def marked(runner: Runner, path: Path, task: TaskName = TaskName.ANATOMY_LOCALIZATION) -> str:
    confirm(runner.log, RESEARCH_USE)
    given = Given(text="mark the heart", task=task, attachments=(GivenAttachment(path, Kind.CHEST_XRAY),))
    done = runner.submit(given)
    assert done.exit_code == DONE, done.view.error
    return done.view.id


def report(runner: Runner, run: str) -> Any:
    return dcmread(io.BytesIO(export(runner.log, run, Format.DICOM_SR).data))


def test_a_structured_report_points_into_the_film(runner: Runner, tmp_path: Path) -> None:
    from highdicom.sr import ComprehensiveSR

    run = marked(runner, film(tmp_path))
    dataset = report(runner, run)
    assert (dataset.Modality, dataset.StudyInstanceUID, str(dataset.PatientName)) == ("SR", "1.2.3", "Testcase^Ada")
    assert (dataset.CompletionFlag, dataset.VerificationFlag, dataset.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    content: Any = ComprehensiveSR.from_dataset(dataset).content
    groups = content.get_planar_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == list(BOXES)
    for group, box in zip(groups, BOXES.values(), strict=True):
        corners = group.roi.value
        assert group.roi.graphic_type.value == "POLYLINE"
        assert corners.min(axis=0).tolist() + corners.max(axis=0).tolist() == box
        assert corners[0].tolist() == corners[-1].tolist()
        [image] = group.roi.ContentSequence
        [referenced] = image.ReferencedSOPSequence
        assert referenced.ReferencedSOPInstanceUID == "1.2.5"
        assert group.finding_type.meaning == "Approximate region marked by a model"
    assert runner.log.verify().ok


def test_the_same_bytes_whenever_it_is_asked_for(runner: Runner, tmp_path: Path) -> None:
    run = marked(runner, film(tmp_path))
    first, second = (export(runner.log, run, Format.DICOM_SR).data for _ in range(2))
    assert first == second
    assert report(runner, run).ContentDate == runner.log.run(run).updated[:10].replace("-", "")


def test_what_the_film_does_not_say_is_empty_in_the_report(runner: Runner, tmp_path: Path) -> None:
    absent: dict[str, object] = {"PatientName": None, "PatientID": None, "StudyDate": None, "Modality": None}
    dataset = report(runner, marked(runner, film(tmp_path, **absent)))
    assert (dataset.PatientID or "", str(dataset.PatientName or ""), dataset.StudyDate or "") == ("", "", "")


@pytest.mark.parametrize(
    "odd",
    [
        {"StudyDate": "20191301"},
        {"StudyTime": "10:11:12"},
        {"PatientBirthDate": "unknown"},
        {"PatientSex": "female"},
        {"PatientName": "Ada Testcase"},
        {"PatientName": "M\u00fcller^Ada", "SpecificCharacterSet": "ISO_IR 100"},
        {"PatientName": "\u738b^\u5c0f\u4e1c", "SpecificCharacterSet": "GB18030"},
        {"AccessionNumber": "1" * 40},
        {"StudyID": None, "AccessionNumber": ""},
        {"SOPInstanceUID": "1.02.3"},
    ],
)
def test_odd_values_of_a_film_are_those_of_its_report_and_nothing_is_logged(
    runner: Runner, tmp_path: Path, odd: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with unwarned():
        run = marked(runner, film(tmp_path, **odd))
        made = report(runner, run)
        for keyword, value in odd.items():
            if keyword == "SOPInstanceUID":
                [study] = made.CurrentRequestedProcedureEvidenceSequence
                [image] = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
                assert image.ReferencedSOPInstanceUID == value
            elif keyword != "SpecificCharacterSet":
                assert str(made.get(keyword, "") or "") == (value or "")
    assert [one.getMessage() for one in caplog.records if one.name.startswith(("highdicom", "pydicom"))] == []


def test_what_took_the_film_keeps_its_own_time(runner: Runner, tmp_path: Path) -> None:
    taken = "20190301101112"
    path = film(tmp_path, Manufacturer="Imager", AcquisitionDateTime=taken)
    camera, writer = report(runner, marked(runner, path)).ContributingEquipmentSequence
    assert (camera.Manufacturer, str(camera.ContributionDateTime)) == ("Imager", taken)
    assert str(writer.ContributionDateTime) > "2026"


def test_what_no_report_can_point_into_is_refused(runner: Runner, generator: ScriptedGenerator, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (600, 400), 80).save(tmp_path / "film.png")
    with pytest.raises(UsageProblem, match=r"film\.png: is no DICOM image.*; export it as fhir"):
        report(runner, marked(runner, tmp_path / "film.png"))
    with pytest.raises(UsageProblem, match="has no StudyInstanceUID"):
        report(runner, marked(runner, film(tmp_path, StudyInstanceUID=None)))
    with unwarned(), pytest.raises(UsageProblem, match="has no SeriesInstanceUID"):
        report(runner, marked(runner, film(tmp_path, SeriesInstanceUID="1." + "2" * 70)))
    with pytest.raises(UsageProblem, match="is of no class of images that the standard has"):
        report(runner, marked(runner, film(tmp_path, SOPClassUID="1.2.840.99")))
    generator.answer = "Clear."
    with pytest.raises(UsageProblem, match="has no marked regions"):
        report(runner, marked(runner, film(tmp_path), TaskName.IMAGE_QUESTION))


def test_regions_as_fhir(runner: Runner, tmp_path: Path) -> None:
    run = marked(runner, film(tmp_path))
    data = export(runner.log, run, Format.FHIR).data
    assert problems(data) == []
    resources = [one["resource"] for one in json.loads(data)["entry"]]
    observations = [one for one in resources if one["resourceType"] == "Observation"]
    for observation, box in zip(observations, BOXES.values(), strict=True):
        assert [part["valueQuantity"]["value"] for part in observation["component"]] == box
        assert [part["code"]["text"] for part in observation["component"]] == [
            "left edge",
            "upper edge",
            "right edge",
            "lower edge",
        ]
        [source] = observation["derivedFrom"]
        left, upper, right, lower = box
        assert source["identifier"]["value"].endswith(f"#xywh=pixel:{left},{upper},{right - left},{lower - upper}")
        assert observation["status"] == "preliminary"
    assert [one.get("bodySite", {}).get("text") for one in observations] == ["cœur", None]
    [composition] = [one for one in resources if one["resourceType"] == "Composition"]
    [section] = [one for one in composition["section"] if one.get("title") == "Marked regions"]
    assert [one["reference"] for one in section["entry"]] == [f"urn:uuid:{one['id']}" for one in observations]
