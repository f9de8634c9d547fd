"""Spoken questions about an invented record: what is answered, what is not recorded, and what is beyond lookup."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks.record import check
from pipelines.errors import BadInput
from pipelines.evidence.records.record import Record
from pipelines.records import RecordCitation, Result, Status
from pipelines.tasks.record.question import answer
from tests.support.record_building import lab, named, order, pressure, record, shot, visit

TODAY = date(2026, 6, 1)
PRESSURE = pressure(131, 84, "2024-04-02T09:10:00+02:00")
WARD = record(
    lab("Hemoglobin A1c/Hemoglobin.total in Blood", 7.912345678, "2023-01-09", "4548-4", "%", id="a1c-old"),
    lab("Hemoglobin A1c/Hemoglobin.total in Blood", 7.123456789, "2024-05-06T08:00:00Z", "4548-4", "%", id="a1c"),
    lab("Hemoglobin A1c/Hemoglobin.total in Blood", 99, "2025-01-01", "4548-4", "%", status="entered-in-error"),
    lab("Hemoglobin [Mass/volume] in Blood", 12.5, "2024-05-06", "718-7", "g/dL"),
    lab("Glucose [Mass/volume] in Serum", 101, "2024-05-06", "2345-7"),
    lab("Glucose [Mass/volume] in Urine", 15, "2022-02-02", "5792-7"),
    lab("Potassium", None, "2024-05-07", "2823-3"),
    lab("PULSE", 77, "2024-05-06", "local-1", "/min"),
    PRESSURE,
    named("Condition", "Essential hypertension", onsetDateTime="2019-03"),
    named("Condition", "Acute bronchitis", "resolved", onsetDateTime="2020-01-10"),
    named("AllergyIntolerance", "Amoxicillin"),
    order("Metformin hydrochloride 500 MG Oral Tablet"),
    order("Naproxen 220 MG Oral Tablet", "stopped"),
    shot("Influenza, seasonal", "2022-10-01"),
    shot("Influenza, seasonal", "2023-10-02"),
    shot("Influenza, seasonal", "2024-10-02", "not-done"),
    visit("2019-02-03T10:00:00-05:00"),
    visit("2019-12-31T23:30:00-05:00", "IMP"),
    visit("2020-03-04"),
    visit("2019-05-05", status="planned"),
    name=[{"given": ["Ada"], "family": "Quist"}],
    birthDate="1951-02-03",
    gender="female",
)
EMPTY = record()


def said(question: str, of: Record = WARD) -> str:
    result = ask(question, of)
    return " ".join(statement.text for statement in result.statements)


def ask(question: str, of: Record = WARD) -> Result:
    """The answer, after an independent check has found every statement of it supported."""
    result = answer(question, of, TODAY)
    assert [c.verdict for c in check(result.statements, of)] == ["supported"] * len(result.statements)
    return result


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("what was her last hemoglobin a one c and when", "in Blood: 7.12 % on 2024-05-06."),
        ("uh most recent a one see please", "in Blood: 7.12 % on 2024-05-06."),
        ("Ada's latest HbA1c?", "in Blood: 7.12 % on 2024-05-06."),
        ("last hemaglobin", "Hemoglobin [Mass/volume] in Blood: 12.5 g/dL on 2024-05-06."),
        ("first a1c", "7.91 % on 2023-01-09."),
        ("highest a1c", "Highest recorded Hemoglobin A1c/Hemoglobin.total in Blood: 7.91 % on 2023-01-09."),
        ("a1c in twenty twenty three", "7.91 % on 2023-01-09."),
        ("how has her a1c changed", "7.91 % on 2023-01-09 (first), 7.12 % on 2024-05-06 (last), a change of -0.79 %."),
        ("most recent blood pressure", "Blood pressure panel: 131/84 mm[Hg] on 2024-04-02."),
        ("last diastolic pressure", "Diastolic: 84 mm[Hg] on 2024-04-02."),
        ("last pulse", "PULSE: 77 /min on 2024-05-06."),
        ("what is she allergic to", "Allergy: Amoxicillin, active."),
        (
            "is she allergic to penicillin",
            "No allergy to penicillin is recorded in this record; what is recorded: Amoxi",
        ),
        ("list active meds", "Medication: Metformin hydrochloride 500 MG Oral Tablet, active, ordered on 2021-03-04."),
        ("is she on met foreman", "Medication: Metformin hydrochloride 500 MG Oral Tablet, active,"),
        ("is she still taking aleve", "Medication: Naproxen 220 MG Oral Tablet, stopped,"),
        ("is she on metformin or warfarin", "No medication named warfarin is recorded in this record."),
        ("what conditions does she have", "Condition: Essential hypertension, active, onset on 2019-03."),
        ("does she have high blood pressure", "Condition: Essential hypertension, active"),
        ("does she have diabetes", "No condition named diabetes is recorded in this record."),
        ("last flu shot and how many", "Last influenza vaccination: Influenza, seasonal on 2023-10-02. 2 influenza"),
        ("how many encounters in twenty nineteen", "2 encounters are recorded in 2019."),
        ("how many visits between january and june 2020", "1 encounter is recorded from 2020-01-01 to 2020-06-30."),
        ("any visits in 2021", "Encounters: none recorded in 2021 in this record."),
        ("when was she last admitted", "Last recorded admission: Imp visit on 2019-12-31."),
        ("date of birth", "Date of birth: 1951-02-03."),
        ("how old is she", "Date of birth: 1951-02-03; age 75 on 2026-06-01."),
        ("is she alive", "Death: none recorded in this record."),
        ("what allergies and medications does she have", "Medication: Metformin"),
        ("does her mother have diabetes", "Family history: none recorded in this record."),
    ],
)
def test_spoken_questions_are_answered_from_the_record(question: str, sentence: str) -> None:
    assert sentence in said(question)


def test_an_answer_cites_value_unit_and_date_exactly_as_they_stand() -> None:
    result = ask("last a1c")
    cited = {c.path: c.value for c in result.statements[0].citations if isinstance(c, RecordCitation)}
    assert {c.resource for c in result.statements[0].citations if isinstance(c, RecordCitation)} == {"Observation/a1c"}
    assert cited["valueQuantity.value"] == "7.123456789"
    assert cited["valueQuantity.unit"] == "%"
    assert cited["effectiveDateTime"] == "2024-05-06T08:00:00Z"
    assert result.data["value"] == 7.123456789
    assert (result.data["question_kind"], result.data["unit"], result.data["date"]) == ("last-value", "%", "2024-05-06")


def test_each_candidate_of_an_ambiguous_name_is_shown() -> None:
    result = ask("last glucose")
    assert [s.text.split(":")[0] for s in result.statements] == [
        "Glucose [Mass/volume] in Urine",
        "Glucose [Mass/volume] in Serum",
    ]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("last potassium", "No potassium result is recorded in this record."),
        ("what is her blood type", "No blood group result is recorded in this record."),
        ("what is she allergic to", "Allergies: none recorded in this record."),
        ("list her medications", "Medications: none recorded in this record."),
        ("what conditions does she have", "Conditions: none recorded in this record."),
        ("when was her last tetanus shot", "No tetanus vaccination is recorded in this record."),
        ("any admissions", "Admissions: none recorded in this record."),
        ("date of birth", "Date of birth: not recorded in this record."),
    ],
)
def test_what_is_not_there_is_said_once_without_a_value(question: str, sentence: str) -> None:
    result = ask(question, EMPTY)
    assert [s.text for s in result.statements] == [sentence]
    assert "value" not in result.data


def test_a_result_without_a_value_is_not_a_result() -> None:
    assert said("last potassium") == "No potassium result is recorded in this record."


def test_no_known_allergies_comes_only_from_the_code() -> None:
    coded = named("AllergyIntolerance", "No known allergy")
    coded["code"]["coding"] = [{"system": "http://snomed.info/sct", "code": "716186003"}]
    assert said("any allergies", record(coded)) == "Recorded as: No known allergy, active."
    refuted = named("AllergyIntolerance", "Latex", verificationStatus={"coding": [{"code": "refuted"}]})
    assert said("any allergies", record(refuted)) == "Allergies: none recorded in this record."


@pytest.mark.parametrize(
    "question",
    [
        "",
        "last",
        "why is her a1c high",
        "is her a1c ok",
        "is her a1c improving",
        "should she start a statin",
        "what is her mother's a1c",
        "when was mr smith's last a1c",
        "last urine hemoglobin",
        "is she on any blood thinners",
        "what medications is she not on",
        "compare her last two a1c values with the guideline",
        "order a cbc",
        "what is the weather",
        "last a1c and should she worry",
    ],
)
def test_what_is_beyond_lookup_waits_for_a_model(question: str) -> None:
    result = answer(question, WARD, TODAY)
    assert result.status == Status.NEEDS_MODEL
    assert result.statements == ()
    assert result.message
    assert "\n" not in result.message


def test_a_medication_behind_a_reference_is_named() -> None:
    request = {"resourceType": "MedicationRequest", "status": "active"}
    held = record(
        {"resourceType": "Medication", "id": "m", "code": {"text": "Digoxin 125 mcg"}},
        request | {"medicationReference": {"reference": "Medication/m"}},
        request
        | {
            "contained": [{"resourceType": "Medication", "id": "in", "code": {"text": "Heparin"}}],
            "medicationReference": {"reference": "#in"},
        },
    )
    assert "Digoxin 125 mcg, active" in said("list active meds", held)
    assert "Heparin, active" in said("is he on heparin", held)


def test_a_date_known_only_in_part_is_printed_as_written() -> None:
    held = record(lab("Sodium", 140, "2020", "2951-2", "mmol/L"), lab("Sodium", 133, None, "2951-2", "mmol/L"))
    assert said("last sodium", held) == "Sodium: 140 mmol/L on 2020."
    assert said("last sodium in march 2020", held) == "Sodium: 140 mmol/L on 2020."
    assert said("last sodium in 2021", held) == "No sodium result is recorded in 2021 in this record."


def test_two_results_of_one_moment_are_both_shown() -> None:
    held = record(*(lab("Sodium", value, "2020-01-01", "2951-2", "mmol/L") for value in (140, 120)))
    assert said("last sodium", held).count("mmol/L") == 2


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["2020-13-40", "1E+999999", "", "active", "8480-6"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "text", "display", "value", "unit", "start", "reference"]), inner
        )
    ),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["code", "status", "clinicalStatus", "verificationStatus", "valueQuantity", "valueString", "component", "period",
     "effectiveDateTime", "type", "medicationCodeableConcept", "medicationReference", "vaccineCode", "contained",
     "occurrenceDateTime", "reaction", "name", "birthDate", "relationship", "condition", "performedDateTime"]
)  # fmt: skip
ASKED = {
    "Observation": ["last 8480", "blood pressure", "highest sodium", "trend of weight"],
    "Condition": ["what conditions", "does he have gout"],
    "AllergyIntolerance": ["allergies", "is she allergic to nuts"],
    "MedicationRequest": ["list meds", "is she on aspirin"],
    "Immunization": ["last flu shot", "list vaccinations"],
    "Encounter": ["visits in 2020", "last admitted"],
    "Procedure": ["all procedures", "last surgery"],
    "FamilyMemberHistory": ["family history", "how old is she", "name"],
}


def test_a_name_of_figures_alone_ends_in_an_answer() -> None:
    held = record(lab("Potassium", 4.1, "2024-05-07", "2823-3"), name=[{"given": ["77", "Ada1"], "family": "8480"}])
    assert "4.1" in said("what was the last potassium of ada 8480", held)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(ASKED)), st.dictionaries(KEYS, ODD), st.dictionaries(KEYS, ODD))
def test_odd_resources_never_raise(kind: str, odd: dict[str, Any], person: dict[str, Any]) -> None:
    try:
        held = record({"resourceType": kind, **odd}, **person)
    except BadInput:
        return  # some of these shapes are those of other versions of FHIR
    for question in ASKED[kind]:
        result = answer(question, held, TODAY)
        assert len(check(result.statements, held)) == len(result.statements)


@given(st.text(max_size=60))
def test_any_words_get_a_result(question: str) -> None:
    assert answer(question, WARD, TODAY).status in {Status.DRAFT, Status.NEEDS_MODEL}
