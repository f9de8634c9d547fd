"""Single characters, as a PDF places them, joined into words.

Files draw text in any order, a cell or a letter at a time, and leave out spaces where a gap does as well. So words are
made from where the characters stand; a written space only adds to that. Raised digits are kept apart from those beside
them: 10 and a raised 3 are 10³, never 103.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final, NamedTuple

from pipelines.evidence.documents.page import Box

_GAP: Final = 0.2
"""Of the size of the writing: a wider gap between two characters parts words. Spaces are 0.25 and more."""
_BASELINE: Final = 0.12
"""Of the size: characters of one line stand no further apart in height."""
_RAISED: Final = (0.12, 0.8)
"""Of the size beside it: how far a small character is lifted to be a raised one, or dropped to be a lowered one."""
_SMALL: Final = 0.9
_SAME_PLACE: Final = 0.3
"""Of the size: a character that is drawn again this near is the same one, made bold."""
_ASCENT: Final = 0.8
_DESCENT: Final = 0.2

RAISED_SIGNS: Final = dict(zip("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", strict=True))
_LIGATURES: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_UNSEEN: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
"""Soft hyphens where no line ends, joiners, spaces without width."""


class Glyph(NamedTuple):
    """A character and where it stands, in points from the page's upper left corner, its line level."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    """Of its font as shown."""


class Run(NamedTuple):
    """A word."""

    text: str
    box: Box


_BY_LINE: Final = attrgetter("baseline", "left")
_BY_LEFT: Final = attrgetter("left")
_BY_EDGES: Final = attrgetter("left", "right")


def words_of(glyphs: Iterable[Glyph]) -> list[Run]:
    """The words that the characters make, in no order."""
    rows = _rows([_spelt(glyph) for glyph in glyphs if glyph.size > 0 and glyph.text not in _UNSEEN])
    _move_raised(rows)
    return [word for row in rows for word in _row_words(row)]


def _spelt(glyph: Glyph) -> Glyph:
    letters = _LIGATURES.get(glyph.text)
    return glyph._replace(text=letters) if letters else glyph


def _rows(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """Those that stand on one line, of about one size."""
    rows: list[list[Glyph]] = []
    row: list[Glyph] | None = None
    for glyph in sorted(glyphs, key=_BY_LINE):
        if row is None or glyph.baseline != row[-1].baseline or glyph.size != row[-1].size:
            # Of the rows above only those few that lie within a line's height can be its own.
            row = next((row for row in islice(reversed(rows), 8) if _continues(glyph, row[-1])), None)
            if row is None:
                rows.append(row := [])
        row.append(glyph)
    return rows


def _continues(glyph: Glyph, last: Glyph) -> bool:
    """Whether it stands on the line of the last one of a row, and is of about its size."""
    less, more = (glyph.size, last.size) if glyph.size < last.size else (last.size, glyph.size)
    return abs(glyph.baseline - last.baseline) <= _BASELINE * less and less >= 0.5 * more


def _move_raised(rows: list[list[Glyph]]) -> None:
    """Small characters beside taller ones, lifted or dropped, join their row; lifted ones as signs of their own."""
    # Told for whole rows first, since rows are many and raised characters few.
    measures = [_Measure.of(row) for row in rows]
    largest = max((each.most for each in measures), default=0.0)
    for own, row in zip(measures, rows, strict=True):
        if own.least > _SMALL * largest:
            continue
        hosts = [host for other, host in zip(measures, rows, strict=True) if host is not row and other.may_host(own)]
        # From the left: the second raised digit stands beside the first one.
        for glyph in sorted(row, key=_BY_LEFT) if hosts else ():
            host, beside = next(
                ((host, found) for host in hosts if (found := _beside(glyph, host)) is not None), (None, None)
            )
            if host is None or beside is None:
                continue
            lifted = beside.baseline > glyph.baseline
            if lifted and glyph.text not in RAISED_SIGNS:
                continue
            row.remove(glyph)
            text = RAISED_SIGNS[glyph.text] if lifted else glyph.text
            host.append(glyph._replace(text=text, baseline=beside.baseline, size=beside.size))
    rows[:] = [row for row in rows if row]


class _Measure(NamedTuple):
    """Of a row: where it stands, its smallest and its largest writing."""

    baseline: float
    least: float
    most: float

    @classmethod
    def of(cls, row: Sequence[Glyph]) -> _Measure:
        sizes = [each.size for each in row]
        return cls(row[0].baseline, min(sizes), max(sizes))

    def may_host(self, small: _Measure) -> bool:
        return abs(self.baseline - small.baseline) < _RAISED[1] * self.most and small.least <= _SMALL * self.most


def _beside(glyph: Glyph, row: list[Glyph]) -> Glyph | None:
    """The character of that row which it follows directly, if it is small against it and off its line."""
    if glyph.text.isspace():
        return None
    low, high = _RAISED
    for other in row:
        if glyph.size > _SMALL * other.size or other.text.isspace():
            continue
        off = abs(other.baseline - glyph.baseline)
        if low * other.size < off < high * other.size and abs(glyph.left - other.right) <= _GAP * other.size:
            return other
    return None


def _row_words(row: list[Glyph]) -> list[Run]:
    words: list[Run] = []
    word: list[Glyph] = []
    for glyph in sorted(row, key=_BY_EDGES):
        if word:
            last = word[-1]
            if glyph.text == last.text and _again(glyph, last):
                continue
            size = glyph.size if glyph.size > last.size else last.size
            if glyph.left - last.right > _GAP * size or glyph.text.isspace():
                words.append(_joined(word))
                word = []
        if not glyph.text.isspace():
            word.append(glyph)
    return [*words, _joined(word)] if word else words


def _again(glyph: Glyph, last: Glyph) -> bool:
    """Whether a character is the last one drawn again."""
    return glyph.left - last.left < _SAME_PLACE * min(last.right - last.left, last.size)


def _joined(word: list[Glyph]) -> Run:
    texts, lefts, rights, baselines, sizes = zip(*word, strict=True)
    heights = set(zip(baselines, sizes, strict=True))  # nearly always one
    upper = min([baseline - _ASCENT * size for baseline, size in heights])
    lower = max([baseline + _DESCENT * size for baseline, size in heights])
    return Run("".join(texts), (min(lefts), upper, max(rights), lower))
