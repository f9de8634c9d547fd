"""A small invented record with a bit of everything that a question or a summary may be about."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

from pipelines.evidence.records.record import Record, read_record

TODAY: Final = date(2026, 6, 1)
ATTACHMENT: Final = "a" * 64
LOINC: Final = "http://loinc.org"
LONG_ID: Final = "3831a684-2adb-4577-88b2-3c51038e05a"


def lab(number: int, name: str, code: str, value: float, unit: str, when: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{LONG_ID}{number}" if name == "Potassium" else f"o{number}",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": code, "display": name}]},
        "valueQuantity": {"value": value, "unit": unit},
        "effectiveDateTime": when,
        **more,
    }


def named(kind: str, ident: str, name: str, status: str, **more: Any) -> dict[str, Any]:
    clinical = {"clinicalStatus": {"coding": [{"code": status}]}}
    return {"resourceType": kind, "id": ident, "code": {"text": name}, **clinical, **more}


CHART: Final[tuple[dict[str, Any], ...]] = (
    {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"family": "Quillfeather", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1950-01-02",
    },
    lab(1, "Potassium", "2823-3", 4.1, "mmol/L", "2024-03-04"),
    lab(2, "Potassium", "2823-3", 4.75, "mmol/L", "2025-03-04"),
    lab(
        3, "Potassium", "2823-3", 5.9, "mmol/L", "2026-03-04T08:10:00Z",
        interpretation=[{"coding": [{"code": "H"}]}],
        referenceRange=[{"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.1, "unit": "mmol/L"}}],
    ),
    lab(4, "Creatinine", "2160-0", 1.9, "mg/dL", "2026-03-04", status="preliminary"),
    *(lab(10 + n, f"Analyte {n}", f"{n}-0", n + 0.5, "U/L", "2020-01-01") for n in range(8)),
    {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"text": "Blood pressure"},
        "effectiveDateTime": "2026-03-04",
        "component": [
            {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
            for code, value in (("8480-6", 152), ("8462-4", 88))
        ],
    },
    named("Condition", "ckd", "Chronic kidney disease stage 3", "active", onsetDateTime="2019-05-06"),
    named("Condition", "gout", "Gout", "resolved", onsetDateTime="2015-01-02", abatementDateTime="2016-02-03"),
    named(
        "Condition", "maybe", "Amyloidosis", "active", onsetDateTime="2026-01-10",
        verificationStatus={"coding": [{"code": "provisional"}]},
    ),
    named("AllergyIntolerance", "pen", "Penicillin", "active", criticality="high", recordedDate="2001-02-03"),
    {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "authoredOn": "2020-02-02",
        "medicationReference": {"reference": "Medication/drug"},
        "reasonReference": [{"reference": "Condition/ckd"}],
        "dosageInstruction": [{"text": "10 mg once daily"}],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m2",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-03-05",
        "medicationCodeableConcept": {"text": "Penicillin V 250 MG Oral Tablet"},
    },
    {"resourceType": "Medication", "id": "drug", "code": {"text": "Lisinopril 10 MG Oral Tablet"}},
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "type": [{"text": "Hospital stay"}],
        "period": {"start": "2026-03-04", "end": "2026-03-09"},
        "diagnosis": [{"condition": {"reference": "Condition/ckd"}}],
    },
    {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-03-09",
        "code": {"text": "Ultrasound of kidneys"},
    },
)  # fmt: skip


def bundle(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}).encode()


def record(*resources: dict[str, Any]) -> Record:
    """Of these resources, or the whole chart."""
    return read_record(bundle(*(resources or CHART)), "chart.json", ATTACHMENT)
