"""Picture files as pages: each page of a TIFF, a photograph upright, anything else as it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import extent, full_range, refuse_size, scaled
from pipelines.evidence.picture_file import opened

if TYPE_CHECKING:
    from PIL.Image import Image

_PAGED: Final = frozenset({"TIFF"})


def count_pages(data: bytes, name: str) -> int:
    """Pages of a TIFF; pictures that move show their first one.

    Raises:
        BadInput: as `picture_pages`.
    """
    with opened(io.BytesIO(data), name) as picture:
        return int(getattr(picture, "n_frames", 1)) if picture.format in _PAGED else 1


def picture_pages(data: bytes, name: str, numbers: list[int], *, grey: bool) -> Iterator[tuple[int, Image]]:
    """The pages of these numbers, upright, 8 bits deep; what can be seen through lies over white, like paper.

    Raises:
        BadInput: it is larger than what is read here, no picture, or damaged.
    """
    for number in numbers:
        with opened(io.BytesIO(data), name) as picture:
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
