"""A page of a document as words in their places, whether they were written there or read off a picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.records import Value

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge as shares of the page's width and height, from its upper left corner, upright."""


class PlacedWord(Value):
    """A run of characters without white space, and where it stands."""

    text: str
    box: Box
    confidence: float = Field(default=1.0, ge=0, le=1)
    """That it says so: 1 where it was written there, else as the reader of pictures tells."""
    level: Box | None = None
    """Its box in the page turned level, where the page as given is not: shares of that one's width and height."""

    @property
    def place(self) -> Box:
        """Where it stands for finding its line and its column: on the page as it lies level."""
        return self.level or self.box


class Page(Value):
    """One page, its words in the order in which lines are read: from above, then from the left."""

    number: int = Field(ge=1)
    width: float
    """In points of a PDF, or pixels of a picture: only their proportion matters to what reads the words."""
    height: float
    source: Literal["text-layer", "ocr"]
    words: tuple[PlacedWord, ...]
    turned: float = 0.0
    """Degrees by which the picture was turned counter-clockwise before it was read, so that its lines lie level; boxes
    are of the page as given."""
    level_size: tuple[float, float] | None = None
    """Width and height of the page turned level, where that is another; what ``PlacedWord.level`` is shares of."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height that ``PlacedWord.place`` is shares of."""
        return self.level_size or (self.width, self.height)
