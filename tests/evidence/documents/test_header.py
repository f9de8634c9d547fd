"""Whom and when a document says it is about, in the forms that headers take."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evidence.documents.dates import iso_date, order_of
from pipelines.evidence.documents.header import Header, patient_in, read_header
from pipelines.evidence.documents.text_file import text_pages


def header(text: str) -> Header:
    return read_header(text_pages(dedent(text).encode(), "report.txt"))


def test_labels_with_colons_one_or_several_on_a_line() -> None:
    found = header("""\
        Mill Lane Clinical Laboratory
        Patient Name: Ada Example     DOB: 02/13/1980     Sex: F
        MRN: 4711                     Specimen Collected: 03/01/2024 08:15 AM
        Specimen: Serum
    """)
    assert (found.name, found.birth_date, found.sex, found.id) == ("Ada Example", "1980-02-13", "female", "4711")
    assert found.collected == "2024-03-01T08:15"
    assert (found.laboratory, found.specimen) == ("Mill Lane Clinical Laboratory", "Serum")


def test_strokes_part_what_stands_on_one_line() -> None:
    found = header("""\
        LABORATORY REPORT (final)                                     Lab No. 77120
        Name: Ada Example | DOB: 1980-02-13 | MRN: 4711 | PCP: Dana Roe, MD
        Mill Lane Clinical Laboratory
        Test            Result            Lab
    """)
    assert (found.name, found.birth_date, found.id) == ("Ada Example", "1980-02-13", "4711")
    assert found.laboratory == "Mill Lane Clinical Laboratory"


def test_labels_in_cells_of_their_own_with_the_value_beside_or_below() -> None:
    beside = header("""\
        Patient          Ada Example          Patient ID     4711
        Date of birth    13 Feb 1980          Gender         Female
    """)
    below = header("""\
        PATIENT NAME         DATE OF BIRTH        SEX        MRN
        Ada Example          1980-02-13           female     4711
    """)
    for found in (beside, below):
        assert (found.name, found.birth_date, found.sex, found.id) == ("Ada Example", "1980-02-13", "female", "4711")


def test_age_and_sex_together() -> None:
    found = header("Name: Ada Example      Age/Sex: 44 Y / F\n")
    assert (found.years, found.sex) == (44, "female")


def test_what_is_not_printed_is_none() -> None:
    found = header("""\
        Patient: (not given)
        DOB:
        Sex:
        Patient ID:
        Collected: 2011-03-04
    """)
    assert found == Header(collected="2011-03-04")
    assert patient_in(found) is None


def test_a_patient_needs_a_number_or_a_name_with_a_birth_date() -> None:
    assert patient_in(Header(name="Ada Example")) is None
    numbered = patient_in(Header(id="4711"))
    assert numbered is not None
    assert numbered.id == "4711"
    unnumbered = patient_in(Header(name="Ada Example", birth_date="1980-02-13"))
    assert unnumbered is not None
    assert unnumbered.id == "Ada Example, born 1980-02-13"


def test_words_of_a_sentence_are_no_labels() -> None:
    assert header("The patient was seen on 2024-03-01 and her name is on the list of the clinic.\n").name is None


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("2024-03-01", "2024-03-01"),
        ("2024-03-01 08:05", "2024-03-01T08:05"),
        ("13/02/2024", "2024-02-13"),
        ("02/13/2024 1:05 PM", "2024-02-13T13:05"),
        ("01-Mar-2024", "2024-03-01"),
        ("March 1, 2024", "2024-03-01"),
        ("1st March 2024", "2024-03-01"),
        ("03/03/2024", "2024-03-03"),
        ("13.02.24", "2024-02-13"),
        ("03/04/2024", None),
        ("31/02/2024", None),
        ("no date", None),
    ],
)
def test_dates_that_can_only_be_one(printed: str, iso: str | None) -> None:
    assert iso_date(printed) == iso


def test_a_document_tells_the_order_of_its_dates() -> None:
    assert order_of(["13/02/2024", "03/04/2024"]) == "day-first"
    assert order_of(["02/13/2024"]) == "month-first"
    assert order_of(["02/13/2024", "13/02/2024"]) is None
    assert iso_date("03/04/2024", "day-first") == "2024-04-03"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=" \n:/-PatientDOBNameSexID0123456789", max_size=300))
def test_any_text_has_a_header_or_none(text: str) -> None:
    header(text)
