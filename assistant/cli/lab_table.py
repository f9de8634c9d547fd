"""A laboratory report's rows as a table on the terminal, with the pages on which they are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.citing import file_of
from assistant.plain import escaped
from pipelines.records import Result

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.tasks.lab.rows import Row


def print_lab_tables(result: Result, to: Console) -> None:
    """Every report in the result: whom and when it is about, its rows, what is to be checked, where its pages lie."""
    from rich.table import Table

    from pipelines.tasks.lab.rows import LabReport

    for one in result.data.get("reports", ()):
        report = LabReport.model_validate(one["report"])
        named = report.patient
        about = (report.laboratory, named.name, named.birth_date, named.sex, named.id, report.collected)
        to.print(f"[bold]report[/] {escaped(', '.join(filter(None, about)) or one['name'])}", soft_wrap=True)
        if not report.rows:
            continue
        table = Table(header_style="bold")
        for heading in ("test", "result", "unit", "reference", "flag", "LOINC", "page", "to be checked"):
            table.add_column(heading, overflow="fold")
        panel: str | None = None
        for row in report.rows:
            if row.panel != panel:
                panel = row.panel
                table.add_row(f"[bold]{escaped(panel or '')}[/]")
            table.add_row(*(escaped(cell) for cell in _cells(row)), style="yellow" if row.doubts else None)
        to.print(table)
        _print_pages(one, to)


def _cells(row: Row) -> tuple[str, ...]:
    result = f"{row.comparator or ''}{row.value}" if row.value is not None else row.text or ""
    checked = [f"{doubt.cell}: {doubt.why}" for doubt in row.doubts]
    if row.flag_disagrees:
        checked.append(f"by its range it is {row.computed}")
    reference = row.reference.text if row.reference else ""
    return (
        row.test, result, row.unit or "", reference, row.flag_printed or "", row.loinc or "", str(row.page),
        "; ".join(checked),
    )  # fmt: skip


def _print_pages(report: dict[str, Any], to: Console) -> None:
    for page in report.get("shown", ()):
        frame = page["picture"]
        to.print(f"  [dim]page {page['page']} with its rows marked: {file_of(frame)}[/]")
