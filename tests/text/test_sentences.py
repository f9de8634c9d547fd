"""Sentences of dictated text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.sentences import split


def texts(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lungs clear. Heart normal.", ["Lungs clear.", "Heart normal."]),
        ("Seen with Dr. Marsh today. Well.", ["Seen with Dr. Marsh today.", "Well."]),
        ("A 3.5 cm nodule. No growth.", ["A 3.5 cm nodule.", "No growth."]),
        ("Ibuprofen 400 mg t.i.d. with food. Rest.", ["Ibuprofen 400 mg t.i.d. with food.", "Rest."]),
        ("Metformin 500 mg b.i.d. Lisinopril 10 mg q.d. Aspirin.", 3),
        ("Fluids, e.g. Water or tea, approx. 2 litres. Done.", 2),
        ("Left vs. Right compared. Equal.", ["Left vs. Right compared.", "Equal."]),
        ("Bed No. 4 is free. Pain? No. Cough? Yes.", ["Bed No. 4 is free.", "Pain?", "No.", "Cough?", "Yes."]),
        ("Reported by J. R. Hart. Seen.", ["Reported by J. R. Hart.", "Seen."]),
        ("Known hepatitis B. Denies fever.", ["Known hepatitis B.", "Denies fever."]),
        ("Grew E. coli and S. aureus. Treated.", ["Grew E. coli and S. aureus.", "Treated."]),
        ("1. Aspirin 75 mg. 2. Rest.", ["1. Aspirin 75 mg.", "2. Rest."]),
        ("- aspirin\n- rest", ["- aspirin", "- rest"]),
        ("1.\nAspirin", ["1.\nAspirin"]),
        ('She said "it hurts." Then she left.', ['She said "it hurts."', "Then she left."]),
        ("lungs clear\nheart normal", ["lungs clear", "heart normal"]),
        ("a mass in the\nleft lobe", ["a mass in the\nleft lobe"]),
        ("a mass in the\n\nleft lobe", ["a mass in the", "left lobe"]),
        ("Well... then worse. Now fine.", ["Well... then worse.", "Now fine."]),
        ("no punctuation at all here", ["no punctuation at all here"]),
        ("   ", []),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str] | int) -> None:
    assert (len(texts(text)) if isinstance(expected, int) else texts(text)) == expected


def test_long_unpunctuated_dictation_is_cut_only_before_plain_openings() -> None:
    text = (
        "the patient is a man of forty with cough and some sputum for about two weeks who says he is tired "
        "on examination the chest is clear and the plan is to wait we will see him in a week"
    )
    assert texts(text) == [
        "the patient is a man of forty with cough and some sputum for about two weeks who says he is tired",
        "on examination the chest is clear and the plan is to wait",
        "we will see him in a week",
    ]


@given(st.text(alphabet=st.sampled_from("aB.?!,:;1 \n\t-\"'()[]é\u00a0"), max_size=80))
def test_sentences_tile_any_text(text: str) -> None:
    spans = split(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


@given(st.lists(st.sampled_from(["No fever.", "Dr. Lee", "b.i.d.", "2.", "on examination", "\n\n", "we will", "e.g."])))
def test_sentences_tile_dictation(pieces: list[str]) -> None:
    text = " ".join(pieces * 4)
    assert "".join("".join(text[start:end].split()) for start, end in split(text)) == "".join(text.split())
