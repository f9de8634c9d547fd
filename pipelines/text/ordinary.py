"""How ordinary an English word is: what is said every day was probably not a misheard drug name."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from importlib.metadata import distribution
from typing import Final

#: The package carries 82,765 English words, the commonest first; its code is not used.
_PACKAGE: Final = "symspellpy"
_FILE: Final = "symspellpy/frequency_dictionary_en_82_765.txt"
_UNLISTED: Final = 1_000_000
_ORDINARY: Final = 30_000
_EVERYDAY: Final = 2_000
_CONTRACTED: Final = re.compile(r"(?:'(?:s|m|d|re|ve|ll)|n't)$")
_INNER: Final = re.compile(r"[/\-–—]")


class Strange(IntEnum):
    """How strange a word is in English."""

    ORDINARY = 0
    RARE = 1
    UNLISTED = 2


def rank(word: str) -> int:
    """0 for the commonest word; a million for one that the list does not hold. Case does not matter, nor do ``'s`` and
    other contractions."""
    word = word.lower().replace("’", "'")
    # The list has contractions too, but at its very end.
    return _ranks().get(_CONTRACTED.sub("", word), _UNLISTED)


def is_listed(word: str) -> bool:
    """Whether the list has the word, however rare."""
    return rank(word) < _UNLISTED


def strangeness(word: str) -> Strange:
    """How strange a word is, or the strangest of those that hyphens and slashes make one word; numbers and single
    letters are not."""
    rarest = max((rank(part) for part in _INNER.split(word) if len(part) > 1 and not part.isdigit()), default=0)
    if rarest == _UNLISTED:
        return Strange.UNLISTED
    return Strange.ORDINARY if rarest < _ORDINARY else Strange.RARE


def is_ordinary(word: str) -> bool:
    """Whether a word is common English, in any form in which it is listed."""
    return rank(word) < _ORDINARY


def is_everyday(text: str) -> bool:
    """Whether a text is one word that hardly a page is written without."""
    return " " not in text and rank(text) < _EVERYDAY


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    listed = str(distribution(_PACKAGE).locate_file(_FILE))
    with open(listed, encoding="utf-8-sig") as lines:  # noqa: PTH123 (a path of another distribution, given as text)
        ranks = {line.split(" ", 1)[0]: place for place, line in enumerate(lines)}
    # What is left of "can't" and "won't".
    return ranks | {"ca": ranks["can"], "wo": ranks["will"]}
