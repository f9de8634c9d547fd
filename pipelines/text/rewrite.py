"""A stretch of text that is to be written otherwise, and how such changes are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Rewrite(NamedTuple):
    """``text[start:end]`` becomes ``text`` (which may be empty); ``kind`` says what was recognised there.

    Offsets count characters of the text that the rewrite was made for; ``start < end``. Several of one text are in
    order and do not overlap.
    """

    start: int
    end: int
    text: str
    kind: str


def require_order(text: str, rewrites: Sequence[Rewrite]) -> None:
    """Refuse rewrites that cannot be made in ``text``.

    Raises:
        ValueError: they overlap, are out of order, or lie outside of the text.
    """
    done = 0
    for rewrite in rewrites:
        if not done <= rewrite.start < rewrite.end <= len(text):
            raise ValueError(f"a rewrite of {rewrite.start} to {rewrite.end} does not fit")
        done = rewrite.end
