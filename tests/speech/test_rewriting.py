"""Whatever is rewritten, every stretch of the text keeps its way back to what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Engine, Segment, Span, Transcript, Word
from pipelines.speech.commands import format_commands
from pipelines.speech.rewriting import Traced, composed, rewrite
from pipelines.speech.written import write
from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.rewrite import Rewrite
from tests.support.rewritten import rewritten

texts = st.text(st.sampled_from("ab {}[].,\nä1"), max_size=60)


@st.composite
def rewrites_of(draw: st.DrawFn, text: str) -> list[Rewrite]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = list(zip(places[::2], places[1::2], strict=False))
    return [Rewrite(start, end, draw(st.text("xyz ", max_size=4)), "test") for start, end in pairs]


def whole(text: str) -> Traced:
    return Traced(text, (Span(start=0, end=len(text), raw_start=0, raw_end=len(text)),) if text else ())


def assert_in_order(traced: Traced, raw: str) -> None:
    end = 0
    for span in traced.spans:
        assert end <= span.start < span.end <= len(traced.text)
        assert 0 <= span.raw_start < span.raw_end <= len(raw)
        end = span.end
    end = 0
    for change in traced.changes:
        assert end <= change.start <= change.end <= len(traced.text)
        assert traced.text[change.start : change.end] == change.after
        assert 0 <= change.raw_start < change.raw_end <= len(raw)
        end = change.end


@given(st.data(), texts)
def test_text_and_places_after_one_round_and_another(data: st.DataObject, text: str) -> None:
    first = data.draw(rewrites_of(text))
    once = rewrite(whole(text), first)
    assert once.text == rewritten(text, first)
    assert_in_order(once, text)
    second = data.draw(rewrites_of(once.text))
    twice = rewrite(once, second)
    assert twice.text == rewritten(once.text, second)
    assert_in_order(twice, text)


@given(st.data(), texts)
def test_what_is_not_rewritten_keeps_its_place_letter_by_letter(data: st.DataObject, text: str) -> None:
    found = data.draw(rewrites_of(text))
    traced = rewrite(whole(text), found)
    places = {change.start: change for change in traced.changes}
    for span in traced.spans:
        if span.start not in places:
            assert traced.text[span.start : span.end] == text[span.raw_start : span.raw_end]


@given(texts)
def test_composing_with_the_formatter_changes_none_of_its_places(raw: str) -> None:
    formatted = format_commands(raw)
    traced = composed(whole(raw), Traced(formatted.text, formatted.spans))
    assert (traced.text, traced.spans) == (formatted.text, formatted.spans)


def test_overlapping_rewrites_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        rewrite(whole("abcdef"), [Rewrite(0, 3, "x", "test"), Rewrite(2, 4, "y", "test")])


def said(raw: str) -> tuple[Word, ...]:
    """Words a second apart, each half a second long."""
    words, at = [], 0
    for n, text in enumerate(raw.split()):
        at = raw.index(text, at)
        words.append(Word(text=text, start=n, end=n + 0.5, confidence=0.9, raw_start=at, raw_end=at + len(text)))
        at += len(text)
    return tuple(words)


def test_a_change_tells_both_forms_and_when_it_was_said() -> None:
    raw = "her pressure was one hundred twenty over eighty today"
    written = write(raw, words=said(raw), spoken_words=True, forms=True)
    assert written.text == "Her pressure was 120/80 today"
    (change,) = written.changes
    assert (change.kind, change.before, change.after) == (
        "blood-pressure",
        "one hundred twenty over eighty",
        "120/80",
    )
    transcript = Transcript(
        recording=None,
        raw=raw,
        text=written.text,
        engine=Engine(name="test", version="1"),
        segments=(Segment(start=0, end=9, words=said(raw)),),
        spans=written.spans,
        changes=written.changes,
    )
    assert transcript.audio_time(change.start, change.end) == (3, 7.5)


def test_the_users_own_replacement_keeps_both_forms_and_sees_written_forms() -> None:
    lexicon = Lexicon((Entry("smith joint", ("smyth joint",), replacement="Smith-Jones joint", own=True),))
    raw = "the Smyth joint took five milligrams"
    written = write(raw, words=said(raw), spoken_words=True, forms=True, lexicon=lexicon)
    assert written.text == "The Smith-Jones joint took 5 mg"
    assert [(change.kind, change.before, change.after) for change in written.changes] == [
        ("replacement", "Smyth joint", "Smith-Jones joint"),
        ("dose", "five milligrams", "5 mg"),
    ]


def test_what_was_taken_back_stays_in_sight() -> None:
    raw = "There is a left effusion. Scratch that. There is a right effusion."
    written = write(raw, words=said(raw), spoken_words=True, forms=True)
    assert written.text == "There is a right effusion."
    (change,) = written.changes
    assert (change.kind, change.after) == ("scratched", "")
    assert change.before == "There is a left effusion. Scratch that."
    assert raw[change.raw_start : change.raw_end] == change.before


def test_an_engine_that_writes_braces_has_no_commands_in_plain_words() -> None:
    raw = "the heart is normal. new paragraph. lungs clear"
    assert write(raw, spoken_words=False, forms=True).text == "The heart is normal. new paragraph. lungs clear"
    assert write(raw, spoken_words=True, forms=True).text == "The heart is normal.\n\nLungs clear"


def test_forms_can_be_left_out() -> None:
    assert write("five milligrams", spoken_words=True, forms=False).text == "Five milligrams"


@given(
    st.lists(
        st.sampled_from(
            (
                *("the", "one", "twenty", "five", "hundred", "milligrams", "over", "eighty", "l", "four", "percent"),
                *(
                    "clear.",
                    "full stop,",
                    "New paragraph.",
                    "scratch that.",
                    "findings colon",
                    "{period}",
                    "[PLAN]",
                    "{bad",
                ),
            )
        ),
        max_size=20,
    ).map(" ".join)
)
def test_every_change_is_heard_within_the_times_of_its_words(raw: str) -> None:
    words = said(raw)
    written = write(raw, words=words, spoken_words=True, forms=True)
    transcript = Transcript(
        recording=None,
        raw=raw,
        text=written.text,
        engine=Engine(name="test", version="1"),
        segments=(Segment(start=0, end=len(words), words=words),),
        spans=written.spans,
        changes=written.changes,
    )
    for change in written.changes:
        assert written.text[change.start : change.end] == change.after
        own = [word for word in words if word.raw_start < change.raw_end and word.raw_end > change.raw_start]
        assert own
        heard = transcript.audio_time(change.start, change.end) if change.after else None
        if heard is not None:
            assert own[0].start <= heard[0] <= heard[1] <= own[-1].end
