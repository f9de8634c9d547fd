"""A line as words: where the white between them lies, which digits stand raised, where a point is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.documents.glyphs import RAISED_SIGNS
from pipelines.evidence.documents.line_reader import LINE_HEIGHT, LineReading, Sign

if TYPE_CHECKING:
    from pipelines.evidence.documents.level import Grey

_SPACE: Final = 8
"""Pixels of white at least, where a space was read; within words and after decimal points there are fewer."""
_AFTER_COMMA: Final = 4
"""The same between a comma or the like and a letter."""
_AFTER_LABEL: Final = 12
"""Pixels of white that part "DOB:" from what follows."""
_GAP: Final = 22
"""Pixels of white that part two words also where no space was read: half of the height of writing."""
_LEAST_CONTRAST: Final = 24
_RULE: Final = 0.7
"""Share of a row that a rule fills and no writing does; of a column, in which letters leave white above and below."""
_BAR: Final = 0.95
_SPECK: Final = 3
_THIN: Final = 4
"""Pixels of ink that are none, and of the width of a rule."""
_RAISED: Final = 0.25
"""Of the height of the digit before: so much higher than that one ends a raised digit."""
_LOWER_THAN: Final = 0.85
_DOT: Final = 0.4
"""Of the height of a line's writing: what is smaller and stands at its foot is a point or a comma."""
_FOOT: Final = 0.8


@dataclass(frozen=True)
class LineWord:
    """A word of a line, in pixels of the line's picture."""

    text: str
    left: float
    right: float
    confidence: float
    """Of its least sure character."""
    points_differ: bool
    """It holds digits, and there are more or fewer dots at its foot than were read."""


@dataclass(frozen=True)
class LineInk:
    """Which pixels of a line's picture are written on."""

    dark: NDArray[np.bool_]

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row with writing, but no less than the middle half of the picture."""
        found = np.flatnonzero(self.dark.any(axis=1))
        quarter = LINE_HEIGHT // 4
        if not len(found):
            return quarter, LINE_HEIGHT - quarter
        return min(int(found[0]), quarter), max(int(found[-1]) + 1, LINE_HEIGHT - quarter)

    def extent(self, left: int, right: int) -> tuple[int, int] | None:
        """First and last column with writing between two columns."""
        found = np.flatnonzero(self.dark[:, max(0, left) : max(0, right)].any(axis=0))
        return (max(0, left) + int(found[0]), max(0, left) + int(found[-1]) + 1) if len(found) else None

    def height(self, left: int, right: int) -> tuple[int, int] | None:
        """First and last row with writing between two columns."""
        found = np.flatnonzero(self.dark[:, max(0, left) : max(0, right)].any(axis=1))
        return (int(found[0]), int(found[-1]) + 1) if len(found) else None

    def white(self, left: float, right: float) -> tuple[float, int]:
        """The middle of the widest white between two columns, and its width."""
        start, end = max(0, round(left)), max(0, round(right))
        columns = self.dark[:, start:end].any(axis=0)
        edges = np.flatnonzero(np.diff(np.concatenate([[True], columns, [True]]).astype(np.int8)))
        if not len(edges):
            return (left + right) / 2, 0
        starts, ends = edges[::2], edges[1::2]
        widest = int((ends - starts).argmax())
        return start + (starts[widest] + ends[widest]) / 2, int(ends[widest] - starts[widest])


def ink_of_line(line: Grey) -> LineInk:
    """Dark on light or light on dark, whichever is the less."""
    import cv2

    if int(line.max()) - int(line.min()) < _LEAST_CONTRAST:
        return LineInk(np.zeros(line.shape, np.bool_))
    level, _ = cv2.threshold(line, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = line <= level
    dark = ~dark if dark.mean() > 0.5 else dark
    # Rules of a table beside the writing.
    rules = dark.mean(axis=1) > _RULE
    bars = dark[~rules].mean(axis=0) > _BAR if not rules.all() else np.zeros(dark.shape[1], np.bool_)
    dark[rules] = False
    dark[:, bars] = False
    return LineInk(_without_remains(dark))


def _without_remains(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same without specks, and without what is left of rules at the picture's edge."""
    import cv2

    count, pieces, found, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    high, wide = dark.shape
    keep = np.ones(count, np.bool_)
    for index, (x, y, width, height, area) in enumerate(found.tolist()):
        at_edge = x <= _THIN or x + width >= wide - _THIN or y == 0 or y + height == high
        keep[index] = area > _SPECK and not (at_edge and min(width, height) <= _THIN)
    return np.asarray(dark & keep[pieces], np.bool_)


def words_of_line(reading: LineReading, ink: LineInk) -> list[LineWord]:
    """The line's words, from the left."""
    groups = _groups(reading.signs, ink)
    words = []
    for index, (signs, left) in enumerate(groups):
        right = groups[index + 1][1] if index + 1 < len(groups) else ink.dark.shape[1]
        found = ink.extent(round(left), round(right))
        # Without ink to go by, half a character on either side.
        edges = found if found is not None else (round(signs[0].at) - 8, round(signs[-1].at) + 8)
        marked = _raised(signs, ink, edges)
        text = "".join(sign.text for sign in marked)
        words.append(
            LineWord(
                text=text,
                left=edges[0],
                right=edges[1],
                confidence=min(sign.confidence for sign in marked),
                points_differ=_points_differ(text, ink, edges),
            )
        )
    return words


def _groups(signs: Sequence[Sign], ink: LineInk) -> list[tuple[list[Sign], float]]:
    """Characters that belong together, and the column at which the white before them is parted."""
    groups: list[tuple[list[Sign], float]] = []
    space = False
    for sign in signs:
        if sign.text.isspace():
            space = True
            continue
        if not groups:
            groups.append(([sign], 0.0))
        else:
            middle, width = ink.white(groups[-1][0][-1].at, sign.at)
            blind = not ink.dark.any()
            least = _least_space(groups[-1][0][-1].text, sign.text)
            if width >= _gap(groups[-1][0]) or (space and (width >= least or blind)):
                groups.append(([sign], middle))
            else:
                groups[-1][0].append(sign)
        space = False
    return groups


def _least_space(before: str, after: str) -> int:
    return _AFTER_COMMA if before in ",;:)" and after.isalpha() else _SPACE


def _gap(signs: Sequence[Sign]) -> int:
    label = signs[-1].text == ":" and any(sign.text.isalpha() for sign in signs)
    return _AFTER_LABEL if label else _GAP


def _raised(signs: list[Sign], ink: LineInk, edges: tuple[int, int]) -> list[Sign]:
    """The same, with digits that stand small and high as raised ones."""
    marked = [signs[0]]
    cuts = [float(edges[0]), *(ink.white(a.at, b.at)[0] for a, b in pairwise(signs)), edges[1]]
    base: tuple[int, int] | None = ink.height(round(cuts[0]), round(cuts[1]))
    for index, sign in enumerate(signs[1:], start=1):
        own = ink.height(round(cuts[index]), round(cuts[index + 1]))
        if not (sign.text.isalnum() or sign.text in RAISED_SIGNS) or own is None or base is None:
            marked.append(sign)
            continue
        tall = base[1] - base[0]
        lifted = base[1] - own[1] > _RAISED * tall and own[1] - own[0] < _LOWER_THAN * tall
        if lifted and sign.text.isdigit():
            marked.append(sign._replace(text=RAISED_SIGNS.get(sign.text, sign.text)))
        else:
            marked.append(sign)
            base = own if sign.text.isalnum() else base
    return marked


def _points_differ(text: str, ink: LineInk, edges: tuple[int, int]) -> bool:
    if not any(character.isdigit() for character in text):
        return False
    return _dots(ink, edges) != sum(character in ".,;:" for character in text)


def _dots(ink: LineInk, edges: tuple[int, int]) -> int:
    """Small pieces of ink at the foot of the writing between two columns: points, commas, the lower half of a colon."""
    import cv2

    part = ink.dark[:, edges[0] : edges[1]].astype(np.uint8)
    count, _, found, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    pieces = [tuple(map(int, found[index, :4])) for index in range(1, count)]
    if not pieces:
        return 0
    upper, lower = min(piece[1] for piece in pieces), max(piece[1] + piece[3] for piece in pieces)
    high = lower - upper
    return sum(
        y + height >= upper + _FOOT * high and 2 <= height < _DOT * high and 3 <= width < _DOT * high
        for _, y, width, height in pieces
    )
