"""The exact pictures that a model is shown: square, 8-bit RGB, in a PNG that holds pixels and nothing else.

The image processor stretches what is not square, so black is added around the middle, as in training and in Google's
serving code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.ports import Store
from pipelines.records import Value

if TYPE_CHECKING:
    from PIL.Image import Image

_LONGEST_SIDE: Final = 3584
"""Four times what the model sees. Frames are kept with the result and shown to readers, for whom that is plenty."""
_COMPRESSION: Final = 4
"""Fixed, so that equal pictures are equal bytes. Higher levels take seconds on large frames for a few percent."""


class Frame(Value):
    """The exact picture that a model is shown.

    A point (x, y) of the source picture is at (left + x * s, top + y * s) of the frame, where
    s = width / max(source_width, source_height).
    """

    sha256: str
    """Of the PNG in the store."""
    attachment: str
    """``Attachment.sha256``."""
    width: int
    height: int
    """In pixels, both the same."""
    source_width: int
    source_height: int
    """Of the attached picture (slice, patch), upright."""
    left: int
    top: int
    """Where the source picture begins within the frame."""
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
        scale = self.width / max(self.source_width, self.source_height)
        return (x - self.left) / scale, (y - self.top) / scale


def frame_of_image(
    image: Image,
    attachment: str,
    store: Store,
    steps: Sequence[str] = (),
    *,
    label: str | None = None,
    number: int | None = None,
    box: tuple[int, int, int, int] | None = None,
) -> Frame:
    """Put the frame of a decoded picture into the store.

    Equal pictures give equal frames, byte for byte with the same libraries.

    Args:
        image: mode ``L`` or ``RGB``; the source picture as it is to be seen, not padded.
        attachment: ``Attachment.sha256``.
        steps: what was done to it so far, in plain words.
    """
    width, height = image.size
    done = list(steps)
    image = _scaled_down(image, done)
    side = max(image.size)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    if image.width != image.height:
        done.append("padded to a square with black")
    if image.mode == "L":
        done.append("grey repeated in red, green and blue")
    return Frame(
        sha256=store.put(_png(image, side, left, top)),
        attachment=attachment,
        width=side,
        height=side,
        source_width=width,
        source_height=height,
        left=left,
        top=top,
        steps=tuple(done),
        label=label,
        number=number,
        box=box,
    )


def _scaled_down(image: Image, steps: list[str]) -> Image:
    """Averages areas, as the serving code does, so that nothing fine turns into false patterns."""
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= _LONGEST_SIDE:
        return image
    width, height = (max(1, round(side * _LONGEST_SIDE / longest)) for side in image.size)
    steps.append(f"scaled down from {image.width} x {image.height} to {width} x {height}")
    return image.resize((width, height), Resampling.BOX)


def _png(image: Image, side: int, left: int, top: int) -> bytes:
    import io

    from PIL import Image as images

    # A new picture: what the file said about itself does not come along.
    canvas = images.new("RGB", (side, side))
    canvas.paste(image, (left, top))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()
