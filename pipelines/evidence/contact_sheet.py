"""All pictures that a model was shown on one sheet, with what it was told of each."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.evidence.frames import Frame
from pipelines.evidence.lettering import letters, lines_of
from pipelines.ports import Store

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

_WIDTH: Final = 1600
_MARGIN: Final = 24
_GAP: Final = 12
_COLUMNS: Final = 9
"""Of pictures that are still recognised, 160 pixels wide."""
_LARGEST: Final = 640
_LEAST_CELL: Final = 40
_LINE: Final = 1.3
"""Height of a line in heights of its letters."""
_PAPER: Final = (255, 255, 255)
_INK: Final = (20, 20, 20)
_GREY: Final = (90, 90, 90)
_EDGE: Final = (170, 170, 170)
_LINES_OF_LABEL: Final = 2
_LINES_OF_STEPS: Final = 3
_LINES_AROUND: Final = 6


class _Text(NamedTuple):
    """Lines in one size and colour."""

    lines: tuple[str, ...]
    font: FreeTypeFont
    height: int
    """Of a line."""
    colour: tuple[int, int, int]

    @property
    def tall(self) -> int:
        return len(self.lines) * self.height


def contact_sheet(frames: Sequence[Frame], store: Store, title: str) -> str:
    """Put a PNG that shows ``frames`` in their order, each with its label, into the store; returns its SHA-256.

    Below each stands also what was done to it alone, and at the foot what was done to all of them. Equal frames and
    titles give equal bytes with the same libraries. One frame is opened at a time.

    Args:
        frames: at least one.
        title: stands above them; no patient text.
    """
    from PIL import Image as images
    from PIL import ImageDraw

    columns = _columns(len(frames))
    cell = (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns
    side = min(cell, _LARGEST)
    shared = _shared_steps(frames)
    head = _text(title, 24, _WIDTH - 2 * _MARGIN, _LINES_AROUND, bold=True)
    foot = _text(_footing(frames, shared), 16, _WIDTH - 2 * _MARGIN, _LINES_AROUND, colour=_GREY)
    captions = [_caption(frame, place, shared, cell) for place, frame in enumerate(frames, start=1)]
    rows = [captions[at : at + columns] for at in range(0, len(captions), columns)]
    heights = [side + 4 + max(sum(text.tall for text in caption) for caption in row) for row in rows]
    tall = _MARGIN + head.tall + _GAP + sum(heights) + len(heights) * _GAP + foot.tall + _MARGIN

    sheet = images.new("RGB", (_WIDTH, tall), _PAPER)
    pen = ImageDraw.Draw(sheet)
    y = _write(pen, head, _MARGIN, _MARGIN) + _GAP
    for row, height in enumerate(heights):
        for column, caption in enumerate(rows[row]):
            x = _MARGIN + column * (cell + _GAP)
            _show(sheet, pen, _thumbnail(store.get(frames[row * columns + column].sha256), side), x, y, side)
            below = y + side + 4
            for text in caption:
                below = _write(pen, text, x, below)
        y += height + _GAP
    _write(pen, foot, _MARGIN, y)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=4)
    return store.put(buffer.getvalue())


def _columns(count: int) -> int:
    """About as many as fill a sheet that is wider than high; more of smaller ones only where there are hundreds."""
    return max(min(_COLUMNS, math.ceil(math.sqrt(1.5 * count))), math.ceil(math.sqrt(count / 2)))


def _shared_steps(frames: Sequence[Frame]) -> tuple[str, ...]:
    return tuple(step for step in frames[0].steps if all(step in frame.steps for frame in frames))


def _footing(frames: Sequence[Frame], shared: Sequence[str]) -> str:
    count = len(frames)
    shown = "One picture was shown." if count == 1 else f"{count} pictures were shown, in this order."
    done = f" Done to {'it' if count == 1 else 'all of them'}: {'; '.join(shared)}." if shared else ""
    return f"{shown}{done}"


def _caption(frame: Frame, place: int, shared: Sequence[str], width: int) -> list[_Text]:
    own = "; ".join(step for step in frame.steps if step not in shared)
    label = _text(_label(frame, place), 15, width, _LINES_OF_LABEL)
    return [label, _text(own, 12, width, _LINES_OF_STEPS, colour=_GREY)] if own else [label]


def _label(frame: Frame, place: int) -> str:
    """What the model was told of it, its number in its study where that does not say it, and else its place."""
    if frame.label is None:
        return str(frame.number if frame.number is not None else place)
    told = {int(number) for number in re.findall(r"\d{1,9}", frame.label)}
    return frame.label if frame.number is None or frame.number in told else f"{frame.label} · no. {frame.number}"


def _text(
    text: str, size: int, width: int, most: int, *, bold: bool = False, colour: tuple[int, int, int] = _INK
) -> _Text:
    font = letters(size, bold=bold)
    return _Text(lines_of(text, font, width, most), font, math.ceil(size * _LINE), colour)


def _write(pen: ImageDraw, text: _Text, x: int, y: int) -> int:
    """Returns where the next line begins."""
    for line in text.lines:
        pen.text((x, y), line, fill=text.colour, font=text.font)
        y += text.height
    return y


def _thumbnail(png: bytes, side: int) -> Image:
    """Large ones averaged down; small ones enlarged by a whole number, so that their own pixels are seen."""
    from PIL import Image as images
    from PIL.Image import Resampling

    with images.open(io.BytesIO(png)) as frame:
        longest = max(frame.size)
        if longest > side:
            width, height = (max(1, round(length * side / longest)) for length in frame.size)
            return frame.convert("RGB").resize((width, height), Resampling.BOX)
        times = side // longest
        return frame.convert("RGB").resize((frame.width * times, frame.height * times), Resampling.NEAREST)


def _show(sheet: Image, pen: ImageDraw, picture: Image, x: int, y: int, side: int) -> None:
    """At the foot of its square, above its label; a thin edge tells white pictures from the paper."""
    top = y + side - picture.height
    sheet.paste(picture, (x, top))
    pen.rectangle((x - 1, top - 1, x + picture.width, top + picture.height), outline=_EDGE)
