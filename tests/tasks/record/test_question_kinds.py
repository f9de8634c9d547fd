"""Questions of every kind that has one right answer, about an invented record; a second reading checks each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.checks.record import check
from pipelines.evidence.records.record import Record
from pipelines.records import Result, Status
from pipelines.tasks.record.question import answer
from tests.support.record_building import done, lab, named, order, pressure, record, shot, visit

TODAY = date(2026, 6, 1)
RANGE = [{"low": {"value": 3.5}, "high": {"value": 5.1}}]
GOUT = {"reference": "Condition/gout"}
WARD = record(
    lab("Glucose", 90, "2018-05-01", "2345-7"),
    lab("Glucose", 126, "2020-05-01", "2345-7", interpretation=[{"coding": [{"code": "H"}]}]),
    lab("Glucose", 110, "2024-05-01", "2345-7", interpretation=[{"coding": [{"code": "N"}]}]),
    lab("Potassium", 3.1, "2019-03-04T07:00:00Z", "2823-3", "mmol/L", referenceRange=RANGE),
    lab("Potassium", 4.0, "2019-03-04T15:00:00Z", "2823-3", "mmol/L", referenceRange=RANGE),
    lab("Sodium", None, "2024-05-02", "2951-2", dataAbsentReason={"text": "specimen hemolyzed"}),
    lab("Body temperature", 37.5, "2024-05-01", "8310-5", "Cel"),
    lab("Urine ketones", None, "2024-05-01", "2514-8", valueString="trace"),
    lab("Titer", None, "2024-05-01", "local", valueRatio={"numerator": {"value": 1}, "denominator": {"value": 128}}),
    lab("Squames", None, "2024-05-01", "local2", valueRange={"low": {"value": 2, "unit": "/uL"}, "high": {"value": 5}}),
    pressure(128, 82, "2019-01-01"),
    pressure(141, 90, "2023-01-01"),
    named("Condition", "Gout", id="gout", onsetDateTime="2016-02-01"),
    named("Condition", "Acute bronchitis", "resolved", onsetDateTime="2015-01-10", abatementDateTime="2015-02-10"),
    named("AllergyIntolerance", "Latex", criticality="high", reaction=[{"manifestation": [{"text": "Hives"}]}]),
    order("Allopurinol 100 MG", when="2017-01-05", reasonReference=[GOUT], dosageInstruction=[{"text": "one a day"}]),
    order("Naproxen 220 MG", "stopped", "2016-02-02", reasonCode=[{"text": "Pain"}]),
    done("Laparoscopic appendectomy", "2019-03-04T12:00:00Z"),
    done("Screening mammography", "2022-11-03"),
    shot("Influenza, seasonal", "2022-10-01"),
    shot("Influenza, seasonal", "2023-10-02"),
    visit("2023-01-01", reasonCode=[{"text": "Cough"}]),
    visit("2019-03-04", "IMP"),
    {"resourceType": "FamilyMemberHistory", "status": "completed", "relationship": {"text": "Father"},
     "condition": [{"code": {"text": "Diabetes"}}]},
    {"resourceType": "CareTeam", "status": "active", "participant": [{"member": {"display": "Dr. Ada Moss"}}]},
    telecom=[{"system": "phone", "value": "555-0100"}],
    birthDate="1951-02-03",
)  # fmt: skip


def ask(question: str, of: Record = WARD) -> Result:
    result = answer(question, of, TODAY)
    assert [(c.verdict, c.aspect) for c in check(result.statements, of) if c.verdict != "supported"] == []
    return result


def said(question: str, of: Record = WARD) -> str:
    return " ".join(statement.text for statement in ask(question, of).statements)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how did her glucose change between 2018 and 2020", "(last), a change of 36 mg/dL."),
        ("compare glucose in 2018 with glucose in 2024", "110 mg/dL on 2024-05-01 (last), a change of 20 mg/dL."),
        ("glucose on May first twenty twenty", "Glucose: 126 mg/dL on 2020-05-01, marked H."),
        ("glucose on 5/1/2020", "Glucose: 126 mg/dL on 2020-05-01, marked H."),
        ("how many glucose results since 2019", "Glucose: 2 results are recorded."),
        ("last 2 glucose values", "Glucose: 126 mg/dL on 2020-05-01, marked H. Glucose: 110 mg/dL on 2024-05-01."),
        ("blood pressure trend", "a change of 13 and 8 mm[Hg]."),
        ("last glucose in mmol/L", "converted: 6.106 mmol/L (times 0.055507)."),
        ("temperature in fahrenheit", "converted: 99.5 °F (times 1.8 plus 32)."),
        ("any abnormal results", "Glucose: 126 mg/dL on 2020-05-01, marked H."),
        ("any abnormal results", "Potassium: 3.1 mmol/L on 2019-03-04, below its reference range (3.5 to 5.1)."),
        ("was her last glucose normal", "Glucose: 110 mg/dL on 2024-05-01, marked N."),
        ("is her potassium low", "Potassium: 4.0 mmol/L on 2019-03-04, within its reference range (3.5 to 5.1)."),
        ("last sodium", "Sodium: no value recorded on 2024-05-02; reason: specimen hemolyzed."),
        ("urine ketones", "Urine ketones: trace on 2024-05-01."),
        ("last titer", "Titer: 1:128 on 2024-05-01."),
        ("last squames", "Squames: 2 to 5 /uL on 2024-05-01."),
        ("last potassium before the appendectomy", "Potassium: 3.1 mmol/L on 2019-03-04."),
        ("first potassium after her appendix was removed", "Potassium: 4.0 mmol/L on 2019-03-04."),
        ("first potassium after the appendectomy", "Procedure: Laparoscopic appendectomy on 2019-03-04."),
        ("glucose since she was diagnosed with gout", "Condition: Gout on 2016-02-01."),
        ("blood pressure at her last visit", "Blood pressure panel: 141/90 mm[Hg] on 2023-01-01."),
        ("how long since her last mammogram", "that is 3 years, 6 months and 29 days before 2026-06-01."),
        ("how long has she had gout", "that is 10 years and 4 months before 2026-06-01."),
        ("when was the bronchitis diagnosed", "resolved, onset on 2015-01-10, resolved on 2015-02-10."),
        ("which conditions were active on January 20 2015", "Condition: Acute bronchitis, resolved,"),
        ("what was diagnosed in 2016", "Condition: Gout, active, onset on 2016-02-01."),
        ("how many active conditions", "1 active condition is recorded."),
        ("why is she on allopurinol", "reason: Gout."),
        ("what is naproxen for", "reason: Pain."),
        ("when did she start allopurinol", "Medication: Allopurinol 100 MG, active, ordered on 2017-01-05."),
        ("what is the dose of allopurinol", "dose: one a day."),
        ("what was she taking in 2018", "Medication: Allopurinol 100 MG, active, ordered on 2017-01-05."),
        ("what was she taking in 2018", "(when it ended is not recorded)"),
        ("what was she prescribed in 2016", "Medication: Naproxen 220 MG, stopped, ordered on 2016-02-02."),
        ("what reaction does she have to latex", "Allergy: Latex, active; reaction: Hives, criticality high."),
        ("first flu shot", "First influenza vaccination: Influenza, seasonal on 2022-10-01."),
        ("has she ever had a mammogram", "Last mammogram procedure: Screening mammography on 2022-11-03."),
        ("why was she last seen", "reason: Cough."),
        ("does her father have diabetes", "Family history: Father, Diabetes."),
        ("does her mother have diabetes", "No family history of diabetes (mother) is recorded in this record"),
        ("phone number", "Telephone: 555-0100."),
        ("who is on her care team", "Care team: Dr. Ada Moss, active."),
        ("who is her emergency contact", "Emergency contact: not recorded in this record."),
    ],
)  # fmt: skip
def test_each_kind_of_question_is_answered_and_supported(question: str, sentence: str) -> None:
    assert sentence in said(question)


def test_what_may_have_gone_on_is_told_apart_from_what_did() -> None:
    data = ask("what was she taking in 2018").data
    assert (data["names"], data["uncertain"]) == (["Allopurinol 100 MG"], ["Naproxen 220 MG"])


@pytest.mark.parametrize(
    "question",
    [
        "last ferritin",
        "what is the urine glucose",
        "fasting glucose",
        "when was her last colonoscopy",
        "is she on warfarin",
        "does she have asthma",
        "last potassium before the hysterectomy",
        "when was her last tetanus shot",
        "how many units of blood did she get",
        "what is her shoe size",
        "glucose on May 2 2020",
        "why is she on metformin",
        "which pharmacy does she use",
        "when will she be discharged",
        "how many cigarettes a day does she smoke",
        "what was the glucose of her brother",
        "mrs Hart's last glucose",
        "average glucose",
        "second glucose",
    ],
)
def test_what_the_record_does_not_hold_never_gets_a_value(question: str) -> None:
    result = ask(question)
    assert not result.data.get("found")
    assert "value" not in result.data


def test_what_was_looked_for_is_named() -> None:
    result = ask("when was her last sleep study")
    assert result.statements[0].text == "No entry named sleep study is recorded in this record."
    assert result.data["by_name_only"] is True


def test_no_flag_and_no_range_is_not_called_normal() -> None:
    held = record(lab("Glucose", 300, "2020-01-01", "2345-7"))
    assert "0 results there carry a flag or a range" in said("any abnormal results", held)
    assert answer("is her glucose normal", held, TODAY).status == Status.NEEDS_MODEL


def test_events_of_several_names_are_shown_and_none_is_chosen() -> None:
    result = ask("last glucose before the surgery")
    assert len(result.statements) == 2
    assert not result.data["found"]


def test_same_day_counts_by_the_hour() -> None:
    assert "3.1 mmol/L" in said("potassium before the appendectomy")
    assert "3.1 mmol/L" not in said("potassium after the appendectomy")
    assert "4.0 mmol/L" in said("potassium after the appendectomy")


@pytest.mark.parametrize(
    ("kind", "question", "sentence"),
    [
        ("AllergyIntolerance", "any allergies", "Recorded as: No known allergy, active."),
        ("Condition", "what conditions does she have", "Condition: No current problems, active"),
    ],
)
def test_a_coded_absence_is_shown_as_it_stands(kind: str, question: str, sentence: str) -> None:
    code = {"AllergyIntolerance": ("716186003", "No known allergy"), "Condition": ("160245001", "No current problems")}
    coding = [{"system": "http://snomed.info/sct", "code": code[kind][0]}]
    entry: dict[str, Any] = named(kind, code[kind][1])
    entry["code"]["coding"] = coding
    assert sentence in said(question, record(entry))


def test_what_a_server_did_not_give_stands_beside_its_absence() -> None:
    """Else "none recorded" would be said of what nobody was allowed to read."""
    issues = [
        {"code": "not-supported", "diagnostics": f"the server does not offer {kind}", "expression": [kind]}
        for kind in ("AllergyIntolerance", "Immunization")
    ]
    partial = record({"resourceType": "OperationOutcome", "id": "not-fetched", "issue": issues})
    assert [statement.text for statement in ask("does she have any allergies", partial).statements] == [
        "Allergies: none recorded in this record.",
        "Not all of the record could be had: the server does not offer AllergyIntolerance.",
    ]
    assert "Immunization" not in said("what conditions does she have", partial)
    assert "could be had" not in said("does she have any allergies", record())
