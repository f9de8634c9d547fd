"""The text layer of a PDF page: its characters from PDFium, upright, as words in their places."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.evidence.documents.glyphs import Glyph, words_of
from pipelines.evidence.documents.order import in_reading_order
from pipelines.evidence.documents.page import Box, PlacedWord

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_FINE: Final = 1 << 20
"""PDFium tells places in whole pixels; of a page this wide that is exact enough."""
_PRIVATE: Final = range(0xE000, 0xF900)
_NOT_A_CHARACTER: Final = frozenset({0, 0xFFFD, 0xFFFF})
_LINE_END_HYPHEN: Final = frozenset({0x02, 0xFFFE})
"""What PDFium makes of a hyphen at which a word goes on in the next line."""
_ASKEW: Final = 0.03
"""Of a right angle: writing further off does not follow the page's lines, like a stamp across it."""


@dataclass(frozen=True)
class TextLayer:
    """What stands written in a page."""

    words: tuple[PlacedWord, ...]
    level_size: tuple[float, float] | None
    turned: int
    """Degrees counter-clockwise, as in `Page`."""
    seen: int
    """Characters that are drawn, spaces left out."""
    unseen: int
    """Characters that are there but not drawn: the layer that text recognition lays under a scan."""
    unknown: int
    """Characters whose font does not say what they mean."""
    across: int
    """Characters that stand askew or at right angles to the lines; not among the words."""


class _Character(NamedTuple):
    text: str
    x: float
    y: float
    """Of its origin, as shares of the page from the upper left corner."""
    box: tuple[float, float, float, float]
    em: float
    """In points."""
    quarter: int | None
    """Quarter turns of its line counter-clockwise against the page as shown; None if askew."""


@dataclass(frozen=True)
class _Drawing:
    """What all characters of one text object share."""

    em: float
    quarter: int | None
    hidden: bool


def text_layer(page: PdfPage) -> TextLayer:
    """What stands written in the page, in reading order."""
    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        reading = _Reading(page, textpage, (width, height))
        characters = list(reading.characters())
    finally:
        textpage.close()
    quarters = Counter(each.quarter for each in characters if each.quarter is not None and not each.text.isspace())
    quarter = quarters.most_common(1)[0][0] if quarters else 0
    across = sum(each.quarter != quarter and not each.text.isspace() for each in characters)
    size = (height, width) if quarter % 2 else (width, height)
    runs = words_of(_glyph(each, quarter, size) for each in characters if each.quarter == quarter)
    placed = []
    for run in runs:
        level = _shares(run.box, size)
        box = _turned_back(level, quarter)
        placed.append((level, PlacedWord(text=run.text, box=box, level=level if quarter else None)))
    return TextLayer(
        words=tuple(in_reading_order(placed)),
        level_size=size if quarter else None,
        turned=-90 * quarter % 360,
        seen=reading.seen,
        unseen=reading.hidden,
        unknown=reading.unknown,
        across=across,
    )


class _Reading:
    """One pass over a text page."""

    def __init__(self, page: PdfPage, textpage: PdfTextPage, size: tuple[float, float]) -> None:
        from pypdfium2 import raw

        self._raw: Any = raw
        self._text = textpage.raw
        self._size = size
        self._affine = _to_shares(page)
        self._drawings: dict[int, _Drawing] = {}
        self.seen = self.hidden = self.unknown = 0

    def characters(self) -> Iterator[_Character]:
        """Those that are drawn within the page; written spaces among them."""
        raw, text = self._raw, self._text
        x, y = ctypes.c_double(), ctypes.c_double()
        # The room that its font gives a character, not its ink: between two digits 1 there is much white.
        room = raw.FS_RECTF()
        for index in range(raw.FPDFText_CountChars(text)):
            code = raw.FPDFText_GetUnicode(text, index)
            letter = "-" if code in _LINE_END_HYPHEN else chr(code)
            space = letter.isspace()
            if space and raw.FPDFText_IsGenerated(text, index):
                continue
            drawing = self._drawing(index)
            if not space:
                self.hidden += drawing.hidden
                self.seen += not drawing.hidden
                if code in _NOT_A_CHARACTER or code in _PRIVATE or code < 0x20:
                    self.unknown += code not in _LINE_END_HYPHEN
                    letter = "-" if code in _LINE_END_HYPHEN else "\ufffd"
            if drawing.hidden:
                continue
            raw.FPDFText_GetLooseCharBox(text, index, room)
            raw.FPDFText_GetCharOrigin(text, index, x, y)
            box = self._box(room.left, room.bottom, room.right, room.top)
            if not (-0.01 < (box[0] + box[2]) / 2 < 1.01 and -0.01 < (box[1] + box[3]) / 2 < 1.01):
                continue
            yield _Character(letter, *self._share(x.value, y.value), box, drawing.em, drawing.quarter)

    def _drawing(self, index: int) -> _Drawing:
        thing = self._raw.FPDFText_GetTextObject(self._text, index)
        key = ctypes.cast(thing, ctypes.c_void_p).value or 0
        if key not in self._drawings or not key:
            self._drawings[key] = self._drawing_of(index, thing if key else None)
        return self._drawings[key]

    def _drawing_of(self, index: int, thing: Any) -> _Drawing:
        matrix = self._raw.FS_MATRIX()
        self._raw.FPDFText_GetMatrix(self._text, index, matrix)
        em = self._raw.FPDFText_GetFontSize(self._text, index) * math.hypot(matrix.c, matrix.d)
        mode = self._raw.FPDFTextObj_GetTextRenderMode(thing) if thing is not None else 0
        hidden = mode in (self._raw.FPDF_TEXTRENDERMODE_INVISIBLE, self._raw.FPDF_TEXTRENDERMODE_CLIP)
        return _Drawing(em, self._quarter(matrix.a, matrix.b), hidden)

    def _quarter(self, along: float, up: float) -> int | None:
        (ox, oy), (px, py) = self._share(0, 0), self._share(along, up)
        width, height = self._size
        # Downwards is positive on the page, counter-clockwise turns are upwards.
        turns = math.atan2(-(py - oy) * height, (px - ox) * width) / (math.pi / 2)
        return round(turns) % 4 if abs(turns - round(turns)) < _ASKEW else None

    def _share(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self._affine
        return a * x + c * y + e, b * x + d * y + f

    def _box(self, left: float, bottom: float, right: float, top: float) -> Box:
        a, b, c, d, e, f = self._affine
        x0, y0 = a * left + c * bottom + e, b * left + d * bottom + f
        x1, y1 = a * right + c * top + e, b * right + d * top + f
        if x0 > x1:
            x0, x1 = x1, x0
        return (x0, y0, x1, y1) if y0 <= y1 else (x0, y1, x1, y0)


def _to_shares(page: PdfPage) -> tuple[float, ...]:
    """The affine map from the file's coordinates to shares of the page as shown (crop box, turned as the file says)."""
    from pypdfium2 import raw

    def seen(x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
        return across.value / _FINE, down.value / _FINE

    far = 1000.0
    (e, f), (px, py), (qx, qy) = seen(0, 0), seen(far, 0), seen(0, far)
    return (px - e) / far, (py - f) / far, (qx - e) / far, (qy - f) / far, e, f


def _glyph(character: _Character, quarter: int, size: tuple[float, float]) -> Glyph:
    left, _, right, _ = _turned(character.box, quarter)
    x, y, _, _ = _turned((character.x, character.y, character.x, character.y), quarter)
    width, height = size
    # A space may have no box; it begins at its origin.
    if character.text.isspace():
        left = right = x
    return Glyph(character.text, left * width, right * width, y * height, character.em)


def _turned(box: Box, quarter: int) -> Box:
    """A box of the page as shown, in the page turned so that lines at ``quarter`` turns lie level."""
    left, upper, right, lower = box
    if quarter == 1:
        return 1 - lower, left, 1 - upper, right
    if quarter == 2:
        return 1 - right, 1 - lower, 1 - left, 1 - upper
    if quarter == 3:
        return upper, 1 - right, lower, 1 - left
    return box


def _turned_back(box: Box, quarter: int) -> Box:
    return _turned(box, -quarter % 4)


def _shares(box: Box, size: tuple[float, float]) -> Box:
    width, height = size
    left, upper, right, lower = box
    return (
        min(1.0, max(0.0, left / width)),
        min(1.0, max(0.0, upper / height)),
        min(1.0, max(0.0, right / width)),
        min(1.0, max(0.0, lower / height)),
    )
