"""Small invented resources, and a record made of them."""

from __future__ import annotations

import json
from typing import Any

from pipelines.evidence.records.record import Record, read_record

Raw = dict[str, Any]
LOINC = "http://loinc.org"


def record(*resources: Raw, **person: Any) -> Record:
    who = {"resourceType": "Patient", "id": "p1", **person}
    entries = [{"resource": r | ({} if "id" in r else {"id": f"r{n}"})} for n, r in enumerate([who, *resources])]
    data = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    return read_record(data, "record.json", "a" * 64)


def lab(name: str, value: Any, when: str | None, code: str = "", unit: str = "mg/dL", **more: Any) -> Raw:
    coding = [{"system": LOINC, "code": code, "display": name}]
    dated = {"effectiveDateTime": when} if when else {}
    quantity = {"valueQuantity": {"value": value, "unit": unit}} if value is not None else {}
    return {"resourceType": "Observation", "status": "final", "code": {"coding": coding}, **quantity, **dated, **more}


def named(kind: str, name: str, status: str = "active", **more: Any) -> Raw:
    clinical = {"clinicalStatus": {"coding": [{"code": status}]}}
    return {"resourceType": kind, "code": {"text": name}, **clinical, **more}


def order(name: str, status: str = "active", when: str = "2021-03-04", **more: Any) -> Raw:
    what = {"medicationCodeableConcept": {"text": name}, "authoredOn": when}
    return {"resourceType": "MedicationRequest", "status": status, "intent": "order", **what, **more}


def visit(when: str, sort: str = "AMB", status: str = "finished", **more: Any) -> Raw:
    what = {"type": [{"text": f"{sort.title()} visit"}], "class": {"code": sort}}
    return {"resourceType": "Encounter", "status": status, "period": {"start": when}, **what, **more}


def shot(name: str, when: str, status: str = "completed") -> Raw:
    vaccine = {"vaccineCode": {"text": name}, "occurrenceDateTime": when}
    return {"resourceType": "Immunization", "status": status, **vaccine}


def done(name: str, when: str, **more: Any) -> Raw:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"text": name},
        "performedDateTime": when,
        **more,
    }


def pressure(upper: float, lower: float, when: str) -> Raw:
    parts = [
        {"code": {"coding": [{"code": code}], "text": name}, "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
        for code, name, value in (("8480-6", "Systolic", upper), ("8462-4", "Diastolic", lower))
    ]
    panel = {"text": "Blood pressure panel", "coding": [{"code": "85354-9"}]}
    return {
        "resourceType": "Observation", "status": "final", "code": panel, "effectiveDateTime": when, "component": parts
    }  # fmt: skip
