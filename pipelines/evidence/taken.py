"""When a picture was taken, as its DICOM header says: evidence about the order of pictures, and about nothing else."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.formats import Format
from pipelines.ports import Store
from pipelines.records import Attachment, Value

if TYPE_CHECKING:
    from pydicom import Dataset

#: In this order: the study is what is compared; the others stand in where it has no date.
_MOMENTS: Final = (
    ("StudyDate", "StudyTime"),
    ("SeriesDate", "SeriesTime"),
    ("AcquisitionDate", "AcquisitionTime"),
    ("ContentDate", "ContentTime"),
)
_DATE: Final = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?")


class Taken(Value):
    """A moment, and the study that it is of."""

    date: str
    """ISO 8601."""
    time: str | None = None
    """``HH:MM:SS``, of the place where it was taken."""
    study: str | None = None
    """Its unique identifier."""


def taken_of(attachment: Attachment, store: Store) -> Taken | None:
    """What the header of a single DICOM file says; None where it gives no date, and for every other file: when a file
    was written, or a photograph made of a film, says nothing about the patient.

    Raises:
        BadInput: the file is damaged.
    """
    if attachment.media_type != Format.DICOM or attachment.members:
        return None
    from pipelines.evidence.dicom import read_header

    header = read_header(store.path(attachment.sha256), attachment.name)
    for day, clock in _MOMENTS:
        if found := _date(_text(header, day)):
            study = _text(header, "StudyInstanceUID") or None
            return Taken(date=found, time=_time(_text(header, clock)), study=study)
    return None


def _text(header: Dataset, keyword: str) -> str:
    from pipelines.evidence.dicom import unwarned

    try:
        with unwarned():
            return str(header.get(keyword) or "").strip()
    except DECODING_ERRORS:
        return ""


def _date(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _time(text: str) -> str | None:
    found = _TIME.match(text)
    return f"{found[1]}:{found[2]}:{found[3] or '00'}" if found else None
