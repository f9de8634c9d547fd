"""Statements and words side by side: what became of what, and which changes may turn the meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.alerts import alerts_of
from assistant.alignment import Row, align
from assistant.places import first_place
from assistant.wording import word_pieces
from pipelines.records import Statement

WORDS = st.lists(st.sampled_from("no left 5 50 mg lungs are clear . ,".split()), max_size=12).map(" ".join)
SENTENCES = st.lists(
    st.builds(Statement, text=WORDS.filter(bool), origin=st.just("generated"), section=st.sampled_from([None, "a"])),
    max_size=6,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def statements(*texts: str, section: str | None = None) -> tuple[Statement, ...]:
    return tuple(Statement(text=text, origin="generated", section=section) for text in texts)


def shown(rows: tuple[Row, ...]) -> list[tuple[str, str | None, str | None]]:
    return [(row.kind, row.before, row.after) for row in rows]


@pytest.mark.parametrize(
    ("before", "after", "alerts"),
    [
        ("There is no pneumothorax.", "There is a pneumothorax.", [("negation", "no", "")]),
        ("She has chest pain.", "She denies chest pain.", [("negation", "", "denies")]),
        ("It isn't broken.", "It is broken.", [("negation", "isn't", "")]),
        ("Give 5 mg daily.", "Give 50 mg daily.", [("number", "5", "50")]),
        ("Give 5mg daily.", "Give 5 mcg daily.", [("unit", "mg", "mcg")]),
        ("Give 5 mg daily.", "Give 5 mg weekly.", [("frequency", "daily", "weekly")]),
        ("Pain in the left arm.", "Pain in the right arm.", [("side", "left", "right")]),
        ("A left-sided effusion.", "A right-sided effusion.", [("side", "left", "right")]),
        ("Two nodules.", "Three nodules.", [("number", "two", "three")]),
        ("Potassium is 4.1.", "Potassium is 41.", [("number", "4.1", "41")]),
        ("A normal heart.", "An abnormal heart.", [("opposite", "normal", "abnormal")]),
        ("Mild hypokalemia.", "Mild hyperkalemia.", [("opposite", "hypokalemia", "hyperkalemia")]),
        ("No mass on the left.", "A mass on the right.", [("negation", "no", ""), ("side", "left", "right")]),
        ("Edema, no effusion.", "No edema, effusion.", [("negation", "", "no"), ("negation", "no", "")]),
        ("Give two tablets, 5.0 mg.", "Give 2 tablets, 5 mg.", []),
        ("NO fracture.", "No fracture.", []),
        ("The lungs are clear.", "Both lungs look clear.", [("side", "", "both")]),
        ("The heart is of usual size.", "The heart has its usual size.", []),
    ],
)
def test_changes_that_may_turn_the_meaning_raise_an_alert(
    before: str, after: str, alerts: list[tuple[str, str, str]]
) -> None:
    assert [(one.kind, one.before, one.after) for one in alerts_of(before, after)] == alerts


def test_what_was_reworded_dropped_and_added_stands_side_by_side() -> None:
    before = statements("The lungs are clear.", "There is no pneumothorax.", "The heart is enlarged.")
    after = statements("The lungs are clear.", "There is a pneumothorax.", "Compare with earlier films.")
    assert shown(align(before, after)) == [
        ("same", "The lungs are clear.", "The lungs are clear."),
        ("changed", "There is no pneumothorax.", "There is a pneumothorax."),
        ("dropped", "The heart is enlarged.", None),
        ("added", None, "Compare with earlier films."),
    ]


def test_the_same_words_in_another_section_or_place_are_moved() -> None:
    one, two, three = statements("She denies pain.", "Start aspirin.", "Lungs are clear.", section="plan")
    other = two.model_copy(update={"section": "subjective"})
    assert [row.kind for row in align((one, two), (one, other))] == ["same", "moved"]
    assert shown(align((one, two, three), (three, one, two))) == [
        ("moved", "Lungs are clear.", "Lungs are clear."),
        ("same", "She denies pain.", "She denies pain."),
        ("same", "Start aspirin.", "Start aspirin."),
    ]


@given(SENTENCES, SENTENCES)
def test_every_statement_of_both_sides_stands_in_one_row(before: list[Statement], after: list[Statement]) -> None:
    rows = align(before, after)
    assert sorted(row.before for row in rows if row.before is not None) == sorted(one.text for one in before)
    assert [row.after for row in rows if row.after is not None] == [one.text for one in after]
    assert all(row.kind == "same" for row in align(after, after))


@given(WORDS, WORDS)
def test_the_pieces_make_both_texts_again(before: str, after: str) -> None:
    pieces = word_pieces(before, after)
    for side, text in (("before", before), ("after", after)):
        assert "".join(piece.text for piece in pieces if piece.of in ("both", side)) == text


@given(JSON, JSON)
def test_a_place_is_found_where_values_differ_and_only_there(then: object, now: object) -> None:
    assert (first_place("it", then, now) is None) == (then == now)


def test_a_place_is_named_by_the_way_to_it() -> None:
    then = {"statements": [{"text": "Lungs are clear."}, {"text": "word " * 40 + "no effusion"}], "n": 1}
    now = {"statements": [{"text": "Lungs are clear."}, {"text": "word " * 40 + "an effusion"}], "n": 2}
    place = first_place("result", then, now)
    assert place is not None
    assert place.name == "result.statements 2.text"
    assert place.then.startswith("…word word")
    assert place.then.endswith("no effusion")
    assert place.now.endswith("an effusion")
    assert first_place("data", {}, {"note": None}) == ("data.note", "nothing", "none")
    assert first_place("words", ["a"], ["a", "b"]) == ("number of words", "1", "2")
