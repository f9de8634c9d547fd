"""Writes the FHIR R4 record of a patient who does not exist, from the tables below.

Every name, date and value is made up. Codes are LOINC, SNOMED CT, RxNorm (ingredients), CVX and UCUM.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Resource = dict[str, Any]

PATIENT: Final = "sampleworth"
_SUBJECT: Final = {"reference": f"Patient/{PATIENT}"}
_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_LOINC: Final = "http://loinc.org"
_SNOMED: Final = "http://snomed.info/sct"
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CVX: Final = "http://hl7.org/fhir/sid/cvx"
_UCUM: Final = "http://unitsofmeasure.org"

#: id, class, text, first day, last day.
_ENCOUNTERS: Final = (
    ("visit-2022", "AMB", "Office visit", "2022-03-14", "2022-03-14"),
    ("visit-2023", "AMB", "Office visit", "2023-04-03", "2023-04-03"),
    ("admission-2024", "IMP", "Hospital admission for heart failure", "2024-02-18", "2024-02-24"),
    ("visit-2025", "AMB", "Heart failure clinic", "2025-05-12", "2025-05-12"),
    ("visit-2026", "AMB", "Heart failure clinic", "2026-06-08", "2026-06-08"),
)
#: id, SNOMED code, text, onset, abatement.
_CONDITIONS: Final = (
    ("diabetes", "44054006", "Type 2 diabetes mellitus", "2011-05-02", None),
    ("hypertension", "38341003", "Hypertension", "2009-01-19", None),
    ("kidney", "433144002", "Chronic kidney disease stage 3", "2021-11-08", None),
    ("heart-failure", "84114007", "Heart failure", "2024-02-18", None),
    ("hyperlipidemia", "55822004", "Hyperlipidemia", "2012-09-24", None),
    ("pneumonia", "233604007", "Pneumonia", "2019-12-03", "2020-01-07"),
)
#: id, RxNorm ingredient and its name, text, instruction, status, prescribed on, stopped on.
_MEDICATIONS: Final = (
    ("metformin", "6809", "metformin", "metformin 500 mg tablet", "One tablet twice a day", "2011-05-02", None),
    ("atorvastatin", "83367", "atorvastatin", "atorvastatin 40 mg tablet", "One tablet at night", "2012-09-24", None),
    ("lisinopril", "29046", "lisinopril", "lisinopril 10 mg tablet", "One tablet a day", "2013-03-11", "2024-02-23"),
    ("carvedilol", "20352", "carvedilol", "carvedilol 12.5 mg tablet", "One tablet twice a day", "2024-02-24", None),
    ("furosemide", "4603", "furosemide", "furosemide 40 mg tablet", "One tablet each morning", "2024-02-24", None),
    ("aspirin", "1191", "aspirin", "aspirin 81 mg tablet", "One tablet a day", "2012-09-24", None),
)
#: id, SNOMED code, text, category, criticality, what happened, severity, recorded on.
_ALLERGIES: Final = (
    ("penicillin", "91936005", "Penicillin", "medication", "high", "Hives", "severe", "2004-07-15"),
    ("shellfish", "300913006", "Shellfish", "food", "low", "Itching of the mouth", "mild", "2015-10-05"),
)
#: LOINC code, text, unit as written, UCUM unit, reference range, values by day.
_LABS: Final = (
    (
        ("4548-4", "Hemoglobin A1c", "%", "%", (4.0, 5.6)),
        {"2022-03-14": 7.9, "2023-04-03": 8.3, "2024-02-19": 7.6, "2025-05-12": 7.2, "2026-06-08": 6.9},
    ),
    (
        ("2160-0", "Creatinine", "mg/dL", "mg/dL", (0.5, 1.1)),
        {"2022-03-14": 1.2, "2023-04-03": 1.3, "2024-02-18": 1.8, "2025-05-12": 1.4, "2026-06-08": 1.5},
    ),
    (
        ("98979-8", "Estimated GFR", "mL/min/1.73 m2", "mL/min/{1.73_m2}", None),
        {"2023-04-03": 45, "2025-05-12": 41, "2026-06-08": 37},
    ),
    (
        ("2823-3", "Potassium", "mmol/L", "mmol/L", (3.5, 5.1)),
        {"2023-04-03": 4.4, "2024-02-18": 5.6, "2025-05-12": 4.7, "2026-06-08": 4.9},
    ),
    (("2951-2", "Sodium", "mmol/L", "mmol/L", (136, 145)), {"2024-02-18": 132, "2026-06-08": 139}),
    (
        ("718-7", "Hemoglobin", "g/dL", "g/dL", (12.0, 15.5)),
        {"2022-03-14": 12.8, "2024-02-18": 11.4, "2026-06-08": 11.9},
    ),
    (("13457-7", "LDL cholesterol", "mg/dL", "mg/dL", (0, 100)), {"2023-04-03": 96, "2025-05-12": 71}),
    (("33762-6", "NT-proBNP", "pg/mL", "pg/mL", (0, 125)), {"2024-02-18": 4210, "2025-05-12": 980}),
    (("3016-3", "TSH", "mIU/L", "m[IU]/L", (0.4, 4.0)), {"2025-05-12": 2.1}),
)
#: As _LABS, without reference ranges.
_VITALS: Final = (
    (
        ("29463-7", "Body weight", "kg", "kg", None),
        {"2022-03-14": 81.5, "2024-02-18": 88.2, "2024-02-24": 82.6, "2026-06-08": 80.4},
    ),
    (("8867-4", "Heart rate", "beats/minute", "/min", None), {"2024-02-18": 104, "2025-05-12": 68, "2026-06-08": 72}),
    (("2708-6", "Oxygen saturation", "%", "%", None), {"2024-02-18": 91, "2026-06-08": 97}),
    (("8310-5", "Body temperature", "°C", "Cel", None), {"2024-02-18": 36.9}),
    (("8302-2", "Body height", "cm", "cm", None), {"2022-03-14": 163}),
)
#: Systolic and diastolic by day, in mmHg.
_BLOOD_PRESSURES: Final = {
    "2022-03-14": (148, 88),
    "2023-04-03": (142, 84),
    "2024-02-18": (164, 98),
    "2025-05-12": (128, 74),
    "2026-06-08": (134, 78),
}
#: id, CVX code, text, given on.
_IMMUNIZATIONS: Final = (
    ("tdap", "115", "Tdap", "2018-08-20"),
    ("influenza-2024", "140", "Influenza, seasonal, preservative free", "2024-10-07"),
    ("influenza-2025", "140", "Influenza, seasonal, preservative free", "2025-10-13"),
)


def bundle() -> Resource:
    """The record as a Bundle of type collection."""
    entries = [
        {"fullUrl": f"https://example.org/fhir/{each['resourceType']}/{each['id']}", "resource": each}
        for each in _resources()
    ]
    return {"resourceType": "Bundle", "id": "sampleworth-record", "type": "collection", "entry": entries}


def as_json() -> bytes:
    """The bundle as the bytes of its file."""
    return (json.dumps(bundle(), indent=1, ensure_ascii=False) + "\n").encode()


def _resources() -> Iterator[Resource]:
    yield {
        "resourceType": "Patient",
        "id": PATIENT,
        "identifier": [{"system": "https://example.org/fhir/sample-patients", "value": "SAMPLE-0001"}],
        "name": [{"use": "official", "family": "Sampleworth", "given": ["Testina"]}],
        "gender": "female",
        "birthDate": "1956-04-09",
    }
    yield {"resourceType": "Practitioner", "id": "mockford", "name": [{"family": "Mockford", "prefix": ["Dr."]}]}
    for ident, kind, text, first, last in _ENCOUNTERS:
        yield {
            "resourceType": "Encounter",
            "id": ident,
            "status": "finished",
            "class": {"system": f"{_HL7}/v3-ActCode", "code": kind},
            "type": [{"text": text}],
            "subject": _SUBJECT,
            "participant": [{"individual": {"reference": "Practitioner/mockford"}}],
            "period": {"start": first, "end": last},
        }
    for ident, code, text, onset, abated in _CONDITIONS:
        yield {
            "resourceType": "Condition",
            "id": ident,
            "clinicalStatus": _coded(f"{_HL7}/condition-clinical", "resolved" if abated else "active"),
            "verificationStatus": _coded(f"{_HL7}/condition-ver-status", "confirmed"),
            "category": [_coded(f"{_HL7}/condition-category", "problem-list-item")],
            "code": _coded(_SNOMED, code, text),
            "subject": _SUBJECT,
            "onsetDateTime": onset,
            **({"abatementDateTime": abated} if abated else {}),
        }
    yield from _medications()
    for ident, code, text, category, criticality, reaction, severity, recorded in _ALLERGIES:
        yield {
            "resourceType": "AllergyIntolerance",
            "id": ident,
            "clinicalStatus": _coded(f"{_HL7}/allergyintolerance-clinical", "active"),
            "verificationStatus": _coded(f"{_HL7}/allergyintolerance-verification", "confirmed"),
            "type": "allergy",
            "category": [category],
            "criticality": criticality,
            "code": _coded(_SNOMED, code, text),
            "patient": _SUBJECT,
            "recordedDate": recorded,
            "reaction": [{"manifestation": [{"text": reaction}], "severity": severity}],
        }
    yield from _observations()
    for ident, code, text, given in _IMMUNIZATIONS:
        yield {
            "resourceType": "Immunization",
            "id": ident,
            "status": "completed",
            "vaccineCode": _coded(_CVX, code, text),
            "patient": _SUBJECT,
            "occurrenceDateTime": given,
        }
    yield {
        "resourceType": "Procedure",
        "id": "echocardiogram",
        "status": "completed",
        "code": _coded(_SNOMED, "40701008", "Echocardiography"),
        "subject": _SUBJECT,
        "encounter": {"reference": "Encounter/admission-2024"},
        "performedDateTime": "2024-02-19",
    }


def _medications() -> Iterator[Resource]:
    for ident, code, ingredient, text, instruction, prescribed, stopped in _MEDICATIONS:
        yield {
            "resourceType": "MedicationRequest",
            "id": ident,
            "status": "stopped" if stopped else "active",
            **({"statusReason": {"text": f"Stopped on {stopped} for high potassium"}} if stopped else {}),
            "intent": "order",
            "medicationCodeableConcept": {
                "coding": [{"system": _RXNORM, "code": code, "display": ingredient}],
                "text": text,
            },
            "subject": _SUBJECT,
            "authoredOn": prescribed,
            "requester": {"reference": "Practitioner/mockford"},
            "dosageInstruction": [{"text": instruction}],
        }


def _observations() -> Iterator[Resource]:
    for category, table in (("laboratory", _LABS), ("vital-signs", _VITALS)):
        for (code, text, unit, ucum, normal), values in table:
            for day, value in values.items():
                reference = {"referenceRange": [_range(normal, unit, ucum)]} if normal else {}
                quantity = {"valueQuantity": _quantity(value, unit, ucum)}
                yield _observation(category, code, text, day, {**quantity, **reference})
    for day, (systolic, diastolic) in _BLOOD_PRESSURES.items():
        components = [
            {"code": _coded(_LOINC, code, text), "valueQuantity": _quantity(value, "mmHg", "mm[Hg]")}
            for code, text, value in (
                ("8480-6", "Systolic blood pressure", systolic),
                ("8462-4", "Diastolic blood pressure", diastolic),
            )
        ]
        yield _observation("vital-signs", "85354-9", "Blood pressure", day, {"component": components})


def _observation(category: str, code: str, text: str, day: str, value: Resource) -> Resource:
    encounter = next((ident for ident, _, _, first, last in _ENCOUNTERS if first <= day <= last), None)
    return {
        "resourceType": "Observation",
        "id": f"{text.lower().replace(' ', '-')}-{day}",
        "status": "final",
        "category": [_coded(f"{_HL7}/observation-category", category)],
        "code": _coded(_LOINC, code, text),
        "subject": _SUBJECT,
        **({"encounter": {"reference": f"Encounter/{encounter}"}} if encounter else {}),
        "effectiveDateTime": day,
        **value,
    }


def _coded(system: str, code: str, text: str | None = None) -> Resource:
    """A CodeableConcept of one coding; its text, where given, is ours and not the code system's display."""
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def _quantity(value: float, unit: str, ucum: str) -> Resource:
    return {"value": value, "unit": unit, "system": _UCUM, "code": ucum}


def _range(normal: tuple[float, float], unit: str, ucum: str) -> Resource:
    low, high = normal
    return {"low": _quantity(low, unit, ucum), "high": _quantity(high, unit, ucum)}
