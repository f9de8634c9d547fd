"""The built-in lexicon: drug names and common clinical terms, one a line, in a text file for each category; drugs have
two, ``drug.txt`` for generic names and ``brand.txt``.

``term`` or ``term | how it sounds, another way``; sorted, and no term twice in all of the files.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

from pipelines.text.lexicon import CATEGORIES, Entry

_SOUNDS: Final = "|"


@lru_cache(maxsize=1)
def builtin() -> tuple[Entry, ...]:
    """All entries: drugs first, then the other categories, each in the order of its file."""
    listed = [("drug", "drug"), ("brand", "drug"), *((category, category) for category in CATEGORIES[1:])]
    return tuple(entry for name, category in listed for entry in _read(name, category))


def _read(name: str, category: str) -> list[Entry]:
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    entries = []
    for line in text.splitlines():
        phrase, _, sounds = line.partition(_SOUNDS)
        heard = tuple(sound.strip().lower() for sound in sounds.split(",") if sound.strip())
        entries.append(Entry(phrase=phrase.strip(), sounds_like=heard, category=category))
    return entries
