"""Where a model that sees pictures is ready, pages that were read off a picture are read by it as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.errors import BadInput, ModelNeeded
from pipelines.tasks.lab.by_model import ModelRow, read_by_model
from pipelines.tasks.lab.comparing import compared
from pipelines.tasks.lab.rows import LabReport, Row

if TYPE_CHECKING:
    from pipelines.evidence.documents.document import Document
    from pipelines.records import Attachment
    from pipelines.tasks.task import TaskInput


@dataclass(frozen=True)
class Second:
    """The report with its doubts, what to tell the reader, and what the model was asked."""

    report: LabReport
    notes: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


def second_reading(report: LabReport, document: Document, attachment: Attachment, given: TaskInput) -> Second:
    """The report, its rows doubtful where the model reads another thing. Without a model that sees pictures it is the
    first reading alone, and that is said.

    Raises:
        Cancelled: whoever waits for the run has ended it.
    """
    pages = [page.number for page in document.pages if page.source == "ocr" and page.words]
    if not pages:
        return Second(report)
    generator = given.consultant.generator
    if not generator.available().ready or not generator.capabilities().images:
        return Second(report, ("its pictures were read once; no model that sees images is ready for a second reading",))
    rows: list[Row] = [row for row in report.rows if row.page not in pages]
    notes: list[str] = []
    told: list[dict[str, Any]] = []
    differing = 0
    for number in pages:
        own = [row for row in report.rows if row.page == number]
        try:
            second = read_by_model(attachment, number, given)
        except (ModelNeeded, BadInput) as failed:
            rows += own
            notes.append(f"page {number} was not read a second time: {failed}")
            continue
        told.append({"page": number, "frames": second.frames, "generations": second.generations})
        if second.problem is not None:
            rows += own
            notes.append(f"page {number} has no second reading that can be used: {second.problem}")
            continue
        both = compared(own, second.rows)
        rows += both.rows
        differing += both.differing
        notes += [f"page {number}: only the model reads {_line(row)}" for row in both.only_second]
    if told:
        notes.insert(
            0, f"its pictures were read twice, by text recognition and by {generator.name}; {differing} cells differ"
        )
    rows.sort(key=lambda row: row.page)
    return Second(report.model_copy(update={"rows": tuple(rows)}), tuple(notes), {"second_reading": told})


def _line(row: ModelRow) -> str:
    limits = f" ({row.ref_low}-{row.ref_high})" if row.ref_low or row.ref_high else ""
    return " ".join(f"{row.test}: {row.value} {row.unit}{limits} {row.flag}".split())
