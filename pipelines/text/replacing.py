"""What the user wants written instead: the only changes of words that are ever made without asking."""

from __future__ import annotations

import re

from pipelines.text.lexicon import Lexicon
from pipelines.text.rewrite import Rewrite

KIND = "replacement"


def replacements(text: str, lexicon: Lexicon) -> list[Rewrite]:
    """Where the text holds a phrase, or the sound of one, for which an entry of the user's has a replacement.

    Whole words in any case, the longest first; what was written by one replacement is not looked at by another.
    """
    written = {
        said.lower(): entry.replacement
        for entry in reversed(lexicon.entries)
        if entry.own and entry.replacement is not None
        for said in (entry.phrase, *entry.sounds_like)
    }
    if not written:
        return []
    longest_first = sorted(written, key=lambda said: (-len(said), said))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(_spaced, longest_first))})(?!\w)", re.IGNORECASE)
    found = []
    for match in pattern.finditer(text):
        wanted = written[" ".join(match.group().lower().split())]
        if match.group() != wanted:
            found.append(Rewrite(*match.span(), wanted, KIND))
    return found


def _spaced(phrase: str) -> str:
    return r"\s+".join(map(re.escape, phrase.split()))
