"""Tables that stand beside each other, each with titles and headings of its own at heights of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.evidence.documents.lines import Line, Token
from pipelines.tasks.lab.columns import Heading
from pipelines.tasks.lab.edges import with_edges

_TITLE: Final = 3.0
"""Of the letters' height: as near above its heading does the title of a table beside another stand."""


def last_beside(headings: Sequence[Heading], at: int, lines: Sequence[Line]) -> int:
    """The last heading of those from ``at`` on that stand in the same tables beside each other."""
    gutters = _gutters(headings[at], lines)
    last = at
    while last + 1 < len(headings) and not any(_crosses(headings[last + 1], gutter) for gutter in gutters):
        last += 1
    return last


def sides_of(lines: Sequence[Line], heading: Heading, first: int) -> list[list[Line]]:
    """The lines from ``first`` on cut between the tables under the heading; none where its words do not lie so."""
    gutters = _gutters(heading, lines)
    edges = [float("-inf"), *gutters, float("inf")]
    sides: list[list[Line]] = [[] for _ in heading.groups]
    over = lines[heading.first]
    for at, line in enumerate(lines[first:], start=first):
        parts: list[list[Token]] = [[] for _ in sides]
        for run in line.runs():
            begins = next(n for n in range(len(sides)) if run[0].x0 < edges[n + 1])
            for token in run:
                own = next(n for n in range(len(sides)) if token.centre < edges[n + 1])
                # A sentence that runs on under both is of the first.
                parts[begins if len(run) > 4 and at > heading.last else own].append(token)
        for n, tokens in enumerate(parts):
            near = at >= heading.first or over.middle - line.middle < _TITLE * max(line.height, over.height)
            if tokens and (n == 0 or near):
                sides[n].append(Line(tuple(tokens)))
    return sides


def _gutters(heading: Heading, lines: Sequence[Line]) -> list[float]:
    groups = with_edges(heading.groups, lines[heading.last + 1 :])
    return [group[0].left for group in groups[1:]]


def _crosses(heading: Heading, gutter: float) -> bool:
    """Whether a table of it has columns on both sides."""
    return any(group[0].x0 < gutter < group[-1].x1 for group in heading.groups)
