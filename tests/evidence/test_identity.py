"""Another patient in the evidence is never passed over."""

from __future__ import annotations

import pytest

from pipelines.evidence.identity import identity_question, same_person
from pipelines.records import Patient, Stated

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


@pytest.mark.parametrize(
    "stated",
    [
        Stated(name="Ada Testcase"),
        Stated(name="testcase ada", birth_date="1950-01-02"),
        Stated(name="Ada Test Case"),
        Stated(name="A. Testcase", birth_date="1950-01-02"),
        Stated(id="P-1"),
        Stated(id="p1", name="Ada M. Testkase"),
        Stated(birth_date="1950-01-02"),
        # Archives number people differently.
        Stated(id="4711", name="Ada Testcase", birth_date="1950-01-02"),
    ],
)
def test_words_about_the_same_person_need_no_question(stated: Stated) -> None:
    assert identity_question(None, [ADA], stated) is None
    assert identity_question("p1", [ADA], stated) is None


@pytest.mark.parametrize(
    ("stated", "called"),
    [
        (Stated(name="Eva Testcase"), "Eva Testcase"),
        (Stated(name="Ada Smith"), "Ada Smith"),
        (Stated(name="Ada Testcase", birth_date="1951-01-02"), "Ada Testcase, born 1951-01-02"),
        (Stated(birth_date="1950-02-01"), "a patient born 1950-02-01"),
        (Stated(id="p2"), "patient p2"),
        (Stated(id="4711", name="Ada Testcase"), "Ada Testcase (4711)"),
        (Stated(id="p1", name="Bob Otherperson"), "Bob Otherperson (p1)"),
    ],
)
def test_words_about_another_are_asked_about(stated: Stated, called: str) -> None:
    question = identity_question("p1", [ADA], stated) or ""
    asked = f"What was said is about {called}, the evidence about Ada Testcase (p1). Is it the same patient?"
    assert question == asked


@pytest.mark.parametrize(
    ("said", "written", "is_same"),
    [
        ("Jon Smyth", "John Smith", True),
        ("Steven Garsia", "GARCIA STEPHEN", True),
        ("Katherine Muller", "Müller, Catherine Anna", True),
        ("Jane Smith", "Joan Smith", False),
        ("John Lowe", "John Rowe", False),
        ("John Smith", "Jack Smith", False),
        ("Mary Brown", "Peter Green", False),
    ],
)
def test_names_are_compared_by_their_sound(said: str, written: str, is_same: bool) -> None:
    question = identity_question(None, [Patient(id="p1", name=written)], Stated(name=said))
    assert (question is None) is is_same


def test_words_and_the_run_alone() -> None:
    assert "patient 4711, the run about patient p1" in (identity_question("p1", [], Stated(id="4711")) or "")
    assert identity_question("p1", [], Stated(id="p1")) is None
    assert identity_question(None, [], Stated(id="4711")) is None
    assert identity_question("p1", [], Stated(name="Ada Testcase")) is None


def test_one_question_for_all_that_does_not_fit() -> None:
    question = identity_question("p7", [ADA], Stated(name="Eva Testcase")) or ""
    assert question.startswith("What was said is about Eva Testcase. The evidence is about Ada Testcase (p1), the run")
    assert "What was said" not in (identity_question("p7", [ADA], Stated(name="Ada Testcase")) or "")


HERS_TOO = Patient(id="p1", name="Bea Otherperson", birth_date="1980-03-04")


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
def test_the_order_in_which_they_are_named_does_not_count(order: list[int]) -> None:
    numbered_twice = [ADA, ADA_IN_ARCHIVE, Patient(id="MRN-7")]
    assert identity_question("p1", [numbered_twice[place] for place in order]) is None
    one_number = [ADA, HERS_TOO, Patient(id="p1")]
    assert "several patients" in (identity_question("p1", [one_number[place] for place in order]) or "")
    nameless = [ADA, Patient(id="p1"), Patient(id="p1")]
    asked = identity_question("p1", [nameless[place] for place in order], Stated(name="Eva Testcase")) or ""
    assert asked.startswith("What was said is about Eva Testcase, the evidence about Ada Testcase (p1)")


def test_one_number_of_two_people_is_asked_about() -> None:
    assert not same_person(ADA, HERS_TOO)
    assert same_person(ADA, Patient(id="p1", name="Ada Married", birth_date="1950-01-20"))
    assert same_person(ADA, Patient(id="p1", name="Anonymous"))
    asked = identity_question("p1", [ADA, HERS_TOO]) or ""
    assert "several patients: Ada Testcase (p1), Bea Otherperson (p1)" in asked
    assert "several patients" in (identity_question(None, [ADA, HERS_TOO]) or "")


def test_a_name_that_changed_is_one_of_theirs() -> None:
    married = Patient(id="p1", name="Ada Married", birth_date="1950-01-02")
    assert identity_question("p1", [ADA, married], Stated(name="Ada Married")) is None
    assert identity_question("p1", [ADA, married], Stated(name="Eva Testcase")) is not None
