"""A made-up patient's long record in the shape in which Synthea writes one: visits with vital signs, laboratory panels
and reports, and as many bytes of bills; and a bulk export of many such patients."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Raw = dict[str, Any]

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_VITALS = (
    ("8302-2", "Body Height", "cm", 172.0),
    ("29463-7", "Body Weight", "kg", 81.0),
    ("39156-5", "Body Mass Index", "kg/m2", 27.4),
    ("8867-4", "Heart rate", "/min", 72.0),
    ("9279-1", "Respiratory rate", "/min", 14.0),
)
_LABS = (
    ("2339-0", "Glucose", "mg/dL", 95.0),
    ("6299-2", "Urea Nitrogen", "mg/dL", 14.0),
    ("38483-4", "Creatinine", "mg/dL", 1.1),
    ("49765-1", "Calcium", "mg/dL", 9.3),
    ("2947-0", "Sodium", "mmol/L", 140.0),
    ("6298-4", "Potassium", "mmol/L", 4.2),
    ("2069-3", "Chloride", "mmol/L", 103.0),
    ("20565-8", "Carbon Dioxide", "mmol/L", 25.0),
    ("2093-3", "Total Cholesterol", "mg/dL", 188.0),
    ("2571-8", "Triglycerides", "mg/dL", 131.0),
    ("2085-9", "High Density Lipoprotein Cholesterol", "mg/dL", 52.0),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 6.1),
)


def long_record(visits: int, ident: str = "made-1", seed: int = 7) -> Iterator[Raw]:
    """The resources of one patient with so many visits, the Patient first. About 55 kB a visit as Synthea prints it."""
    chance = random.Random(seed)
    me = {"reference": f"urn:uuid:{ident}"}
    yield _patient(ident)
    for visit in range(visits):
        day = f"{2000 + visit // 12:04}-{visit % 12 + 1:02}-{chance.randint(1, 28):02}T09:15:00+01:00"
        here = {"reference": f"urn:uuid:{ident}-e{visit}"}
        yield _encounter(f"{ident}-e{visit}", me, day)
        numbers = []
        for n, (code, name, unit, usual) in enumerate((*_VITALS, *_LABS)):
            category = "vital-signs" if n < len(_VITALS) else "laboratory"
            value = usual * chance.uniform(0.8, 1.2)
            number = f"{ident}-o{visit}-{n}"
            yield _observation(number, me, here, day, category, code, name) | {
                "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit}
            }
            numbers.append((number, name))
        yield _pressure(f"{ident}-b{visit}", me, here, day, chance)
        yield _report(f"{ident}-r{visit}", me, here, day, numbers)
        if visit % 6 == 0:
            yield _condition(f"{ident}-c{visit}", me, here, day)
            yield _order(f"{ident}-m{visit}", me, here, day)
        yield _bill("Claim", f"{ident}-k{visit}", me, here, day, 3)
        yield _bill("ExplanationOfBenefit", f"{ident}-x{visit}", me, here, day, 9)


def as_bundle(resources: Iterator[Raw]) -> bytes:
    """As Synthea prints it."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{each['id']}",
            "resource": each,
            "request": {"method": "POST", "url": each["resourceType"]},
        }
        for each in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}, indent=2).encode()


def write_export(folder: Path, size: int, patients: int = 200) -> list[str]:
    """A bulk export of about ``size`` bytes: a file for each type, the patients mixed. Returns their ids."""
    folder.mkdir(parents=True)
    people = [f"pat-{n:06}" for n in range(patients)]
    (folder / "Patient.ndjson").write_text("".join(json.dumps(_patient(each)) + "\n" for each in people))
    written = (folder / "Patient.ndjson").stat().st_size
    some = [each for each in long_record(4, "PATIENT") if each["resourceType"] != "Patient"]
    texts = [(each["resourceType"], json.dumps(each).replace('urn:uuid:PATIENT"', 'Patient/PATIENT"')) for each in some]
    files = {kind: (folder / f"{kind}.ndjson").open("w") for kind, _ in texts}
    turn = 0
    try:
        while written < size:
            person = people[turn % patients]
            for kind, text in texts:
                line = text.replace("PATIENT-", f"{person}-{turn // patients}-").replace("PATIENT", person) + "\n"
                written += files[kind].write(line)
            turn += 1
    finally:
        for file in files.values():
            file.close()
    return people


def _coded(system: str, code: str, name: str) -> Raw:
    return {"coding": [{"system": system, "code": code, "display": name}], "text": name}


def _patient(ident: str) -> Raw:
    return {
        "resourceType": "Patient",
        "id": ident,
        "identifier": [{"system": "urn:made-up", "value": f"MRN-{ident}"}],
        "name": [{"use": "official", "family": "Madeup", "given": ["Petra"]}],
        "gender": "female",
        "birthDate": "1958-04-11",
    }


def _encounter(ident: str, me: Raw, day: str) -> Raw:
    return {
        "resourceType": "Encounter",
        "id": ident,
        "status": "finished",
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": "AMB"},
        "type": [_coded("http://snomed.info/sct", "162673000", "General examination of patient (procedure)")],
        "subject": me,
        "participant": [{"individual": {"reference": "urn:uuid:made-doctor", "display": "Dr. Made Up"}}],
        "period": {"start": day, "end": day},
        "serviceProvider": {"reference": "urn:uuid:made-house", "display": "House"},
    }


def _observation(ident: str, me: Raw, here: Raw, day: str, category: str, code: str, name: str) -> Raw:
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "category": [{"coding": [{"system": f"{_TERMS}/observation-category", "code": category, "display": category}]}],
        "code": _coded(_LOINC, code, name),
        "subject": me,
        "encounter": here,
        "effectiveDateTime": day,
        "issued": day,
    }


def _pressure(ident: str, me: Raw, here: Raw, day: str, chance: random.Random) -> Raw:
    parts = (("8462-4", "Diastolic Blood Pressure", 80), ("8480-6", "Systolic Blood Pressure", 125))
    return _observation(ident, me, here, day, "vital-signs", "55284-4", "Blood Pressure") | {
        "component": [
            {
                "code": _coded(_LOINC, code, name),
                "valueQuantity": {
                    "value": usual + chance.randint(-12, 12),
                    "unit": "mm[Hg]",
                    "system": _UCUM,
                    "code": "mm[Hg]",
                },
            }
            for code, name, usual in parts
        ]
    }


def _report(ident: str, me: Raw, here: Raw, day: str, numbers: list[tuple[str, str]]) -> Raw:
    return {
        "resourceType": "DiagnosticReport",
        "id": ident,
        "status": "final",
        "category": [_coded(f"{_TERMS}/v2-0074", "LAB", "Laboratory")],
        "code": _coded(_LOINC, "51990-0", "Basic Metabolic Panel"),
        "subject": me,
        "encounter": here,
        "effectiveDateTime": day,
        "issued": day,
        "result": [{"reference": f"urn:uuid:{number}", "display": name} for number, name in numbers],
    }


def _condition(ident: str, me: Raw, here: Raw, day: str) -> Raw:
    return {
        "resourceType": "Condition",
        "id": ident,
        "clinicalStatus": {"coding": [{"system": f"{_TERMS}/condition-clinical", "code": "resolved"}]},
        "verificationStatus": {"coding": [{"system": f"{_TERMS}/condition-ver-status", "code": "confirmed"}]},
        "code": _coded("http://snomed.info/sct", "444814009", "Viral sinusitis (disorder)"),
        "subject": me,
        "encounter": here,
        "onsetDateTime": day,
        "abatementDateTime": day,
    }


def _order(ident: str, me: Raw, here: Raw, day: str) -> Raw:
    return {
        "resourceType": "MedicationRequest",
        "id": ident,
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": _coded(
            "http://www.nlm.nih.gov/research/umls/rxnorm", "313782", "Acetaminophen 325 MG Oral Tablet"
        ),
        "subject": me,
        "encounter": here,
        "authoredOn": day,
        "requester": {"reference": "urn:uuid:made-doctor", "display": "Dr. Made Up"},
    }


def _bill(kind: str, ident: str, me: Raw, here: Raw, day: str, lines: int) -> Raw:
    money = {"value": 129.16, "currency": "USD"}
    bill: Raw = {
        "resourceType": kind,
        "id": ident,
        "status": "active",
        "type": {"coding": [{"system": f"{_TERMS}/claim-type", "code": "institutional"}]},
        "use": "claim",
        "patient": me,
        "billablePeriod": {"start": day, "end": day},
        "created": day,
        "provider": {"reference": "urn:uuid:made-house"},
        "insurance": [{"focal": True, "coverage": {"display": "Made Up Mutual"}}],
    }
    bill["item"] = [
        {
            "sequence": n + 1,
            "productOrService": _coded("http://snomed.info/sct", "162673000", "General examination of patient"),
            "servicedPeriod": {"start": day, "end": day},
            "encounter": [here],
            "net": money,
        }
        for n in range(lines)
    ]
    if kind == "Claim":
        bill["insurance"][0]["sequence"] = 1
        return bill | {"priority": {"coding": [{"system": f"{_TERMS}/processpriority", "code": "normal"}]}}
    for line in bill["item"]:
        line["adjudication"] = [
            {"category": {"coding": [{"system": f"{_TERMS}/adjudication", "code": code}]}, "amount": money}
            for code in ("submitted", "benefit", "deductible", "copay")
        ]
    return bill | {"insurer": {"display": "Made Up Mutual"}, "outcome": "complete"}
