"""The patches of a slide that a model is shown: 896 pixels at about 10x, edge to edge, on tissue, in rows.

As in Google's pathology notebook: a grid without overlap from the upper left corner, the cells with tissue, at most 125
of them drawn by chance. Drawn with a fixed seed here, and kept in their order, row by row.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.evidence.frames import Frame, frame_of_image
from pipelines.evidence.slides.power import Power, power_near_10x
from pipelines.evidence.slides.slide import Slide
from pipelines.evidence.slides.tissue import Overview, Tissue, overview_of, tissue_of
from pipelines.ports import Store

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE: Final = 896
MOST: Final = 125
SEED: Final = 0
_LEAST_TISSUE: Final = 0.25
_LEAST_OF_LITTLE: Final = 0.05
"""Taken where no patch has more: needle biopsies and cytology."""
_MOST_DAMAGED: Final = 0.25
_AT_ONCE: Final = 2


class Place(NamedTuple):
    """One cell of the grid."""

    row: int
    column: int
    """From 1."""
    tissue: float
    """Share of the patch that is tissue."""


class Plan(NamedTuple):
    """What of a slide could be shown."""

    power: Power
    overview: Overview
    tissue: float
    """Share of the slide that is tissue."""
    rows: int
    columns: int
    places: tuple[Place, ...]
    """With tissue, row by row."""
    warnings: tuple[str, ...]


class Patches(NamedTuple):
    """What is shown, in order."""

    frames: tuple[Frame, ...]
    damaged: int
    """Patches that were drawn and could not be decoded."""


def plan_of(slide: Slide) -> Plan:
    """Look for tissue, and lay the grid over it.

    Raises:
        BadInput: the slide cannot be read, has no power as high as 5x, or shows no tissue.
    """
    power = power_near_10x(slide.about.mpp, slide.levels, slide.name)
    overview = overview_of(slide)
    tissue = tissue_of(overview, slide.about.mpp)
    cell = _cell(slide, power)
    shares = _shares(tissue, cell, slide.about.width, slide.about.height)
    few = None
    least = _LEAST_TISSUE
    if not (shares >= least).any():
        least = _LEAST_OF_LITTLE
        few = f"no patch has {_LEAST_TISSUE:.0%} of tissue: those with {least:.0%} were taken"
    found = np.argwhere(shares >= least)
    if not len(found):
        raise BadInput(slide.name, "shows no tissue that could be looked at", "attach the slide that was meant")
    return Plan(
        power=power,
        overview=overview,
        tissue=float(tissue.mask.mean()),
        rows=shares.shape[0],
        columns=shares.shape[1],
        places=tuple(Place(int(row) + 1, int(column) + 1, float(shares[row, column])) for row, column in found),
        warnings=tuple(filter(None, (*slide.about.warnings, power.warning, tissue.warning, few))),
    )


def drawn(places: Sequence[Place], most: int = MOST, seed: int = SEED) -> tuple[Place, ...]:
    """At most so many of them, by chance, in the order that they had; equal seeds draw equally."""
    if len(places) <= most:
        return tuple(places)
    return tuple(places[at] for at in sorted(random.Random(seed).sample(range(len(places)), most)))


def patches_of(slide: Slide, power: Power, places: Sequence[Place], attachment: str, store: Store) -> Patches:
    """Read them, and put their frames into the store.

    Args:
        attachment: ``Attachment.sha256``.

    Raises:
        BadInput: more than a few cannot be decoded.
    """
    frames: list[Frame] = []
    damaged = 0
    for place, image in zip(places, read_patches(slide, power, places), strict=True):
        if isinstance(image, BadInput):
            damaged += 1
            if damaged > max(1, _MOST_DAMAGED * len(places)):
                raise image
            continue
        number = len(frames) + 1
        box = box_of(slide, power, place)
        steps = [f"row {place.row}, column {place.column}", power.said]
        if min(box[2] - box[0], box[3] - box[1]) < int(_cell(slide, power)):
            steps.append("white beyond the edge of the slide")
        frames.append(frame_of_image(image, attachment, store, steps, label=f"patch {number}", number=number, box=box))
    if not frames:
        raise BadInput(slide.name, "is a slide that is damaged or cut off", "export it again from the scanner")
    return Patches(tuple(frames), damaged)


def read_patches(slide: Slide, power: Power, places: Sequence[Place]) -> Iterator[Image | BadInput]:
    """Each as `read_patch` reads it, or why it cannot be; in order, two at a time, and few of them held."""

    def read(place: Place) -> Image | BadInput:
        try:
            return read_patch(slide, power, place)
        except BadInput as damaged:
            return damaged

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ahead: deque[Future[Image | BadInput]] = deque()
        for place in places:
            ahead.append(pool.submit(read, place))
            if len(ahead) > _AT_ONCE:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def read_patch(slide: Slide, power: Power, place: Place) -> Image:
    """An RGB picture of 896 x 896 pixels; white beyond the slide's edge.

    Raises:
        BadInput: it cannot be decoded.
    """
    side = SIDE * power.times
    left, top = round((place.column - 1) * side), round((place.row - 1) * side)
    if float(power.times).is_integer():
        return slide.averaged(power.level, left, top, SIDE, SIDE, int(power.times))
    import cv2
    from PIL import Image as images

    width, height = round(place.column * side) - left, round(place.row * side) - top
    read = np.asarray(slide.averaged(power.level, left, top, width, height))
    return images.fromarray(cv2.resize(read, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def box_of(slide: Slide, power: Power, place: Place) -> tuple[int, int, int, int]:
    """Left, upper, right and lower edge of a patch in pixels of the slide's greatest power, within the slide."""
    cell = _cell(slide, power)
    return (
        round((place.column - 1) * cell),
        round((place.row - 1) * cell),
        min(slide.about.width, round(place.column * cell)),
        min(slide.about.height, round(place.row * cell)),
    )


def _cell(slide: Slide, power: Power) -> float:
    """Side of a patch in pixels of the greatest power."""
    return SIDE * power.times * slide.levels[power.level].downsample


def _shares(tissue: Tissue, cell: float, width: int, height: int) -> NDArray[np.float64]:
    """Of each cell of the grid the share that is tissue, [rows, columns]; what lies beyond the edge is none, but where
    the slide is smaller than a cell."""
    rows, columns = math.ceil(height / cell), math.ceil(width / cell)
    sums = np.pad(tissue.mask.cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))
    down = np.rint(np.arange(rows + 1) * cell / tissue.downsample).astype(np.int64)
    across = np.rint(np.arange(columns + 1) * cell / tissue.downsample).astype(np.int64)
    tall = np.diff(down).clip(min=1, max=tissue.mask.shape[0])
    wide = np.diff(across).clip(min=1, max=tissue.mask.shape[1])
    inner = sums[np.ix_(down.clip(max=tissue.mask.shape[0]), across.clip(max=tissue.mask.shape[1]))]
    covered = inner[1:, 1:] - inner[:-1, 1:] - inner[1:, :-1] + inner[:-1, :-1]
    return np.asarray(covered / np.outer(tall, wide), np.float64)
