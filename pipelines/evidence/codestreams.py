"""What a compressed picture says of its own size, read before a decoder takes memory for it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import NamedTuple

_START_OF_FRAME = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN = 0xDA
_COLOURED = {0xE0: (b"JFIF", 14), 0xEE: (b"Adobe", 12)}
"""Markers that say what colours there are, how they begin, and from which length on they are whole."""
_SIZE = b"\xff\x4f\xff\x51"
"""Start of a JPEG 2000 codestream and of its size segment, which must come first."""
_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
_STREAM = b"jp2c"


class Size(NamedTuple):
    """Of a picture as its codestream states it."""

    rows: int
    columns: int
    samples: int
    """Of each pixel."""
    bits: int
    """Of each sample."""
    tiles: int = 1


def jpeg_size(data: bytes) -> Size:
    """Of any JPEG or JPEG-LS picture.

    Raises:
        ValueError: there is none.
    """
    for marker, segment in _segments(data):
        if marker in _START_OF_FRAME and len(segment) >= 6:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", segment)
            return Size(rows, columns, samples, bits)
    raise ValueError("no frame in the codestream")


def is_bare(data: bytes) -> bool:
    """Whether a JPEG picture of three samples does not say itself what colours they are: neither a marker nor the names
    of its samples do."""
    for marker, segment in _segments(data):
        sign, least = _COLOURED.get(marker, (b"", 0))
        if sign and segment.startswith(sign) and len(segment) >= least:
            return False
        if marker in _START_OF_FRAME:
            return segment[6::3][:3] != b"RGB"
    return True


def jpeg2000_size(data: bytes) -> Size:
    """Of a JPEG 2000 picture, also High-Throughput, bare or in a JP2 file.

    Raises:
        ValueError: there is none.
    """
    at = _start_of_stream(data)
    if data[at : at + 4] != _SIZE or len(data) < at + 43:
        raise ValueError("no size in the codestream")
    right, lower, left, upper, tile_width, tile_height, tile_left, tile_upper = struct.unpack_from(">8I", data, at + 8)
    samples, depth = struct.unpack_from(">HB", data, at + 40)
    if not tile_width or not tile_height:
        raise ValueError("tiles without a size")
    across = math.ceil((right - tile_left) / tile_width)
    down = math.ceil((lower - tile_upper) / tile_height)
    return Size(lower - upper, right - left, samples, (depth & 0x7F) + 1, across * down)


def _start_of_stream(data: bytes) -> int:
    """Found as decoders find it: what looks like one within another box is none."""
    if not data.startswith(_JP2):
        return 0
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            (length,), head = struct.unpack_from(">Q", data, at + 8), 16
        if kind == _STREAM:
            return at + head
        if length < head:
            break
        at += length
    raise ValueError("no codestream in the file")


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers before the first scan, with what belongs to them."""
    at = 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("no marker where one must be")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _START_OF_SCAN:
            return
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + max(2, length)]
        at += 2 + max(2, length)
