"""A run's result as a document, before it takes any format: every format writes this and knows nothing of runs.

All text is plain, as people wrote or models generated it; whoever writes a format escapes it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One sentence of the result, with the number under which its source is listed."""

    number: int
    text: str
    marks: tuple[str, ...] = ()
    """What a reader must not overlook: that it was generated, inserted, or is not supported by its source."""


@dataclass(frozen=True)
class Table:
    """Rows under headings, all of the same length."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    """Of the columns, as shares of the same sum."""


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows, for whoever cannot see it."""

    png: bytes
    caption: str
    wide: bool = False
    """Whether it takes all of a page's width: a sheet of many."""

    def size(self, width: float, height: float) -> tuple[float, float]:
        """The largest width and height within these that keep its shape."""
        across, down = struct.unpack_from(">II", self.png, 16)
        scale = min(width / across, height / down)
        return across * scale, down * scale


Block = Said | Table | Picture


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; without one where the result has none."""

    heading: str | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Source:
    """Where sentence ``number`` comes from, and the verdict of the check on it."""

    number: int
    origin: str
    verdict: str
    where: str


@dataclass(frozen=True)
class Document:
    """What is written down of a run."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Name and value: patient, status, who heard and answered, …"""
    notices: tuple[str, ...]
    """What a reader must know before the text; the first says that it is for research and development."""
    message: str | None
    """What the result itself says of the text as a whole."""
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    closing: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and lines of what stands at the end, e.g. what a model's maker says of it."""
    written: str
    """When the result was made (ISO 8601): the only time in a document, so that exporting twice gives equal bytes."""
    run: str
