"""The lexicon: phrases that matter, how they sound, and what they are.

It serves three places: it boosts the beam search, prompts the embedded engine, and finds near misses afterwards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


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


@dataclass(frozen=True)
class Lexicon:
    """Entries in a fixed order: the user's own first, then the built-in ones."""

    entries: tuple[Entry, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 that names this list, for the log."""
        listed = "\n".join(repr(entry) for entry in self.entries)
        return hashlib.sha256(listed.encode()).hexdigest()
