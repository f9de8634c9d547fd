"""A laboratory report goes out as FHIR and comes back as the same rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from pipelines.errors import BadInput
from pipelines.fhir.lab_reading import read_lab_bundle
from pipelines.fhir.lab_writing import lab_bundle
from pipelines.fhir.told import Maker, Told
from pipelines.fhir.values import LOINC, UCUM, to_json
from pipelines.records import Attachment, Engine, Kind, Status, TaskName
from pipelines.tasks.lab.rows import LabReport
from tests.support.fhir_validation import problems
from tests.support.lab_rows import REPORT, reports

FILE = "ab" * 32
TOLD = Told(
    run="01M8BTPD8KJR13611YESGMRA9W",
    written="2026-11-26T11:00:00.123456+00:00",
    version="0.1.0",
    task=TaskName.LAB_REPORT,
    title="Laboratory report, as read",
    template=None,
    status=Status.DRAFT,
    patient=None,
    notices=("For research and development, not for diagnosis.",),
    parts=(),
    attachments=(
        Attachment(
            sha256=FILE,
            name="Šedá <1>.pdf",
            media_type="application/pdf",
            size=9,
            kind=Kind.LAB_REPORT,
            kind_from="user",
        ),
    ),
    recording=None,
    makers=(Maker("read by", Engine(name="rapidocr", version="3", model="PP-OCR", weights_sha256="0" * 64)),),
)


def written(*reports: LabReport, status: Status = Status.DRAFT) -> bytes:
    return to_json(lab_bundle(replace(TOLD, status=status), [(FILE, report) for report in reports]))


def resources(data: bytes, kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in json.loads(data)["entry"] if one["resource"]["resourceType"] == kind]


@settings(deadline=None, max_examples=60)
@given(reports)
def test_rows_come_back_as_they_went_and_are_r4_on_their_way(report: LabReport) -> None:
    data = written(report)
    assert read_lab_bundle(data, "report.json") == (report,)
    assert problems(data) == []


def test_a_report_as_others_read_it() -> None:
    data = written(REPORT)
    assert problems(data) == []
    assert read_lab_bundle(data, "report.json") == (REPORT,)
    [report] = resources(data, "DiagnosticReport")
    observations = {one["code"]["text"]: one for one in resources(data, "Observation")}
    potassium = observations["Potassium"]
    assert report["status"] == potassium["status"] == "preliminary"
    assert potassium["code"]["coding"] == [{"system": LOINC, "code": "2823-3"}]
    quantity = potassium["valueQuantity"]
    assert (quantity["value"], quantity["unit"], quantity["system"]) == (5.6, "mmol/L", UCUM)
    assert b'"value": 5.60' in data
    assert potassium["interpretation"][0]["coding"][0]["code"] == "H"
    assert potassium["effectiveDateTime"] == "2026-06-07"
    assert potassium["note"] == [{"text": "Sample slightly haemolysed."}]
    [normal] = potassium["referenceRange"]
    assert (normal["low"]["value"], normal["high"]["value"]) == (3.5, 5.0)
    assert observations["CRP"]["valueQuantity"]["comparator"] == "<"
    assert observations["Nitrite"]["valueString"] == "Negative"
    assert [one["appliesTo"][0]["text"] for one in observations["Haemoglobin"]["referenceRange"]] == ["Male", "Female"]
    assert len(observations["Basic Metabolic Panel"]["hasMember"]) == 2
    assert len(report["result"]) == 3
    [patient] = resources(data, "Patient")
    assert (patient["name"], patient["gender"]) == ([{"text": "Zoë Šedá"}], "female")
    assert "<b>" not in report["text"]["div"]


def test_a_doubt_is_told_to_whoever_knows_no_extension_of_ours() -> None:
    data = written(REPORT)
    [haemoglobin] = [one for one in resources(data, "Observation") if one["code"]["text"] == "Haemoglobin"]
    said = [one["text"] for one in haemoglobin["note"]]
    assert "The value is doubtful: two of its figures look alike" in said
    assert "doubtful" in resources(data, "DiagnosticReport")[0]["text"]["div"]


def test_each_row_names_its_place_in_the_file() -> None:
    data = written(REPORT)
    [potassium] = [one for one in resources(data, "Observation") if one["code"]["text"] == "Potassium"]
    [place] = potassium["derivedFrom"]
    assert place["identifier"]["value"].endswith("#page=1&xywh=percent:10,20,80,2")
    [document] = resources(data, "DocumentReference")
    assert place["reference"] == f"urn:uuid:{document['id']}"
    assert place["identifier"]["value"].startswith(document["identifier"][0]["value"])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.DRAFT, "preliminary"),
        (Status.NEEDS_REVIEW, "preliminary"),
        (Status.APPROVED, "final"),
        (Status.SIGNED, "final"),
        (Status.REJECTED, "entered-in-error"),
    ],
)
def test_final_is_only_what_a_person_stands_for(status: Status, told: str) -> None:
    data = written(REPORT, status=status)
    assert {one["status"] for one in resources(data, "Observation")} == {told}
    assert resources(data, "DiagnosticReport")[0]["status"] == told
    assert problems(data) == []


def test_several_reports_keep_apart() -> None:
    other = REPORT.model_copy(
        update={"patient": REPORT.patient.model_copy(update={"id": "another"}), "rows": REPORT.rows[1:]}
    )
    data = written(REPORT, other)
    assert problems(data) == []
    assert read_lab_bundle(data, "report.json") == (REPORT, other)
    assert len(resources(data, "DiagnosticReport")[0]["presentedForm"]) == 1


def test_nothing_that_could_not_be_read_is_given_a_value() -> None:
    row = REPORT.rows[0].model_copy(update={"value": None, "text": None, "printed": "5.?", "unit": None, "ucum": None})
    data = written(LabReport(rows=(row,)))
    [found] = [one for one in resources(data, "Observation") if "hasMember" not in one]
    assert not {name for name in found if name.startswith("value")}
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert problems(data) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"resourceType": "Bundle"}',
        b'{"entry": [{"fullUrl": "x", "resource": {"resourceType": "DiagnosticReport", "result": [{}]}}]}',
        b'{"entry": [{"fullUrl": "x", "resource": {"resourceType": "DiagnosticReport", "subject": 7}}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"report\.json: is no bundle"):
        read_lab_bundle(data, "report.json")
