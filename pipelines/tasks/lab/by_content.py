"""Columns whose headings say nothing, told by what stands below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, text_of
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.flags import is_flag, is_word
from pipelines.tasks.lab.heading_words import Role
from pipelines.tasks.lab.ranges import is_range
from pipelines.tasks.lab.units import is_unit

_MOST: Final = 0.7
_FEWEST: Final = 2
_KINDS: Final[tuple[tuple[Role, Callable[[str], bool]], ...]] = (
    ("flag", is_flag),
    ("unit", is_unit),
    ("reference", is_range),
)


def by_content(columns: Sequence[Column], lines: Sequence[Line]) -> tuple[Column, ...]:
    """The columns, those without a known heading as what most of their cells are, where no other column is that."""
    told: list[Column] = []
    roles = {column.role for column in columns}
    ranged = any(column.role == "reference" and _are(_cells(column, lines), is_range) for column in columns)
    for column in columns:
        cells = _cells(column, lines)
        role = _role_of(column, cells, roles)
        if ranged and role in ("low", "high", "reference") and not any(map(_is_limit, cells)):
            # A box to tick, which was not read.
            role = "other"
        told.append(replace(column, role=role))
        roles.add(role)
    return tuple(told)


def _role_of(column: Column, cells: Sequence[str], roles: set[Role]) -> Role:
    if column.role in ("low", "high", "reference") and _are(cells, is_cross):
        # Where a cross stands tells whether the result is low, normal or high.
        return "flag"
    if column.role == "flag" and "value" in roles and any(map(_is_number, cells)) and not any(map(is_flag, cells)):
        return "value"
    if column.role == "comment" and "flag" not in roles and _are(cells, is_flag):
        return "flag"
    if column.role == "unknown":
        return next((role for role, kind in _KINDS if role not in roles and _are(cells, kind)), "other")
    return column.role


def _cells(column: Column, lines: Sequence[Line]) -> list[str]:
    within = (
        text_of([token for token in line.tokens if column.left <= token.centre < column.right])
        for line in lines
        if len(line.runs()) > 1
    )
    return [text for text in within if text]


def _is_number(text: str) -> bool:
    """Whether a result stands in the column for those that are abnormal, with its star."""
    return text[0].isdigit() or text[:2].lstrip("<>")[:1].isdigit()


def _is_limit(text: str) -> bool:
    return is_range(text) or is_word(text) or text.strip("0.").isdigit()


def is_cross(text: str) -> bool:
    return len(text) == 1 and text in "xX×✓✔✗✘●•■☒☑"


def _are(cells: Sequence[str], kind: Callable[[str], bool]) -> bool:
    fewest = 1 if kind is is_flag else _FEWEST
    return len(cells) >= fewest and sum(map(kind, cells)) >= _MOST * len(cells)
