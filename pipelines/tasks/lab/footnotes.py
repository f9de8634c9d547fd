"""Marks of footnotes: small raised figures and letters behind names and results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipelines.evidence.documents.lines import Line, Token

_MARK: Final = re.compile(r"[a-z]?\d{1,2}|[a-z]|[†‡§]+")
_SMALL: Final = 0.75
_RAISED: Final = 0.2
"""Of the height of the word before it: as much smaller, and as much above its foot."""
_CLOSE: Final = 0.6


def without_marks(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page's own text without them. What is raised behind a 10 is its exponent."""
    return [Line((line.tokens[0], *(b for a, b in pairwise(line.tokens) if not _is_mark(a, b)))) for line in lines]


def _is_mark(before: Token, token: Token) -> bool:
    if not _MARK.fullmatch(token.text) or before.text.endswith("10"):
        return False
    close = token.x0 - before.x1 < _CLOSE * before.height
    return close and token.height < _SMALL * before.height and before.y1 - token.y1 > _RAISED * before.height
