"""From slices of a volume to the exact frames that a model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.frames import Frame, frame_of_image
from pipelines.evidence.volumes.volume import Volume
from pipelines.evidence.volumes.windows import Shade, ct_shade, grey_shade, volume_range
from pipelines.ports import Store

_WORKERS: Final = 3
"""Pillow, most decoders and the disk leave Python's lock; more would hold more slices at once."""


class VolumeFrames(NamedTuple):
    """What can be shown of some slices."""

    frames: tuple[Frame, ...]
    """In the order given, numbered and labelled ``SLICE 1``, ``SLICE 2``, … as Google's notebook does; the first of
    each one's steps says which slice of the volume it is."""
    numbers: tuple[int, ...]
    """Of the slices that the frames show, in the volume."""
    skipped: tuple[str, ...]
    """What cannot be decoded, one by one, in plain words."""
    scale: str
    """How values became shades, in plain words."""


def volume_frames(volume: Volume, numbers: Sequence[int], attachment: str, store: Store) -> VolumeFrames:
    """Decode and show these slices: Hounsfield units in the three windows, anything else on one scale for the whole
    volume, for which all of it is decoded once. A damaged slice is skipped. Equal slices give equal frames.

    Args:
        numbers: from 1, in the order in which they are to be shown.
        attachment: ``Attachment.sha256``.

    Raises:
        BadInput: none of them can be decoded.
    """
    shade = ct_shade() if volume.about.units == "HU" else grey_shade(*volume_range(volume))

    def made(number: int) -> Frame | BadInput:
        try:
            return _frame(volume, number, attachment, store, shade)
        except BadInput as problem:
            return problem

    with ThreadPoolExecutor(_WORKERS) as pool:
        results = list(zip(numbers, pool.map(made, numbers), strict=True))
    shown = [(number, frame) for number, frame in results if isinstance(frame, Frame)]
    broken = [(number, problem) for number, problem in results if isinstance(problem, BadInput)]
    if not shown and broken:
        raise broken[0][1]
    frames = tuple(
        frame.model_copy(update={"number": place, "label": f"SLICE {place}"})
        for place, (_, frame) in enumerate(shown, 1)
    )
    skipped = tuple(f"slice {number} of the volume, which {problem.problem}" for number, problem in broken)
    return VolumeFrames(frames, tuple(number for number, _ in shown), skipped, shade.scale)


def _frame(volume: Volume, number: int, attachment: str, store: Store, shade: Shade) -> Frame:
    from PIL import Image

    shown = shade.apply(volume.slice(number))
    steps = (f"slice {number} of {volume.about.slices}", shade.scale)
    return frame_of_image(Image.fromarray(shown), attachment, store, steps)
