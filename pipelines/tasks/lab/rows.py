"""A laboratory report as values: who, when, and one row for each result, every one with its place on the page.

Numbers stay as text, so that 0.80 remains 0.80; a decimal comma is written as a point. What is not printed is None.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from pipelines.evidence.documents.page import Box
from pipelines.records import Value

Comparator = Literal["<", "<=", ">", ">="]
FlagCode = Literal["N", "L", "H", "LL", "HH", "A", "AA"]
"""HL7's interpretation codes: normal, low, high, critically so, abnormal."""
Cell = Literal["test", "value", "unit", "reference", "flag"]


class Limits(Value):
    """One printed range. ``for_whom`` is there where it holds only for some, as printed ("Male", "18-60 years")."""

    low: str | None = None
    high: str | None = None
    low_counts: bool = True
    """Whether a value that equals ``low`` lies within: not in "> 1.5"."""
    high_counts: bool = True
    expected: str | None = None
    """The text that is normal where that is no number: "Negative"."""
    for_whom: str | None = None


class Reference(Value):
    """What is printed as normal: its text, and the range that holds for this patient where that can be told."""

    text: str
    limits: Limits | None = None
    others: tuple[Limits, ...] = ()
    """All ranges that are printed where there are several."""


class Doubt(Value):
    """A cell that a reader has to look at before it is used."""

    cell: Cell
    why: str
    """In one line: ends the sentence "the value is doubtful: …"."""


class Earlier(Value):
    """A previous result that is printed in the same row."""

    printed: str
    heading: str


class Row(Value):
    """One result."""

    panel: str | None = None
    test: str
    """As printed, without the unit where that stands in the name."""
    loinc: str | None = None
    value: str | None = None
    """The number; None where the result is a text."""
    comparator: Comparator | None = None
    text: str | None = None
    """The result where it is no number: "Negative", "1:80", "2-5"."""
    printed: str
    """The result as it stands there."""
    unit: str | None = None
    """As printed."""
    ucum: str | None = None
    reference: Reference | None = None
    flag: FlagCode | None = None
    """As the laboratory printed it."""
    flag_printed: str | None = None
    computed: FlagCode | None = None
    """By the printed range; None where that cannot be told."""
    flag_disagrees: bool = False
    """Whether the printed flag says otherwise than the value and its range."""
    specimen: str | None = None
    collected: str | None = None
    """ISO date, with the time where printed."""
    earlier: tuple[Earlier, ...] = ()
    comment: str | None = None
    page: int = Field(ge=1)
    box: Box
    read: str
    """All that stands in the row, for the reader."""
    doubts: tuple[Doubt, ...] = ()

    @property
    def number(self) -> Decimal | None:
        return None if self.value is None else Decimal(self.value)

    def doubted(self, cell: Cell) -> bool:
        return any(doubt.cell == cell for doubt in self.doubts)


class NotUnderstood(Value):
    """A line within a table that could not be read as a result."""

    text: str
    why: str
    page: int = Field(ge=1)
    box: Box


class Named(Value):
    """Whom the report says it is about, as printed; dates as ISO dates where they can only be one."""

    name: str | None = None
    birth_date: str | None = None
    sex: Literal["female", "male"] | None = None
    id: str | None = None


class LabReport(Value):
    """What was read of one report."""

    patient: Named = Named()
    laboratory: str | None = None
    collected: str | None = None
    specimen: str | None = None
    rows: tuple[Row, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know about the reading as a whole, one line each."""
