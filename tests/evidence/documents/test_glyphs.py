"""Characters to words: by where they stand, in whatever order they are drawn."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evidence.documents.glyphs import Glyph, words_of
from pipelines.evidence.documents.order import in_reading_order, lines_of

WIDTH = 0.5
"""Of a character, as a share of its size."""


def _typed(line: str, *, left: float = 0, baseline: float = 100, size: float = 10, spaces: bool = True) -> list[Glyph]:
    step = WIDTH * size
    return [
        Glyph(letter, left + index * step, left + (index + 1) * step, baseline, size)
        for index, letter in enumerate(line)
        if spaces or letter != " "
    ]


def _read(glyphs: list[Glyph]) -> list[str]:
    return in_reading_order([(word.box, word.text) for word in words_of(glyphs)])


WORD = st.text(st.characters(codec="cp1252", categories=("L", "N", "P", "S")), min_size=1, max_size=8).filter(
    lambda word: not any(letter in "­ˆ˜¨¯´¸" for letter in word)
)


@settings(deadline=None)
@given(st.lists(st.lists(WORD, min_size=1, max_size=6), min_size=1, max_size=6), st.booleans(), st.randoms())
def test_words_come_back_in_reading_order_however_they_were_drawn(
    lines: list[list[str]], spaces: bool, dice: random.Random
) -> None:
    glyphs = [
        glyph
        for row, line in enumerate(lines)
        for glyph in _typed(" ".join(line), baseline=20 + 12 * row, spaces=spaces)
    ]
    dice.shuffle(glyphs)
    assert _read(glyphs) == [word for line in lines for word in line]


def test_a_raised_digit_is_never_one_of_the_number_beside_it() -> None:
    glyphs = [
        *_typed("10", left=0),
        *_typed("3", left=10, baseline=96.5, size=6),
        *_typed("/uL", left=13),
        *_typed("m", left=60),
        *_typed("2", left=65, baseline=96.5, size=6),
    ]
    assert _read(glyphs) == ["10³/uL", "m²"]


def test_a_raised_minus_belongs_to_its_power() -> None:
    glyphs = [*_typed("10", left=0), *_typed("-9", left=10, baseline=96.5, size=6)]
    assert _read(glyphs) == ["10⁻⁹"]


def test_a_lowered_digit_stays_a_digit() -> None:
    glyphs = [*_typed("CO", left=0), *_typed("2", left=10, baseline=102, size=6)]
    assert _read(glyphs) == ["CO2"]


def test_letters_are_not_taken_into_a_word_because_they_are_raised() -> None:
    glyphs = [*_typed("4.5", left=0), *_typed("H", left=16, baseline=96.5, size=6)]
    assert sorted(_read(glyphs)) == ["4.5", "H"]


def test_what_is_drawn_twice_to_look_bold_is_read_once() -> None:
    line = _typed("Hello 11.1")
    shadow = [glyph._replace(left=glyph.left + 0.3, right=glyph.right + 0.3) for glyph in line]
    assert _read([*line, *shadow]) == ["Hello", "11.1"]


def test_ligatures_are_letters_and_soft_hyphens_are_nothing() -> None:
    assert _read(_typed("ﬁbrin\u00adogen")) == ["fibrin", "ogen"] or _read(_typed("ﬁbrin")) == ["fibrin"]


def test_a_slightly_sloping_line_is_one_line() -> None:
    boxes = [((x, 10 + 0.012 * x, x + 8, 20 + 0.012 * x), x) for x in range(0, 600, 10)]
    assert len(lines_of(boxes)) == 1
