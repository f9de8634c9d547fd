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
