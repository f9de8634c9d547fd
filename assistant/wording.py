"""Two texts held against each other word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

from pipelines.records import Value

# A number is one word with its decimals, and apart from its unit: "5mg" is written like "5 mg".
_WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\s]")


class Piece(Value):
    """A stretch of words that both texts have, or only the one ``before`` or ``after``."""

    of: Literal["both", "before", "after"]
    text: str


class Change(NamedTuple):
    """Words that gave way to others at one place; in lower case, one of them may be empty."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def word_pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts as one sequence: the pieces of ``both`` and ``before`` make the one, those of ``both`` and ``after``
    the other, but for the width of white space within a piece."""
    return tuple(piece for piece in _pieces(before, after) if piece.text)


def word_changes(before: str, after: str) -> tuple[Change, ...]:
    """The places at which words differ, but for capitals."""
    old, new = ([word.lower() for word in _WORD.findall(text)] for text in (before, after))
    return tuple(Change(tuple(old[a:b]), tuple(new[c:d])) for tag, a, b, c, d in _opcodes(old, new) if tag != "equal")


def _pieces(before: str, after: str) -> Iterator[Piece]:
    old, new = list(_WORD.finditer(before)), list(_WORD.finditer(after))
    for tag, a, b, c, d in _opcodes([word.group() for word in old], [word.group() for word in new]):
        was, space_was = _stretch(before, old, a, b)
        now, space_now = _stretch(after, new, c, d)
        if tag != "equal":
            yield Piece(of="before", text=was + space_was)
            yield Piece(of="after", text=now + space_now)
        elif bool(space_was) == bool(space_now):
            yield Piece(of="both", text=now + space_now)
        else:
            yield Piece(of="both", text=now)
            yield Piece(of="before", text=space_was)
            yield Piece(of="after", text=space_now)


def _stretch(text: str, found: list[re.Match[str]], first: int, last: int) -> tuple[str, str]:
    """The words from ``first`` to before ``last``, and the white space behind them."""
    if first == last:
        return "", ""
    start, end = found[first].start(), found[last - 1].end()
    return text[start:end], text[end : found[last].start() if last < len(found) else len(text)]


def _opcodes(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
