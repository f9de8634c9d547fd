"""DICOM headers, without pixels."""

from __future__ import annotations

import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import too_much_memory
from pipelines.records import Patient

if TYPE_CHECKING:
    from pydicom import Dataset

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
_MOST_INFLATED: Final = 1 << 29
_AT_ONCE: Final = 1 << 20


@contextmanager
def unwarned() -> Iterator[None]:
    """Without pydicom's warnings about values that break a rule of the standard: many archives hold some, and they are
    written out in the warning, and logged, a patient's name as any other."""
    from pydicom import config

    before = config.settings.reading_validation_mode
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pydicom|PIL)\.")
        config.settings.reading_validation_mode = config.IGNORE
        try:
            yield
        finally:
            config.settings.reading_validation_mode = before


@contextmanager
def reading(name: str, problem: str, remedy: str) -> Iterator[None]:
    """Turns whatever a damaged file makes pydicom raise into one BadInput."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with unwarned():
            yield
    except (BytesLengthException, InvalidDicomError, *DECODING_ERRORS) as broken:
        raise BadInput(name, problem, remedy) from broken


def read_header(path: Path, name: str) -> Dataset:
    """All elements before the pixels.

    Raises:
        BadInput: the file is not DICOM, cut off within its header, or damaged where the header is needed; or packed
            into a fraction of a size that no image has.
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
        MemoryError: it was deflated, and inflates to more than any image takes.
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
        with _inflated(file) as plain:
            header = read_dataset(plain, False, True, stop_when=lambda tag, _kind, _length: tag in _PIXELS)
            header.file_meta = meta
            yield header, plain


@contextmanager
def _inflated(file: BinaryIO) -> Iterator[BinaryIO]:
    """The rest of a deflated file. pydicom would inflate it into memory whatever its size."""
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    with tempfile.SpooledTemporaryFile(max_size=_DEFERRED) as plain:
        while not unpacking.eof and (packed := unpacking.unconsumed_tail or file.read(_AT_ONCE)):
            plain.write(unpacking.decompress(packed, _AT_ONCE))
            if plain.tell() > _MOST_INFLATED:
                raise MemoryError
        plain.seek(0)
        yield cast(BinaryIO, plain)


def burned_in(header: Dataset) -> bool:
    """Whether the header says that words are part of the picture."""
    return str(header.get("BurnedInAnnotation", "") or "").strip().upper() == "YES"


def patient_of(header: Dataset) -> Patient | None:
    """Whom the header names."""
    identifier = str(header.get("PatientID", "") or "").strip()
    if not identifier:
        return None
    born = str(header.get("PatientBirthDate", "") or "")
    name = str(header.get("PatientName", "") or "").replace("^", " ").strip()
    return Patient(
        id=identifier,
        name=name or None,
        birth_date=f"{born[:4]}-{born[4:6]}-{born[6:8]}" if len(born) == 8 else None,
    )
