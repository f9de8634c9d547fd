"""Boxes drawn on a copy of a picture, for people: no model is shown it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.evidence.lettering import letters
from pipelines.ports import Store

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge in pixels of the picture; the pixels at right and lower are outside."""
Colour = tuple[int, int, int]

_LONGEST_SIDE: Final = 1600
_BLACK: Final = (0, 0, 0)
#: Told apart by those who see few colours as well (Okabe and Ito, 2008), without its black and its darkest blue.
_COLOURS: Final[tuple[Colour, ...]] = (
    (240, 228, 66),
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
)


def put_overlay(
    image: Image, boxes: Sequence[tuple[Box, str]], store: Store, title: str, *, one_colour: bool = False
) -> dict[str, str]:
    """Put ``outlined`` into the store as a PNG; what ``data["overlays"]`` says of it.

    Args:
        title: what is to be seen, for whoever cannot see it; no patient text.
    """
    import io

    buffer = io.BytesIO()
    outlined(image, boxes, one_colour=one_colour).save(buffer, "PNG", compress_level=4)
    return {"sha256": store.put(buffer.getvalue()), "title": title}


def outlined(image: Image, boxes: Sequence[tuple[Box, str]], *, one_colour: bool = False) -> Image:
    """A copy in RGB, at most 1,600 pixels long, with the boxes and their labels (empty: none) drawn in.

    Nothing within a box is painted over but its own label, where there is no room for that above it.

    Args:
        image: mode ``L`` or ``RGB``.
        one_colour: for boxes of one sort; else every label has its colour.
    """
    from PIL import ImageDraw
    from PIL.Image import Resampling

    scale = min(1.0, _LONGEST_SIDE / max(image.size))
    drawn = image.convert("RGB")
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        drawn = drawn.resize((width, height), Resampling.BOX)
    across, down = drawn.width / image.width, drawn.height / image.height
    kinds = dict.fromkeys("" if one_colour else label for _, label in boxes)
    colours = {kind: _COLOURS[place % len(_COLOURS)] for place, kind in enumerate(kinds)}
    pen = ImageDraw.Draw(drawn)
    placed = [
        ((left * across, upper * down, right * across, lower * down), label)
        for (left, upper, right, lower), label in boxes
    ]
    for box, label in placed:
        _outline(pen, box, colours["" if one_colour else label], drawn.size)
    for box, label in placed:
        if label:
            _label(pen, box, label, colours["" if one_colour else label], drawn.size)
    return drawn


def _outline(pen: ImageDraw, box: Box, colour: Colour, size: tuple[int, int]) -> None:
    """On the edges of the box, a black line around it: seen on bone as on air."""
    thick = _thickness(size)
    left, upper = round(box[0]), round(box[1])
    right, lower = max(left, round(box[2]) - 1), max(upper, round(box[3]) - 1)
    pen.rectangle((left - 1, upper - 1, right + 1, lower + 1), outline=_BLACK)
    pen.rectangle((left, upper, right, lower), outline=colour, width=thick)


def _label(pen: ImageDraw, box: Box, label: str, colour: Colour, size: tuple[int, int]) -> None:
    """In black on the box's colour, above the box; where there is no room, within its upper edge."""
    font = letters(max(11, round(max(size) / 60)))
    thick = _thickness(size)
    ascent, descent = font.getmetrics()
    width, height = round(font.getlength(label)) + 2 * thick + 2, ascent + descent + 2
    left = max(0, min(round(box[0]), size[0] - width))
    top = round(box[1]) - height
    if top < 0:
        top = max(0, round(box[1]))
    pen.rectangle((left, top, left + width - 1, top + height - 1), fill=colour)
    pen.text((left + thick + 1, top + 1), label, fill=_BLACK, font=font)


def _thickness(size: tuple[int, int]) -> int:
    return max(1, round(max(size) / 400))
