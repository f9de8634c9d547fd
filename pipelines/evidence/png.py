"""8-bit pictures as PNG files that hold pixels and nothing else, in half the time that Pillow takes.

Every row is written as its difference from the row above, and packed by runs alone (zlib's Z_RLE): Pillow tries five
ways for each row, which on radiographs and slices takes longer than the packing and saves next to nothing.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE: Final = {"L": 0, "RGB": 2}
_FROM_ABOVE: Final = 2
"""The filter type that PNG calls Up."""
_LEVEL: Final = 1
_MEMORY: Final = 9


def png(image: Image, *, packed: bool = True) -> bytes:
    """Equal pixels give equal bytes, with the same zlib.

    Args:
        image: mode ``L`` or ``RGB``.
        packed: else as large as its pixels, in a tenth of the time; opened in a third of it.
    """
    kind = _COLOUR_TYPE[image.mode]
    rows = np.asarray(image).reshape(image.height, -1)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _FROM_ABOVE
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    level = _LEVEL if packed else zlib.Z_NO_COMPRESSION
    packer = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY, zlib.Z_RLE)
    pixels = packer.compress(filtered.data) + packer.flush()
    header = struct.pack(">LLBBBBB", image.width, image.height, 8, kind, 0, 0, 0)
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return b"".join((struct.pack(">L", len(data)), name, data, struct.pack(">L", zlib.crc32(name + data))))
