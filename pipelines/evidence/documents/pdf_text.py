"""The text layer of a PDF page: its characters from PDFium, upright, as words in their places."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.documents.glyphs import Glyph, words_of
from pipelines.evidence.documents.order import in_reading_order
from pipelines.evidence.documents.page import Box, PlacedWord
from pipelines.evidence.documents.pdf_characters import Characters, Numbers, characters_of, render_mode

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

Flags = NDArray[np.bool_]
N = TypeVar("N", float, Numbers)

_FINE: Final = 1 << 20
"""PDFium tells places in whole pixels; of a page this wide that is exact enough."""
_PRIVATE: Final = range(0xE000, 0xF900)
_NOT_A_CHARACTER: Final = frozenset({0, 0xFFFD, 0xFFFF})
_LINE_END_HYPHEN: Final = frozenset({0x02, 0xFFFE})
"""What PDFium makes of a hyphen at which a word goes on in the next line."""
_ASKEW: Final = 0.03
"""Of a right angle: writing further off does not follow the page's lines, like a stamp across it."""
_OFF_LINE: Final = -1
_BESIDE: Final = 0.01
"""Of the page: what stands further outside is not on it."""


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


class _Letter(NamedTuple):
    """What a code of PDFium means."""

    text: str
    space: bool
    known: bool

    @classmethod
    def of(cls, code: int) -> _Letter:
        if code in _LINE_END_HYPHEN:
            return cls("-", space=False, known=True)
        text = chr(code)
        if text.isspace():
            return cls(text, space=True, known=True)
        if code in _NOT_A_CHARACTER or code in _PRIVATE or code < 0x20:
            return cls("\ufffd", space=False, known=False)
        return cls(text, space=False, known=True)


class _Drawing(NamedTuple):
    """What all characters of one text object share."""

    em: float
    """In points."""
    quarter: int
    """Quarter turns of its lines counter-clockwise against the page as shown, or ``_OFF_LINE``."""
    hidden: bool


@dataclass(frozen=True)
class _Seen:
    """The characters that can be seen on the page, written spaces among them: an element of each array for each."""

    texts: NDArray[np.object_]
    space: Flags
    em: Numbers
    quarter: NDArray[np.int64]
    box: tuple[Numbers, Numbers, Numbers, Numbers]
    """Edges as of a `Box`."""
    origin: tuple[Numbers, Numbers]

    def glyphs(self, quarter: int, size: tuple[float, float]) -> Iterable[Glyph]:
        """What stands at so many quarter turns, in the page of that size that is turned so that it lies level."""
        chosen = self.quarter == quarter
        left, upper, right, lower = (edge[chosen] for edge in self.box)
        left, _, right, _ = _turned((left, upper, right, lower), quarter)
        x, y = (number[chosen] for number in self.origin)
        x, y, _, _ = _turned((x, y, x, y), quarter)
        # A space may have no box; it begins at its origin.
        starts, ends = (np.where(self.space[chosen], x, edge) * size[0] for edge in (left, right))
        columns = (self.texts[chosen], starts, ends, y * size[1], self.em[chosen])
        return map(Glyph, *(column.tolist() for column in columns))


def text_layer(page: PdfPage) -> TextLayer:
    """What stands written in the page, in reading order."""
    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        reading = _Reading(page, textpage, (width, height))
    finally:
        textpage.close()
    seen = reading.seen
    turns = seen.quarter[~seen.space].tolist()
    quarters = Counter(turn for turn in turns if turn != _OFF_LINE).most_common(1)
    quarter, level_count = quarters[0] if quarters else (0, 0)
    size = (height, width) if quarter % 2 else (width, height)
    placed = []
    for run in words_of(seen.glyphs(quarter, size)):
        level = _shares(run.box, size)
        box = _turned_back(level, quarter)
        placed.append((level, PlacedWord(text=run.text, box=box, level=level if quarter else None)))
    return TextLayer(
        words=tuple(in_reading_order(placed)),
        level_size=size if quarter else None,
        turned=-90 * quarter % 360,
        seen=reading.drawn,
        unseen=reading.hidden,
        unknown=reading.unknown,
        across=len(turns) - level_count,
    )


class _Reading:
    """One pass over a text page; all characters at once, since a step of Python for each would take longest."""

    def __init__(self, page: PdfPage, textpage: PdfTextPage, size: tuple[float, float]) -> None:
        from pypdfium2 import raw

        self._raw: Any = raw
        self._text = textpage.raw
        self._size = size
        self._affine = _to_shares(page)
        self._matrix = raw.FS_MATRIX()
        self._quarters: dict[tuple[float, float], int] = {}

        told = characters_of(textpage)
        codes, which = np.unique(told.codes, return_inverse=True)
        letters = [_Letter.of(code) for code in codes.tolist()]
        texts = np.array([each.text for each in letters], object)[which]
        space = np.array([each.space for each in letters], bool)[which]
        known = np.array([each.known for each in letters], bool)[which]

        written = np.ones(len(which), bool)
        for index in np.flatnonzero(space).tolist():
            written[index] = not raw.FPDFText_IsGenerated(self._text, index)
        kept = np.flatnonzero(written)
        drawings, which = self._drawings(told, kept)
        em = np.array([each.em for each in drawings], float)[which]
        quarter = np.array([each.quarter for each in drawings], np.int64)[which]
        hidden = np.array([each.hidden for each in drawings], bool)[which]

        self.drawn = int(np.count_nonzero(~hidden & ~space[kept]))
        """Characters that are no spaces, wherever they stand; so are those of the next two."""
        self.hidden = int(np.count_nonzero(hidden & ~space[kept]))
        self.unknown = int(np.count_nonzero(~known))

        kept, em, quarter = kept[~hidden], em[~hidden], quarter[~hidden]
        left, top, right, bottom = told.rooms[kept].T
        x, y = told.origins[kept].T
        with np.errstate(all="ignore"):  # a broken font may place its characters at no number at all
            x0, y0, x1, y1 = self._box(left, bottom, right, top)
            x, y = self._share(x, y)
            on = _on_page((x0 + x1) / 2) & _on_page((y0 + y1) / 2)
        self.seen = _Seen(
            texts[kept[on]], space[kept[on]], em[on], quarter[on], (x0[on], y0[on], x1[on], y1[on]), (x[on], y[on])
        )

    def _drawings(self, told: Characters, kept: NDArray[np.intp]) -> tuple[list[_Drawing], NDArray[np.intp]]:
        """What draws the characters, and for each which of them. One that no object draws has a drawing of its own."""
        things = told.things[kept]
        own = np.where(things == 0, -1 - np.arange(len(things)), things)
        _, first, which = np.unique(own, return_index=True, return_inverse=True)
        each = zip(kept[first].tolist(), things[first].tolist(), strict=True)
        return [self._drawing(index, thing) for index, thing in each], which

    def _drawing(self, index: int, thing: int) -> _Drawing:
        raw, matrix = self._raw, self._matrix
        raw.FPDFText_GetMatrix(self._text, index, matrix)
        em = raw.FPDFText_GetFontSize(self._text, index) * math.hypot(matrix.c, matrix.d)
        hidden = thing != 0 and render_mode(thing) in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
        line = matrix.a, matrix.b
        if line not in self._quarters:
            self._quarters[line] = self._quarter(*line)
        return _Drawing(em, self._quarters[line], hidden)

    def _quarter(self, along: float, up: float) -> int:
        (ox, oy), (px, py) = self._share(0.0, 0.0), self._share(along, up)
        width, height = self._size
        # Downwards is positive on the page, counter-clockwise turns are upwards.
        turns = math.atan2(-(py - oy) * height, (px - ox) * width) / (math.pi / 2)
        return round(turns) % 4 if abs(turns - round(turns)) < _ASKEW else _OFF_LINE

    def _share(self, x: N, y: N) -> tuple[N, N]:
        a, b, c, d, e, f = self._affine
        return a * x + c * y + e, b * x + d * y + f

    def _box(
        self, left: Numbers, bottom: Numbers, right: Numbers, top: Numbers
    ) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        (x0, y0), (x1, y1) = self._share(left, bottom), self._share(right, top)
        return np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)


def _on_page(middle: Numbers) -> Flags:
    return (middle > -_BESIDE) & (middle < 1 + _BESIDE)


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


def _turned(box: tuple[N, N, N, N], quarter: int) -> tuple[N, N, N, N]:
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
