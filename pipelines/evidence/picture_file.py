"""Opens picture files, and says in one line what is wrong with one that cannot be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import Values, bands, refuse_size, too_large, too_much_memory
from pipelines.evidence.quiet import QUIET

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_MOST_OF_WEBP: Final = 90_000_000
"""Pixels. Its decoder holds each of them three times, and Pillow once more."""


@contextmanager
def opened(file: Path | IO[bytes], name: str) -> Iterator[ImageFile]:
    """A picture file, to be decoded in the block.

    Raises:
        BadInput: it is larger than what is read here, no picture, or damaged; also where the block finds out.
    """
    from PIL import Image

    try:
        with QUIET, Image.open(file, formats=_FORMATS) as picture:
            if picture.format == "WEBP":
                refuse_size(name, picture.width * picture.height, _MOST_OF_WEBP)
            yield picture
    except Image.DecompressionBombError as bomb:
        # Its message has two numbers: the picture's pixels and the limit that they exceed.
        raise too_large(name, max(map(int, re.findall(r"\d+", str(bomb))))) from bomb
    except MemoryError as full:
        raise too_much_memory(name) from full
    except DECODING_ERRORS as broken:
        raise BadInput(name, "is a picture that cannot be read", "export it again, as PNG for example") from broken


def values_of(picture: Image) -> Values:
    """Band by band: all at once, the numbers would lie in memory three times for a moment."""
    width, height = picture.size
    first = np.asarray(picture.crop((0, 0, 1, 1)))
    values = np.empty((height, width, *first.shape[2:]), first.dtype)
    for rows in bands(height, width):
        values[rows] = np.asarray(picture.crop((0, rows.start, width, rows.stop)))
    return values
