"""Documents of a run: each is read once and what was read is recorded; and whom their headers name."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from pipelines.errors import Cancelled, ModelNeeded
from pipelines.evidence.documents.document import Document
from pipelines.evidence.formats import Format
from pipelines.models.generator import never
from pipelines.ports import Journal, Key, Store
from pipelines.records import Attachment, Kind, ModelCall

if TYPE_CHECKING:
    from pipelines.state import Ports

_NODE: Final = "read"


def read_once(
    attachment: Attachment, store: Store, journal: Journal, run: str, cancelled: Callable[[], bool] = never
) -> Document:
    """What stands in the attachment: as it was recorded for this run, else read now and recorded.

    Raises:
        BadInput, ModelNeeded: as `read_document`.
        Cancelled: whoever waits has ended it.
    """
    key = Key(run, _NODE, attachment.sha256)
    known = journal.recall(key)
    if known is not None:
        return journal.read(known, Document)
    from pipelines.evidence.documents.reading import read_document

    def wanted() -> None:
        if cancelled():
            raise Cancelled

    start = monotonic()
    document = read_document(store.get(attachment.sha256), attachment.name, wanted=wanted)
    journal.record(key, document, _calls(document, attachment, monotonic() - start))
    return document


def with_patient(attachment: Attachment, ports: Ports, run: str) -> Attachment:
    """The attachment with the patient that its header names, where it is a document and says so.

    A laboratory report is read for it even where its pages are pictures; of other documents only what is written in
    them, since reading pictures takes seconds and may not be asked for.

    Raises:
        BadInput: it cannot be read.
    """
    if attachment.kind not in (Kind.LAB_REPORT, Kind.DOCUMENT) or attachment.members:
        return attachment
    if attachment.media_type == Format.DICOM:
        return attachment
    from pipelines.evidence.documents.header import patient_in, read_header

    try:
        if attachment.kind is Kind.LAB_REPORT:
            pages = read_once(attachment, ports.store, ports.journal, run, ports.cancelled).pages
        elif attachment.media_type == Format.PDF:
            from pipelines.evidence.documents.pdf import read_text_layers

            sheets = read_text_layers(ports.store.get(attachment.sha256), attachment.name).sheets
            pages = tuple(sheet.page for sheet in sheets if not sheet.as_picture)
        else:
            return attachment
    except ModelNeeded as missing:
        warning = f"was not looked at for whom it is about: {missing}"
        return attachment.model_copy(update={"warnings": (*attachment.warnings, warning)})
    named = patient_in(read_header(pages)) if pages else None
    return attachment if named is None else attachment.model_copy(update={"patient": named})


def _calls(document: Document, attachment: Attachment, seconds: float) -> tuple[ModelCall, ...]:
    """Reading pictures is a call of a model."""
    if not any(page.source == "ocr" for page in document.pages):
        return ()
    return tuple(
        ModelCall(
            node=_NODE,
            engine=engine,
            inputs=(attachment.sha256,),
            output=document.digest(),
            finish_reason="stop",
            seconds=seconds,
        )
        for engine in document.engines
        if engine.weights_sha256 is not None
    )
