"""Text of models and files as a screen or a page may show it."""

from __future__ import annotations

from typing import Final

#: They join or part the letters of some scripts, and do nothing else.
_JOINERS: Final = "\u200c\u200d"


def plain(text: str) -> str:
    """Without what could move the cursor, colour the screen or turn the direction of writing; white space as spaces."""
    kept = (one for one in text if one.isspace() or one.isprintable() or one in _JOINERS)
    return "".join(" " if one.isspace() else one for one in kept)


def one_line(text: str) -> str:
    """The same, with single spaces between words and none around them."""
    return " ".join(plain(text).split())


def escaped(text: str) -> str:
    """For rich's markup: every line as `plain` has it, with no markup of its own."""
    from rich.markup import escape

    return escape("\n".join(plain(line) for line in text.split("\n")))
