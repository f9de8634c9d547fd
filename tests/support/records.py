"""Small invented FHIR bundles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def patient(id_: str = "p1", family: str = "Testcase") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"family": family, "given": ["Ada"]}],
        "birthDate": "1950-01-02",
        "gender": "female",
    }


def potassium(patient_id: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "k1",
        "status": "final",
        "subject": {"reference": f"Patient/{patient_id}"},
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}],
            "text": "Potassium",
        },
        "effectiveDateTime": "2026-03-04",
        "valueQuantity": {"value": 4.1, "unit": "mmol/L"},
    }


def write_bundle(path: Path, *resources: dict[str, Any]) -> Path:
    entries = [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path
