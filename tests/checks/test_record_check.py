"""The second reading finds what the first got wrong: changed values, other entries, claims of absence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.checks.record import check
from pipelines.evidence.records.record import Record, read_record
from pipelines.records import RecordCitation, Statement

ATTACHMENT = "b" * 64


def observation(ident: str, name: str, value: float, when: str, unit: str = "mmol/L") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": {"text": name},
        "valueQuantity": {"value": value, "unit": unit},
        "effectiveDateTime": when,
    }


def record(*resources: dict[str, Any]) -> Record:
    entries = [{"resource": r} for r in ({"resourceType": "Patient", "id": "p", "birthDate": "1950-06-02"}, *resources)]
    return read_record(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), "r.json", ATTACHMENT)


SODIUM = record(
    observation("na", "Sodium", 139.456, "2024-03-02T08:00:00Z"),
    observation("old", "Sodium", 131.25, "2020-01-05"),
    {
        "resourceType": "Condition",
        "id": "c",
        "code": {"text": "Gout"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
    },
    {"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2019-05-05"}, "class": {}},
)


def cite(resource: str, *places: tuple[str, str]) -> tuple[RecordCitation, ...]:
    return tuple(RecordCitation(attachment=ATTACHMENT, resource=resource, path=p, value=v) for p, v in places)


def na(value: str = "139.456", ident: str = "na", day: str = "2024-03-02T08:00:00Z") -> tuple[RecordCitation, ...]:
    return cite(
        f"Observation/{ident}",
        ("code.text", "Sodium"),
        ("valueQuantity.value", value),
        ("valueQuantity.unit", "mmol/L"),
        ("effectiveDateTime", day),
    )


BOTH = (*na("131.25", "old", "2020-01-05"), *na())


def verdict(text: str, citations: tuple[RecordCitation, ...], of: Record = SODIUM) -> tuple[str, str]:
    (found,) = check([Statement(text=text, origin="looked-up", citations=citations)], of)
    return found.verdict, found.aspect


@pytest.mark.parametrize(
    ("text", "citations", "expected"),
    [
        ("Sodium: 139.46 mmol/L on 2024-03-02.", na(), ("supported", "value")),
        ("Sodium: 139.45 mmol/L on 2024-03-02.", na(), ("unsupported", "number")),
        ("Sodium: 139 mmol/L on 2024-03-02.", na(), ("unsupported", "number")),
        ("Sodium: 139.46 mmol/L on 2024-03-03.", na(), ("unsupported", "date")),
        ("Sodium: 139.46 mg/dL on 2024-03-02.", na(), ("unsupported", "unit")),
        ("Sodium: 139.46 units on 2024-03-02.", na(), ("unsupported", "unit")),
        ("Potassium: 139.46 mmol/L on 2024-03-02.", na(), ("contradicted", "name")),
        ("Sodium: 140.5 mmol/L on 2024-03-02.", na("140.5"), ("contradicted", "citation")),
        ("Sodium: 139.46 mmol/L on 2024-03-02.", na(ident="gone"), ("unsupported", "citation")),
        ("Sodium: 139.46 mmol/L.", (), ("unsupported", "citation")),
        (
            "Sodium: 131.25 mmol/L on 2020-01-05 (first), 139.46 mmol/L on 2024-03-02 (last), a change of 8.21 mmol/L.",
            BOTH,
            ("supported", "value"),
        ),
        (
            "Sodium: 131.25 mmol/L on 2020-01-05 (first), 139.46 mmol/L on 2024-03-02 (last), a change of 9.21 mmol/L.",
            BOTH,
            ("unsupported", "number"),
        ),
        (
            "1 encounter is recorded in 2019.",
            cite("Encounter/e", ("period.start", "2019-05-05")),
            ("supported", "value"),
        ),
        (
            "2 encounters are recorded in 2019.",
            cite("Encounter/e", ("period.start", "2019-05-05")),
            ("unsupported", "number"),
        ),
        (
            "1 encounter is recorded in 2018.",
            cite("Encounter/e", ("period.start", "2019-05-05")),
            ("unsupported", "date"),
        ),
        (
            "Date of birth: 1950-06-02; age 70 on 2020-06-02.",
            cite("Patient/p", ("birthDate", "1950-06-02")),
            ("supported", "value"),
        ),
        (
            "Date of birth: 1950-06-02; age 70 on 2020-06-01.",
            cite("Patient/p", ("birthDate", "1950-06-02")),
            ("unsupported", "date"),
        ),
    ],
)
def test_a_statement_is_held_against_what_it_cites(
    text: str, citations: tuple[RecordCitation, ...], expected: tuple[str, str]
) -> None:
    assert verdict(text, citations) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Allergies: none recorded in this record.", "supported"),
        ("Conditions: none recorded in this record.", "contradicted"),
        ("Active conditions: none recorded in this record.", "contradicted"),
        ("Past conditions: none recorded in this record.", "supported"),
        ("Encounters: none recorded in 2019 in this record.", "contradicted"),
        ("Encounters: none recorded in 2020 in this record.", "supported"),
        ("Encounters: none recorded since 2019-01-01 in this record.", "contradicted"),
        ("Date of birth: not recorded in this record.", "contradicted"),
        ("Sex: not recorded in this record.", "supported"),
        ("No sodium result is recorded in this record.", "contradicted"),
        ("No sodium result is recorded in 2022 in this record.", "supported"),
        ("No potassium result is recorded in this record.", "supported"),
        ("No condition named gout is recorded in this record.", "contradicted"),
        ("No unicorn is recorded in this record.", "not-checkable"),
        ("No entry named gout is recorded in this record.", "contradicted"),
        ("No entry named unicorn is recorded in this record.", "supported"),
        ("No reason for gout is recorded in this record; what is recorded: Gout.", "supported"),
        ("No result marked abnormal is recorded in this record; 0 results there carry a flag or a range.", "supported"),
        ("Emergency contact: not recorded in this record.", "supported"),
        ("Care teams: none recorded in this record.", "supported"),
    ],
)
def test_a_claim_of_absence_is_held_against_the_whole_record(text: str, expected: str) -> None:
    assert verdict(text, ())[0] == expected


def test_another_patients_entry_supports_nothing() -> None:
    foreign = observation("x", "Sodium", 139.456, "2024-03-02T08:00:00Z") | {"subject": {"reference": "Patient/other"}}
    assert verdict("Sodium: 139.46 mmol/L on 2024-03-02.", na(ident="x"), record(foreign)) == (
        "unsupported",
        "citation",
    )


GLUCOSE = (
    ("code.text", "Glucose"),
    ("valueQuantity.value", "101"),
    ("valueQuantity.unit", "mg/dL"),
    ("effectiveDateTime", "2024-05-06"),
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("; converted: 5.606 mmol/L (times 0.055507)", "supported"),
        ("; converted: 5.906 mmol/L (times 0.055507)", "unsupported"),
        ("; converted: 5.656 mmol/L (times 0.056)", "unsupported"),
        ("; converted: 5.606 furlongs (times 0.055507)", "unsupported"),
        ("; that is 2 years and 26 days before 2026-06-01", "supported"),
        ("; that is 2 years and 27 days before 2026-06-01", "unsupported"),
        ("; that is 1 year before 2026-06-01", "unsupported"),
    ],
)
def test_what_is_reckoned_is_reckoned_again(more: str, expected: str) -> None:
    held = record(observation("g", "Glucose", 101, "2024-05-06", "mg/dL"))
    assert verdict(f"Glucose: 101 mg/dL on 2024-05-06{more}.", cite("Observation/g", *GLUCOSE), held)[0] == expected


@pytest.mark.parametrize(
    ("said", "expected"), [("above", "supported"), ("below", "unsupported"), ("within", "unsupported")]
)
def test_a_reference_range_is_held_against_the_value(said: str, expected: str) -> None:
    raw = observation("g", "Glucose", 101, "2024-05-06", "mg/dL") | {
        "referenceRange": [{"low": {"value": 70}, "high": {"value": 99}}]
    }
    limits = (("referenceRange[0].low.value", "70"), ("referenceRange[0].high.value", "99"))
    text = f"Glucose: 101 mg/dL on 2024-05-06, {said} its reference range (70 to 99)."
    assert verdict(text, cite("Observation/g", *GLUCOSE, *limits), record(raw))[0] == expected


def test_a_gap_that_is_filled_is_contradicted() -> None:
    raw = {"resourceType": "Encounter", "id": "v", "status": "finished", "reasonCode": [{"text": "Cough"}]}
    cited = cite("Encounter/v", ("status", "finished"))
    assert verdict("Last recorded encounter: finished; reason not recorded.", cited, record(raw))[0] == "contradicted"
