"""Questions as they are said: with asides, slips, short forms and words that are taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Result, Status
from pipelines.tasks.record.heard import heard
from pipelines.tasks.record.question import answer
from tests.support.ward_record import TODAY, WARD, said


def asked(question: str) -> Result:
    return answer(question, WARD, TODAY)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        # What is about the asker.
        ("before I phone the family can you check the latest potassium", "4.0 mmol/L on 2024-05-01"),
        ("I'm writing the discharge letter, what was the last potassium", "4.0 mmol/L"),
        ("current conditions for the referral letter", "Condition: Anemia, active"),
        ("check allergies before I prescribe", "Allergy: Latex"),
        ("any active problems I should be aware of", "Condition: Anemia, active"),
        ("Practice nurse here, when was the last flu jab?", "Influenza, seasonal on 2023-10-02"),
        ("Sorry to bother you, I just need the last potassium. Thanks so much for your help.", "4.0 mmol/L"),
        # What is taken back, or said once more.
        ("what was her first no sorry last potassium", "4.0 mmol/L on 2024-05-01"),
        ("her sodium, I mean her potassium, in 2019", "3.1 mmol/L on 2019-07-01"),
        ("how often has the potassium been done I mean how many times", "2 results are recorded"),
        ("since when is she on met for min I mean when was it first prescribed", "Metformin 500 MG, active"),
        ("the old meds not the current ones", "Naproxen 220 MG, stopped"),
        # What was heard or written for a word.
        ("last pot ass ium", "4.0 mmol/L"),
        ("any recieved medicatons", "Metformin 500 MG"),
        ("when did he last attend", "on 2023-01-01"),
        ("what jabs has he had over the years", "Influenza, seasonal on 2022-10-01"),
        ("i want to see B M I last value", "Body Mass Index: 24.0"),
        ("the last bee pee", "141/90 mm[Hg] on 2023-01-01"),
        ("last B M I comma date question mark", "Body Mass Index: 24.0"),
        ("No. of colonoscopies?", "2 "),
        ("h/o anaemia y/n", "Condition: Anemia"),
        ("last colonosc", "2021-03-04"),
        ("how has the potassium gone between 2019 and 2024", "a change of 0.90 mmol/L"),
        # Words for an event.
        ("first potassium once she had had the mammogram", "4.0 mmol/L"),
        ("what was the last potassium pre mammogram", "3.1 mmol/L"),
        ("since the last colonoscopy how much time has passed", "on 2021-03-04; that is 5 years"),
        # Dates.
        ("potassium on the 1st of July 2019", "3.1 mmol/L on 2019-07-01"),
        ("compare potassium for 2019 against 2024", "a change of 0.90 mmol/L"),
        # Which name is meant.
        ("date of the last flu and how many in total", "2 influenza vaccinations are recorded"),
        ("highest top number", "141 mm[Hg]"),
        ("which number can I ring her on", "555-0100"),
        ("is bronchitis something she ever had", "Acute bronchitis, resolved"),
    ],
)
def test_questions_are_understood_as_they_are_said(question: str, sentence: str) -> None:
    assert sentence in said(question)


@pytest.mark.parametrize(
    "question",
    [
        "height of the bed",
        "who did the last colonoscopy",
        "why was the naproxen stopped",
        "emergency contact number",
        "what lot number was the flu vaccine",
        "what happened at the last visit",
        "what are the visiting hours",
        "potassium in the dialysate",
        "potassium for her brother, I mean her sister",
        "her sodium, I mean her calcium",
        "potassium in january",
        "In theatre, what was the potassium?",
        "last potassium in theatre",
        "highest potassium if you leave out the haemolysed one",
        "before I start her on digoxin what was the last potassium",
        "how long did the colonoscopy last",
        "I can't find the last chloride",
        "In January, what was the potassium",
        "creatinine clearance, last one",
        "is she on prednisolone",
        "how is anemia diagnosed",
        "where was she born",
        "what is a normal potassium",
        "did she pick up the metformin",
        "what drugs not the current ones",
    ],
)
def test_nothing_is_passed_over_that_asks_for_something_else(question: str) -> None:
    result = asked(question)
    assert result.status is Status.NEEDS_MODEL or not result.data.get("found")
    assert "value" not in result.data


def test_a_year_in_an_aside_is_not_lost() -> None:
    assert "2018-03-04" not in said("I'm coding 2021: what procedures were performed?")


@given(st.text(alphabet=st.sampled_from(" abcdeimnoprstu0129.,?'-/&:"), max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert all(word and " " not in word for word in heard(text))
    assert asked(text).status in {Status.NEEDS_MODEL, Status.DRAFT}
