"""Invented patients as FHIR R4 bundles: everything that the questions of ``record_truth`` ask after, by a seed."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Final

Raw = dict[str, Any]

#: LOINC code, recorded name, unit, a usual value, how far it strays.
_LABS: Final = (
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 6.4, 1.5),
    ("2339-0", "Glucose", "mg/dL", 105.0, 30.0),
    ("38483-4", "Creatinine", "mg/dL", 1.0, 0.4),
    ("6299-2", "Urea Nitrogen", "mg/dL", 14.0, 5.0),
    ("6298-4", "Potassium", "mmol/L", 4.3, 0.6),
    ("2947-0", "Sodium", "mmol/L", 140.0, 4.0),
    ("2093-3", "Total Cholesterol", "mg/dL", 190.0, 40.0),
    ("18262-6", "Low Density Lipoprotein Cholesterol", "mg/dL", 110.0, 30.0),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 13.5, 2.0),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 7.0, 2.0),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 250.0, 60.0),
    ("29463-7", "Body Weight", "kg", 80.0, 8.0),
    ("39156-5", "Body Mass Index", "kg/m2", 27.0, 3.0),
    ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported", "{score}", 3.0, 2.0),
)
_CONDITIONS: Final = (
    "Essential hypertension (disorder)", "Prediabetes", "Anemia (disorder)", "Osteoporosis (disorder)", "Asthma",
    "Acute bronchitis (disorder)", "Chronic sinusitis (disorder)", "Appendicitis", "Whiplash injury to neck",
)  # fmt: skip
_DRUGS: Final = (
    "lisinopril 10 MG Oral Tablet", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
    "Naproxen sodium 220 MG Oral Tablet", "Simvastatin 20 MG Oral Tablet", "Ibuprofen 200 MG Oral Tablet",
    "Hydrochlorothiazide 25 MG Oral Tablet",
)  # fmt: skip
_ALLERGIES: Final = ("Shellfish allergy", "Allergy to nut", "Penicillin", "House dust mite allergy")
_VACCINES: Final = (
    "Influenza, seasonal, injectable, preservative free", "Hep B, adult", "zoster vaccine, live",
    "Pneumococcal conjugate PCV 13", "meningococcal MCV4P",
)  # fmt: skip
_PROCEDURES: Final = ("Colonoscopy", "Appendectomy", "Bone density scan (procedure)", "Throat culture (procedure)")
_VISITS: Final = (
    ("Encounter for problem", "AMB"), ("General examination of patient (procedure)", "AMB"),
    ("Emergency room admission (procedure)", "EMER"), ("Encounter Inpatient", "IMP"),
)  # fmt: skip


def synthetic_bundle(seed: int) -> Raw:
    """One invented patient, the same for the same seed."""
    return _Maker(seed).bundle()


class _Maker:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.made: list[Raw] = []

    def bundle(self) -> Raw:
        chance = self.chance
        born = date(1940, 1, 1) + timedelta(chance.randrange(20_000))
        self._add(
            "Patient",
            name=[{"use": "official", "family": "Quill", "given": ["Nora" if chance.random() < 0.5 else "Odo"]}],
            gender=chance.choice(("female", "male")),
            birthDate=born.isoformat(),
            telecom=[{"system": "phone", "value": f"555-01{chance.randrange(10, 99)}"}],
            address=[{"line": ["1 Test Lane"], "city": "Testville", "country": "US"}],
            maritalStatus={"text": chance.choice(("Married", "Never Married"))},
        )
        days = sorted({self._day() for _ in range(8)})
        for at in days:
            name, sort = chance.choice(_VISITS)
            self._add(
                "Encounter", status="finished", type=[{"text": name}], period={"start": at}, **{"class": {"code": sort}}
            )
            self._labs(at)
        for name in chance.sample(_CONDITIONS, 6):
            self._condition(name)
        problems = [f"urn:uuid:{r['id']}" for r in self.made if r["resourceType"] == "Condition"]
        for name in chance.sample(_DRUGS, 4):
            self._add(
                "MedicationRequest", status=chance.choice(("active", "active", "stopped")), intent="order",
                medicationCodeableConcept={"text": name}, authoredOn=self._day(),
                reasonReference=[{"reference": chance.choice(problems)}],
            )  # fmt: skip
        for name in chance.sample(_ALLERGIES, 2):
            self._add("AllergyIntolerance", code={"text": name}, clinicalStatus={"coding": [{"code": "active"}]})
        for name in chance.sample(_VACCINES, 4):
            for _ in range(chance.randrange(1, 4)):
                self._add(
                    "Immunization", status="completed", vaccineCode={"text": name}, occurrenceDateTime=self._day()
                )
        for name in chance.sample(_PROCEDURES, 3):
            self._add("Procedure", status="completed", code={"text": name}, performedPeriod={"start": self._day()})
        entries = [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in self.made]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries}

    def _add(self, kind: str, **fields: Any) -> None:
        self.made.append({"resourceType": kind, "id": f"r{len(self.made)}", **fields})

    def _day(self) -> str:
        day = date(2009, 1, 1) + timedelta(self.chance.randrange(4_700))
        return f"{day.isoformat()}T{self.chance.randrange(8, 18):02d}:30:00+00:00"

    def _labs(self, at: str) -> None:
        for code, name, unit, usual, stray in self.chance.sample(_LABS, 9):
            value = round(self.chance.gauss(usual, stray / 2), 2)
            coding = [{"system": "http://loinc.org", "code": code, "display": name}]
            quantity = {"value": value, "unit": unit}
            self._add(
                "Observation", status="final", code={"coding": coding, "text": name}, effectiveDateTime=at,
                valueQuantity=quantity,
            )  # fmt: skip
        parts = [
            {
                "code": {"coding": [{"code": code}], "text": name},
                "valueQuantity": {"value": round(self.chance.gauss(usual, 8)), "unit": "mm[Hg]"},
            }
            for code, name, usual in (
                ("8480-6", "Systolic Blood Pressure", 126),
                ("8462-4", "Diastolic Blood Pressure", 80),
            )
        ]
        panel = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "Blood Pressure"}
        self._add("Observation", status="final", code=panel, effectiveDateTime=at, component=parts)

    def _condition(self, name: str) -> None:
        start = date.fromisoformat(self._day()[:10])
        resolved = self.chance.random() < 0.4
        ended = {"abatementDateTime": (start + timedelta(30)).isoformat()} if resolved else {}
        status = {"coding": [{"code": "resolved" if resolved else "active"}]}
        self._add("Condition", code={"text": name}, clinicalStatus=status, onsetDateTime=start.isoformat(), **ended)
