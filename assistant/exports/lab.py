"""The rows of laboratory reports as part of a Document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from assistant.exports.document import Section, Table
from pipelines.records import Result, TaskName
from pipelines.tasks.lab.report import reports_in
from pipelines.tasks.lab.rows import LabReport, Row

_HEADINGS: Final = ("no.", "test", "result", "unit", "reference", "flag", "page", "look at this")
_WIDTHS: Final = (0.7, 3.0, 1.4, 1.2, 2.2, 1.2, 0.9, 2.6)
_MISSED: Final = (("no.", "as read", "why", "page"), (0.7, 4.0, 3.0, 0.9))


def reports_of(result: Result) -> list[tuple[str, LabReport]]:
    """What was read, each with the SHA-256 of its attachment; none where another task was done."""
    return reports_in(result) if result.task is TaskName.LAB_REPORT else []


def says_only_rows(result: Result) -> bool:
    """Whether the statements are the rows and the lines that were not understood, in their order, and nothing else:
    tables then say all that they say."""
    lines = sum(len(report.rows) + len(report.not_understood) for _, report in reports_of(result))
    return lines == len(result.statements) and all(statement.origin == "read" for statement in result.statements)


def lab_sections(result: Result) -> Iterator[Section]:
    """A table for each panel, and the lines that were not understood; rows by the number of their statement."""
    reports = reports_of(result)
    numbered = says_only_rows(result)
    at = 1
    for n, (_, report) in enumerate(reports, start=1):
        which = f", report {n}" if len(reports) > 1 else ""
        rows = enumerate(report.rows, start=at)
        for panel, group in groupby(rows, key=lambda one: one[1].panel):
            cells = tuple((str(number) if numbered else "", *_cells(row)) for number, row in group)
            yield Section(f"{panel or 'Results'}{which}", (Table(_HEADINGS, cells, _WIDTHS),))
        at += len(report.rows)
        missed = tuple(
            (str(number) if numbered else "", one.text, one.why, str(one.page))
            for number, one in enumerate(report.not_understood, start=at)
        )
        at += len(missed)
        if missed:
            headings, widths = _MISSED
            yield Section(f"Lines that were not understood{which}", (Table(headings, missed, widths),))


def doubts_of(row: Row) -> tuple[str, ...]:
    """What to look at in a row before it is used."""
    found = [f"the {doubt.cell} is doubtful: {doubt.why}" for doubt in row.doubts]
    if row.flag_disagrees:
        found.append("the flag disagrees with the range" if row.flag else "not flagged, though outside the range")
    return tuple(found)


def _cells(row: Row) -> tuple[str, ...]:
    reference = row.reference.text if row.reference else ""
    computed = f"{row.computed} by the range" if row.computed and row.computed != (row.flag or "N") else ""
    flag = "; ".join(filter(None, (row.flag_printed or row.flag, computed)))
    return row.test, row.printed, row.unit or "", reference, flag, str(row.page), "; ".join(doubts_of(row))
