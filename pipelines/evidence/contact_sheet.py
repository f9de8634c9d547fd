"""All pictures that a model was shown on one sheet, with what it was told of each."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
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
_LABEL_WIDTH: Final = 280
"""That a column keeps for its labels, where small pictures leave the room for it."""
_LEAST_WIDTH: Final = 640
_BELOW: Final = 5
_LINE: Final = 1.3
"""Height of a line in heights of its letters."""
_PAPER: Final = (255, 255, 255)
_INK: Final = (20, 20, 20)
_GREY: Final = (90, 90, 90)
_EDGE: Final = (170, 170, 170)


class _Type(NamedTuple):
    """How words are set."""

    font: FreeTypeFont
    colour: tuple[int, int, int]
    most: int
    """Lines; what is longer is cut."""

    @property
    def height(self) -> int:
        """Of a line."""
        return math.ceil(self.font.size * _LINE)

    def set(self, text: str, width: int) -> _Text:
        return _Text(lines_of(text, self.font, width, self.most), self)


class _Text(NamedTuple):
    lines: tuple[str, ...]
    type: _Type

    @property
    def tall(self) -> int:
        return len(self.lines) * self.type.height


class _Cell(NamedTuple):
    frame: Frame
    side: int
    """At which it is drawn."""
    caption: tuple[_Text, ...]

    @property
    def written(self) -> int:
        return sum(text.tall for text in self.caption)


def contact_sheet(frames: Sequence[Frame], store: Store, title: str) -> str:
    """Put a PNG that shows ``frames`` in their order, each with its label, into the store; returns its SHA-256.

    Below each stands also what was done to it alone, and at the foot what was done to all of them. Equal frames and
    titles give equal bytes with the same libraries. One frame is opened at a time.

    Args:
        frames: at least one.
        title: stands above them; no patient text.
    """
    columns = _columns(len(frames))
    most = min((_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns, _LARGEST)
    widest = max(_side(frame, most) for frame in frames)
    column = max(widest, min(_LABEL_WIDTH, most))
    width = max(columns * column + (columns - 1) * _GAP, _LEAST_WIDTH)
    shared = tuple(step for step in frames[0].steps if all(step in frame.steps for frame in frames))
    cells = list(_cells(frames, most, column, shared))
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    head = _Type(letters(24, bold=True), _INK, 6).set(title, width)
    foot = _Type(letters(16), _GREY, 6).set(_footing(len(frames), shared), width)
    buffer = io.BytesIO()
    _drawn(head, rows, foot, width, column, store).save(buffer, "PNG", compress_level=4)
    return store.put(buffer.getvalue())


def _columns(count: int) -> int:
    """About as many as fill a sheet that is wider than high; more of smaller ones only where there are hundreds."""
    return max(min(count, _COLUMNS, math.ceil(math.sqrt(1.5 * count))), math.ceil(math.sqrt(count / 2)))


def _cells(frames: Sequence[Frame], most: int, column: int, shared: Sequence[str]) -> Iterator[_Cell]:
    labels, remarks = _Type(letters(15), _INK, 2), _Type(letters(12), _GREY, 3)
    for place, frame in enumerate(frames, start=1):
        name = frame.label or str(frame.number if frame.number is not None else place)
        own = "; ".join(step for step in frame.steps if step not in shared and not _says(name, step))
        caption = (labels.set(name, column), *((remarks.set(own, column),) if own else ()))
        yield _Cell(frame, _side(frame, most), caption)


def _says(label: str, step: str) -> bool:
    """Whether a label names all that a step does: ``SLICE 2 · 41 of 300`` says ``slice 41 of 300``."""
    return set(step.lower().split()) <= set(label.lower().split())


def _footing(count: int, shared: Sequence[str]) -> str:
    shown = "One picture." if count == 1 else f"{count} pictures, in this order."
    done = f" Done to {'it' if count == 1 else 'all of them'}: {'; '.join(shared)}." if shared else ""
    return f"{shown}{done}"


def _drawn(head: _Text, rows: list[list[_Cell]], foot: _Text, width: int, column: int, store: Store) -> Image:
    from PIL import Image as images
    from PIL import ImageDraw

    tall = head.tall + _GAP + sum(map(_height, rows)) + foot.tall
    sheet = images.new("RGB", (width + 2 * _MARGIN, tall + 2 * _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    top = _write(pen, head, _MARGIN, _MARGIN) + _GAP
    for row in rows:
        # Pictures of several sizes stand on one line, each above its label.
        base = top + max(cell.side for cell in row)
        for place, cell in enumerate(row):
            left = _MARGIN + place * (column + _GAP)
            _show(sheet, pen, _thumbnail(store.get(cell.frame.sha256), cell.side), left, base)
            below = base + _BELOW
            for text in cell.caption:
                below = _write(pen, text, left, below)
        top += _height(row)
    _write(pen, foot, _MARGIN, top)
    return sheet


def _height(row: list[_Cell]) -> int:
    return max(cell.side for cell in row) + _BELOW + max(cell.written for cell in row) + _GAP


def _write(pen: ImageDraw, text: _Text, left: int, top: int) -> int:
    """Returns where the next line begins."""
    for line in text.lines:
        pen.text((left, top), line, fill=text.type.colour, font=text.type.font)
        top += text.type.height
    return top


def _side(frame: Frame, most: int) -> int:
    """Large frames are averaged down; small ones enlarged by a whole number, so that their own pixels are seen."""
    return most if frame.width > most else frame.width * (most // frame.width)


def _thumbnail(png: bytes, side: int) -> Image:
    from PIL import Image as images
    from PIL.Image import Resampling

    with images.open(io.BytesIO(png)) as frame:
        filter_ = Resampling.BOX if frame.width > side else Resampling.NEAREST
        return frame.resize((side, side), filter_)


def _show(sheet: Image, pen: ImageDraw, picture: Image, left: int, base: int) -> None:
    """A thin edge tells white pictures from the paper."""
    top = base - picture.height
    sheet.paste(picture, (left, top))
    pen.rectangle((left - 1, top - 1, left + picture.width, base), outline=_EDGE)
