"""What the header of a DICOM file says that matters to a volume, as text."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import too_much_memory
from pipelines.evidence.dicom import at_pixels, reading, unwarned
from pipelines.evidence.volumes.elements import Elements, Short, Unusual, elements
from pipelines.evidence.volumes.files import File

if TYPE_CHECKING:
    from pydicom import Dataset

_CHARACTERS: Final = 0x00080005
_TAGS: Final = {
    "ImageType": 0x00080008,
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "StudyDate": 0x00080020,
    "SeriesDate": 0x00080021,
    "AcquisitionDate": 0x00080022,
    "Modality": 0x00080060,
    "SeriesDescription": 0x0008103E,
    "PatientName": 0x00100010,
    "PatientID": 0x00100020,
    "PatientBirthDate": 0x00100030,
    "EchoTime": 0x00180081,
    "TriggerTime": 0x00181060,
    "DiffusionBValue": 0x00189087,
    "SeriesInstanceUID": 0x0020000E,
    "SeriesNumber": 0x00200011,
    "AcquisitionNumber": 0x00200012,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "TemporalPositionIdentifier": 0x00200100,
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "PixelRepresentation": 0x00280103,
    "PixelPaddingValue": 0x00280120,
    "PixelPaddingRangeLimit": 0x00280121,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
    "RescaleType": 0x00281054,
}
_WANTED: Final = frozenset({_CHARACTERS, *_TAGS.values()})
_MODALITY_ONLY: Final = frozenset({_TAGS["SOPClassUID"], _TAGS["Modality"]})
_SHORTS: Final = frozenset(
    {"SamplesPerPixel", "Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation"}
    | {"PixelPaddingValue", "PixelPaddingRangeLimit"}
)
_WORDS: Final = frozenset({"SeriesDescription", "PatientName", "PatientID"})
"""In the alphabet that the file names."""
_ESCAPE: Final = b"\x1b"
_DOUBLES: Final = frozenset({"DiffusionBValue"})
_FIRST_READ: Final = 1 << 15
_MOST_READ: Final = 1 << 24
"""A longer header is left to pydicom, which reads it from the file."""
_REMEDY: Final = "export it again from the archive"


@dataclass(frozen=True)
class Header:
    """Some elements of one file."""

    syntax: str
    values: Mapping[str, str]
    """By keyword; several values of one element are parted by backslashes."""
    pixels: int | None
    """Where the value of its pixel data begins in the file; None where only pydicom finds it, or there is none."""
    pixel_bytes: int
    """As `Elements.pixel_bytes`, where ``pixels`` is known."""
    has_pixels: bool

    def text(self, keyword: str) -> str:
        return self.values.get(keyword, "").strip(" \0")

    def texts(self, keyword: str) -> tuple[str, ...]:
        return tuple(part.strip().upper() for part in self.text(keyword).split("\\") if part.strip())

    def number(self, keyword: str) -> float | None:
        """None where there is none that is finite."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def numbers(self, keyword: str, count: int = 1) -> tuple[float, ...]:
        """The first so many; empty where there are fewer, or one is no finite number."""
        parts = self.text(keyword).split("\\")[:count]
        try:
            found = tuple(map(float, parts))
        except ValueError:
            return ()
        return found if len(found) == count and all(map(math.isfinite, found)) else ()

    def whole(self, keyword: str) -> int:
        """0 where there is no number."""
        return int(self.number(keyword) or 0)


def header_of(file: File) -> Header:
    """
    Raises:
        BadInput: it is no DICOM file, or damaged where the header is needed.
    """
    found = _quick(file, _WANTED, 0x7FE00010)
    if found is not None:
        alphabet = found.values.get(_CHARACTERS, b"")
        values = {
            keyword: _text(keyword, found.values[tag], alphabet)
            for keyword, tag in _TAGS.items()
            if tag in found.values
        }
        return Header(found.syntax, values, found.pixels, found.pixel_bytes, has_pixels=found.pixels is not None)
    return _slow(file)


def modality_of(file: File) -> tuple[str, str]:
    """Modality and SOP class of a file, in less time than `header_of` takes.

    Raises:
        BadInput: as `header_of`.
    """
    found = _quick(file, _MODALITY_ONLY, _TAGS["Modality"])
    if found is not None:
        modality, kind = (_text("", found.values.get(_TAGS[name], b"")) for name in ("Modality", "SOPClassUID"))
    else:
        header = _slow(file)
        modality, kind = header.text("Modality"), header.text("SOPClassUID")
    return modality.strip(" \0").upper(), kind.strip(" \0")


def full_header(file: File) -> Dataset:
    """All elements before the pixels, as pydicom reads them.

    Raises:
        BadInput: as `header_of`.
    """
    with _read(file) as (dataset, _):
        return dataset


def _quick(file: File, wanted: frozenset[int], last: int) -> Elements | None:
    """None where pydicom must look."""
    size = _FIRST_READ
    while True:
        data = file.head(size)
        try:
            return elements(data, wanted, last)
        except Unusual:
            return None
        except Short:
            if len(data) < size or size >= _MOST_READ:
                return None
            size *= 16


def _slow(file: File) -> Header:
    with _read(file) as (dataset, stream):
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", "") or "")
        values = {keyword: _joined(dataset.get(keyword)) for keyword in _TAGS if keyword in dataset}
        has_pixels = bool(stream.read(4))
    if not values:
        raise BadInput(file.name, "is not a readable DICOM file", _REMEDY)
    return Header(syntax, values, None, 0, has_pixels=has_pixels)


@contextmanager
def _read(file: File) -> Iterator[tuple[Dataset, IO[bytes]]]:
    """As `at_pixels`."""
    try:
        with (
            reading(file.name, "is not a readable DICOM file", _REMEDY),
            file.on_disk() as path,
            at_pixels(path) as found,
        ):
            yield found
    except MemoryError as full:
        raise too_much_memory(file.name) from full


def _joined(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str | bytes | int | float):
        return str(value)
    return "\\".join(map(str, value)) if hasattr(value, "__iter__") else str(value)


def _text(keyword: str, value: bytes, alphabet: bytes = b"") -> str:
    if keyword in _SHORTS:
        return str(struct.unpack_from("<H", value)[0]) if len(value) >= 2 else ""
    if keyword in _DOUBLES:
        return str(struct.unpack_from("<d", value)[0]) if len(value) >= 8 else ""
    if keyword in _WORDS and (not value.isascii() or _ESCAPE in value):
        return _written(value, alphabet)
    return value.decode("latin-1")


def _written(value: bytes, alphabet: bytes) -> str:
    """
    Args:
        alphabet: ``SpecificCharacterSet``.
    """
    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.valuerep import TEXT_VR_DELIMS

    try:
        with unwarned():
            encodings = convert_encodings([each.strip(" \0") for each in alphabet.decode("latin-1").split("\\")])
            return decode_bytes(value, encodings, TEXT_VR_DELIMS)
    except DECODING_ERRORS:
        return value.decode("latin-1")
