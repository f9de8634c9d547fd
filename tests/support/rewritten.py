"""What rewrites make of a text, without its way back to what was said."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.text.rewrite import Rewrite, require_order


def rewritten(text: str, rewrites: Sequence[Rewrite]) -> str:
    """``text`` with all of ``rewrites`` made.

    Raises:
        ValueError: they overlap, are out of order, or lie outside of the text.
    """
    require_order(text, rewrites)
    parts: list[str] = []
    done = 0
    for rewrite in rewrites:
        parts += (text[done : rewrite.start], rewrite.text)
        done = rewrite.end
    return "".join((*parts, text[done:]))
