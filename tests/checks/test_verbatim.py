"""The check finds every way in which a filed note can differ from what was said."""

import pytest

from pipelines.checks.verbatim import check
from pipelines.records import Check, Engine, Statement, Transcript, TranscriptCitation

TEXT = "Plan: rest at home. No fever was seen. Return on Monday."


def transcript(text: str = TEXT) -> Transcript:
    return Transcript(recording=None, raw=text, text=text, engine=Engine(name="typed", version="1"))


def statement(said: str, text: str | None = None, section: str = "plan", source: str = TEXT) -> Statement:
    start = source.index(said)
    citation = TranscriptCitation(start=start, end=start + len(said))
    return Statement(text=text or said, origin="dictated", section=section, citations=(citation,))


REST, FEVER, MONDAY = statement("rest at home."), statement("No fever was seen."), statement("Return on Monday.")


def wrong(checks: tuple[Check, ...]) -> list[tuple[int, str, str | None]]:
    return [(found.statement, found.aspect, found.source_text) for found in checks if found.verdict != "supported"]


def test_a_faithful_note() -> None:
    checks = check((REST, FEVER, MONDAY), transcript())
    assert [found.aspect for found in checks] == ["verbatim", "verbatim", "verbatim", "words"]
    assert wrong(checks) == []


def test_a_changed_word() -> None:
    changed = statement("No fever was seen.", "Fever was seen.")
    assert wrong(check((REST, changed, MONDAY), transcript())) == [(1, "verbatim", "No fever was seen.")]


def test_a_lost_sentence() -> None:
    assert wrong(check((REST, MONDAY), transcript())) == [(1, "words", "No fever was seen.")]


def test_lost_last_words() -> None:
    assert wrong(check((REST, FEVER), transcript())) == [(1, "words", "Return on Monday.")]


def test_a_sentence_filed_twice() -> None:
    again = statement("No fever was seen.", section="objective")
    assert wrong(check((REST, FEVER, MONDAY, again), transcript())) == [(3, "words", "No fever was seen.")]


def test_sentences_out_of_order() -> None:
    assert wrong(check((REST, MONDAY, FEVER), transcript())) == [(2, "words", "No fever was seen.")]


def test_a_statement_without_a_source() -> None:
    bare = Statement(text="Aspirin.", origin="dictated", section="plan")
    assert wrong(check((REST, FEVER, MONDAY, bare), transcript())) == [(3, "verbatim", None)]


def test_headings_are_not_lost_words_but_what_is_near_them_is() -> None:
    text = "Moving on to the assessment and plan. Rest. Aspirin plan. Rest more."
    rest = statement("Rest.", source=text)
    more = statement("Rest more.", source=text)
    assert wrong(check((rest, more), transcript(text))) == [(1, "words", "Aspirin plan.")]


def test_headings_of_own_templates() -> None:
    text = "Chores: rest."
    rest = statement("rest.", source=text, section="jobs")
    assert wrong(check((rest,), transcript(text))) == [(0, "words", "Chores:")]
    assert wrong(check((rest,), transcript(text), headings=["chores"])) == []


@pytest.mark.parametrize("heading", ["1. Plan:", "(2) Assessment.", "P:", "A/P:", "S: O:", "P colon"])
def test_numbers_and_letters_of_headings_are_not_lost_words(heading: str) -> None:
    text = f"{heading} rest."
    assert wrong(check((statement("rest.", source=text),), transcript(text))) == []


@pytest.mark.parametrize("lost", ["12. Aspirin", "1.", "S", "Q:", "a: b"])
def test_other_numbers_and_letters_are(lost: str) -> None:
    text = f"{lost} rest."
    assert wrong(check((statement("rest.", source=text),), transcript(text))) == [(0, "words", lost)]


def test_white_space_is_no_difference() -> None:
    text = "Rest  at\nhome."
    assert wrong(check((statement(text, "Rest at home.", source=text),), transcript(text))) == []


def test_nothing_filed_and_nothing_said() -> None:
    assert check((), transcript("")) == ()
