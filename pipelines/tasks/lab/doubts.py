"""Cells that a reader has to look at again: what was not read for certain, and what can hardly be so."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pipelines.evidence.documents.lines import Token
from pipelines.tasks.lab.analytes import Analyte, implausible
from pipelines.tasks.lab.found import Found
from pipelines.tasks.lab.rows import Doubt, Limits, Row
from pipelines.tasks.lab.units import is_unit

#: Below this a number that was read off a picture is not taken without a second look.
SURE: Final = 0.9
_RAISED: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNSURE: Final = "its digits were not read for certain"


def doubts_of(row: Row, found: Found, analyte: Analyte | None, *, by_ocr: bool) -> tuple[Doubt, ...]:
    """Why cells of the row are doubtful; at most one reason a cell and kind."""
    return (*_hardly(row, analyte), *(_misread(row, found) if by_ocr else ()))


def _hardly(row: Row, analyte: Analyte | None) -> Iterator[Doubt]:
    number = row.number
    if number is not None and implausible(analyte, row.ucum, number):
        unit = f" {row.unit}" if row.unit else ""
        yield Doubt(cell="value", why=f"{row.value}{unit} is beyond what is measured of {row.test}")


def _misread(row: Row, found: Found) -> Iterator[Doubt]:
    limits = row.reference.limits if row.reference else None
    has_figures = any(c.isdigit() for c in row.printed)
    if has_figures and _is_unsure(found.cells["value"]):
        yield Doubt(cell="value", why=_UNSURE)
    elif row.text is not None and limits is not None and limits.expected is None:
        yield Doubt(cell="value", why="it is no number, and its reference range is one of numbers")
    reference = [*found.cells.get("reference", ()), *found.cells.get("low", ()), *found.cells.get("high", ())]
    if any(c.isdigit() for token in reference for c in token.text) and _is_unsure(reference):
        yield Doubt(cell="reference", why=_UNSURE)
    if row.unit is not None and row.ucum is None:
        yield Doubt(cell="unit", why="it is none that is known")
    repaired = next((token for token in found.tokens if token.text != token.word.text and is_unit(token.text)), None)
    if repaired is not None:
        yield Doubt(cell="unit", why=f"it was read as {repaired.word.text}")
    if row.number is not None and limits is not None and (why := _mark_lost(row.number, row.value or "", limits)):
        yield Doubt(cell="value", why=why)
    if row.flag_disagrees and row.flag is not None:
        yield Doubt(cell="value", why=f"the printed flag {row.flag_printed} does not agree with it and the range")


def _is_unsure(tokens: list[Token]) -> bool:
    """Whether the reader of pictures was, or took a figure for a raised one."""
    return any(token.word.confidence < SURE or any(c in _RAISED for c in token.word.text) for token in tokens)


def _mark_lost(number: Decimal, printed: str, limits: Limits) -> str | None:
    """Whether the decimal mark may have been overlooked: the range has one, and ten times less would fit."""
    bounds = [bound for bound in (limits.low, limits.high) if bound is not None]
    if not bounds or "." in printed or not any("." in bound for bound in bounds):
        return None
    most = max(Decimal(bound) for bound in bounds)
    return "its range has a decimal mark and it has none" if number > 3 * most else None
