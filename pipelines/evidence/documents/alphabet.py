"""Which characters pictures are read in.

The recogniser knows thousands, most of them Chinese, and some of those look like a dash, a comma or a one. Reports that
are understood here are written in Latin letters, so it chooses among these; what it would rather have read otherwise is
counted, so that a page in other letters is noticed instead of being bent into these.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]

_BLANK: Final = 0
_SIGNS: Final = frozenset("°±×÷·•≤≥≠≈~‰²³¹⁰⁴⁵⁶⁷⁸⁹⁺⁻½¼¾µμαβγδκλΔΩ∆†‡§¶©®™€£$¥←↑→↓▲▼–—‘’“”«»…√✓№ªº¿¡")


@dataclass(frozen=True)
class Alphabet:
    """Classes of the recogniser, by the character that each stands for here."""

    characters: tuple[str, ...]
    """The first one is empty: nothing new at this place."""
    classes: Indices
    """Of each character, its own class."""
    twins: tuple[tuple[int, int], ...]
    """Index of a character here, and another class that is the same one in the wide form of Chinese print."""

    def choose(self, posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of [..., classes], the shares of the characters here."""
        chosen: NDArray[np.float32] = posteriors[..., self.classes]
        for index, other in self.twins:
            chosen[..., index] += posteriors[..., other]
        return chosen


def alphabet(known: Sequence[str]) -> Alphabet:
    """Of the characters that the recogniser's file lists: class 0 is none, and a space comes last."""
    every = ["", *known, " "]
    own = [index for index, character in enumerate(every) if index == _BLANK or _reads(character)]
    characters = [every[index] for index in own]
    position = {character: index for index, character in enumerate(characters)}
    twins = [
        (position[narrow], index)
        for index, character in enumerate(every)
        if (narrow := _narrow(character)) is not None and narrow in position
    ]
    # The Greek letter where units have their own sign, as keyboards and text layers do.
    shown = tuple("µ" if character == "μ" else character for character in characters)
    return Alphabet(shown, np.array(own, np.intp), tuple(twins))


def _reads(character: str) -> bool:
    if character.isascii() or character in _SIGNS:
        return character.isprintable()
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN")


def _narrow(character: str) -> str | None:
    """The common form of a full-width character."""
    if not "\uff01" <= character <= "\uff5e" and character != "\u3000":
        return None
    return unicodedata.normalize("NFKC", character)
