"""Whom the words say that they are about: only what is said expressly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evidence.patient_said import patient_said
from pipelines.records import Stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Patient ID 12345. What was the last potassium?", Stated(id="12345")),
        ("patient's ID is p1", Stated(id="p1")),
        ("MRN: 00-47-11, chest x-ray", Stated(id="00-47-11")),
        ("MRN 47 11 8", Stated(id="47118")),
        ("M.R.N. 4711", Stated(id="4711")),
        ("medical record number four seven one one eight", Stated(id="47118")),
        ("Medical record number is AB-1234", Stated(id="AB-1234")),
        ("hospital number H12345 please", Stated(id="H12345")),
        ("patient number 20417", Stated(id="20417")),
        ("NHS number 943 476 5919", Stated(id="9434765919")),
        (
            "This is John Smith, born 3 May 1950. Is there a nodule?",
            Stated(name="John Smith", birth_date="1950-05-03"),
        ),
        (
            "this is john smith born on the third of may nineteen fifty",
            Stated(name="john smith", birth_date="1950-05-03"),
        ),
        (
            "CT for patient Jane Doe, date of birth May 3, 1950, any effusion?",
            Stated(name="Jane Doe", birth_date="1950-05-03"),
        ),
        (
            "The patient is Mrs. Jane van der Berg, MRN 4711",
            Stated(name="Jane van der Berg", id="4711"),
        ),
        ("Patient name: Ada Testcase. Compare the films", Stated(name="Ada Testcase")),
        ("the patient's name is Ada M. Testcase", Stated(name="Ada M. Testcase")),
        ("Date of birth 1950-05-03", Stated(birth_date="1950-05-03")),
        ("DOB 13/05/1950", Stated(birth_date="1950-05-13")),
        ("about patient Ada O'Neill-Test, DOB 5/3/1950", Stated(name="Ada O'Neill-Test")),
    ],
)
def test_what_is_said_expressly(text: str, stated: Stated) -> None:
    assert patient_said(text) == stated


@pytest.mark.parametrize(
    "text",
    [
        "what was her last potassium",
        "Is there a nodule in the right upper lobe?",
        "This is John Smith",
        "This is Dr. Smith dictating, the patient is a 60-year-old man",
        "Compare with the film of Jane Doe",
        "John Smith is a 54-year-old man with diabetes",
        "patient number two in the waiting room",
        "the patient is a smoker, born in Germany",
        "the patient is known to us with a date of admission of 3 May 2020",
        "for patient education see the leaflet",
        "The patient is in room 12",
        "her mother's date of birth is 3 May 1920",
        "donor MRN 4711",
        "the baby was born on 3 May 2020",
        "the patient is the mother of a boy born 3 May 2020",
        "MRN 4711, I mean MRN 4712",
        "MRI of 3 May 2020",
        "MRN unknown",
        "DOB 5/3/1950",
        "",
    ],
)
def test_what_is_not(text: str) -> None:
    assert patient_said(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    patient_said(text)


@given(digits=st.text("0123456789", min_size=3, max_size=10), between=st.sampled_from(["", " ", "-"]))
def test_a_number_is_kept_as_it_is_said(digits: str, between: str) -> None:
    stated = patient_said(f"MRN {between.join(digits)}.")
    assert stated is not None
    assert (stated.id or "").replace("-", "") == digits
