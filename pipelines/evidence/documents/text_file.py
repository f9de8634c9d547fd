"""A text file as pages of words: its lines and columns are their places."""

from __future__ import annotations

import re
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.documents.page import Page, PlacedWord

_WORD: Final = re.compile(r"\S+")
_TAB: Final = 8
_LINE_HEIGHT: Final = 2.0
"""A line is about twice as high as a column is wide."""


def text_pages(data: bytes, name: str) -> list[Page]:
    """Its pages: form feeds part them.

    Raises:
        BadInput: it is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise BadInput(name, "is no text in UTF-8", "save it as UTF-8 and attach it again") from broken
    return [_page(number, part) for number, part in enumerate(text.split("\f"), start=1)]


def _page(number: int, text: str) -> Page:
    lines = [line.expandtabs(_TAB) for line in text.split("\n")]
    width, height = max(1, *map(len, lines)), len(lines)
    words = tuple(
        PlacedWord(
            text=found.group(), box=(found.start() / width, row / height, found.end() / width, (row + 1) / height)
        )
        for row, line in enumerate(lines)
        for found in _WORD.finditer(line)
    )
    return Page(number=number, width=width, height=height * _LINE_HEIGHT, source="text-layer", words=words)
