"""How words sound: what is taken for one another is alike, what is not is not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.sound import code, likeness, parts

ALIKE = [
    ("met for men", "metformin"),
    ("list in a pril", "lisinopril"),
    ("create a nine", "creatinine"),
    ("create a 9", "creatinine"),
    ("hemoglobin a one see", "hemoglobin A1c"),
    ("sefalexin", "cephalexin"),
    ("zoll me trip tan", "zolmitriptan"),
    ("a pixaban", "apixaban"),
    ("dispnia", "dyspnea"),
    ("sycosis", "psychosis"),
    ("new monia", "pneumonia"),
    ("tee ess aitch", "TSH"),
    ("bronkitis", "bronchitis"),
    ("clore thali doan", "chlorthalidone"),
    ("zylitol", "xylitol"),
    ("noomatic", "pneumatic"),
]
UNLIKE = [
    ("metformin", "metoprolol"),
    ("warfarin", "apixaban"),
    ("the patient", "prednisone"),
    ("lisinopril", "levothyroxine"),
    ("chest", "creatinine"),
]


@pytest.mark.parametrize(("heard", "meant"), ALIKE)
def test_what_is_heard_for_a_term_sounds_like_it(heard: str, meant: str) -> None:
    assert likeness(code(heard), code(meant)) >= 0.75


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_other_words_do_not(one: str, other: str) -> None:
    assert likeness(code(one), code(other)) < 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [("color", "colour"), ("haemoglobin", "hemoglobin"), ("rite", "right"), ("fosfate", "phosphate")],
)
def test_two_spellings_of_one_sound_have_one_code(one: str, other: str) -> None:
    assert code(one) == code(other)


def test_a_consonant_of_the_same_kind_is_nearer_than_another_one_and_a_vowel_nearest() -> None:
    said = code("bapole")
    vowel, kind, other = (likeness(said, code(word)) for word in ("bipole", "papole", "lapole"))
    assert vowel > other
    assert kind > other


def test_where_words_are_cut_does_not_matter() -> None:
    assert code("sodium") == code("sod ium")
    assert code("bus stop") == code("bustop")


def test_digits_and_capitals_are_spelt() -> None:
    assert parts("A1c 20 INR") == ["ay", "one", "see", "two", "zero", "igh", "en", "ar"]
    assert parts("Don't") == ["dont"]


def test_accents_do_not_matter() -> None:
    assert code("Ménière") == code("Meniere")


@given(st.text())
def test_any_text_has_a_code(text: str) -> None:
    assert code(text) == code(text.replace("'", ""))
    assert all(ord(character) < 128 for character in code(text))


@given(st.lists(st.text(alphabet=string.ascii_lowercase, min_size=2, max_size=8), min_size=1, max_size=4))
def test_a_text_is_like_itself_only_in_full(words: list[str]) -> None:
    said = code(" ".join(words))
    assert likeness(said, said) == 1.0
