"""A patient on a ward, and what is answered about them."""

from __future__ import annotations

from datetime import date

from pipelines.evidence.records.record import Record
from pipelines.tasks.record.question import answer
from tests.support.record_building import done, lab, named, order, pressure, record, shot, visit

TODAY = date(2026, 6, 1)
WARD = record(
    lab("Potassium", 3.1, "2019-07-01", "2823-3", "mmol/L"),
    lab("Potassium", 4.0, "2024-05-01", "2823-3", "mmol/L"),
    lab("Sodium", 138, "2024-05-01", "2951-2", "mmol/L"),
    lab("Creatinine", 0.9, "2024-05-01", "2160-0", "mg/dL"),
    lab("Body Mass Index", 24.0, "2024-05-01", "39156-5", "kg/m2"),
    lab("Body Weight", 70.0, "2024-05-01", "29463-7", "kg"),
    lab("Body Height", 170.0, "2024-05-01", "8302-2", "cm"),
    pressure(128, 82, "2019-01-01"),
    pressure(141, 90, "2023-01-01"),
    named("Condition", "Anemia", onsetDateTime="2016-02-01"),
    named("Condition", "Acute bronchitis", "resolved", onsetDateTime="2015-01-10", abatementDateTime="2015-02-10"),
    named("AllergyIntolerance", "Latex"),
    order("Metformin 500 MG", when="2017-01-05", reasonReference=[{"reference": "Condition/anemia"}]),
    order("Naproxen 220 MG", "stopped", "2016-02-02", reasonCode=[{"text": "Pain"}]),
    done("Colonoscopy", "2018-03-04"),
    done("Colonoscopy", "2021-03-04"),
    done("Screening mammography", "2022-11-03"),
    shot("Influenza, seasonal", "2022-10-01"),
    shot("Influenza, seasonal", "2023-10-02"),
    visit("2023-01-01"),
    telecom=[{"system": "phone", "value": "555-0100"}],
)


def said(question: str, of: Record = WARD) -> str:
    """The sentences of the answer, one after another."""
    return " ".join(statement.text for statement in answer(question, of, TODAY).statements)
