"""``assistant export``: a run's result in one of the formats, and the event that says it was taken out."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from assistant.exports.of_run import document_of, finished
from assistant.sessions import SessionLog

EXPORTED: Final = "exported"


class Format(StrEnum):
    MARKDOWN = "markdown"
    DOCX = "docx"
    PDF = "pdf"
    FHIR = "fhir"
    CSV = "csv"
    DICOM_SR = "dicom-sr"
    PNG = "png"

    @property
    def is_text(self) -> bool:
        return self not in (Format.DOCX, Format.PDF, Format.DICOM_SR, Format.PNG)


#: How files of a format may be named; the first is the usual one.
SUFFIXES: Final = {
    Format.MARKDOWN: (".md", ".markdown"),
    Format.DOCX: (".docx",),
    Format.PDF: (".pdf",),
    Format.FHIR: (".json",),
    Format.CSV: (".csv",),
    Format.DICOM_SR: (".dcm",),
    Format.PNG: (".png",),
}


class Export(NamedTuple):
    """What is to be written, and of what."""

    run: str
    status: str
    format: Format
    data: bytes


def export(log: SessionLog, run: str, format_: Format) -> Export:
    """A run's result in a format: the same bytes whenever it is asked for.

    Args:
        run: its id or the beginning of it.

    Raises:
        UsageProblem: there is no such run, or it has no result that could be written down.
    """
    view = log.run(run)
    if format_ is Format.PNG:
        from assistant.exports.pictures import png_bytes

        status = view.result.status.value if view.result else str(view.state)
        return Export(view.id, status, format_, png_bytes(view.id, view.result, log.store))
    result = finished(view)
    document = document_of(view, log.store)
    match format_:
        case Format.MARKDOWN:
            from assistant.exports.markdown import markdown

            data = markdown(document).encode()
        case Format.DOCX:
            from assistant.exports.word import docx_bytes

            data = docx_bytes(document)
        case Format.PDF:
            from assistant.exports.pdf import pdf_bytes

            data = pdf_bytes(document)
        case Format.FHIR:
            from assistant.exports.fhir import fhir_bytes

            data = fhir_bytes(view, document, result, log.store)
        case Format.CSV:
            from assistant.exports.table import csv_bytes

            data = csv_bytes(document, result)
        case Format.DICOM_SR:
            from assistant.exports.regions import dicom_sr_bytes

            data = dicom_sr_bytes(view, result, log.store)
    return Export(view.id, result.status.value, format_, data)


def record_export(log: SessionLog, made: Export, where: str) -> None:
    """Tell the log, without which nothing may leave it.

    Args:
        where: ``file`` or ``stdout``; never a name, which may be a patient's.

    Raises:
        StorageProblem: the log cannot take it.
    """
    log.event(EXPORTED, made.run, {"format": made.format.value, "status": made.status, "to": where})
