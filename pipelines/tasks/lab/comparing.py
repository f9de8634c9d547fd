"""Two readings of a page held against each other, cell by cell: where they differ both are shown, none is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rapidfuzz import fuzz

from pipelines.tasks.lab.by_model import ModelRow
from pipelines.tasks.lab.flags import printed_flag
from pipelines.tasks.lab.numbers import Mark, decimal_mark, plain_number, read_result
from pipelines.tasks.lab.rows import Cell, Doubt, Row
from pipelines.tasks.lab.units import same_unit

_SAME_TEST: Final = 75
"""Of 100: names this alike are of one row, however either reading spells it."""


@dataclass(frozen=True)
class Compared:
    """The rows of the first reading, doubtful where the second one differs; and what only the second has."""

    rows: tuple[Row, ...]
    only_second: tuple[ModelRow, ...]
    differing: int
    """Cells."""


def compared(rows: Sequence[Row], second: Sequence[ModelRow]) -> Compared:
    """Each row beside that of the second reading which names the same test, in their order."""
    left = list(second)
    mark = decimal_mark(text for row in second for text in (row.value, row.ref_low, row.ref_high))
    out: list[Row] = []
    differing = 0
    for row in rows:
        scores = [(fuzz.ratio(row.test.casefold(), other.test.casefold()), -n) for n, other in enumerate(left)]
        score, n = max(scores, default=(0.0, 0))
        if score < _SAME_TEST:
            doubts = [Doubt(cell="test", why="the model does not read this row")]
        else:
            doubts = _differences(row, left.pop(-n), mark)
        differing += len(doubts)
        out.append(row.model_copy(update={"doubts": (*row.doubts, *doubts)}) if doubts else row)
    return Compared(tuple(out), tuple(left), differing)


def _differences(row: Row, other: ModelRow, mark: Mark) -> list[Doubt]:
    doubts: list[Doubt] = []

    def differs(cell: Cell, second: str) -> None:
        doubts.append(Doubt(cell=cell, why=f"the model reads {second.strip() or 'nothing'}"))

    if not _same_value(row, other.value, mark):
        differs("value", other.value)
    if not same_unit(row.unit, other.unit.strip() or None):
        differs("unit", other.unit)
    limits = row.reference.limits if row.reference else None
    for mine, theirs in (
        (limits.low if limits else None, other.ref_low),
        (limits.high if limits else None, other.ref_high),
    ):
        if not _same_number(mine, theirs, mark):
            differs("reference", theirs)
    if row.flag != printed_flag(other.flag):
        differs("flag", other.flag)
    return doubts


def _same_value(row: Row, printed: str, mark: Mark) -> bool:
    result = read_result(printed, mark)
    if result is None:
        return False
    if row.value is None or result.value is None:
        mine = row.text or row.printed
        return row.value is result.value and " ".join(mine.casefold().split()) == " ".join(printed.casefold().split())
    return Decimal(row.value) == Decimal(result.value) and row.comparator == result.comparator


def _same_number(mine: str | None, printed: str, mark: Mark) -> bool:
    if not printed.strip() or mine is None:
        return not printed.strip() and mine is None
    theirs = plain_number(printed.strip().lstrip("<>=≤≥ "), mark)
    return theirs is not None and Decimal(theirs) == Decimal(mine)
