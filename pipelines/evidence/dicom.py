"""DICOM headers, without pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import too_much_memory
from pipelines.evidence.inflating import Swollen, inflated
from pipelines.evidence.quiet import QUIET, Together
from pipelines.records import Patient

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.valuerep import PersonName

BURNED_IN: Final = "has words burned into its picture, its header says: they may name the patient, and are shown"
"""A warning on an attachment."""
#: What is asked of a header anywhere.
_USED: Final = (
    "BitsAllocated",
    "BitsStored",
    "BodyPartExamined",
    "BurnedInAnnotation",
    "Columns",
    "Modality",
    "NumberOfFrames",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "Rows",
    "SOPClassUID",
    "SamplesPerPixel",
)
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_META_BEGINS: Final = 144
"""Behind the preamble and the element that gives the length of the rest of the file's meta information."""
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_DEFERRED: Final = 1 << 24
"""Single elements over this size are not read before they are asked for."""
_MOST_OF_HEADER: Final = 1 << 26
"""Bytes that a deflated file may unpack to before its pixels begin: those of 20,000 frames take half of it."""
_MOST_INFLATED: Final = 1 << 29
_DATE: Final = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")


@contextmanager
def unwarned() -> Iterator[None]:
    """Without pydicom's warnings about values that break a rule of the standard: many archives hold some, and they are
    written out in the warning, and logged, a patient's name as any other."""
    with QUIET, _UNCHECKED:
        yield


@contextmanager
def _unchecked() -> Iterator[None]:
    from pydicom import config

    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.settings.reading_validation_mode = before


_UNCHECKED: Final = Together(_unchecked)


@contextmanager
def reading(name: str, problem: str, remedy: str) -> Iterator[None]:
    """Turns whatever a damaged file makes pydicom raise into one BadInput."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with unwarned():
            yield
    except Swollen as swollen:
        raise BadInput(name, str(swollen), "export it again from the archive, uncompressed") from swollen
    except (BytesLengthException, InvalidDicomError, *DECODING_ERRORS) as broken:
        raise BadInput(name, problem, remedy) from broken


def read_header(path: Path, name: str) -> Dataset:
    """All elements before the pixels.

    Raises:
        BadInput: the file is not DICOM, cut off within its header, or damaged where the header is needed; or packed
            into a fraction of a size that no header has.
    """
    try:
        with (
            reading(name, "is not a readable DICOM file", "export it again from the archive"),
            at_pixels(path) as found,
        ):
            header, _ = found
            # Values are converted when they are first looked at: damage shows here or nowhere.
            header.file_meta.get("TransferSyntaxUID")
            for keyword in _USED:
                str(header.get(keyword))
            return header
    except MemoryError as full:
        raise too_much_memory(name) from full


@contextmanager
def at_pixels(path: Path) -> Iterator[tuple[Dataset, BinaryIO]]:
    """The header of a file, and the file at the element that holds its pixels, or at its end.

    Raises:
        Swollen: it was deflated, and unpacks to more than any image takes; also where the block reads on.
        Whatever pydicom makes of a damaged file.
    """
    from pydicom import dcmread
    from pydicom.filereader import read_dataset, read_file_meta_info

    meta = read_file_meta_info(path)
    with path.open("rb") as file:
        if str(meta.get("TransferSyntaxUID")) != _DEFLATED:
            yield dcmread(file, stop_before_pixels=True, defer_size=_DEFERRED), file
            return
        file.seek(_META_BEGINS + int(meta.FileMetaInformationGroupLength))
        with inflated(file) as (plain, within):
            within(_MOST_OF_HEADER, "before its picture begins")
            header = read_dataset(plain, False, True, stop_when=lambda tag, _kind, _length: tag in _PIXELS)
            header.file_meta = meta
            within(_MOST_INFLATED, "before its picture ends")
            yield header, plain


def burned_in(header: Dataset) -> bool:
    """Whether the header says that words are part of the picture."""
    return str(header.get("BurnedInAnnotation", "") or "").strip().upper() == "YES"


def patient_of(header: Dataset) -> Patient | None:
    """Whom the header names."""
    identifier = str(header.get("PatientID", "") or "").strip()
    name, born = _name(header.get("PatientName")), iso_date(str(header.get("PatientBirthDate", "") or ""))
    if identifier:
        return Patient(id=identifier, name=name or None, birth_date=born)
    # As a paper does that has no number for its patient.
    return Patient(id=f"{name}, born {born}", name=name, birth_date=born) if name and born else None


def iso_date(text: str) -> str | None:
    """YYYY-MM-DD of a DICOM date, also in its form of before 1993; None where it is none."""
    found = _DATE.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _name(given: PersonName | str | None) -> str:
    """In the first alphabet in which it is written; the others say the same again."""
    groups = (" ".join(group.replace("^", " ").split()) for group in str(given or "").split("="))
    return next(filter(None, groups), "")
