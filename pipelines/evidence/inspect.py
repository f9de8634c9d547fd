"""Opens each attachment once, so that what cannot be read is refused by name and whom it is about is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipelines.evidence.dicom import BURNED_IN, burned_in, patient_of, read_header
from pipelines.evidence.formats import Format
from pipelines.evidence.identity import same_number
from pipelines.evidence.patient_said import patient_said
from pipelines.evidence.picture import check_picture
from pipelines.ports import Store
from pipelines.records import Attachment, Kind, Patient, Stated


def inspect_attachment(attachment: Attachment, store: Store, patient: str | None) -> Attachment:
    """The attachment with the patient it names.

    Args:
        patient: whom the run is about: picks one patient from a record that holds several.

    Raises:
        BadInput: it cannot be read.
    """
    if attachment.kind is Kind.FHIR_RECORD:
        return _inspect_record(attachment, store, patient)
    if attachment.kind is Kind.WHOLE_SLIDE:
        from pipelines.evidence.slides.inspecting import inspect_slide

        return inspect_slide(attachment, store)
    if attachment.kind in {Kind.CT_SERIES, Kind.MR_SERIES}:
        return _inspect_volumes(attachment, store, patient)
    if attachment.members:
        return attachment
    check_picture(attachment, store)
    if attachment.media_type == Format.DICOM:
        header = read_header(store.path(attachment.sha256), attachment.name)
        warnings = (*attachment.warnings, BURNED_IN) if burned_in(header) else attachment.warnings
        return attachment.model_copy(update={"patient": patient_of(header), "warnings": tuple(dict.fromkeys(warnings))})
    return attachment


def _inspect_volumes(attachment: Attachment, store: Store, patient: str | None) -> Attachment:
    """With whom it is about, and what is said of all of it; of a volume among several it is said in the result."""
    from pipelines.evidence.volumes.opening import open_volumes

    found = open_volumes(attachment, store, patient)
    warnings = tuple(dict.fromkeys((*attachment.warnings, *found.warnings)))
    return attachment.model_copy(update={"patient": found.patient, "warnings": warnings})


def stated_patient(words: str, attachments: Iterable[Attachment], store: Store) -> Stated | None:
    """Whom the words state that they are about; by the id that an inspected record has for its patient where the number
    that was said is another of his."""
    stated = patient_said(words)
    if stated is None or stated.id is None:
        return stated
    for one in attachments:
        if one.kind is Kind.FHIR_RECORD and one.patient is not None and _is_called(one, one.patient, stated.id, store):
            return stated.model_copy(update={"id": one.patient.id})
    return stated


def _is_called(attachment: Attachment, patient: Patient, number: str, store: Store) -> bool:
    if same_number(patient.id, number):
        return True
    from pipelines.evidence.records.record import read_attached

    record = read_attached(attachment, store, patient.id, or_only=True)
    return any(same_number(each, number) for each in record.known_as)


def _inspect_record(attachment: Attachment, store: Store, patient: str | None) -> Attachment:
    """With whom the record is about, under the name that the run has for them where that is one of theirs; all of it is
    read, so that nothing that cannot be is met later."""
    from pipelines.evidence.records.record import read_attached

    record = read_attached(attachment, store, patient, or_only=True)
    record.shelf.verify()
    found = record.patient
    if patient is not None and patient in record.known_as:
        found = found.model_copy(update={"id": patient})
    notes = (_entries(record.withdrawn, "marked entered-in-error or cancelled"), _entries(record.merged, "given twice"))
    warnings = tuple(dict.fromkeys((*attachment.warnings, *filter(None, notes))))
    return attachment.model_copy(update={"patient": found, "warnings": warnings})


def _entries(counts: Mapping[str, int], why: str) -> str:
    total = sum(counts.values())
    if not total:
        return ""
    each = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return f"{total} {'entry' if total == 1 else 'entries'} {why} left out: {each}"
