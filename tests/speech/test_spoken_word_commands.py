"""Commands in plain words: obeyed where they stand apart, left where they are speech."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Change, Word
from pipelines.speech.written import write


def written(raw: str) -> str:
    return write(raw, spoken_words=True, forms=False).text


def changes(raw: str) -> list[Change]:
    return list(write(raw, spoken_words=True, forms=False).changes)


def timed(*parts: str | float) -> tuple[str, tuple[Word, ...]]:
    """Words one behind the other; a number is a pause of so many seconds."""
    words: list[Word] = []
    now, raw = 0.0, ""
    for part in parts:
        if isinstance(part, float):
            now += part
            continue
        for text in part.split():
            start = len(raw) + bool(raw)
            raw = f"{raw} {text}".strip()
            words.append(
                Word(text=text, start=now, end=now + 0.3, confidence=0.9, raw_start=start, raw_end=start + len(text))
            )
            now += 0.3
    return raw, tuple(words)


@pytest.mark.parametrize(
    ("said", "put"),
    [
        ("full stop", ". B"),
        ("period", ". B"),
        ("comma", ", b"),
        ("semicolon", "; b"),
        ("question mark", "? B"),
        ("exclamation mark", "! B"),
        ("exclamation point", "! B"),
        ("new line", "\nb"),
        ("next line", "\nb"),
        ("new paragraph", "\n\nB"),
        ("next paragraph", "\n\nB"),
    ],
)
def test_between_the_engines_own_commas(said: str, put: str) -> None:
    for spoken in (said, said.title(), said.capitalize()):
        assert written(f"No change, {spoken}, b") == f"No change{put}"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # As sentences of their own.
        ("Lungs clear. New paragraph. Heart normal.", "Lungs clear.\n\nHeart normal."),
        ("Lungs clear. New line. Heart normal.", "Lungs clear.\nHeart normal."),
        ("Lungs clear. Full stop. Heart normal.", "Lungs clear. Heart normal."),
        ("Lungs clear. Period. Heart normal.", "Lungs clear. Heart normal."),
        ("Is it broken? Question mark. No.", "Is it broken? No."),
        # The engine's own marks are not doubled.
        ("Lungs clear, full stop.", "Lungs clear."),
        ("Lungs clear, period. New line. Heart normal, period.", "Lungs clear.\nHeart normal."),
        ("Lungs clear, full stop, new paragraph, heart normal.", "Lungs clear.\n\nHeart normal."),
        ("Is it broken question mark?", "Is it broken?"),
        ("Cough, comma, fever.", "Cough, fever."),
        # Side by side, without marks.
        ("Lungs clear full stop new line Heart normal.", "Lungs clear.\nHeart normal."),
        ("no fever new paragraph no cough", "No fever\n\nNo cough"),
        ("lungs clear period heart unchanged period", "Lungs clear. Heart unchanged."),
        ("cough comma fever comma no rash period", "Cough, fever, no rash."),
        # Brackets and quotes come in pairs.
        ("One lesion open bracket two millimetres close bracket was seen.", "One lesion (two millimetres) was seen."),
        ("He says open quote I am fine close quote.", 'He says "I am fine".'),
        ("Open parenthesis left close parenthesis, clear.", "(Left), clear."),
        # Headings
        ("Heading findings. Lungs clear.", "FINDINGS:\nLungs clear."),
        ("Findings colon lungs clear.", "FINDINGS:\nLungs clear."),
        ("Findings, colon, lungs clear.", "FINDINGS:\nLungs clear."),
        ("Findings: lungs clear.", "FINDINGS:\nLungs clear."),
        ("Lungs clear. Impression. Normal study.", "Lungs clear.\n\nIMPRESSION:\nNormal study."),
        ("Exam type. Chest, two views.", "EXAM TYPE:\nChest, two views."),
        ("Allergies colon penicillin.", "Allergies: penicillin."),
        # Both kinds together
        ("Lungs clear {period} New line. Heart normal.", "Lungs clear.\nHeart normal."),
        ("Rest and slash or fluids.", "Rest and/or fluids."),
    ],
)
def test_obeyed(raw: str, text: str) -> None:
    assert written(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        "Sigmoid colon.",
        "The sigmoid colon, however, is clear.",
        "Liver, spleen, colon, and kidneys are normal.",
        "Colon. Normal calibre.",
        "Findings colon cancer was excluded.",
        "History colon polyps.",
        "The period of observation was short.",
        "He had a period. She did not.",
        "The trial period ended.",
        "New line inserted in the right subclavian.",
        "A new line was placed.",
        "Next line of treatment is chemotherapy.",
        "It was a full stop sign.",
        "He came to a full stop.",
        "A comma shaped lesion.",
        "Glasgow comma scale of nine.",
        "There is a question mark over this.",
        "Scratch that itches at night.",
        "He must not scratch that.",
        "Please delete that file.",
        "A slash wound to the neck.",
        "The new paragraph of the guideline is clear.",
        "The bracket was open.",
        "Open bracket fixation of the tibia.",
        "Findings are unchanged.",
        "The plan is to wait.",
        "Plan of care.",
    ],
)
def test_left_as_speech(raw: str) -> None:
    assert written(raw) == raw
    assert changes(raw) == []


def test_pauses_set_words_apart() -> None:
    for gap, text in ((0.6, "Lungs clear\nheart normal."), (0.05, "Lungs clear new line heart normal.")):
        raw, words = timed("Lungs clear", gap, "new line", gap, "heart normal.")
        assert write(raw, words=words, spoken_words=True, forms=False).text == text


def test_a_pause_on_one_side_is_not_enough_for_a_line() -> None:
    raw, words = timed("He got a", 0.6, "new line", "inserted", 0.6, "today.")
    assert write(raw, words=words, spoken_words=True, forms=False).text == raw


@pytest.mark.parametrize(
    ("raw", "text", "taken_out"),
    [
        ("One. Two. Scratch that. Three.", "One. Three.", ["Two. Scratch that."]),
        ("One. Two, scratch that. Three.", "One. Three.", ["Two, scratch that."]),
        ("One. Two. Strike that. Three.", "One. Three.", ["Two. Strike that."]),
        ("One. Two. Delete that. three.", "One. Three.", ["Two. Delete that."]),
        ("One. Two. Scratch that. Scratch that. Three.", "Three.", ["One. Two. Scratch that. Scratch that."]),
        ("One. New line. Two. Scratch that. Three.", "One.\nThree.", ["Two. Scratch that."]),
        ("One {period} two. Scratch that. Three.", "One. Three.", ["two. Scratch that."]),
        ("Seen by Dr. Hart. Scratch that. Three.", "Three.", ["Seen by Dr. Hart. Scratch that."]),
        ("One. Scratch that.", "", ["One. Scratch that."]),
    ],
)
def test_what_is_taken_back_is_told(raw: str, text: str, taken_out: list[str]) -> None:
    result = write(raw, spoken_words=True, forms=False)
    assert result.text == text
    told = [change for change in result.changes if change.kind == "scratched"]
    assert [change.before for change in told] == taken_out
    for change in told:
        assert change.after == ""
        assert change.start == change.end
        assert raw[change.raw_start : change.raw_end] == change.before


@pytest.mark.parametrize(
    "raw",
    [
        "Scratch that. One.",
        "One. New line. Scratch that. Two.",
        "word " * 60 + ", scratch that.",
    ],
)
def test_what_cannot_be_taken_back_stays_in_sight(raw: str) -> None:
    assert "cratch that" in written(raw)


def test_commands_tell_what_was_said() -> None:
    raw = "Lungs clear, full stop, new paragraph, heart normal."
    assert [(change.kind, change.before, change.after) for change in changes(raw)] == [
        ("command", ", full stop,", "."),
        ("command", "new paragraph,", "\n\n"),
    ]


@given(st.text(st.sampled_from("abC .,:?\n{}"), max_size=40))
def test_text_without_the_words_is_formatted_as_ever(raw: str) -> None:
    assert write(raw, spoken_words=True, forms=False).text == write(raw, spoken_words=False, forms=False).text


@pytest.mark.parametrize(
    "shard", ["scratch that. ", "a. scratch that, ", "period ", "open bracket ", "findings colon ", "next line, ", ", "]
)
def test_hostile_text_takes_linear_time(shard: str) -> None:
    begun = time.process_time()
    written(shard * (40_000 // len(shard)))
    # Quadratic handling of any of these takes minutes.
    assert time.process_time() - begun < 10
