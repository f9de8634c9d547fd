"""The words of a page as lines, in one measure for both directions, so that gaps can be compared with letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from pipelines.evidence.documents import order
from pipelines.evidence.documents.page import Box, Page, PlacedWord

#: Words further apart than this share of the letters' height do not belong to one phrase.
PHRASE_GAP: Final = 0.75
_WIDE: Final = 0.68


@dataclass(frozen=True)
class Token:
    """One word with its edges in the page's own units, from the upper left corner, its line level."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    word: PlacedWord

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def centre(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True)
class Line:
    """Words on one level, from left to right."""

    tokens: tuple[Token, ...]

    @property
    def middle(self) -> float:
        return median(token.middle for token in self.tokens)

    @property
    def height(self) -> float:
        return median(token.height for token in self.tokens)

    @property
    def em(self) -> float:
        """What gaps are measured by: the letters' height, or twice their width where they are wide, as those of a
        typewriter are, between which spaces are wide as well."""
        across = sum(token.x1 - token.x0 for token in self.tokens) / sum(len(token.text) for token in self.tokens)
        return 2 * across if across > _WIDE * self.height else self.height

    @property
    def x0(self) -> float:
        return self.tokens[0].x0

    @property
    def x1(self) -> float:
        return max(token.x1 for token in self.tokens)

    @property
    def text(self) -> str:
        return text_of(self.tokens)

    def runs(self, gap: float = PHRASE_GAP) -> list[tuple[Token, ...]]:
        """The line cut where words stand further apart than ``gap`` of its ``em``."""
        runs: list[list[Token]] = [[self.tokens[0]]]
        em = self.em
        for left, right in pairwise(self.tokens):
            if right.x0 - left.x1 > gap * em:
                runs.append([])
            runs[-1].append(right)
        return [tuple(run) for run in runs]


def page_lines(page: Page) -> list[Line]:
    """The page's lines from above."""
    tokens = [_token(word, page) for word in page.words if word.text.strip()]
    placed = [((token.x0, token.y0, token.x1, token.y1), token) for token in tokens if token.height > 0]
    return [Line(tuple(token for _, token in line)) for line in order.lines_of(placed)]


def text_of(tokens: Iterable[Token]) -> str:
    return " ".join(token.text for token in tokens)


def box_of(tokens: Sequence[Token]) -> Box:
    """What the words cover together, as shares of the page as it is shown."""
    boxes = [token.word.box for token in tokens]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _token(word: PlacedWord, page: Page) -> Token:
    width, height = page.size
    left, upper, right, lower = word.place
    return Token(word.text, left * width, upper * height, right * width, lower * height, word)
