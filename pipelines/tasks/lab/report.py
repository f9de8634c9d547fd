"""The task `lab-report`: laboratory reports as rows, every one citing its place on the page."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.header import patient_in, read_header
from pipelines.evidence.formats import Format
from pipelines.evidence.identity import identity_question
from pipelines.records import Attachment, Kind, PageCitation, Result, Statement, Status, TaskName
from pipelines.tasks.lab.rows import LabReport, NotUnderstood, Row

if TYPE_CHECKING:
    from pipelines.tasks.task import TaskInput

_KINDS: Final = (Kind.LAB_REPORT, Kind.DOCUMENT, Kind.IMAGE)
"""What may be a report, the surest first: only those of the first kind that is there are read."""
_MOST_SHOWN: Final = 20
_SHOWN_DPI: Final = 110
_PLAIN, _DOUBTFUL = "#2471a3", "#c0392b"
_FLAGS: Final = {"L": "low", "H": "high", "LL": "critically low", "HH": "critically high", "A": "abnormal",
                 "AA": "critically abnormal", "N": "normal"}  # fmt: skip


def answer(given: TaskInput) -> Result:
    """The rows of all reports that are attached, as a draft; ``needs-input`` where there is no line of results in any.

    Raises:
        BadInput: a report cannot be read.
        ModelNeeded: a page has to be read as a picture, and the models for that are missing.
    """
    from pipelines.tasks.lab.reading import read_report
    from pipelines.tasks.lab.second_reading import Second, second_reading

    reports = reports_among(given)
    run = given.consultant.run
    if not reports:
        return _asking(f"No report is attached. Go on with: assistant resume {run} --attach lab-report=PATH")
    statements: list[Statement] = []
    data: list[dict[str, Any]] = []
    notes: list[str] = []
    for attachment in reports:
        document = _document(attachment, given)
        if (question := _another_patient(document, attachment, given)) is not None:
            return _asking(question)
        if _is_foreign(document):
            second = Second(LabReport())
        else:
            second = second_reading(read_report(document.pages), document, attachment, given)
        report = second.report
        statements += _statements(report, attachment)
        notes += [f"{attachment.name}: {n}" for n in (*document.warnings, *_notes(report, document), *second.notes)]
        data.append(_data(report, document, attachment, given) | second.data)
    message = " ".join(f"{note.rstrip('.')}." for note in dict.fromkeys(notes))
    if not statements:
        return _asking(f"{message} Go on with another: assistant resume {run} --without NAME --attach lab-report=PATH")
    return Result(
        task=TaskName.LAB_REPORT,
        status=Status.DRAFT,
        statements=tuple(statements),
        data={"reports": data},
        message=message or None,
    )


def has_pictures(given: TaskInput) -> bool:
    """Whether a page of the reports has to be read off its picture.

    Raises:
        BadInput, ModelNeeded: as `answer`.
    """
    documents = (_document(attachment, given) for attachment in reports_among(given))
    return any(page.source == "ocr" for document in documents for page in document.pages)


def reports_among(given: TaskInput) -> list[Attachment]:
    """Those of the attachments that are read as reports."""
    return next((own for kind in _KINDS if (own := given.of_kinds({kind}))), [])


def _document(attachment: Attachment, given: TaskInput) -> Document:
    from pipelines.documents import read_once

    who = given.consultant
    return read_once(attachment, given.store, who.journal, who.run, who.cancelled)


def reports_in(result: Result) -> list[tuple[str, LabReport]]:
    """The reports that a result of this task holds, each with the SHA-256 of its attachment."""
    return [(one["attachment"], LabReport.model_validate(one["report"])) for one in result.data.get("reports", ())]


def told(row: Row) -> str:
    """The row as a sentence."""
    value = f"{row.comparator or ''}{row.value}" if row.value is not None else row.text or row.printed
    parts = [f"{row.test}: {value}" + (f" {row.unit}" if row.unit else "")]
    if row.reference is not None:
        parts.append(f"reference {row.reference.text}")
    if row.flag is not None:
        parts.append(f"flagged {row.flag_printed} ({_FLAGS[row.flag]})")
    elif row.computed not in (None, "N"):
        parts.append(f"{_FLAGS[row.computed or 'N']} by the printed range, not flagged")
    if row.flag_disagrees and row.flag is not None:
        parts.append(f"the flag does not agree with the range, by which it is {_FLAGS[row.computed or 'N']}")
    parts += [f"TO BE CHECKED: the {doubt.cell} is doubtful: {doubt.why}" for doubt in row.doubts]
    return "; ".join(parts) + "."


def _statements(report: LabReport, attachment: Attachment) -> list[Statement]:
    rows = [
        Statement(text=told(row), origin="read", section=row.panel, citations=(_cited(row, row.read, attachment),))
        for row in report.rows
    ]
    unread = [
        Statement(
            text=f"Not understood: {line.text} ({line.why}).",
            origin="read",
            section="not understood",
            citations=(_cited(line, line.text, attachment),),
        )
        for line in report.not_understood
    ]
    return rows + unread


def _cited(place: Row | NotUnderstood, text: str, attachment: Attachment) -> PageCitation:
    return PageCitation(attachment=attachment.sha256, page=place.page, box=place.box, text=text)


def _data(report: LabReport, document: Document, attachment: Attachment, given: TaskInput) -> dict[str, Any]:
    return {
        "attachment": attachment.sha256,
        "name": attachment.name,
        "pages": document.page_count,
        "language": document.language,
        "read_by": [engine.model_dump(mode="json") for engine in document.engines],
        # What the check reads again, without reading pictures again.
        "document": given.store.put(document.canonical()),
        "report": report.model_dump(mode="json"),
        "shown": _shown(report, attachment, given),
    }


def _shown(report: LabReport, attachment: Attachment, given: TaskInput) -> list[dict[str, Any]]:
    """Pictures of the pages with their rows marked, those to be checked in another colour."""
    from pipelines.evidence.documents.showing import Mark, overlay, page_picture

    if attachment.media_type == Format.TEXT:
        return []
    data = given.store.get(attachment.sha256)
    shown = []
    for number in sorted({row.page for row in report.rows})[:_MOST_SHOWN]:
        own = [(at, row) for at, row in enumerate(report.rows, start=1) if row.page == number]
        marks = [Mark(row.box, str(at), _DOUBTFUL if row.doubts or row.flag_disagrees else _PLAIN) for at, row in own]
        picture = overlay(page_picture(data, attachment.name, number, _SHOWN_DPI), marks)
        shown.append({"page": number, "picture": given.store.put(picture)})
    return shown


def _notes(report: LabReport, document: Document) -> list[str]:
    notes = list(report.notes)
    if document.is_empty or _is_foreign(document):
        return notes
    if not report.rows and not report.not_understood:
        return [*notes, "no table of results was found in it"]
    if any(page.source == "ocr" for page in document.pages):
        doubted = sum(bool(row.doubts) for row in report.rows)
        notes.append(f"its numbers were read off a picture; {doubted} of {len(report.rows)} rows are to be checked")
    if differing := sum(row.flag_disagrees for row in report.rows):
        notes.append(f"{differing} of {len(report.rows)} rows are flagged otherwise than their range says")
    return notes


def _is_foreign(document: Document) -> bool:
    return document.language not in (None, "en")


def _another_patient(document: Document, attachment: Attachment, given: TaskInput) -> str | None:
    """What to ask where only now, when all of it was read, the report names a patient who is not the run's."""
    if attachment.patient is not None:
        # It was known when the attachments were inspected, and settled there.
        return None
    named = patient_in(read_header(document.pages))
    others: Sequence[Attachment] = [one for one in given.attachments if one.patient is not None]
    if named is None or (given.patient is None and not others):
        return None
    question = identity_question(given.patient, [*(a.patient for a in others if a.patient is not None), named])
    if question is None:
        return None
    run, name = given.consultant.run, quote(attachment.name)
    return (
        f"{question} If so: assistant resume {run} --without {name} --attach lab-report=PATH, and then --same-patient"
    )


def _asking(message: str) -> Result:
    return Result(task=TaskName.LAB_REPORT, status=Status.NEEDS_INPUT, message=message)
