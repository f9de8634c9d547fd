"""The values of one stored image, decoded without the others."""

from __future__ import annotations

import threading
import warnings

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import Values, too_much_memory
from pipelines.evidence.dicom import at_pixels
from pipelines.evidence.dicom_decoding import AGAIN, decode, refuse_syntax
from pipelines.evidence.dicom_decoding import Pixels as StoredPixels
from pipelines.evidence.volumes.stored import Pixels


class Quiet:
    """Keeps pydicom's warnings about unusual files from the user, from the first thread that comes to the last that
    leaves: Python's own way of doing that goes wrong where two threads do it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._kept = warnings.catch_warnings()
                self._kept.__enter__()
                warnings.filterwarnings("ignore", module=r"pydicom\.")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._kept.__exit__(None, None, None)


def refuse_undecodable(pixels: Pixels) -> None:
    """
    Raises:
        BadInput: it is compressed in a way that is not decoded here.
    """
    refuse_syntax(pixels.syntax, int(pixels.options["bits_stored"]), pixels.file.name)


def values_of(pixels: Pixels) -> Values:
    """[rows, columns], as they are stored.

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
    if pixels.inverted:
        low = np.iinfo(values.dtype).min if values.dtype.kind == "i" else 0
        bits = int(pixels.options["bits_stored"])
        return (2**bits - 1 if low == 0 else -1) - values
    return values


def _decoded(pixels: Pixels) -> Values:
    if pixels.offset is not None:
        with pixels.file.open() as stream:
            stream.seek(pixels.offset)
            return decode(stream, pixels.syntax, pixels.frame, pixels.options)[0]
    with pixels.file.on_disk() as path, at_pixels(path) as (header, file):
        return StoredPixels(header, file).frame(pixels.frame).values
