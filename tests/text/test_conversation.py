from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.conversation import conversation_score, is_conversation_like

#: Written for this project, one a line. They were looked at when the limits were chosen.
DATA = Path(__file__).parents[1] / "data"
CONVERSATIONS = (DATA / "conversations.txt").read_text().splitlines()
DICTATIONS = (DATA / "dictations.txt").read_text().splitlines()

QUESTIONS = (
    "what was her last potassium",
    "okay can you show me his blood pressure since march please",
    "does he have any allergies",
    "um what about the film from last week is it worse",
    "hi could you tell me what medications she is on and whether any of them was changed in the last month thanks",
    "yes",
    "how long has she been on warfarin and what was the last INR and did anybody check her kidney function",
    "could you go through her record and tell me how often she was admitted last year what did they find on the last "
    "echo and whether anybody has started her on a statin and what are her latest kidney numbers please",
    "patient is doing fine okay thank you",
    "",
)


def spoken(text: str) -> str:
    """As a recogniser may give it: without punctuation, capitals and line breaks."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def damaged(text: str, words: list[str], seed: int) -> str:
    """A fifth of the words left out or in another's place."""
    choose = random.Random(seed)
    kept = []
    for word in spoken(text).split():
        lot = choose.random()
        if lot >= 0.1:
            kept.append(choose.choice(words) if lot < 0.2 else word)
    return " ".join(kept)


@pytest.mark.parametrize("text", CONVERSATIONS, ids=lambda text: text[:30])
def test_conversations_are_flagged(text: str) -> None:
    assert is_conversation_like(text)
    assert is_conversation_like(spoken(text))
    assert is_conversation_like(spoken(text).replace("'", ""))


@pytest.mark.parametrize("text", DICTATIONS, ids=lambda text: text[:30])
def test_dictations_are_not(text: str) -> None:
    assert not is_conversation_like(text)
    assert not is_conversation_like(spoken(text))
    assert not is_conversation_like(spoken(text).replace("'", ""))


@pytest.mark.parametrize("text", QUESTIONS, ids=lambda text: text[:30])
def test_a_question_is_no_conversation(text: str) -> None:
    assert not is_conversation_like(text)


@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_of_the_words_misheard_changes_little(seed: int) -> None:
    talk, dictated = (" ".join(map(spoken, texts)).split() for texts in (CONVERSATIONS, DICTATIONS))
    flagged = [is_conversation_like(damaged(text, talk, seed)) for text in CONVERSATIONS]
    mistaken = [is_conversation_like(damaged(text, dictated, seed)) for text in DICTATIONS]
    assert sum(flagged) >= 0.9 * len(flagged)
    assert sum(mistaken) <= 0.02 * len(mistaken)


def test_length_does_not_change_what_it_is() -> None:
    assert is_conversation_like(" ".join(CONVERSATIONS))
    assert not is_conversation_like(" ".join(DICTATIONS))
    assert conversation_score(" ".join(DICTATIONS)) < 0.01


def test_a_word_with_somebody_else_does_not_make_a_dictation_a_conversation() -> None:
    aside = "hi yeah come in okay what do you need no I don't have it thanks bye"
    assert not is_conversation_like(" ".join([*DICTATIONS[:2], aside, *DICTATIONS[2:4]]))


def test_a_dictation_at_the_end_does_not_hide_a_conversation() -> None:
    assert is_conversation_like(" ".join([*CONVERSATIONS[:6], DICTATIONS[0]]))


def test_spoken_commands_are_no_words_of_the_talk() -> None:
    dictated = DICTATIONS[2].replace(" period", " {period}").replace("findings colon", "[FINDINGS]")
    assert not is_conversation_like(dictated)


@given(st.text() | st.sampled_from(CONVERSATIONS + DICTATIONS))
def test_any_text_has_a_score_that_depends_on_its_words_only(text: str) -> None:
    score = conversation_score(text)
    assert 0 <= score <= 1
    assert conversation_score(text.replace(". ", "\n").replace(" ", "  ")) == pytest.approx(score)
