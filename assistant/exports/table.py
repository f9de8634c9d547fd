"""A run's result -> CSV (RFC 4180, UTF-8): laboratory rows where it has them, else its sentences."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from assistant.exports.document import Document
from assistant.exports.lab import doubts_of, reports_of
from assistant.plain import one_line
from pipelines.records import Result
from pipelines.tasks.lab.rows import Row

_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?")
#: What makes a spreadsheet take a cell for a formula, in its full-width forms as well.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
_SENTENCES: Final = ("number", "section", "text", "origin", "check", "source")
_ROWS: Final = (
    "panel", "test", "loinc", "value", "comparator", "text", "printed", "unit", "ucum", "reference", "low", "high",
    "flag", "flag_by_range", "specimen", "collected", "earlier", "comment", "page", "box", "look_at_this",
    "attachment",
)  # fmt: skip
_EVERYWHERE: Final = ("patient", "status", "run", "use")


def csv_bytes(document: Document, result: Result) -> bytes:
    """One line for each row or sentence; patient, status, run and the note on its use on every one of them, so that a
    line that is taken out of the file still says them."""
    reports = reports_of(result)
    facts = dict(document.facts)
    everywhere = (facts["patient"], facts["status"], document.run, document.notices[0])
    headings: Sequence[str] = _ROWS if reports else _SENTENCES
    rows = (_row(row, attachment) for attachment, report in reports for row in report.rows)
    lines: Iterable[Sequence[str]] = rows if reports else _sentences(document, result)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow((*headings, *_EVERYWHERE))
    for line in lines:
        writer.writerow(map(guarded, (*line, *everywhere)))
    return out.getvalue().encode()


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what begins like one and is no number."""
    cell = one_line(text)
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def _sentences(document: Document, result: Result) -> Iterable[Sequence[str]]:
    for statement, source in zip(result.statements, document.sources, strict=True):
        yield str(source.number), statement.section or "", statement.text, source.origin, source.verdict, source.where


def _row(row: Row, attachment: str) -> Sequence[str]:
    limits = row.reference.limits if row.reference else None
    return (
        row.panel or "",
        row.test,
        row.loinc or "",
        row.value or "",
        row.comparator or "",
        row.text or "",
        row.printed,
        row.unit or "",
        row.ucum or "",
        row.reference.text if row.reference else "",
        (limits.low if limits else None) or "",
        (limits.high if limits else None) or "",
        row.flag_printed or row.flag or "",
        row.computed or "",
        row.specimen or "",
        row.collected or "",
        "; ".join(f"{one.heading}: {one.printed}" for one in row.earlier),
        row.comment or "",
        str(row.page),
        " ".join(f"{side:.4f}" for side in row.box),
        "; ".join(doubts_of(row)),
        attachment,
    )
