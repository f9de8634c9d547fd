"""Clauses that only say who asks and why are left out, wherever they stand; those that could mean more are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Status
from pipelines.tasks.record.context import without_context
from pipelines.tasks.record.question import answer
from tests.support.record_building import lab, record
from tests.support.ward_record import TODAY, WARD, said

NAMES = ("Potassium", "Naproxen 220 MG", "Scrapbooking (finding)")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        # Behind the question.
        ("when was the last visit, the bed manager is asking", "when was the last visit"),
        ("which drugs are active, finance wants to reconcile the invoices", "which drugs are active"),
        ("the last potassium, ICU won't accept the transfer otherwise", "the last potassium"),
        ("any allergies, the daughter swears it was different", "any allergies"),
        ("any allergies, the patient can't remember", "any allergies"),
        ("any allergies, that list has got far too long", "any allergies"),
        ("date of birth please, I'm in the lift and about to lose you", "date of birth please"),
        ("the first potassium, the consultant wants to know where we started", "the first potassium"),
        ("when was it taken, the potassium, nobody here can tell me", "when was it taken, the potassium"),
        # Before it.
        ("Transport is downstairs, what is the phone number", "what is the phone number"),
        ("it's the diabetes educator, we're drawing a timeline, the last potassium", "the last potassium"),
        ("I want to know how low it's been, so what was the lowest potassium", "so what was the lowest potassium"),
        ("the blood bank wants it before they release anything, so the last potassium", "so the last potassium"),
        # A noun with all that is said of it.
        ("past problems which have resolved, the courier refuses to wait", "past problems which have resolved"),
    ],
)  # fmt: skip
def test_statements_that_say_nothing_are_left_out(text: str, question: str) -> None:
    assert without_context(text, NAMES) == question


@pytest.mark.parametrize(
    "text",
    [
        # A name, a date or a word that says which value is meant.
        "the last potassium, the ward repeated the sodium",
        "the last potassium, the pharmacist thinks about zonisamide",
        "how many visits, the insurer wants those of 2019",
        "the potassium, the consultant wants the urine value",
        "the potassium, I want only the fasting value",
        "the potassium, the surgeon wants the trend",
        "the potassium, we drew it in theatre",
        "the blood pressure, we used the left hand",
        "the potassium, the lab says we measured it twice",
        "any allergies, the office lost the scrapbooking",
        # Another question.
        "when was the last colonoscopy, the pharmacist is asking about allergies",
        "the potassium, the nurse wants to know how many there are",
        "sex and birth date, and say if the patient is alive",
        "sex, birth date, living or dead",
        "ER visits, how many in total",
        # The patient, or somebody else's.
        "the potassium, the patient was fasting",
        "the potassium, she had dialysis then",
        "the brother is here, does he have anemia",
        # It goes with the question.
        "the potassium, the highest value the patient has had",
        "the potassium, not the urine value",
        "going back to the start, what was the potassium",
    ],
)
def test_what_could_mean_more_is_kept(text: str) -> None:
    assert without_context(text, NAMES) == text


@given(st.text(alphabet="abc ,.?", max_size=40))
def test_what_states_nothing_stays_as_it_is(text: str) -> None:
    assert without_context(text, ()) == text


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("which medications are active, we're packing her bag for the hospice", "Metformin 500 MG, active"),
        ("Practice reception, I have to know if they still count as active, so when was the last visit", "2023-01-01"),
        ("the highest potassium please, the gym instructor insists on having it", "4.0 mmol/L on 2024-05-01"),
        ("when did the anemia start, and the coder is asking me too", "onset on 2016-02-01"),
        ("which medications are active for this patient", "Metformin 500 MG, active"),
        ("under past medical history, which conditions are no longer active", "Acute bronchitis"),
    ],
)
def test_questions_with_context_are_answered(question: str, sentence: str) -> None:
    assert sentence in said(question)


def test_what_is_asked_first_is_no_preamble() -> None:
    of = record(lab("Potassium", 3.1, "2019-07-01", "2823-3", "mmol/L"), gender="male", birthDate="1991-07-08")
    asked = "Is the patient still with us, and what are their sex and date of birth, I'm at reception"
    assert "Death: none recorded" in said(asked, of)


@pytest.mark.parametrize(
    "question",
    [
        "what was the zorbax level, the bed manager is asking",
        "is she on wonderpril, nobody here can tell me",
        "when was the last zorbectomy, the courier refuses to wait",
        "the consultant is waiting, what's the shoe size",
        "the potassium of her sister, I'm new on this ward",
        "I'm calling about her father, what was the last potassium",
        "the lab says the sample was hemolyzed, what was the potassium",
    ],
)
def test_an_unknown_noun_in_the_question_makes_it_wait(question: str) -> None:
    result = answer(question, WARD, TODAY)
    assert result.status is Status.NEEDS_MODEL or result.data.get("found") is False
