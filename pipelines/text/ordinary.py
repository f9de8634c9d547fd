"""How ordinary an English word is: what is said every day was probably not a misheard drug name."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import distribution
from typing import Final

#: The package carries 82,765 English words, the commonest first; its code is not used.
_PACKAGE: Final = "symspellpy"
_FILE: Final = "symspellpy/frequency_dictionary_en_82_765.txt"
_COMMON: Final = 30_000
_KNOWN_BARELY: Final = 1_000_000
_EVERYDAY: Final = 2_000


def rank(word: str) -> int:
    """0 for the commonest word; a million for one that the list does not hold. Case and ``'s`` do not matter."""
    word = word.lower().replace("’", "'")
    ranks = _ranks()
    found = ranks.get(word)
    if found is None and word.endswith("'s"):
        found = ranks.get(word[:-2])
    return _KNOWN_BARELY if found is None else found


def is_ordinary(word: str) -> bool:
    """Whether a word is common English, in any form in which it is listed."""
    return rank(word) < _COMMON


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    listed = str(distribution(_PACKAGE).locate_file(_FILE))
    with open(listed, encoding="utf-8-sig") as lines:  # noqa: PTH123 (a path of another distribution, given as text)
        return {line.split(" ", 1)[0]: place for place, line in enumerate(lines)}


def is_everyday(text: str) -> bool:
    """Whether a text is one word that hardly a page is written without."""
    return " " not in text and rank(text) < _EVERYDAY
