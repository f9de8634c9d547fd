"""Single characters, as a PDF places them, joined into words.

Files draw text in any order, a cell or a letter at a time, and leave out spaces where a gap does as well. So words are
made from where the characters stand; a written space only adds to that. Raised digits are kept apart from those beside
them: 10 and a raised 3 are 10³, never 103.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def words_of(glyphs: Iterable[Glyph]) -> list[Run]:
    """The words that the characters make, in no order."""
    rows = _rows([glyph._replace(text=_LIGATURES.get(glyph.text, glyph.text)) for glyph in glyphs if _counts(glyph)])
    _move_raised(rows)
    return [word for row in rows for word in _row_words(row)]


def _counts(glyph: Glyph) -> bool:
    return glyph.size > 0 and glyph.text not in _UNSEEN


def _rows(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """Those that stand on one line, of about one size."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda each: (each.baseline, each.left)):
        # Of the rows above only those few that lie within a line's height can be its own.
        for row in reversed(rows[-8:]):
            near = abs(glyph.baseline - row[-1].baseline) <= _BASELINE * min(glyph.size, row[-1].size)
            alike = min(glyph.size, row[-1].size) >= 0.5 * max(glyph.size, row[-1].size)
            if near and alike:
                row.append(glyph)
                break
        else:
            rows.append([glyph])
    return rows


def _move_raised(rows: list[list[Glyph]]) -> None:
    """Small characters beside taller ones, lifted or dropped, join their row; lifted ones as signs of their own."""
    # Told for whole rows first, since rows are many and raised characters few.
    measures = [
        _Measure(row[0].baseline, min(each.size for each in row), max(each.size for each in row)) for row in rows
    ]
    for own, row in zip(measures, rows, strict=True):
        hosts = [host for other, host in zip(measures, rows, strict=True) if host is not row and other.may_host(own)]
        # From the left: the second raised digit stands beside the first one.
        for glyph in sorted(row, key=lambda each: each.left) if hosts else ():
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
    for glyph in sorted(row, key=lambda each: (each.left, each.right)):
        if word and _again(glyph, word):
            continue
        parted = glyph.text.isspace() or (word and glyph.left - word[-1].right > _GAP * max(glyph.size, word[-1].size))
        if parted and word:
            words.append(_joined(word))
            word = []
        if not glyph.text.isspace():
            word.append(glyph)
    return [*words, _joined(word)] if word else words


def _again(glyph: Glyph, word: list[Glyph]) -> bool:
    last = word[-1]
    return glyph.text == last.text and glyph.left - last.left < _SAME_PLACE * min(last.right - last.left, last.size)


def _joined(word: list[Glyph]) -> Run:
    upper = min(glyph.baseline - _ASCENT * glyph.size for glyph in word)
    lower = max(glyph.baseline + _DESCENT * glyph.size for glyph in word)
    box = (min(glyph.left for glyph in word), upper, max(glyph.right for glyph in word), lower)
    return Run("".join(glyph.text for glyph in word), box)
