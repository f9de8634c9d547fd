"""What a compressed picture says of its own size, read before a decoder takes memory for it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import NamedTuple

_START_OF_FRAME = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN = 0xDA
_SIZE = b"\xff\x4f\xff\x51"
"""Start of a JPEG 2000 codestream and of its size segment, which must come first."""


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


def jpeg2000_size(data: bytes) -> Size:
    """Of a JPEG 2000 picture, also High-Throughput, bare or in a JP2 file.

    Raises:
        ValueError: there is none.
    """
    at = data.find(_SIZE)
    if at < 0 or len(data) < at + 43:
        raise ValueError("no size in the codestream")
    right, lower, left, upper, tile_width, tile_height, tile_left, tile_upper = struct.unpack_from(">8I", data, at + 8)
    samples, depth = struct.unpack_from(">HB", data, at + 40)
    if not tile_width or not tile_height:
        raise ValueError("tiles without a size")
    across = math.ceil((right - tile_left) / tile_width)
    down = math.ceil((lower - tile_upper) / tile_height)
    return Size(lower - upper, right - left, samples, (depth & 0x7F) + 1, across * down)


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
