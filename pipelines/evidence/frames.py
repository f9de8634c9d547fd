"""The exact pictures that a model is shown: square, 8 bits, in a PNG that holds pixels and nothing else.

The image processor of MedGemma stretches what is not square, so black is added around the middle, as in training and in
Google's serving code; then it scales to 896 pixels, bilinear over areas. What is larger is scaled here, by the same
arithmetic: the processor then has nothing left to scale, and makes of the frame what it would have made of the whole
picture (`tests/evidence/test_frames_processor.py` holds the two against each other, bit by bit). So a frame is what the
model saw and not a finer one, it is made once, and a radiograph of 9 million pixels is neither packed nor unpacked
again: that alone would take three times as long as all the rest. For the same reason a photograph in colour that was
scaled here is not packed at all: it takes 2.4 megabytes, less than most cameras write, and packed would still take a
fifth to a half of them. Slices, patches and frames of films, of which there are many, are packed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.ports import Store
from pipelines.records import Value

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE: Final = 896
"""Of what MedGemma sees, in pixels."""
_LONGEST_SIDE: Final = 3584
"""Of frames for models that see in another way."""
_MOST_PADDED: Final = 1 << 26
"""Pixels of the largest square that is padded before it is scaled. Beyond it areas are averaged first."""


class Frame(Value):
    """The exact picture that a model is shown."""

    sha256: str
    """Of the PNG in the store."""
    attachment: str
    """``Attachment.sha256``."""
    width: int
    height: int
    """In pixels, both the same. Grey ones have one channel: whoever looks repeats it in red, green and blue."""
    source_width: int
    source_height: int
    """Of the attached picture (slice, patch), upright."""
    left: int
    top: int
    """Where the source picture begins within the frame, to the nearest pixel."""
    steps: tuple[str, ...]
    """What was done, in order, in plain words."""
    label: str | None = None
    """What the model was told of it, or what a reader calls it: ``SLICE 12``, ``patch 3``, ``prior, 2019-03-01``."""
    number: int | None = None
    """Of the slice in its volume or of the patch in the row of those shown, from 1."""
    box: tuple[int, int, int, int] | None = None
    """Of a patch: left, upper, right and lower edge in pixels of its slide's greatest power."""

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """A point of the frame in pixels of the source picture; it may lie outside, in the padding."""
        side = max(self.source_width, self.source_height)
        scale = self.width / side
        left, top = _margins(self.source_width, self.source_height)
        return x / scale - left, y / scale - top


def frame_of_image(
    image: Image,
    attachment: str,
    store: Store,
    steps: Sequence[str] = (),
    *,
    label: str | None = None,
    number: int | None = None,
    box: tuple[int, int, int, int] | None = None,
    whole: bool = False,
) -> Frame:
    """Put the frame of a decoded picture into the store.

    Equal pictures give equal frames, byte for byte with the same libraries.

    Args:
        image: mode ``L`` or ``RGB``; the source picture as it is to be seen, not padded.
        attachment: ``Attachment.sha256``.
        steps: what was done to it so far, in plain words.
        whole: not scaled to what MedGemma sees, for models that scale in another way; only what is four times as large
            is scaled down to that.
    """
    from pipelines.evidence.png import png

    width, height = image.size
    done = list(steps)
    framed = _scaled(
        _padded(_averaged(image, whole, done), image.size, done), SIDE if not whole else _LONGEST_SIDE, done
    )
    if image.mode == "L":
        done.append("grey repeated in red, green and blue")
    is_photograph = image.mode == "RGB" and number is None and framed.width == SIDE < max(width, height)
    scale = framed.width / max(width, height)
    left, top = (round(margin * scale) for margin in _margins(width, height))
    return Frame(
        sha256=store.put(png(framed, packed=not is_photograph)),
        attachment=attachment,
        width=framed.width,
        height=framed.height,
        source_width=width,
        source_height=height,
        left=left,
        top=top,
        steps=tuple(done),
        label=label,
        number=number,
        box=box,
    )


def _margins(width: int, height: int) -> tuple[int, int]:
    """Padding on the left and above; what is odd goes to the right and below."""
    side = max(width, height)
    return (side - width) // 2, (side - height) // 2


def _averaged(image: Image, whole: bool, steps: list[str]) -> Image:
    """Averages areas of what is too large for all else."""
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= _LONGEST_SIDE or (not whole and longest**2 <= _MOST_PADDED):
        return image
    width, height = (max(1, round(side * _LONGEST_SIDE / longest)) for side in image.size)
    steps.append(f"scaled down from {image.width} x {image.height} to {width} x {height}")
    return image.resize((width, height), Resampling.BOX)


def _padded(image: Image, source: tuple[int, int], steps: list[str]) -> Image:
    """``source`` is the size before it was averaged, by which its place is found."""
    from PIL import Image as images

    if image.width == image.height:
        return image
    side = max(image.size)
    canvas = images.new(image.mode, (side, side))
    left, top = (round(margin * side / max(source)) for margin in _margins(*source))
    canvas.paste(image, (left, top))
    steps.append("padded to a square with black")
    return canvas


def _scaled(image: Image, side: int, steps: list[str]) -> Image:
    from PIL.Image import Resampling

    if image.width <= side:
        return image
    steps.append(f"scaled down from {image.width} x {image.height} to {side} x {side}, as the model's processor does")
    return image.resize((side, side), Resampling.BILINEAR)
