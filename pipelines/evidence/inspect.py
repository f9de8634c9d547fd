"""Opens each attachment once, so that what cannot be read is refused by name and whom it is about is known."""

from __future__ import annotations

from pipelines.evidence.dicom import patient_of, read_header
from pipelines.evidence.formats import Format
from pipelines.evidence.picture import check_picture
from pipelines.ports import Store
from pipelines.records import Attachment, Kind, Patient


def inspect_attachment(attachment: Attachment, store: Store, patient: str | None) -> Attachment:
    """The attachment with the patient it names.

    Args:
        patient: whom the run is about: picks one patient from a record that holds several.

    Raises:
        BadInput: it cannot be read.
    """
    if attachment.kind is Kind.FHIR_RECORD:
        return attachment.model_copy(update={"patient": _record_patient(attachment, store, patient)})
    if attachment.members:
        return attachment
    check_picture(attachment, store)
    if attachment.media_type == Format.DICOM:
        header = read_header(store.path(attachment.sha256), attachment.name)
        return attachment.model_copy(update={"patient": patient_of(header)})
    return attachment


def _record_patient(attachment: Attachment, store: Store, patient: str | None) -> Patient | None:
    """Whom the record is about, under the name that the run has for them where that is one of theirs."""
    from pipelines.evidence.records.record import is_patient, read_record

    data = store.get(attachment.sha256)
    own = patient if patient is not None and is_patient(data, attachment.name, patient) else None
    found = read_record(data, attachment.name, attachment.sha256, own).patient
    return found.model_copy(update={"id": own}) if own is not None else found
