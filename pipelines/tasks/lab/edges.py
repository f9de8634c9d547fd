"""Where one column of a table ends and the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipelines.evidence.documents.lines import Line, Token
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.numbers import MEASURE


def with_edges(groups: Sequence[tuple[Column, ...]], rows: Sequence[Line]) -> tuple[tuple[Column, ...], ...]:
    """The columns with their edges where the fewest words are cut and the most room is, in the rows below."""
    within = [line for line in rows if not (_runs_across(line, groups) or _stands_alone(line, groups))]
    tokens = [token for line in within for token in line.tokens]
    flat = [column for group in groups for column in group]
    cuts = [_cut(left, right, flat, tokens) for left, right in pairwise(flat)]
    edges = [float("-inf"), *cuts, float("inf")]
    placed = iter(
        replace(column, left=left, right=right) for column, (left, right) in zip(flat, pairwise(edges), strict=True)
    )
    return tuple(tuple(next(placed) for _ in group) for group in groups)


def _runs_across(line: Line, groups: Sequence[tuple[Column, ...]]) -> bool:
    """Whether words run on below three headings: a sentence, which tells nothing about columns."""
    starts = [column.x0 for group in groups for column in group]
    return any(sum(run[0].x0 < x < run[-1].x1 for x in starts) >= 2 and len(run) > 4 for run in line.runs())


def _stands_alone(line: Line, groups: Sequence[tuple[Column, ...]]) -> bool:
    """Whether it is words alone where no cell begins, as of a title in the middle of the table."""
    begins = any(abs(line.x0 - column.x0) < line.height for group in groups for column in group)
    return not begins and len(line.runs()) == 1 and not any(token.text[:1].isdigit() for token in line.tokens)


def _cut(left: Column, right: Column, all_of_them: Sequence[Column], tokens: Sequence[Token]) -> float:
    """Between two headings: the place that cuts the fewest words, and of those the middle of the widest gap."""
    low, high = left.x0, right.x1
    spans = [(token.x0, token.x1) for token in tokens if token.x1 > low and token.x0 < high]
    # A heading weighs more than a word below it, which may be a comment.
    spans += [
        (column.x0, column.x1) for column in all_of_them for _ in range(4) if column.x1 > low and column.x0 < high
    ]
    edges = sorted({low, high, *(x for span in spans for x in span if low < x < high)})
    best: tuple[float, float, float] = (float("inf"), 0.0, (left.x1 + right.x0) / 2)
    results = _results_between(left, right, tokens)
    for a, b in pairwise(edges):
        middle = (a + b) / 2
        cut = sum(1 for x0, x1 in spans if x0 < middle < x1)
        strayed = sum((x < middle) == (left.role != "value") for x in results)
        best = min(best, (cut + strayed, a - b, middle))
    return best[2]


def _results_between(left: Column, right: Column, tokens: Sequence[Token]) -> list[float]:
    """Where numbers stand that can only be results: neither units nor flags are numbers."""
    if "value" not in (left.role, right.role) or not {left.role, right.role} & {"unit", "flag"}:
        return []
    low, high = (left.x1, right.x0) if left.role == "value" else (left.x1, right.x1)
    return [token.centre for token in tokens if low < token.centre < high and MEASURE.fullmatch(token.text)]
