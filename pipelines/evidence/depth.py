"""Pixel values of any depth as the 8 bits that a model is shown, always linearly and never by wrapping."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput

Values = NDArray[Any]
Bytes8 = NDArray[np.uint8]

MOST_PIXELS: Final = 178_956_970
"""Of one picture, as many as Pillow opens: half a gigabyte as RGB."""
_AT_ONCE: Final = 1 << 20


def refuse_size(name: str, pixels: int, most: int = MOST_PIXELS) -> None:
    """To be called with what a header says, before any memory is taken for pixels.

    Raises:
        BadInput: there are more than ``most``.
    """
    if pixels > most:
        raise too_large(name, pixels, most)


def too_large(name: str, pixels: int, most: int = MOST_PIXELS) -> BadInput:
    """What is said of a picture that has more than ``most``."""
    return BadInput(
        name,
        f"has {math.ceil(pixels / 1e6)} million pixels, {most // 1_000_000} million are read here",
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

    Where ``high`` is ``low``, all above it is white. Works in pieces, so that no second picture of floats is ever held;
    large pictures of 8 or 16 bits by a table.
    """
    if values.size > _AT_ONCE:
        return mapped(values, lambda every: _calculated(every, low, high))
    return _calculated(values, low, high)


def mapped(values: Values, make: Callable[[Values], Values]) -> Values:
    """What ``make`` makes of each value: found once for all that 8 or 16 bits can be, which it is given in 32 bits;
    of others piece by piece.

    Args:
        make: gives as many as it is given, each of them one or several numbers.
    """
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        # In the order of their bits, so that negative ones need no second look.
        unsigned, native = np.dtype(f"u{values.dtype.itemsize}"), values.dtype.newbyteorder("=")
        every = np.arange(256**values.dtype.itemsize, dtype=unsigned).view(native)
        table = make(every.astype(np.int32))
        return _in_pieces(np.ascontiguousarray(values, native).view(unsigned), table.__getitem__)
    return _in_pieces(values, make)


def bands(height: int, width: int) -> Iterator[slice]:
    """Rows of a picture that are worked at together, so that what is made of them on the way takes little room."""
    step = max(1, _AT_ONCE // max(1, width))
    return (slice(upper, min(height, upper + step)) for upper in range(0, height, step))


def _in_pieces(values: Values, make: Callable[[Values], Values]) -> Values:
    """For all at once numpy would hold each in eight bytes."""
    source = values.reshape(-1)
    first = make(source[:1])
    target = np.empty((source.size, *first.shape[1:]), first.dtype)
    for start in range(0, source.size, _AT_ONCE):
        target[start : start + _AT_ONCE] = make(source[start : start + _AT_ONCE])
    return target.reshape(*values.shape, *first.shape[1:])


def _calculated(values: Values, low: float, high: float) -> Bytes8:
    with np.errstate(over="ignore", invalid="ignore"):
        piece = values.astype(np.float64)
        if high > low:
            piece -= low
            piece *= 255 / (high - low)
        else:
            piece = np.where(piece > low, 255.0, 0.0)
        np.nan_to_num(piece, copy=False, posinf=255, neginf=0)
        return np.rint(piece, out=piece).clip(0, 255).astype(np.uint8)
