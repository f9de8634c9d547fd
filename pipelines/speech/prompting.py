"""The prompt under which Whisper hears a piece again: the terms of the lexicon that may have been meant in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipelines.speech.whisper_model import PROMPT_TOKENS
from pipelines.text.lexicon import Entry, Lexicon, candidates

#: So many terms at most; fewer leave out what was meant, and more crowd what comes before the speech.
TERMS: Final = 40
FORM: Final = "Glossary: {}."


def prompt_for(text: str, lexicon: Lexicon, tokens: Callable[[str], tuple[int, ...]]) -> tuple[int, ...]:
    """Tokens of the prompt for a piece that was first heard as ``text``; none where no term comes close to anything.

    Args:
        tokens: cuts text into Whisper's tokens.
    """
    terms = _in_order(candidates(text, lexicon, TERMS))
    while terms:
        found = tokens(" " + FORM.format(", ".join(terms)))
        if len(found) <= PROMPT_TOKENS:
            return found
        terms = terms[: len(terms) * PROMPT_TOKENS // len(found)]
    return ()


def _in_order(entries: tuple[Entry, ...]) -> list[str]:
    """The user's own first, else the likeliest first."""
    return [entry.phrase for entry in sorted(entries, key=lambda entry: not entry.own)]
