"""The heading of a table: which columns it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.heading_words import (
    LONGEST,
    Role,
    by_a_word,
    is_known,
    joined_roles,
    plain,
    role_of,
    says_when,
)

_TALLEST: Final = 4
"""Lines that a heading takes."""
_LOOKED_AT: Final = 4
"""Lines."""
_LEFT_OF_ALL: Final = 2.0
"""Of the letters' height."""
_LEAST_GAP: Final = 0.45
"""Of the letters' height: words of two columns stand further apart than words of one heading."""


@dataclass(frozen=True)
class Column:
    """A column with its heading, and from where to where its cells reach."""

    role: Role
    heading: str
    x0: float
    x1: float
    left: float = float("-inf")
    right: float = float("inf")


@dataclass(frozen=True)
class Heading:
    """The heading of a table: of one group of columns, or of several that stand beside each other."""

    groups: tuple[tuple[Column, ...], ...]
    first: int
    last: int
    """Lines of the page that it takes."""

    @property
    def title(self) -> str | None:
        """What heads the tests where that is no word for them; it may be the name of their panel."""
        test = next((column for column in self.groups[0] if column.role == "test"), None)
        if test is None or not plain(test.heading) or is_known(test.heading) or says_when(test.heading):
            return None
        return test.heading

    def moved(self, by: int) -> Heading:
        """The same where its lines are counted from another one on."""
        return replace(self, first=self.first + by, last=self.last + by)

    def has(self, role: Role) -> bool:
        return any(column.role == role for group in self.groups for column in group)


def find_headings(lines: Sequence[Line]) -> list[Heading]:
    """All table headings of a page, from above."""
    found: list[Heading] = []
    at = 0
    while at < len(lines):
        heading = next((h for height in range(_TALLEST, 0, -1) if (h := _heading(lines, at, height)) is not None), None)
        if heading is None:
            at += 1
        else:
            found.append(heading)
            at = heading.last + 1
    return found


def _heading(lines: Sequence[Line], at: int, height: int) -> Heading | None:
    window = lines[at : at + height]
    if len(window) < height or any(b.middle - a.middle > 1.7 * max(a.height, b.height) for a, b in pairwise(window)):
        return None
    cells = _stacked(window)
    found = _of_cells(cells, window, at) or (
        _of_cells([part for cell in cells for part in _result_apart(cell)], window, at) if height == 1 else None
    )
    return (
        None if found is None else _with_tests(found, lines[at + height : at + height + _LOOKED_AT], window[0].height)
    )


def _with_tests(heading: Heading, below: Sequence[Line], height: float) -> Heading:
    """With a column for the tests where none is headed, and most lines below begin left of all headings."""
    [*groups] = heading.groups
    first = groups[0][0]
    names = [line.tokens[0] for line in below if first.x0 - line.x0 > _LEFT_OF_ALL * height]
    if heading.has("test") or len(groups) > 1 or 2 * len(names) <= len(below):
        return heading
    start = min(name.x0 for name in names)
    return replace(heading, groups=((Column("test", "", start, max(name.x1 for name in names)), *groups[0]),))


def _result_apart(cell: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """ "Result Flag" may head two columns with hardly any room between them."""
    apart = (
        len(cell) > 1 and role_of(cell) is not None and role_of(cell[:1]) == "value" and role_of(cell[1:]) is not None
    )
    return [cell[:1], cell[1:]] if apart else [cell]


def _of_cells(cells: Sequence[tuple[Token, ...]], window: Sequence[Line], at: int) -> Heading | None:
    height = len(window)
    columns: list[Column] = []
    unknown = 0
    for cell in cells:
        own = _columns(cell)
        if own is None:
            unknown += 1
            if any(c.isdigit() for c in text_of(cell)):
                return None
        columns += own or [_column("unknown", cell)]
    # Columns that are not known here, among those that are.
    if unknown > 2 or (unknown and (height > 1 or len(columns) - unknown < 3)):
        return None
    columns.sort(key=lambda column: column.x0)
    known = {column.role for column in columns}
    if unknown == 1 and "test" in known and not {"value", "earlier"} & known:
        columns = [replace(column, role="value") if column.role == "unknown" else column for column in columns]
    columns = _tests_of_each(_named_by_dates(columns))
    roles = {column.role for column in columns}
    if columns[0].role == "unknown" and "test" not in roles and "value" in roles and roles & {"unit", "reference"}:
        # Before all others, it heads the tests.
        columns[0] = replace(columns[0], role="test")
    return Heading(_groups(columns), at, at + height - 1) if _is_heading(columns, window) else None


def _tests_of_each(columns: list[Column]) -> list[Column]:
    """Where the same columns come again, the one before them heads tests, by whatever name it has there: "Blood count
    Result   Unit   Kidney   Result   Unit"."""
    roles = [column.role for column in columns]
    tables = roles.count("value")
    length = len(columns) // tables if tables else 0
    starts = range(0, len(columns), length) if length > 1 and length * tables == len(columns) else range(0)
    again = {tuple(roles[start + 1 : start + length]) for start in starts}
    heads = {roles[start] for start in starts}
    if len(starts) < 2 or len(again) > 1 or not heads <= {"test", "unknown"}:
        return columns
    return [replace(column, role="test") if at in starts else column for at, column in enumerate(columns)]


def _named_by_dates(columns: list[Column]) -> list[Column]:
    """Over results under several dates, "Date" heads the column of the tests."""
    roles = [column.role for column in columns]
    if roles[0] != "collected" or "test" in roles or roles.count("earlier") < 2:
        return columns
    # "Lab No" under it may have been parted.
    rest = (
        columns[1:]
        if roles[1] == "earlier"
        else [column for column in columns[1:] if column.role not in ("other", "unknown")]
    )
    return [replace(columns[0], role="test"), *rest]


def _stacked(window: Sequence[Line]) -> list[tuple[Token, ...]]:
    """What stands above each other is one cell, its lines in order."""
    cells: list[list[Token]] = []
    for line in window:
        for run in line.runs(_LEAST_GAP if len(window) > 1 else 0.75):
            over = [cell for cell in cells if _overlap(cell, run)]
            if len(over) == 1:
                over[0].extend(run)
            else:
                cells.append(list(run))
    return [tuple(cell) for cell in cells]


def _overlap(cell: Sequence[Token], run: Sequence[Token]) -> bool:
    return min(t.x0 for t in cell) < max(t.x1 for t in run) and max(t.x1 for t in cell) > min(t.x0 for t in run)


def _columns(cell: Sequence[Token]) -> list[Column] | None:
    """The columns that a run of heading words names, the longest names first; None where a word is none."""
    whole = role_of(cell)
    if whole is not None:
        return [_column(whole, cell)]
    if len({token.middle for token in cell}) > 1 and _levels(cell) > 1:
        return None
    found: list[Column] = []
    at = 0
    while at < len(cell):
        for length in range(min(LONGEST, len(cell) - at), 0, -1):
            role = role_of(cell[at : at + length])
            if role is not None:
                found.append(_column(role, cell[at : at + length]))
                at += length
                break
        else:
            telling = by_a_word(plain(text_of(cell)))
            return _run_together(cell) if len(cell) == 1 else [_column(telling, cell)] if telling else None
    return found


def _run_together(cell: Sequence[Token]) -> list[Column] | None:
    """Two headings that were read without the space between them: "RefRangeFlag"."""
    token, text = cell[0], plain(cell[0].text)
    found = joined_roles(text)
    if found is None:
        return None
    left, right, cut = found
    middle = token.x0 + (token.x1 - token.x0) * cut / len(text)
    return [
        Column(left, text[:cut], token.x0, middle - 0.1 * token.height),
        Column(right, text[cut:], middle + 0.1 * token.height, token.x1),
    ]


def _levels(cell: Sequence[Token]) -> int:
    levels: list[float] = []
    for token in sorted(cell, key=lambda token: token.middle):
        if not levels or token.middle - levels[-1] > 0.5 * token.height:
            levels.append(token.middle)
    return len(levels)


def _column(role: Role, tokens: Sequence[Token]) -> Column:
    return Column(role, text_of(tokens), min(token.x0 for token in tokens), max(token.x1 for token in tokens))


def _is_heading(columns: Sequence[Column], window: Sequence[Line]) -> bool:
    roles = [column.role for column in columns]
    dated = roles.count("earlier") >= 1
    if "value" not in roles and not (dated and "test" in roles and len(roles) >= 3):
        return False
    if not {"test", "unit", "reference", "flag", "low"} & set(roles):
        return False
    height = max(line.height for line in window)
    gaps = [right.x0 - left.x1 for left, right in pairwise(columns)]
    # "Test results" is a title.
    return max(gaps) > (1.0 if len(columns) < 3 else 0.5) * height


def _groups(columns: Sequence[Column]) -> tuple[tuple[Column, ...], ...]:
    """Where a whole set of headings comes again, another table stands beside the first."""
    first = columns[0].role
    starts = [at for at, column in enumerate(columns) if column.role == first]
    edges = [*starts, len(columns)]
    equal = len({b - a for a, b in pairwise(edges)}) == 1
    # Two columns of tests are two tables, whatever else was read of their headings.
    if first in ("earlier", "other", "unknown") or len(starts) < 2 or not (equal or first == "test"):
        return (tuple(columns),)
    groups = tuple(tuple(columns[a:b]) for a, b in pairwise(edges))
    whole = all(len(group) > 1 and any(column.role == "value" for column in group) for group in groups)
    return groups if whole else (tuple(columns),)
