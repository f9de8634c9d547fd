"""A page of a report as the rows of its tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.dates import iso_date
from pipelines.evidence.documents.lines import Line, page_lines
from pipelines.evidence.documents.page import Page
from pipelines.tasks.lab.assembling import assembled
from pipelines.tasks.lab.columns import Column, Heading, find_headings, with_edges
from pipelines.tasks.lab.found import Carried, Found
from pipelines.tasks.lab.items import item_of
from pipelines.tasks.lab.numbers import Mark
from pipelines.tasks.lab.titles import title_above
from pipelines.tasks.lab.typed import typed_rows

_RULE: Final = re.compile(r"[|¦│┃║]+|[.·…_]{3,}|[-–—=─━═]{3,}|[+|┼├┤]?[-─]{3,}[-─+|┼├┤]*")
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WITH_RAISED: Final = re.compile(r"(?!10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$)[(\[<>≤≥]*[\d⁰¹²³⁴⁵⁶⁷⁸⁹][\d⁰¹²³⁴⁵⁶⁷⁸⁹.,:/–-]*[)\]HL*]*")


def read_page(page: Page, mark: Mark, collected: str | None, carried: Carried) -> list[Found]:
    """The rows of all tables of a page, from above; of tables beside each other first the left one's."""
    lines = [_lowered(line) if page.source == "ocr" else line for line in _without_rules(page_lines(page))]
    headings = find_headings(lines)
    rows: list[Found] = []
    if not headings and carried.groups:
        # The table goes on from the page before, without its heading.
        heading = Heading(carried.groups, -1, -1)
        rows = _table(page, lines, heading, collected, carried)
        return rows or _untitled(page, lines, mark, carried)
    if not headings:
        return _untitled(page, lines, mark, carried)
    above = lines[: headings[0].first]
    rows += _untitled(page, above, mark, Carried())
    for at, heading in enumerate(headings):
        end = headings[at + 1].first if at + 1 < len(headings) else len(lines)
        first = headings[at - 1].last + 1 if at else 0
        title, specimen = title_above(lines[first : heading.first])
        if title is not None:
            carried.panel = title
        elif at or page.number == 1:
            carried.panel = None if at == 0 else carried.panel
        carried.specimen = specimen or carried.specimen
        carried.groups = heading.groups
        rows += _table(page, lines[heading.last + 1 : end], heading, collected, carried)
    return rows


def _without_rules(lines: Sequence[Line]) -> list[Line]:
    """Without strokes, dots and lines that lead the eye from cell to cell."""
    kept = (tuple(t for t in line.tokens if not _RULE.fullmatch(t.text)) for line in lines)
    return [Line(tokens) for tokens in kept if tokens]


def _lowered(line: Line) -> Line:
    """Read off a picture, a figure of a number or a date that seems to be raised is as likely one of its own.

    Such a number is never certain: by the word as it was read it bears a doubt.
    """
    return Line(
        tuple(
            replace(token, text=token.text.translate(_RAISED)) if _WITH_RAISED.fullmatch(token.text) else token
            for token in line.tokens
        )
    )


def _untitled(page: Page, lines: Sequence[Line], mark: Mark, carried: Carried) -> list[Found]:
    rows = []
    for panel, cells in typed_rows(lines, mark):
        if panel is not None:
            carried.panel = panel
        rows.append(Found(page.number, cells, carried.panel, carried.specimen))
    return rows


def _table(page: Page, lines: Sequence[Line], heading: Heading, collected: str | None, carried: Carried) -> list[Found]:
    rows: list[Found] = []
    panel = carried.panel
    for group in with_edges(heading.groups, lines):
        columns = _with_result(group, collected)
        items = [item for line in lines if (item := item_of(line, columns)) is not None]
        carried.panel = panel
        rows += assembled(page.number, items, columns, carried)
    return rows


def _with_result(group: Sequence[Column], collected: str | None) -> tuple[Column, ...]:
    """Where results stand under dates, the one of this report is the result, the others are earlier ones."""
    if any(column.role == "value" for column in group):
        return tuple(group)
    dated = {at: _days(column.heading) for at, column in enumerate(group) if column.role == "earlier"}
    own = [at for at, days in dated.items() if collected and collected[:10] in days]
    if not own and all(len(days) == 1 for days in dated.values()):
        own = [max(dated, key=lambda at: min(dated[at]))]
    if len(own) != 1:
        # Nobody can tell which of them is this report's result.
        return tuple(group)
    return tuple(
        Column("value", c.heading, c.x0, c.x1, c.left, c.right) if at == own[0] else c for at, c in enumerate(group)
    )


def _days(heading: str) -> set[str]:
    """Every day that the date in a heading may be."""
    found = {iso_date(heading, order) for order in ("day-first", "month-first")}
    return {day[:10] for day in found if day is not None}
