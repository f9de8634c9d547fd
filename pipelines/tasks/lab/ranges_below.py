"""Ranges with a label, "Normal range: 3.5 - 5.0 mmol/L": on a line of their own under the name, or beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of

_LABEL: Final = re.compile(
    r"(?:(?:normal|reference|ref\.?|standard|expected|healthy|biological\s*reference)\s*)?"
    r"(?:range|interval|limits|values?)\s*|normal|reference|ref\.?|expected",
    re.IGNORECASE,
)
_HANGING: Final = 1.1
_NEAR: Final = 2.2
"""Of the letters' height: as close under the name is its range."""


def with_ranges_below(lines: Sequence[Line]) -> list[Line]:
    """The lines, each such range without its label and behind its result."""
    joined: list[Line] = []
    for line in lines:
        told = _range_in(line)
        above = None if told is None else _row_above(line, joined)
        if told is None or above is None:
            joined.append(line)
            continue
        tokens, taken = above
        beside, limits = told
        tokens += beside
        shift = max(token.x1 for token in tokens) + 2 * line.em - limits[0].x0
        moved = (replace(token, x0=token.x0 + shift, x1=token.x1 + shift) for token in limits)
        joined[-taken:] = [Line((*tokens, *moved))]
    return [_without_labels(line) for line in joined]


def _row_above(line: Line, above: Sequence[Line]) -> tuple[list[Token], int] | None:
    """The name and what stands beside it, and how many lines that takes: the result may hang between name and range."""
    if not above:
        return None
    last, before = above[-1], above[-2] if len(above) > 1 else None
    if before is not None and abs(last.middle - before.middle) < _HANGING * max(last.height, before.height):
        left, right = sorted((last, before), key=lambda each: each.x0)
        if right.x0 > left.x1 and _belongs(line, left):
            return [*left.tokens, *right.tokens], 2
    return (list(last.tokens), 1) if _belongs(line, last) else None


def _range_in(line: Line) -> tuple[list[Token], list[Token]] | None:
    """What else stands in the line, and the range without its label; None where it begins with no such label."""
    first, *others = line.runs()
    limits = _unlabelled(first)
    return None if limits is None else ([each for run in others for each in run], limits)


def _unlabelled(run: Sequence[Token]) -> list[Token] | None:
    """What stands behind the label that the run begins with; None where it begins with none, or nothing does."""
    for at, token in enumerate(run):
        before, colon, behind = token.text.partition(":")
        if not colon:
            continue
        label = f"{text_of(run[:at])} {before}".strip()
        if not _LABEL.fullmatch(label.lstrip("([")):
            return None
        share = 1 - len(behind) / len(token.text)
        # In a picture, the space behind the colon may have been lost.
        rest = [replace(token, text=behind, x0=token.x0 + share * (token.x1 - token.x0))] if behind else []
        rest += run[at + 1 :]
        if rest and label[0] in "([":
            rest[-1] = replace(rest[-1], text=rest[-1].text.rstrip(")]"))
        return rest or None
    return None


def _without_labels(line: Line) -> Line:
    """Without such labels between its cells."""
    first, *others = line.runs()
    return Line((*first, *(token for run in others for token in _unlabelled(run) or _unlabelled_within(run))))


def _unlabelled_within(run: Sequence[Token]) -> Sequence[Token]:
    """The run without such a label behind a bracket: "12.4 g/dL (L) (Ref range: 13.2 - 17.1 g/dL)"."""
    for at, token in enumerate(run):
        limits = _unlabelled(run[at:]) if at and token.text[0] in "([" else None
        if limits is not None:
            return [*run[:at], *limits]
    return run


def _belongs(line: Line, above: Line) -> bool:
    near = line.middle - above.middle < _NEAR * max(line.height, above.height)
    return near and abs(line.x0 - above.x0) < above.height and any(c.isalpha() for c in above.tokens[0].text)
