"""What an entry of the user's own may be: nothing that a terminal, a spreadsheet or the formatter would act on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from pipelines.errors import BadInput
from pipelines.text.lexicon import CATEGORIES, Entry

LONGEST_PHRASE: Final = 200
MOST_SOUNDS: Final = 20
#: Control, format (bidirectional overrides among them), private and unassigned characters, and line separators.
_HOSTILE: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_BRACKETS: Final = frozenset("{}[]")
_REMEDY: Final = "see docs/lexicon.md"


def own_entry(
    phrase: str, sounds_like: Iterable[str] = (), category: str = "term", replacement: str | None = None
) -> Entry:
    """An entry of the user's, cleaned of needless spaces.

    Raises:
        BadInput: it cannot be one; the message never repeats the phrase.
    """
    phrase = _clean(phrase, "the phrase")
    sounds = tuple(dict.fromkeys(_clean(sound, "a sound").lower() for sound in sounds_like))
    if len(sounds) > MOST_SOUNDS:
        raise BadInput("the entry", f"has more than {MOST_SOUNDS} sounds", _REMEDY)
    category = category.strip().lower() or "term"
    if category not in CATEGORIES:
        raise BadInput("the category", "is not known", f"use one of {', '.join(CATEGORIES)}")
    if replacement is not None:
        replacement = _clean(replacement, "the replacement")
    return Entry(phrase=phrase, sounds_like=sounds, category=category, replacement=replacement, own=True)


def _clean(text: str, what: str) -> str:
    if any(unicodedata.category(character) in _HOSTILE for character in text):
        raise BadInput(what, "holds control or invisible characters", "type it anew")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(character.isalnum() for character in text):
        raise BadInput(what, "holds no letter or digit", "write what is said")
    if len(text) > LONGEST_PHRASE:
        raise BadInput(what, f"is longer than {LONGEST_PHRASE} characters", "name the term alone")
    if _BRACKETS & set(text):
        raise BadInput(what, "holds a brace or bracket, which would read as a spoken command", "leave them out")
    return text
