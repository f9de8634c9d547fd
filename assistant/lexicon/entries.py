"""What an entry of the user's own may be: nothing that a terminal, a spreadsheet or the formatter would act on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipelines.errors import BadInput
from pipelines.text.lexicon import CATEGORIES, Entry

LONGEST_PHRASE: Final = 200
MOST_SOUNDS: Final = 20
BETWEEN_SOUNDS: Final = ";"
#: Control, format (bidirectional overrides among them), private and unassigned characters, and line separators.
_HOSTILE: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_BRACKETS: Final = frozenset("{}[]")
_REMEDY: Final = "see docs/lexicon.md"


def own_entry(
    phrase: str, sounds_like: Iterable[str] = (), category: str = "term", replacement: str | None = None
) -> Entry:
    """An entry of the user's, cleaned of needless spaces. A sound that holds semicolons is several.

    Raises:
        BadInput: it cannot be one; the message never repeats the phrase.
    """
    phrase = _clean(phrase, "the phrase")
    several = [sound for given in sounds_like for sound in given.split(BETWEEN_SOUNDS) if sound.strip()]
    sounds = tuple(dict.fromkeys(_clean(sound, "a sound").lower() for sound in several))
    if len(sounds) > MOST_SOUNDS:
        raise BadInput("the entry", f"has more than {MOST_SOUNDS} sounds", _REMEDY)
    category = category.strip().lower() or "term"
    if category not in CATEGORIES:
        raise BadInput("the category", "is not known", f"use one of {', '.join(CATEGORIES)}")
    if replacement is not None:
        replacement = _clean(replacement, "the replacement")
    return Entry(phrase=phrase, sounds_like=sounds, category=category, replacement=replacement, own=True)


def merged(older: Entry, newer: Entry) -> Entry:
    """Two entries of one phrase as one: the sounds of both; category and replacement of the newer, where it has any."""
    sounds = tuple(dict.fromkeys((*older.sounds_like, *newer.sounds_like)))[:MOST_SOUNDS]
    category = older.category if newer.category == "term" else newer.category
    replacement = older.replacement if newer.replacement is None else newer.replacement
    return replace(newer, sounds_like=sounds, category=category, replacement=replacement)


def _clean(text: str, what: str) -> str:
    plain = text.isascii() and text.isprintable()
    if not plain and any(unicodedata.category(character) in _HOSTILE for character in text):
        raise BadInput(what, "holds control or invisible characters", "type it anew")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(character.isalnum() for character in text):
        raise BadInput(what, "holds no letter or digit", "write what is said")
    if len(text) > LONGEST_PHRASE:
        raise BadInput(what, f"is longer than {LONGEST_PHRASE} characters", "name the term alone")
    if _BRACKETS & set(text):
        raise BadInput(what, "holds a brace or bracket, which would read as a spoken command", "leave them out")
    return text
