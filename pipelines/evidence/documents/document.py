"""A document as it was read: its pages, who read them, and what a reader of the result must know."""

from __future__ import annotations

from typing import Final

from pipelines.evidence.documents.page import Page
from pipelines.records import Engine, Value

#: Pages that are read of one document, and of those how many as pictures, which take seconds each.
MOST_PAGES: Final = 200
MOST_PICTURES: Final = 50


class Document(Value):
    """What stands in a PDF, a picture or a text file."""

    pages: tuple[Page, ...]
    """Those that were read, by their numbers; a page on which nothing stands has no words."""
    page_count: int
    """Of the file, with those that were left out."""
    engines: tuple[Engine, ...] = ()
    """Which read it: of the text layer, of pictures."""
    language: str | None = None
    """Most of it is written in (ISO 639-1); None where that cannot be told."""
    warnings: tuple[str, ...] = ()
    """In plain words, without any that stand in the document: what was left out, what is unsure and why."""

    @property
    def is_empty(self) -> bool:
        return not any(page.words for page in self.pages)
