from __future__ import annotations

import pytest

from pipelines.speech.prompting import TERMS, prompt_for
from pipelines.speech.whisper_model import PROMPT_TOKENS
from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.lexicon_builtin import builtin


class Tokens:
    """Every word so many tokens; remembers the last text."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.text = ""

    def __call__(self, text: str) -> tuple[int, ...]:
        self.text = text
        return tuple(range(self.each * len(text.split())))


def test_terms_that_may_have_been_meant_are_in_the_prompt() -> None:
    tokens = Tokens(1)
    assert prompt_for("he takes met for men and at or of a statin", Lexicon(builtin()), tokens)
    assert "metformin" in tokens.text
    assert len(tokens.text.split(", ")) <= TERMS


def test_the_users_own_terms_come_first() -> None:
    tokens = Tokens(1)
    own = Entry("metforminol", own=True)
    prompt_for("he takes metformine daily", Lexicon((*builtin(), own)), tokens)
    assert tokens.text.startswith(" Glossary: metforminol, ")
    assert "metformin," in tokens.text


@pytest.mark.parametrize("each", [1, 7, 40, 300])
def test_a_prompt_leaves_room_for_the_speech(each: int) -> None:
    tokens = Tokens(each)
    text = " ".join(entry.phrase + "e" for entry in builtin()[:80])
    found = prompt_for(text, Lexicon(builtin()), tokens)
    assert len(found) <= PROMPT_TOKENS
    assert bool(found) == (2 * each <= PROMPT_TOKENS)


@pytest.mark.parametrize("text", ["", "...", "oh"])
def test_where_no_term_comes_close_there_is_no_prompt(text: str) -> None:
    assert prompt_for(text, Lexicon(builtin()), Tokens(1)) == ()


def test_an_empty_lexicon_gives_no_prompt() -> None:
    assert prompt_for("metformin", Lexicon(), Tokens(1)) == ()
