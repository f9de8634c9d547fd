"""Text of models and files as a terminal may show it."""

from __future__ import annotations


def plain(text: str) -> str:
    """Without what could move the cursor, colour the screen or turn the direction of writing; white space as spaces."""
    return "".join(" " if one.isspace() else one for one in text if one.isspace() or one.isprintable())
