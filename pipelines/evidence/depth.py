"""Pixel values of any depth as the 8 bits that a model is shown, always linearly and never by wrapping."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput

Values = NDArray[Any]
Bytes8 = NDArray[np.uint8]

MOST_PIXELS: Final = 178_956_970
"""Of one picture, as many as Pillow opens: half a gigabyte as RGB."""
_AT_ONCE: Final = 1 << 20


def refuse_size(name: str, pixels: int) -> None:
    """To be called with what a header says, before any memory is taken for pixels.

    Raises:
        BadInput: there are more than ``MOST_PIXELS``.
    """
    if pixels > MOST_PIXELS:
        raise too_large(name, pixels)


def too_large(name: str, pixels: int) -> BadInput:
    """What is said of a picture that has more than ``MOST_PIXELS``."""
    return BadInput(
        name,
        f"has {math.ceil(pixels / 1e6)} million pixels, {MOST_PIXELS // 1_000_000} million are read here",
        "attach a smaller copy or a part of it",
    )


def too_much_memory(name: str) -> BadInput:
    """What is said of a picture whose pixels find no room."""
    return BadInput(name, "takes more memory than there is", "attach a smaller copy or a part of it")


def extent(values: Values, name: str) -> tuple[float, float]:
    """Least and greatest finite value.

    Raises:
        BadInput: there is none.
    """
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max())
    finite = np.isfinite(values)
    if not finite.any():
        raise BadInput(name, "has no pixel with a finite value", "export it again from its source")
    return float(values.min(where=finite, initial=np.inf)), float(values.max(where=finite, initial=-np.inf))


def full_range(least: float, greatest: float, *, fractions: bool) -> tuple[float, float]:
    """Which values were black and white to the program that wrote a picture file, from those that occur in it.

    Files do not say how many of their bits are used: a 12-bit film in a 16-bit PNG would be nearly black on a scale of
    65,535. So white is the smallest 2^n - 1 that holds the greatest value, n at least 8; the file's own extremes would
    give films of one patient different scales. Fractions between 0 and 1 are taken as such. Values below 0 have no
    customary black and white: there the extremes are taken.
    """
    if least < 0:
        return least, greatest
    if fractions and greatest <= 1:
        return 0.0, 1.0
    bits = max(8, math.ceil(greatest).bit_length())
    # The largest floats have no such number above them.
    return 0.0, float(2**bits - 1) if bits < 1024 else greatest


def scaled(values: Values, low: float, high: float) -> Bytes8:
    """``low`` to ``high`` as 0 to 255, rounded; what lies beyond is cut there, and what is no number is black.

    Works in pieces, so that no second picture of floats is ever held; large pictures of 8 or 16 bits by a table.
    """
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 and values.size > _AT_ONCE:
        bits = 8 * values.dtype.itemsize
        # In the order of their bits, so that negative ones need no second look.
        unsigned, native = np.dtype(f"u{bits // 8}"), values.dtype.newbyteorder("=")
        every = np.arange(2**bits, dtype=unsigned).view(native)
        found = np.ascontiguousarray(values, native).view(unsigned)
        return _looked_up(_calculated(every, low, high), found)
    return _calculated(values, low, high)


def _looked_up(table: Bytes8, places: NDArray[np.unsignedinteger[Any]]) -> Bytes8:
    """Piece by piece: for all at once numpy would hold every place in eight bytes."""
    shown = np.empty(places.shape, np.uint8)
    source, target = places.reshape(-1), shown.reshape(-1)
    for start in range(0, source.size, _AT_ONCE):
        target[start : start + _AT_ONCE] = table[source[start : start + _AT_ONCE]]
    return shown


def _calculated(values: Values, low: float, high: float) -> Bytes8:
    shown = np.empty(values.shape, np.uint8)
    source, target = values.reshape(-1), shown.reshape(-1)
    factor = 255 / (high - low) if high > low else 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, source.size, _AT_ONCE):
            piece = source[start : start + _AT_ONCE].astype(np.float64)
            piece -= low
            piece *= factor
            np.nan_to_num(piece, copy=False, posinf=255, neginf=0)
            target[start : start + _AT_ONCE] = np.rint(piece, out=piece).clip(0, 255)
    return shown
