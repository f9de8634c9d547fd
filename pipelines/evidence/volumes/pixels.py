"""The values of one stored image, decoded without the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import Values, too_much_memory
from pipelines.evidence.dicom import at_pixels
from pipelines.evidence.dicom_decoding import AGAIN, decode, refuse_syntax
from pipelines.evidence.dicom_decoding import Pixels as StoredPixels
from pipelines.evidence.volumes.stored import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Decoded(NamedTuple):
    """One image."""

    values: Values
    """[rows, columns], as they are stored, but for those that have low values as white: these are inverted."""
    filling: NDArray[np.bool_] | None
    """Where the header says that there is no picture; None if nowhere."""


def refuse_undecodable(pixels: Pixels) -> None:
    """
    Raises:
        BadInput: it is compressed in a way that is not decoded here.
    """
    refuse_syntax(pixels.syntax, int(pixels.options["bits_stored"]), pixels.file.name)


def values_of(pixels: Pixels) -> Decoded:
    """
    Raises:
        BadInput: they cannot be decoded.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError

    name = pixels.file.name
    try:
        values = _decoded(pixels)
        if values.ndim != 2:
            raise ValueError(values.shape)
    except MemoryError as full:
        raise too_much_memory(name) from full
    except (BytesLengthException, InvalidDicomError, NotImplementedError, *DECODING_ERRORS) as broken:
        raise BadInput(name, "has pixels that cannot be decoded", AGAIN) from broken
    filling = _filling(values, pixels)
    if pixels.inverted:
        low = np.iinfo(values.dtype).min if values.dtype.kind == "i" else 0
        bits = int(pixels.options["bits_stored"])
        values = (2**bits - 1 if low == 0 else -1) - values
    return Decoded(values, filling)


def _filling(values: Values, pixels: Pixels) -> NDArray[np.bool_] | None:
    if pixels.filling is None:
        return None
    low, high = pixels.filling
    found: NDArray[np.bool_] = (values >= low) & (values <= high)
    return found if found.any() else None


def _decoded(pixels: Pixels) -> Values:
    if pixels.offset is not None:
        with pixels.file.open() as stream:
            stream.seek(pixels.offset)
            return decode(stream, pixels.syntax, pixels.frame, pixels.options)[0]
    with pixels.file.on_disk() as path, at_pixels(path) as (header, file):
        return StoredPixels(header, file).frame(pixels.frame).values
