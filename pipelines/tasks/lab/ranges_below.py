"""Ranges with a label, "Normal range: 3.5 - 5.0 mmol/L": on a line of their own under the name, or beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.flags import is_flag, is_word
from pipelines.tasks.lab.numbers import MEASURE

_LABEL: Final = re.compile(
    r"(?:(?:normal|reference|ref\.?|standard|expected|healthy|biological\s*reference)\s*)?"
    r"(?:range|interval|limits|values?)\s*|normal|reference|ref\.?|expected",
    re.IGNORECASE,
)
_RESULT: Final = re.compile(r"(?:your\s*)?(?:value|result)s?:?", re.IGNORECASE)
_UNDER: Final = 4.0
"""Of the letters' height: as close under its range is a result."""
_HANGING: Final = 1.1
_NEAR: Final = 2.2
"""Of the letters' height: as close under the name is its range."""


def with_ranges_below(lines: Sequence[Line]) -> list[Line]:
    """The lines, each such range without its label and behind its result, which may stand below both."""
    joined: list[Line] = []
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        told = _range_in(line)
        above = None if told is None else _row_above(line, joined)
        if told is not None and above is not None:
            (tokens, taken), (beside, limits) = above, told
            named = taken == 1 and _is_name([*tokens, *beside])
            result, lines_taken = _result_below(line, lines[at:], limits) if named else ([], 0)
            at += lines_taken
            tokens = [*tokens, *beside]
            tokens += _behind(tokens, result, line.em)
            joined[-taken:] = [Line((*tokens, *_behind(tokens, limits, line.em)))]
            continue
        named = bool(joined) and _belongs(line, joined[-1], _UNDER) and _is_name(joined[-1].tokens)
        result = _labelled_result(line) if named else []
        if result:
            joined[-1] = Line((*joined[-1].tokens, *_behind(joined[-1].tokens, result, line.em)))
        else:
            joined.append(line)
    return [_without_labels(line) for line in joined]


def _behind(tokens: Sequence[Token], more: Sequence[Token], em: float) -> list[Token]:
    """The further words with room before them, as another cell of the same line."""
    if not more:
        return []
    shift = max(token.x1 for token in tokens) + 2 * em - more[0].x0
    return [replace(token, x0=token.x0 + shift, x1=token.x1 + shift) for token in more]


def _is_name(tokens: Sequence[Token]) -> bool:
    return len(Line(tuple(tokens)).runs()) == 1 and not _is_result(tokens)


def _is_result(tokens: Sequence[Token]) -> bool:
    """Whether it begins with a number, or is a finding with or without a flag behind it."""
    if MEASURE.fullmatch(tokens[0].text):
        return True
    return any(is_word(text_of(tokens[:end])) and (end == len(tokens) or is_flag(text_of(tokens[end:])))
               for end in range(1, len(tokens) + 1))  # fmt: skip


def _labelled_result(line: Line) -> list[Token]:
    first, *others = line.runs()
    return [token for run in others for token in run] if _RESULT.fullmatch(text_of(first)) else []


def _result_below(line: Line, lines: Sequence[Line], limits: Sequence[Token]) -> tuple[list[Token], int]:
    """The result that stands below its range, and how many lines that takes: one more where the range's ends stand
    below it again, as of a picture of the range."""
    if not lines or lines[0].middle - line.middle > _UNDER * line.height:
        return [], 0
    labelled = _labelled_result(lines[0])
    if not labelled and not (_is_result(lines[0].tokens) and len(lines[0].runs()) == 1):
        return [], 0
    ends = {token.text.lstrip("<>=≤≥") for token in limits}
    repeated = len(lines) > 1 and all(token.text in ends for token in lines[1].tokens)
    return labelled or list(lines[0].tokens), 2 if repeated else 1


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


def _belongs(line: Line, above: Line, far: float = _NEAR) -> bool:
    near = line.middle - above.middle < far * max(line.height, above.height)
    return near and abs(line.x0 - above.x0) < above.height and any(c.isalpha() for c in above.tokens[0].text)
