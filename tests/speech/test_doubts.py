"""What a reader is told to look at twice, and that nothing is changed by it."""

from __future__ import annotations

from pipelines.records import Segment, Suggestion, Word
from pipelines.speech.doubts import Doubts
from pipelines.speech.written import write
from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.lexicon_builtin import builtin

LEXICON = Lexicon(builtin())


def heard(raw: str, unsure: dict[str, float] | None = None, lexicon: Lexicon = LEXICON) -> tuple[Suggestion, ...]:
    words, at = [], 0
    for text in raw.split():
        at = raw.index(text, at)
        sure = (unsure or {}).get(text.strip(".,"), 0.97)
        words.append(Word(text=text, start=0, end=0, confidence=sure, raw_start=at, raw_end=at + len(text)))
        at += len(text)
    written = write(raw, words=words, spoken_words=True, forms=True, lexicon=lexicon)
    found = Doubts(lexicon).of(written, [Segment(start=0, end=0, words=tuple(words))])
    for one in found:
        assert written.text[one.start : one.end] == one.heard
        assert one.term not in one.heard
    return found


def test_a_misheard_drug_is_told_with_both_spellings_and_confidences() -> None:
    (doubt,) = heard("she takes five milligrams of carbadolol daily", {"carbadolol": 0.31})
    assert (doubt.kind, doubt.heard, doubt.term, doubt.category) == ("near-miss", "carbadolol", "carvedilol", "drug")
    assert doubt.heard_confidence == 0.31
    assert 0.6 < doubt.term_confidence < 1


def test_words_that_were_torn_apart_are_told_as_one() -> None:
    (doubt,) = heard("start met for men today", {"met": 0.4, "for": 0.5, "men": 0.3})
    assert (doubt.heard, doubt.term) == ("met for men", "metformin")


def test_ordinary_speech_that_sounds_alike_is_left_alone_where_it_was_heard_well() -> None:
    assert heard("he met four men in April and they had a list in a drawer") == ()


def test_a_look_alike_is_told_however_sure_the_recogniser_was() -> None:
    (doubt,) = heard("continue hydroxyzine at night")
    assert (doubt.kind, doubt.heard, doubt.term) == ("look-alike", "hydroxyzine", "hydralazine")


def test_the_users_own_term_is_looked_for_and_no_longer_doubted_where_it_stands() -> None:
    own = Lexicon((Entry("Zebrafinchase", category="test", own=True), *builtin()))
    (doubt,) = heard("repeat the zebra finches tomorrow", {"zebra": 0.5, "finches": 0.3}, own)
    assert doubt.term == "Zebrafinchase"
    assert heard("repeat the zebrafinchase tomorrow", {"zebrafinchase": 0.3}, own) == ()


def test_without_a_lexicon_nothing_is_looked_for() -> None:
    assert heard("continue hydroxyzine", lexicon=Lexicon()) == ()
