"""What leads the eye from cell to cell and says nothing: strokes, rules, dots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, Token

_RULE: Final = re.compile(r"[|¦│┃║]+|[.·…_]{3,}|[-–—=─━═]{3,}|[+|┼├┤]?[-─]{3,}[-─+|┼├┤]*")
_FRAME: Final = re.compile(r"[*=~#–—-]{2,}")
_DOTS: Final = re.compile(r"[.·_]{4,}|…{2,}")
"""Against a word; three points may be a name's own, which was cut off."""
_OVERPRINTED: Final = re.compile(r"[A-Za-z]+\.[A-Za-z]{2,}|[A-Za-z]{2,}\.[A-Za-z]+")
"""The last dot of a leader was printed over the word behind it: "....N.ON"."""
_DOT_WIDTH: Final = 0.5
"""Of other characters' width."""


def without_leaders(lines: Sequence[Line]) -> list[Line]:
    """The lines without them; words that stood against dots keep their own places."""
    kept = (tuple(part for token in _undecorated(line.tokens) for part in _words(token)) for line in lines)
    return [Line(tokens) for tokens in kept if tokens]


def _undecorated(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Without the same signs at both ends: "*** COAGULATION ***"."""
    framed = len(tokens) > 2 and tokens[0].text == tokens[-1].text and _FRAME.fullmatch(tokens[0].text)
    # It still begins where the signs do.
    return (replace(tokens[1], x0=tokens[0].x0), *tokens[2:-1]) if framed else tokens


def _words(token: Token) -> Iterator[Token]:
    if _RULE.fullmatch(token.text):
        return
    dots = list(_DOTS.finditer(token.text))
    if not dots:
        yield token
        return
    widths = [_DOT_WIDTH if any(d.start() <= at < d.end() for d in dots) else 1.0 for at in range(len(token.text))]
    across = (token.x1 - token.x0) / sum(widths)
    starts = [0, *(dot.end() for dot in dots)]
    ends = [*(dot.start() for dot in dots), len(token.text)]
    for start, end in zip(starts, ends, strict=True):
        if start < end:
            x0 = token.x0 + across * sum(widths[:start])
            text = token.text[start:end]
            if start and _OVERPRINTED.fullmatch(text):
                text = text.replace(".", "")
            yield replace(token, text=text, x0=x0, x1=x0 + across * (end - start))
