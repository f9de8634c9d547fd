"""What a file is, told from its first bytes; by its name where these say nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final


class Format(StrEnum):
    """A file format, by media type."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    BMP = "image/bmp"
    WEBP = "image/webp"
    GIF = "image/gif"
    DICOM = "application/dicom"
    NIFTI = "application/x-nifti"
    SLIDE = "application/x-whole-slide"
    ZIP = "application/zip"
    XML = "application/xml"
    """A clinical document or resource (CDA, FHIR); other XML is text."""
    TEXT = "text/plain"
    UNKNOWN = "application/octet-stream"


PICTURES: Final = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.BMP, Format.WEBP, Format.GIF})

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"GIF8", Format.GIF),
    (b"%PDF-", Format.PDF),
    (b"PK\x03\x04", Format.ZIP),
    (b"ZISRAWFILE", Format.SLIDE),
)
_BMP: Final = b"BM"
#: Of the header behind the first 14 bytes. Laboratory reports begin with these letters too: basic metabolic panel.
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_SLIDE_NAMES: Final = (".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide")
#: Slides whose first bytes are those of other formats: a small picture, a database, an index in plain text.
_SLIDES_OF_NAME: Final = (
    (".mrxs", b"\xff\xd8\xff"),
    (".svslide", b"SQLite format 3\0"),
    (".vms", b"["),
    (".vmu", b"["),
)
_CLINICAL_XML: Final = (b"urn:hl7-org:v3", b"http://hl7.org/fhir")
_HEAD_BYTES: Final = 4096


def format_of(path: Path, name: str) -> Format:
    """The format of the file at ``path``; ``name`` helps only where formats share their first bytes."""
    with path.open("rb") as file:
        return format_of_bytes(file.read(_HEAD_BYTES), name)


def format_of_bytes(data: bytes, name: str) -> Format:
    """The same, of a file whose bytes are at hand."""
    head, lower = data[:_HEAD_BYTES], name.lower()
    if any(lower.endswith(suffix) and head.startswith(magic) for suffix, magic in _SLIDES_OF_NAME):
        return Format.SLIDE
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.startswith(_BMP) and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    if head[128:132] == b"DICM":
        return Format.DICOM
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] == b"n+2\0" or lower.endswith(".nii.gz"):
        return Format.NIFTI
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return Format.SLIDE if lower.endswith(_SLIDE_NAMES) or b"Aperio" in head else Format.TIFF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head.startswith(b"\x1f\x8b"):
        return _unpacked(head, name)
    if lower.endswith((".ndjson", ".jsonl")):
        return Format.NDJSON
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) or lower.endswith(".json"):
        return Format.JSON
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and any(space in head for space in _CLINICAL_XML):
        return Format.XML
    return Format.TEXT if _is_text(head) else Format.UNKNOWN


def _unpacked(head: bytes, name: str) -> Format:
    """Of a packed file what is inside, where records come packed."""
    import zlib

    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES)
    except zlib.error:
        return Format.UNKNOWN
    found = format_of_bytes(inner, name.lower().removesuffix(".gz")) if not inner.startswith(b"\x1f\x8b") else None
    return found if found in {Format.JSON, Format.NDJSON, Format.XML} else Format.UNKNOWN


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        head[: len(head) - 3 if len(head) == _HEAD_BYTES else len(head)].decode()
    except UnicodeDecodeError as broken:
        return broken.reason == "unexpected end of data"
    return True
