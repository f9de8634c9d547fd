"""The stored values of a DICOM image, one frame at a time, each by the one decoder that is trusted with its syntax.

pydicom would try every decoder that is installed until one returns something: on damaged data that is whichever is
least strict. And decoders in C take the size of a picture from its codestream: it is held against the header first.
Luminance and chrominance become RGB here: pydicom does that in floats, of which a large picture takes five gigabytes.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.codestreams import Size, is_bare, jpeg2000_size, jpeg_size
from pipelines.evidence.decoding_apart import apart
from pipelines.evidence.depth import Bytes8, Values, bands, refuse_size, too_much_memory
from pipelines.evidence.dicom import at_pixels, reading, unwarned
from pipelines.evidence.picture_file import values_of

if TYPE_CHECKING:
    from pydicom import Dataset

AGAIN: Final = "export it again from the archive, uncompressed or as PNG"
_DECODERS: Final = {
    "1.2.840.10008.1.2": "",
    "1.2.840.10008.1.2.1": "",
    "1.2.840.10008.1.2.1.99": "",
    "1.2.840.10008.1.2.2": "",
    "1.2.840.10008.1.2.4.50": "pillow",
    "1.2.840.10008.1.2.4.51": "pillow",
    "1.2.840.10008.1.2.4.57": "gdcm",
    "1.2.840.10008.1.2.4.70": "gdcm",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
    "1.2.840.10008.1.2.5": "pydicom",
}
#: Of these a damaged picture makes the process end, or never end.
_APART: Final = frozenset({"gdcm", "pyjpegls"})
_JPEG_EXTENDED: Final = "1.2.840.10008.1.2.4.51"
_JPEG: Final = "1.2.840.10008.1.2.4."
_JPEG_2000: Final = frozenset({"90", "91", "201", "202", "203"})
_MOST_TILES: Final = 1 << 14
"""Decoders keep something of each; archives cut a picture into a few at most."""
_MOST_BYTES: Final = 3 * 178_956_970
"""Of one frame, decoded: as much as the largest picture takes as RGB."""
_SLACK: Final = 1 << 24
"""For headers, and for pictures of a few pixels."""
_PIXEL_DATA: Final = 0x7FE00010
_RLE: Final = "1.2.840.10008.1.2.5"
_LUMINANCE: Final = frozenset({"YBR_FULL", "YBR_FULL_422"})


def number(header: Dataset, keyword: str) -> int:
    """0 where there is none that can be read."""
    try:
        return int(header.get(keyword) or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def frames_in(header: Dataset) -> int:
    """How many the header claims, at least 1."""
    return max(1, number(header, "NumberOfFrames"))


def syntax_name(header: Dataset) -> str:
    """As the standard calls it."""
    return _named(str(header.file_meta.get("TransferSyntaxUID")))


def _named(syntax: str) -> str:
    from pydicom.uid import UID

    with unwarned():
        uid = UID(syntax)
    return "an unknown transfer syntax" if uid.name == uid else uid.name


def refuse_undecoded(header: Dataset, name: str) -> None:
    """What the header alone forbids, before any memory is taken for pixels.

    Raises:
        BadInput: a frame is too large, or compressed in a way that is not decoded here.
    """
    pixels = number(header, "Rows") * number(header, "Columns")
    refuse_size(name, pixels)
    bytes_each = max(1, number(header, "SamplesPerPixel")) * -(-number(header, "BitsAllocated") // 8)
    if pixels * bytes_each > _MOST_BYTES:
        raise too_much_memory(name)
    refuse_syntax(str(header.file_meta.get("TransferSyntaxUID") or ""), number(header, "BitsStored"), name)


def refuse_syntax(syntax: str, bits_stored: int, name: str) -> None:
    """
    Raises:
        BadInput: pixels of this transfer syntax are not decoded here.
    """
    # A file that names none is left to the attempt.
    if syntax and syntax not in _DECODERS:
        raise BadInput(name, f"is compressed as {_named(syntax)}, which is not decoded here", AGAIN)
    if syntax == _JPEG_EXTENDED and bits_stored > 8:
        raise BadInput(name, "is compressed as 12-bit JPEG Extended, which is not decoded here", AGAIN)


@dataclass(frozen=True)
class Decoded:
    """One frame."""

    values: Values
    """[rows, columns] or [rows, columns, 3]; luminance and chrominance are RGB already. May not be written to."""
    photometric: str
    """What they mean now."""
    bits: int
    """Of each value, as stored."""


class Pixels:
    """The frames of an open file.

    Args:
        header: as pydicom read it.
        file: stands at the element that holds the pixels.
    """

    def __init__(self, header: Dataset, file: BinaryIO) -> None:
        from pydicom.pixels.utils import as_pixel_options, get_expected_length
        from pydicom.uid import UID

        self._file = file
        self._syntax = UID(str(header.file_meta.TransferSyntaxUID))
        options = as_pixel_options(header)
        tag, kind, length = _element(file, little=self._syntax.is_little_endian)
        if tag != _PIXEL_DATA:
            raise ValueError("no pixels of whole numbers")
        if not self._syntax.is_encapsulated and get_expected_length(header) > length:
            # What follows them in the file is none of theirs.
            raise ValueError("fewer pixels than the header says")
        self._start = file.tell()
        self._options: dict[str, Any] = {**options, "pixel_keyword": "PixelData", "pixel_vr": kind, "as_rgb": False}
        self._lower = 0
        if not self._syntax.is_encapsulated or self._syntax == _RLE:
            self._lower = _bits_below(header)
            self._options["bits_stored"] += self._lower

    def frame(self, index: int) -> Decoded:
        """One frame; none but this is read.

        Raises:
            Anything that `reading` turns into BadInput.
        """
        self._file.seek(self._start)
        values, found = decode(self._file, self._syntax, index, self._options)
        photometric = str(found["photometric_interpretation"])
        if self._lower:
            values = values >> self._lower
        if photometric in _LUMINANCE:
            values, photometric = _in_rgb(values), "RGB"
        return Decoded(values, photometric, int(found["bits_stored"]) - self._lower)


def decode(file: BinaryIO, syntax: str, index: int, options: Mapping[str, Any]) -> tuple[Values, Mapping[str, Any]]:
    """As pydicom's ``as_array`` of one frame, by the decoder for its syntax, which a damaged frame cannot harm.

    Args:
        file: stands at the value of the pixels.
        syntax: a transfer syntax that `refuse_undecoded` lets pass.
        index: of the frame, from 0.
        options: as ``as_array`` takes them; from a header that `refuse_undecoded` let pass.

    Raises:
        Anything that `reading` turns into BadInput, where it cannot be decoded.
    """
    from pydicom.encaps import get_frame
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    plugin, start = _DECODERS[syntax], file.tell()
    if UID(syntax).is_encapsulated:
        stream = get_frame(
            file,
            index,
            number_of_frames=options["number_of_frames"],
            extended_offsets=options.get("extended_offsets"),
        )
        file.seek(start)
        _compare(stream, syntax, options)
        if plugin in _APART:
            return apart().decode(stream, syntax, plugin, _plain(options))
        if plugin == "pillow" and options["samples_per_pixel"] == 3:
            return _jpeg_in_rgb(stream, str(options["photometric_interpretation"]))
    return get_decoder(syntax).as_array(file, index=index, decoding_plugin=plugin, **options)


def _bits_below(header: Dataset) -> int:
    """How many bits of each value lie below those of the picture: 0 by today's standard, not in older files."""
    highest, stored = number(header, "HighBit"), number(header, "BitsStored")
    return highest + 1 - stored if stored <= highest < number(header, "BitsAllocated") else 0


def _jpeg_in_rgb(stream: bytes, photometric: str) -> tuple[Bytes8, Mapping[str, Any]]:
    """A photograph. Its own markers say what its colours are, where it has any, and Pillow goes by them; pydicom takes
    what Pillow made RGB already for luminance and chrominance where the header says so."""
    from PIL import Image

    if not photometric.startswith(("RGB", "YBR")):
        raise ValueError(photometric)
    with Image.open(io.BytesIO(stream), formats=("JPEG",)) as picture:
        if photometric == "RGB" and is_bare(stream):
            # Pillow would take it for luminance and chrominance; asked for these, it hands out what is stored.
            picture.draft("YCbCr", picture.size)
        return values_of(picture), {"photometric_interpretation": "RGB", "bits_stored": 8}


def _in_rgb(values: Values) -> Values:
    """Of 8 bits, band by band."""
    from pydicom.pixels.processing import convert_color_space

    made = np.empty_like(values)
    for rows in bands(*values.shape[:2]):
        made[rows] = convert_color_space(values[rows], "YBR_FULL", "RGB")
    return made


def _compare(stream: bytes, syntax: str, options: Mapping[str, Any]) -> None:
    """Hold the size that a codestream states against the header's.

    Raises:
        ValueError: they differ.
    """
    size = _size(syntax, stream)
    if size is None:
        return
    stated = (options["rows"], options["columns"], options["samples_per_pixel"])
    if (size.rows, size.columns, size.samples) != stated:
        raise ValueError("the codestream is of another size than the header says")
    if size.tiles > _MOST_TILES or size.bits > options["bits_allocated"]:
        raise ValueError("the codestream is of no kind that fits the header")


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and texts alone, as they can be sent to another process."""
    return {
        key: int(value) if isinstance(value, int) else str(value)
        for key, value in options.items()
        if isinstance(value, int | str) and key != "transfer_syntax_uid"
    }


def _element(file: BinaryIO, *, little: bool) -> tuple[int, str | None, int]:
    """Tag, kind (if stated) and length of the element at which a file stands; it then stands at the value."""
    order = "<" if little else ">"
    start = file.read(8)
    group, element, length = struct.unpack(f"{order}HHL", start)
    if start[4:6] not in {b"OB", b"OW"}:
        return group << 16 | element, None, length
    (length,) = struct.unpack(f"{order}L", file.read(4))
    return group << 16 | element, start[4:6].decode(), length


def _size(syntax: str, stream: bytes) -> Size | None:
    """None where the decoder goes by the header alone."""
    if not syntax.startswith(_JPEG):
        return None
    return jpeg2000_size(stream) if syntax.removeprefix(_JPEG) in _JPEG_2000 else jpeg_size(stream)


@contextmanager
def opened_pixels(path: Path, name: str, header: Dataset) -> Iterator[Pixels]:
    """The pixels of a DICOM file, to be decoded in the block.

    Args:
        header: of the file, which `refuse_undecoded` let pass.

    Raises:
        BadInput: there are no pixels, or they are damaged, also where the block finds out.
    """
    if not number(header, "Rows") or not number(header, "Columns"):
        raise BadInput(name, "is a DICOM file without a picture", "attach the images of the study")
    _refuse_swollen(header, path, name)
    try:
        with (
            reading(name, f"has pixels that cannot be decoded ({syntax_name(header)})", AGAIN),
            at_pixels(path) as found,
        ):
            file = found[1]
            if not file.read(1):
                raise BadInput(name, "is a DICOM file without pixels", "attach the images of the study")
            file.seek(-1, os.SEEK_CUR)
            yield Pixels(header, file)
    except MemoryError as full:
        raise too_much_memory(name) from full


def _refuse_swollen(header: Dataset, path: Path, name: str) -> None:
    """One compressed picture that takes more than it does uncompressed is none."""
    if frames_in(header) > 1 or not str(header.file_meta.get("TransferSyntaxUID") or "").startswith(_JPEG):
        return
    pixels = number(header, "Rows") * number(header, "Columns") * max(1, number(header, "SamplesPerPixel"))
    if path.stat().st_size > 2 * pixels * -(-number(header, "BitsAllocated") // 8) + _SLACK:
        raise BadInput(name, "holds far more than the picture that its header describes", AGAIN)
