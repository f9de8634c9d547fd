"""A page of a report as the rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evidence.documents.dates import Order, is_part_of, iso_date, order_of
from pipelines.evidence.documents.lines import Line, page_lines
from pipelines.evidence.documents.page import Page
from pipelines.tasks.lab.assembling import assembled
from pipelines.tasks.lab.by_content import by_content
from pipelines.tasks.lab.columns import Column, Heading, find_headings
from pipelines.tasks.lab.edges import with_edges
from pipelines.tasks.lab.footnotes import without_marks
from pipelines.tasks.lab.found import Carried, Found
from pipelines.tasks.lab.items import item_of
from pipelines.tasks.lab.leaders import without_leaders
from pipelines.tasks.lab.misread import as_printed
from pipelines.tasks.lab.numbers import Mark
from pipelines.tasks.lab.sides import last_beside, sides_of
from pipelines.tasks.lab.titles import is_panelish, is_title, title_above
from pipelines.tasks.lab.typed import typed_rows


def read_page(page: Page, mark: Mark, collected: str | None, carried: Carried) -> list[Found]:
    """The rows of all tables of a page, from above; of tables beside each other first the left one's."""
    lines = without_leaders(page_lines(page))
    lines = [as_printed(line) for line in lines] if page.source == "ocr" else without_marks(lines)
    headings = find_headings(lines)
    rows: list[Found] = []
    if not headings and carried.groups:
        # The table goes on from the page before, without its heading.
        heading = Heading(carried.groups, -1, -1)
        rows = _table(page, lines, heading, collected, carried)
        return rows or _untitled(page, lines, mark, carried)
    if not headings:
        return _untitled(page, lines, mark, carried)
    rows += _untitled(page, lines[: headings[0].first], mark, Carried())
    # A word for tests that is not known here is the same in every table; names of panels differ.
    carried.heads_are_titles = len({heading.title for heading in headings} - {None}) > 1
    at = 0
    while at < len(headings):
        first = headings[at - 1].last + 1 if at else 0
        last = last_beside(headings, at, lines) if len(headings[at].groups) > 1 else at
        end = headings[last + 1].first if last + 1 < len(headings) else len(lines)
        fresh = at == 0 and page.number == 1
        if last == at and len(headings[at].groups) == 1:
            rows += _titled(page, lines[first:end], headings[at].moved(-first), collected, carried, fresh=fresh)
        else:
            rows += _beside(page, lines[:end], headings[at], first, collected, carried, fresh=fresh)
        carried.groups = headings[last].groups
        at = last + 1
    return rows


def _beside(
    page: Page,
    lines: Sequence[Line],
    heading: Heading,
    first: int,
    collected: str | None,
    carried: Carried,
    *,
    fresh: bool,
) -> list[Found]:
    """Each side as a page of its own; what heads only the first of them heads all."""
    sides = sides_of(lines, heading, first)
    own = [find_headings(side) for side in sides]
    if not all(own):
        return _titled(page, lines[first:], heading.moved(-first), collected, carried, fresh=fresh)
    rows: list[Found] = []
    title = None if fresh else carried.panel
    for n, (side, headings) in enumerate(zip(sides, own, strict=True)):
        for at, each in enumerate(headings):
            start = headings[at - 1].last + 1 if at else 0
            end = headings[at + 1].first if at + 1 < len(headings) else len(side)
            if n and at == 0:
                carried.head(title)
            rows += _titled(page, side[start:end], each.moved(-start), collected, carried, fresh=fresh and n == at == 0)
            if n == 0 and at == 0:
                title = title_above(side[: each.first])[0] or title
    return rows


def _titled(
    page: Page, lines: Sequence[Line], heading: Heading, collected: str | None, carried: Carried, *, fresh: bool
) -> list[Found]:
    """The rows under a heading, and the title above it."""
    title, specimen = title_above(lines[: heading.first])
    own = heading.title
    if own is not None and is_title(own) and (is_panelish(own) or carried.heads_are_titles):
        title = own
    if title is not None:
        carried.head(title)
    elif fresh:
        carried.head(None)
    carried.specimen = specimen or carried.specimen
    return _table(page, lines[heading.last + 1 :], heading, collected, carried)


def _untitled(page: Page, lines: Sequence[Line], mark: Mark, carried: Carried) -> list[Found]:
    rows = []
    for panel, cells in typed_rows(lines, mark, 1 if carried.rows_before else 2):
        if panel is not None:
            carried.head(panel)
        rows.append(Found(page.number, cells, carried.panel, carried.specimen))
    carried.rows_before = carried.rows_before or bool(rows)
    return rows


def _table(page: Page, lines: Sequence[Line], heading: Heading, collected: str | None, carried: Carried) -> list[Found]:
    rows: list[Found] = []
    panel = carried.panel
    for group in with_edges(heading.groups, lines):
        columns = _with_result(by_content(group, lines), collected)
        items = [item for line in lines if (item := item_of(line, columns)) is not None]
        carried.head(panel)
        rows += assembled(page.number, items, columns, carried)
    return rows


def _with_result(group: Sequence[Column], collected: str | None) -> tuple[Column, ...]:
    """Where results stand under dates, the one of this report is the result, the others are earlier ones."""
    if any(column.role == "value" for column in group):
        return tuple(group)
    order = order_of(column.heading for column in group)
    dated = {at: _days(column.heading, order) for at, column in enumerate(group) if column.role == "earlier"}
    own = [at for at, days in dated.items() if collected and collected[:10] in days]
    own = own or [at for at in dated if collected and is_part_of(group[at].heading, collected)]
    if not own and all(len(days) == 1 for days in dated.values()):
        own = [max(dated, key=lambda at: min(dated[at]))]
    if len(own) != 1:
        # Nobody can tell which of them is this report's result.
        return tuple(group)
    return tuple(
        Column("value", c.heading, c.x0, c.x1, c.left, c.right) if at == own[0] else c for at, c in enumerate(group)
    )


def _days(heading: str, order: Order | None) -> set[str]:
    """Every day that the date in a heading may be."""
    orders: tuple[Order, ...] = ("day-first", "month-first") if order is None else (order,)
    found = {iso_date(heading, each) for each in orders}
    return {day[:10] for day in found if day is not None}
