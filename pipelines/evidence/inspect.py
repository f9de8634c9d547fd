"""Opens each attachment once, so that what cannot be read is refused by name and whom it is about is known."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import BadInput
from pipelines.evidence.dicom import patient_of, read_header
from pipelines.evidence.formats import PICTURES, Format
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
    path = store.path(attachment.sha256)
    if attachment.media_type == Format.DICOM:
        return attachment.model_copy(update={"patient": patient_of(read_header(path, attachment.name))})
    if attachment.media_type in PICTURES:
        _open_picture(path, attachment.name)
    return attachment


def _record_patient(attachment: Attachment, store: Store, patient: str | None) -> Patient | None:
    """Whom the record is about, under the name that the run has for them where that is one of theirs."""
    from pipelines.evidence.record import is_patient, read_record

    data = store.get(attachment.sha256)
    own = patient if patient is not None and is_patient(data, attachment.name, patient) else None
    found = read_record(data, attachment.name, attachment.sha256, own).patient
    return found.model_copy(update={"id": own}) if own is not None else found


def _open_picture(path: Path, name: str) -> None:
    """Decode it once. Pillow refuses the bomb from its header, before any memory is taken for pixels."""
    import warnings

    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                picture.load()
    except Image.DecompressionBombError as bomb:
        raise BadInput(name, "has more pixels than are read here", "attach it at 178 million pixels or fewer") from bomb
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as broken:
        raise BadInput(name, "is a picture that cannot be read", "export it again, as PNG for example") from broken
