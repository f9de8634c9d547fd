"""Another patient in the evidence is never passed over."""

from __future__ import annotations

from pipelines.evidence.identity import identity_question, same_person
from pipelines.records import Patient

ADA = Patient(id="p1", name="Ada Testcase", birth_date="1950-01-02")
ADA_IN_ARCHIVE = Patient(id="MRN-7", name="TESTCASE ADA", birth_date="1950-01-02")
HER_SISTER = Patient(id="p2", name="Eva Testcase", birth_date="1950-01-02")
NAMELESS = Patient(id="p9")


def test_one_patient_needs_no_question() -> None:
    assert identity_question(None, [ADA]) is None
    assert identity_question("p1", [ADA, ADA]) is None
    assert identity_question("p1", []) is None


def test_another_than_the_runs_is_asked_about() -> None:
    assert "Ada Testcase (p1)" in (identity_question("p7", [ADA]) or "")
    assert "Eva Testcase" in (identity_question("p1", [ADA, HER_SISTER]) or "")
    assert "patient p9" in (identity_question("p1", [NAMELESS]) or "")


def test_two_people_are_asked_about_even_when_the_run_names_none() -> None:
    assert "several patients" in (identity_question(None, [ADA, HER_SISTER]) or "")
    assert "several patients" in (identity_question(None, [ADA, NAMELESS]) or "")


def test_one_person_under_two_numbers() -> None:
    assert same_person(ADA, ADA_IN_ARCHIVE)
    assert not same_person(ADA, HER_SISTER)
    assert identity_question(None, [ADA, ADA_IN_ARCHIVE]) is None
    assert identity_question("p1", [ADA, ADA_IN_ARCHIVE]) is None
