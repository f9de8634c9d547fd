"""The user's own lexicon: one file in the data folder, changed whole or not at all."""

from __future__ import annotations

from assistant.lexicon.store import OwnLexicon, load_lexicon

__all__ = ["OwnLexicon", "load_lexicon"]
