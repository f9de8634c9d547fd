"""The lexicon: phrases that matter, how they sound, and what they are.

It serves three places: it boosts the beam search, prompts the embedded engine, and finds near misses afterwards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.text.nearest import Nearest

#: What an entry can be; drugs first, since they matter most and are misheard most.
CATEGORIES: Final = ("drug", "condition", "anatomy", "procedure", "test", "organism", "device", "term")


@dataclass(frozen=True)
class Entry:
    """One term.

    Args:
        phrase: as it is written.
        sounds_like: other spellings by which it is heard or misheard, lower case.
        category: ``drug``, ``condition``, ``anatomy``, ``procedure``, ``test``, ``organism``, ``device`` or ``term``.
        replacement: what is written instead of the phrase, by the user's own wish; the only thing that ever changes
            text by itself.
        own: whether the user added it.
    """

    phrase: str
    sounds_like: tuple[str, ...] = ()
    category: str = "term"
    replacement: str | None = None
    own: bool = False

    @property
    def meant(self) -> str:
        """What is to be written: the replacement where there is one."""
        return self.replacement or self.phrase


@dataclass(frozen=True)
class Lexicon:
    """Entries in a fixed order: the user's own first, then the built-in ones."""

    entries: tuple[Entry, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 that names this list, for the log."""
        listed = "\n".join(repr(entry) for entry in self.entries)
        return hashlib.sha256(listed.encode()).hexdigest()

    @cached_property
    def nearest(self) -> Nearest:
        """The index by which terms are found from how they sound; built at first use, about 0.1 ms an entry."""
        from pipelines.text.nearest import Nearest

        return Nearest(self.entries)

    def __hash__(self) -> int:
        """Taken once: a lexicon is looked up in caches for every recording."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.entries)


def hot_words(lexicon: Lexicon, limit: int) -> tuple[str, ...]:
    """Terms for an engine that can favour some: the user's own first, then drugs before the rest."""
    ranked = sorted(lexicon.entries, key=lambda entry: (not entry.own, entry.category != "drug"))
    return tuple(dict.fromkeys(entry.phrase for entry in ranked))[:limit]


def candidates(text: str, lexicon: Lexicon, limit: int) -> tuple[Entry, ...]:
    """The terms that were most likely meant in a text as it was first recognised, by their sound, the best first.

    For hearing the same sound again with these in mind: better one too many than one too few. Terms that stand in the
    text as they are written come last.
    """
    from pipelines.text.nearest import likely_terms

    return likely_terms(text, lexicon, limit)
