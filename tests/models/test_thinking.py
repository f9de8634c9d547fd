"""The trace contract, on text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.thinking import CLOSE, OPEN, Reading, kept, read

_words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40).filter(
    lambda text: OPEN not in text and CLOSE not in text and not text.strip().startswith("thought")
)
_markers = st.sampled_from([OPEN, CLOSE, "thought\n", "thought", " ", "\n", "word "])


@pytest.mark.parametrize(
    ("raw", "reading"),
    [
        ("Answer.", Reading(None, "Answer.")),
        ("", Reading(None, "")),
        (f"{OPEN}thought\nHm.{CLOSE}Answer.", Reading("Hm.", "Answer.")),
        (f"{OPEN}Hm.{CLOSE}\n\nAnswer.\n", Reading("Hm.", "Answer.")),
        (f"thought\nHm.{CLOSE}Answer.", Reading("Hm.", "Answer.")),
        (f"{OPEN}thought\nOn second thought\nno.{CLOSE}Answer.", Reading("On second thought\nno.", "Answer.")),
        (f"Hm.{CLOSE}Answer.", Reading("Hm.", "Answer.")),
        (f"{CLOSE}Answer.", Reading(None, "Answer.")),
        (f"{OPEN}thought\nOne.{CLOSE}No.{OPEN}thought\nTwo.{CLOSE}Answer.", Reading("One.\nNo.\nTwo.", "Answer.")),
        (f"{OPEN}thought\nHm", Reading("Hm", None)),
        (f"Partly. {OPEN}thought\nHm", Reading("Hm", None)),
        ("thought\nHm", Reading("Hm", None)),
        ("thought", Reading(None, None)),
        (OPEN, Reading(None, None)),
        ("thoughtful\nanswer", Reading(None, "thoughtful\nanswer")),
        ("A thought\nof mine", Reading(None, "A thought\nof mine")),
        (f"{OPEN}thought\nOne.{CLOSE}{OPEN}thought\nTwo", Reading("One.\nTwo", None)),
        (f"{OPEN}thought\nOne.{CLOSE}thought\nTwo", Reading("One.\nTwo", None)),
        (f"{OPEN}thought\nHm.{CLOSE}", Reading("Hm.", "")),
    ],
)
def test_every_case_of_the_contract(raw: str, reading: Reading) -> None:
    assert read(raw) == reading


@given(_words, _words)
def test_a_closed_trace_is_told_from_the_answer(trace: str, answer: str) -> None:
    assert read(f"{OPEN}thought\n{trace}{CLOSE}{answer}") == Reading(trace.strip() or None, answer.strip())


@given(_words)
def test_what_has_no_trace_is_the_answer(answer: str) -> None:
    assert read(answer) == Reading(None, answer.strip())


@given(_words, _words)
def test_an_open_trace_gives_no_answer(before: str, trace: str) -> None:
    assert read(f"{before}{OPEN}{trace}").answer is None


@given(st.lists(st.one_of(_markers, st.text(max_size=5)), max_size=12).map("".join))
def test_markers_never_reach_what_is_read(raw: str) -> None:
    thoughts, answer = read(raw)
    for text in (thoughts or "", answer or ""):
        assert OPEN not in text
        assert CLOSE not in text
    assert answer is None or raw.rstrip().endswith(answer)


@given(st.lists(_markers, max_size=30), st.integers(1, 6))
def test_an_open_trace_is_kept_to_so_many_whole_words(pieces: list[str], most: int) -> None:
    raw = "".join(pieces)
    if read(raw).answer is not None:
        with pytest.raises(ValueError, match="no trace is open"):
            kept(raw, "".join, most)
        return
    size, words = kept(raw, "".join, most)
    assert 0 <= words <= most
    closed = read(f"{raw[:size]}{CLOSE}Answer.")
    assert closed.answer == "Answer."
    assert raw[size:] == "" or raw[size - 1].isspace()
    assert size == len(raw) or words == most


def test_words_are_counted_from_the_start_of_the_trace() -> None:
    raw = f"Partly an answer. {OPEN}thought\none two three four"
    size, words = kept(raw, "".join, 2)
    assert (raw[:size], words) == (f"Partly an answer. {OPEN}thought\none two ", 2)
    assert kept(f"{OPEN}one two three", "".join, 2) == (len(f"{OPEN}one two "), 2)
