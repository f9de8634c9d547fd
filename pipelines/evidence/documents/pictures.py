"""Picture files as pages: each page of a TIFF, a photograph upright, anything else as it is."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import extent, full_range, refuse_size, scaled, too_large, too_much_memory

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_PAGED: Final = frozenset({"TIFF"})


def count_pages(data: bytes, name: str) -> int:
    """Pages of a TIFF; pictures that move show their first one.

    Raises:
        BadInput: as `picture_pages`.
    """
    from PIL import Image

    with _decoding(name), Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        return int(getattr(picture, "n_frames", 1)) if picture.format in _PAGED else 1


def picture_pages(data: bytes, name: str, numbers: list[int], *, grey: bool) -> Iterator[tuple[int, Image]]:
    """The pages of these numbers, upright, 8 bits deep; what can be seen through lies over white, like paper.

    Raises:
        BadInput: it is larger than what is read here, no picture, or damaged.
    """
    from PIL import Image

    for number in numbers:
        with _decoding(name), Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            picture.seek(number - 1)
            refuse_size(name, picture.width * picture.height)
            page = _upright(picture, name, "L" if grey else "RGB")
        yield number, page


def _upright(picture: Image, name: str, mode: str) -> Image:
    from PIL import Image, ImageOps

    picture.load()
    try:
        upright = ImageOps.exif_transpose(picture)
    except DECODING_ERRORS:
        # The metadata is damaged; the picture itself may well be sound.
        upright = picture
    if upright.mode.startswith("I") or upright.mode == "F":
        values = np.asarray(upright)
        low, high = full_range(*extent(values, name), fractions=values.dtype.kind == "f")
        upright = Image.fromarray(scaled(values, low, high))
    elif upright.mode.endswith(("A", "a")) or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    return upright.convert(mode)


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Whatever damaged files make of the decoders, said in one line."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except Image.DecompressionBombError as bomb:
        raise too_large(name, max(map(int, re.findall(r"\d+", str(bomb))))) from bomb
    except MemoryError as full:
        raise too_much_memory(name) from full
    except DECODING_ERRORS as broken:
        raise BadInput(name, "is a picture that cannot be read", "export it again, as PNG for example") from broken
