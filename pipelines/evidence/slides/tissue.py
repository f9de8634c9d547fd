"""Where on a slide there is tissue, told from a picture of all of it.

Stains colour, glass and paper do not: tissue is what is more saturated than Otsu's threshold, which is kept within
bounds, so that a slide of nothing but tissue and one of nothing but glass come out as they are. Dark edges and
strokes of blue or green ink are left out, and specks are smoothed away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.evidence.slides.slide import Level, Slide

if TYPE_CHECKING:
    from PIL.Image import Image

_MASK_UM: Final = 16.0
"""Micrometres per pixel of the mask: 56 pixels on the side of a patch."""
_SHOWN: Final = 800
"""Pixels that the longer side of the overview has at least, where the slide has as many."""
_LONGEST: Final = 4096
_MOST_READ: Final = 1 << 30
"""Pixels of the level that an overview is made of: half a minute of decoding."""
_SATURATION: Final = (0.06, 0.15)
"""Least and greatest threshold: below is glass, however yellow; above is tissue, however pale."""
_DARK: Final = 0.2
_INK_SATURATION: Final = 0.5
_INK_HUES: Final = (75 / 360, 245 / 360)
"""Green to blue. Haematoxylin is more violet, and seldom as saturated where cells and gaps are averaged."""
_MOST_INK: Final = 0.5
_SMOOTHING: Final = 5


class Overview(NamedTuple):
    """All of a slide in one small picture."""

    image: Image
    """RGB."""
    downsample: float
    """Pixels of the greatest power for one of its own, along a side."""


class Tissue(NamedTuple):
    """Where it is."""

    mask: NDArray[np.bool_]
    """[rows, columns] of pixels of all of the slide."""
    downsample: float
    """Pixels of the greatest power for one of the mask, along a side."""
    warning: str | None = None


def overview_of(slide: Slide) -> Overview:
    """Made from the coarsest level that is fine enough, or, where that is damaged, the next finer one.

    Raises:
        BadInput: none can be decoded, or the slide is huge and has no small picture of itself.
    """
    fine = _MASK_UM / slide.about.mpp * 1.001
    usable = [at for at, level in enumerate(slide.levels) if level.downsample <= fine and _longest(level) >= _SHOWN]
    problem: BadInput | None = None
    for at in sorted(usable or [0], key=lambda at: -slide.levels[at].downsample):
        try:
            return _overview_at(slide, at, fine)
        except BadInput as damaged:
            problem = problem or damaged
    assert problem is not None
    raise problem


def _overview_at(slide: Slide, at: int, fine: float) -> Overview:
    level = slide.levels[at]
    if level.width * level.height > _MOST_READ:
        raise BadInput(
            slide.name, "is huge and has no smaller picture of itself", "convert it to a pyramid of several powers"
        )
    longest = _longest(level)
    times = max(1, min(int(fine / level.downsample), math.ceil(longest / (2 * _SHOWN))), math.ceil(longest / _LONGEST))
    width, height = math.ceil(level.width / times), math.ceil(level.height / times)
    return Overview(slide.averaged(at, 0, 0, width, height, times), level.downsample * times)


def _longest(level: Level) -> int:
    return max(level.width, level.height)


def tissue_of(overview: Overview, mpp: float) -> Tissue:
    """Find it.

    Args:
        mpp: micrometres per pixel of the slide's greatest power.
    """
    times = max(1, round(_MASK_UM / (mpp * overview.downsample)))
    image = overview.image.reduce(times) if times > 1 else overview.image
    hue, saturation, value = (np.asarray(band, np.float32) / 255 for band in image.convert("HSV").split())
    coloured = (saturation > _threshold(saturation)) & (value > _DARK)
    ink = coloured & (saturation > _INK_SATURATION) & (hue > _INK_HUES[0]) & (hue < _INK_HUES[1])
    warning = None
    if ink.sum() > _MOST_INK * coloured.sum():
        warning = "most of its colour is blue or green and was taken for a stain; marks of a pen would be taken along"
    else:
        coloured &= ~ink
    return Tissue(_smoothed(coloured), overview.downsample * times, warning if ink.any() else None)


def _threshold(saturation: NDArray[Any]) -> float:
    """Otsu's: the two classes that it makes differ most in their means (Otsu, 1979)."""
    counts, edges = np.histogram(saturation, bins=256, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts).astype(np.float64)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    best = edges[1:][int(np.argmax(np.nan_to_num(between)))]
    return float(np.clip(best, *_SATURATION))


def _smoothed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each pixel as most of its neighbours are."""
    from PIL import Image as images
    from PIL.ImageFilter import MedianFilter

    if min(mask.shape) < _SMOOTHING:
        return mask
    picture = images.fromarray(mask.astype(np.uint8) * 255)
    smooth: NDArray[np.bool_] = np.asarray(picture.filter(MedianFilter(_SMOOTHING))) > 0
    return smooth
