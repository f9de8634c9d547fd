"""The synthetic record is sound FHIR R4 about one patient, and answers what the samples ask of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from pipelines.evidence.records.record import read_record
from pipelines.records import Status
from pipelines.tasks.record.question import answer
from samples.make import RECORD
from samples.record import PATIENT, as_json, bundle

TODAY = date(2026, 9, 1)
BUNDLE = bundle()
RESOURCES: list[dict[str, Any]] = [entry["resource"] for entry in BUNDLE["entry"]]
SYSTEMS = {
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/cvx",
    "http://unitsofmeasure.org",
}
#: Elements that FHIR R4 requires.
REQUIRED = {
    "Patient": (),
    "Practitioner": (),
    "Encounter": ("status", "class"),
    "Condition": ("subject",),
    "MedicationRequest": ("status", "intent", "medicationCodeableConcept", "subject"),
    "AllergyIntolerance": ("patient",),
    "Observation": ("status", "code"),
    "Immunization": ("status", "vaccineCode", "patient", "occurrenceDateTime"),
    "Procedure": ("status", "subject"),
}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def test_the_file_is_what_the_tables_say() -> None:
    assert RECORD.read_bytes() == as_json()


def test_it_is_about_one_patient_and_nothing_is_left_out() -> None:
    record = read_record(RECORD.read_bytes(), RECORD.name, "")
    assert record.patient.id == PATIENT
    assert record.left_out == 0
    assert len(record.resources) == len(RESOURCES) - 1


def test_it_holds_every_kind_of_resource() -> None:
    count = Counter(each["resourceType"] for each in RESOURCES)
    assert set(count) == set(REQUIRED)
    assert 55 <= len(RESOURCES) <= 70


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: f"{each['resourceType']}/{each['id']}")
def test_resource_has_what_r4_requires(resource: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", resource["id"])
    assert all(name in resource for name in REQUIRED[resource["resourceType"]])


def test_ids_are_unique_and_every_reference_leads_somewhere() -> None:
    addresses = [f"{each['resourceType']}/{each['id']}" for each in RESOURCES]
    assert len(set(addresses)) == len(addresses)
    assert [entry["fullUrl"].removeprefix("https://example.org/fhir/") for entry in BUNDLE["entry"]] == addresses
    references = {each["reference"] for each in nodes(BUNDLE) if "reference" in each}
    assert references <= set(addresses)


def test_codes_and_units_are_of_the_named_systems() -> None:
    codes = [each for each in nodes(BUNDLE) if "system" in each and "code" in each]
    assert {each["system"] for each in codes if "terminology.hl7.org" not in each["system"]} == SYSTEMS
    loinc = [each["code"] for each in codes if each["system"] == "http://loinc.org"]
    assert all(re.fullmatch(r"\d{3,5}-\d", code) and _luhn(code) for code in loinc)
    snomed = [each["code"] for each in codes if each["system"] == "http://snomed.info/sct"]
    assert all(_verhoeff(code) for code in snomed)


def test_a_period_ends_after_it_starts() -> None:
    assert all(e["period"]["start"] <= e["period"]["end"] for e in RESOURCES if e["resourceType"] == "Encounter")
    assert all(
        c["onsetDateTime"] < c.get("abatementDateTime", "9999") for c in RESOURCES if c["resourceType"] == "Condition"
    )


@pytest.mark.parametrize(
    ("question", "there", "absent"),
    [
        ("What was her most recent A1c, and when was it taken?", ("6.9", "2026"), ("7.2", "8.3")),
        ("Does this patient have any allergies on record?", ("penicillin", "shellfish"), ()),
        ("What was her most recent blood pressure reading, and when was it taken?", ("134", "78", "2026"), ("164",)),
        ("What was the last potassium level, and when was it taken?", ("4.9", "mmol/L", "2026"), ("5.6",)),
        ("Which medications is she taking at the moment?", ("metformin", "carvedilol"), ("lisinopril",)),
        ("What was the most recent calcium level?", ("no calcium", "recorded"), ("mg/dl", "none")),
    ],
)
def test_the_questions_of_the_samples_have_answers(
    question: str, there: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    result = answer(question, read_record(RECORD.read_bytes(), RECORD.name, ""), TODAY)
    assert result.status is Status.DRAFT
    said = " ".join(statement.text for statement in result.statements).lower()
    assert all(each.lower() in said for each in there), said
    assert not any(each.lower() in said for each in absent), said


def _luhn(code: str) -> bool:
    """LOINC's check digit (modulus 10)."""
    digits = [int(d) for d in reversed(code.replace("-", ""))]
    return sum(d if n % 2 == 0 else sum(divmod(2 * d, 10)) for n, d in enumerate(digits)) % 10 == 0


def _verhoeff(code: str) -> bool:
    """SNOMED CT's check digit: a checksum in the dihedral group of order ten."""
    permutation = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    check = 0
    for position, character in enumerate(reversed(code)):
        digit = int(character)
        for _ in range(position % 8):
            digit = permutation[digit]
        check = _turn(check, digit)
    return check == 0


def _turn(a: int, b: int) -> int:
    """The product of two elements of that group: 0-4 rotations, 5-9 reflections."""
    turned = (a + b) % 5 if a < 5 else (a - b) % 5
    return turned if (a < 5) == (b < 5) else turned + 5
