"""Pictures written for tests, and what becomes of them."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from pipelines.evidence.formats import format_of
from pipelines.evidence.frames import Frame
from pipelines.evidence.picture import frame_of
from pipelines.records import Attachment, Kind

Array = NDArray[Any]


class PictureStore:
    """Attached files where they lie, and what is put in by its hash."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.held[sha256] = data
        return sha256

    def put_file(self, path: Path) -> str:
        return self.put(path.read_bytes())

    def get(self, sha256: str) -> bytes:
        return self.held[sha256]

    def has(self, sha256: str) -> bool:
        return sha256 in self.held or Path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        return Path(sha256)


def attached(path: Path, kind: Kind = Kind.IMAGE) -> Attachment:
    """The file, under its path in place of a hash."""
    return Attachment(
        sha256=str(path),
        name=path.name,
        media_type=format_of(path, path.name).value,
        size=path.stat().st_size,
        kind=kind,
        kind_from="user",
    )


def framed(path: Path) -> tuple[Frame, Array]:
    """The frame of a picture file, and its pixels in red, green and blue."""
    store = PictureStore()
    frame = frame_of(attached(path), store)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        assert picture.format == "PNG"
        assert picture.mode in {"L", "RGB"}
        return frame, np.asarray(picture.convert("RGB"))


def seen(path: Path) -> Array:
    """The source picture as it is within its frame."""
    frame, pixels = framed(path)
    return pixels[frame.top : frame.top + frame.source_height, frame.left : frame.left + frame.source_width]


def packaged(name: str) -> Path:
    """A file that comes with pydicom itself."""
    found = get_testdata_file(name, download=False)
    assert found is not None
    return Path(str(found))


def deflated(plain: bytes) -> bytes:
    """A DICOM file in Explicit VR Little Endian with all behind its meta information deflated."""
    (length,) = struct.unpack_from("<I", plain, 140) if len(plain) >= 144 else (0,)
    head, rest = plain[: 144 + length], plain[144 + length :]
    syntax, other = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"
    at = head.find(syntax)
    if at < 8:
        return plain
    head = head[: at - 2] + struct.pack("<H", len(other)) + other + head[at + len(syntax) :]
    head = head[:140] + struct.pack("<I", len(head) - 144) + head[144:]
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return head + packing.compress(rest) + packing.flush()


def deep_png(values: Array, colour_type: int) -> bytes:
    """A PNG of 16 bits; ``colour_type`` as PNG numbers them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = values.shape[:2]
    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, 16, colour_type, 0, 0, 0))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_dicom(path: Path, values: Array, syntax: str = ExplicitVRLittleEndian, **elements: object) -> Path:
    """A DICOM file of one image, grey or RGB by its shape; ``elements`` by keyword, None leaves one out."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = elements.get("SOPClassUID", SecondaryCaptureImageStorage)
    meta.MediaStorageSOPInstanceUID = elements.get("SOPInstanceUID", "1.2.3.4")
    dataset = Dataset()
    dataset.file_meta = meta
    bits = values.dtype.itemsize * 8
    given: dict[str, object] = {
        "SOPClassUID": meta.MediaStorageSOPClassUID,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "Modality": "DX",
        "PatientName": "Testcase^Ada",
        "PatientID": "p1",
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "SamplesPerPixel": 1 if values.ndim == 2 else 3,
        "PhotometricInterpretation": "MONOCHROME2" if values.ndim == 2 else "RGB",
        "PlanarConfiguration": None if values.ndim == 2 else 0,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "PixelRepresentation": 1 if values.dtype.kind == "i" else 0,
    } | elements
    given.setdefault("HighBit", int(str(given["BitsStored"])) - 1)
    given.setdefault("PixelData", values.tobytes() + b"\0" * (values.nbytes % 2))
    for keyword, value in given.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path
