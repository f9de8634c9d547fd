"""FHIR R5, STU3 and DSTU2 are recognised by their shapes and refused; R4 never is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.evidence.records.record import Record, read_record
from tests.support.given_records import Given
from tests.support.records import write_bundle

PATIENT = {"resourceType": "Patient", "id": "p"}


def read(*resources: dict[str, Any]) -> Record:
    entries = [{"resource": resource} for resource in (PATIENT, *resources)]
    return read_record(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), "record.json", "a" * 64)


@pytest.mark.parametrize(
    ("kind", "shape", "version"),
    [
        ("Encounter", {"class": [{"text": "inpatient"}]}, "R5"),
        ("Encounter", {"actualPeriod": {"start": "2024"}}, "R5"),
        ("MedicationRequest", {"medication": {"concept": {"text": "Aspirin"}}}, "R5"),
        ("MedicationStatement", {"medication": {"reference": {"reference": "Medication/m"}}}, "R5"),
        ("MedicationRequest", {"reason": [{"concept": {"text": "Gout"}}]}, "R5"),
        ("Procedure", {"occurrenceDateTime": "2024-01-01"}, "R5"),
        ("AllergyIntolerance", {"type": {"coding": [{"code": "allergy"}]}}, "R5"),
        ("MedicationUsage", {}, "R5"),
        ("MedicationOrder", {}, "STU3 or earlier"),
        ("Immunization", {"date": "2015-01-01"}, "STU3 or earlier"),
        ("Condition", {"assertedDate": "2015-01-01"}, "STU3 or earlier"),
        ("Observation", {"context": {"reference": "Encounter/e"}}, "STU3 or earlier"),
        ("MedicationStatement", {"taken": "y"}, "STU3 or earlier"),
        ("AllergyIntolerance", {"substance": {"text": "Nuts"}}, "STU3 or earlier"),
    ],
)
def test_other_versions_are_refused_when_the_record_is_read(kind: str, shape: dict[str, Any], version: str) -> None:
    with pytest.raises(BadInput) as refused:
        read({"resourceType": kind, "id": "x", **shape})
    assert str(refused.value) == (
        f"record.json: holds a {kind} in the shape of FHIR {version}; export the record as FHIR R4"
    )


def test_one_among_many_is_refused_when_the_attachment_is_inspected(tmp_path: Path) -> None:
    one = {"resourceType": "Encounter", "id": "a", "class": {"code": "AMB"}}
    other = {"resourceType": "Encounter", "id": "b", "class": [{"text": "inpatient"}]}
    path = write_bundle(tmp_path / "record.json", PATIENT, one, other)
    with pytest.raises(BadInput, match="shape of FHIR R5"):
        Given(tmp_path / "store").attach(path)


def test_the_shapes_of_r4_are_read() -> None:
    record = read(
        {"resourceType": "Encounter", "id": "e", "class": {"code": "IMP"}, "reasonCode": [{"text": "Pain"}]},
        {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": {"text": "Aspirin"}},
        {"resourceType": "Procedure", "id": "p", "performedDateTime": "2024-01-01"},
        {"resourceType": "AllergyIntolerance", "id": "a", "type": "allergy", "recordedDate": "2020"},
        {"resourceType": "Immunization", "id": "i", "occurrenceDateTime": "2020"},
        {"resourceType": "Condition", "id": "c", "clinicalStatus": "active"},
    )
    assert len(record.resources) == 6
