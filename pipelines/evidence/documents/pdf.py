"""PDF files: the text layer where a page has a usable one, else its picture, to be read as any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.evidence.documents.document import MOST_PAGES
from pipelines.evidence.documents.page import Page
from pipelines.evidence.documents.pdf_text import TextLayer, text_layer
from pipelines.evidence.documents.pdfium import drawn, ignored_parts, opened

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

#: At which pages are drawn to be read. Writing of 8 points is then 22 pixels high.
READING_DPI: Final = 200
_MOST_UNKNOWN: Final = 0.05
"""Share of characters without a meaning, above which a text layer is no use."""
_SCANNED: Final = 0.5
"""Share of the page that pictures cover, from which it may be a scan."""
_FEW: Final = 200
"""Characters on a page that pictures cover: a stamp or a page number on a scan, no text layer of its own."""
_NOTABLE: Final = 0.25
_PATHS: Final = 20
"""Drawn shapes on a page without characters: from so many on they may be letters."""


@dataclass(frozen=True)
class Sheet:
    """One page of a PDF after a look at it."""

    page: Page
    """Without words where it has to be read as a picture."""
    as_picture: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pdf:
    """A PDF after a look at all its pages."""

    sheets: tuple[Sheet, ...]
    page_count: int
    warnings: tuple[str, ...]


def read_text_layers(data: bytes, name: str) -> Pdf:
    """Every page's text layer, and which pages have none that is of use.

    Raises:
        BadInput: it is locked, damaged or empty.
    """
    with opened(data, name) as document:
        count = len(document)
        sheets, warnings = [], ignored_parts(document)
        for number in range(1, min(count, MOST_PAGES) + 1):
            sheet = _sheet(document, number)
            if sheet is None:
                warnings.append(f"page {number} is damaged and was not read")
            else:
                sheets.append(sheet)
        return Pdf(tuple(sheets), count, tuple(warnings))


def page_pictures(data: bytes, name: str, numbers: list[int]) -> Iterator[tuple[int, Image]]:
    """The pages of these numbers as grey pictures to be read, drawn one at a time."""
    for number in numbers:
        # Opened anew each time: PDFium is free for others while the picture is read.
        with opened(data, name) as document:
            page = document[number - 1]
            picture = drawn(page, READING_DPI, grey=True)
            page.close()
        yield number, picture


def _sheet(document: PdfDocument, number: int) -> Sheet | None:
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return None
    try:
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            return None
        return _judged(page, number, text_layer(page))
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()


def _judged(page: PdfPage, number: int, layer: TextLayer) -> Sheet:
    """The page with its text layer, or as a picture where that says too little."""
    width, height = page.get_size()
    bare = Page(number=number, width=width, height=height, source="ocr", words=())
    warnings = []
    if layer.unseen > layer.seen:
        return Sheet(
            bare,
            as_picture=True,
            warnings=(f"page {number} is a scan; text that another program read off it was left aside",),
        )
    if layer.seen and layer.unknown > _MOST_UNKNOWN * layer.seen:
        return Sheet(
            bare,
            as_picture=True,
            warnings=(
                f"page {number} has letters of which the file does not say what they are; it was read off its picture",
            ),
        )
    covered, shapes = _drawn_things(page)
    if layer.seen == 0:
        return Sheet(bare, as_picture=covered > 0.01 or shapes >= _PATHS)
    if covered >= _SCANNED and layer.seen < _FEW:
        return Sheet(bare, as_picture=True)
    if covered >= _NOTABLE:
        warnings.append(f"page {number} has pictures; what stands in them was not read")
    if layer.across:
        warnings.append(f"page {number} has writing across its lines, which was not read")
    return Sheet(
        Page(
            number=number,
            width=width,
            height=height,
            source="text-layer",
            words=layer.words,
            turned=layer.turned,
            level_size=layer.level_size,
        ),
        warnings=tuple(warnings),
    )


def _drawn_things(page: PdfPage) -> tuple[float, int]:
    """The share of the page that its largest picture covers, and the number of shapes."""
    from pypdfium2 import raw

    width, height = page.get_size()
    largest, shapes = 0.0, 0
    for thing in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH), max_depth=3):
        if thing.type == raw.FPDF_PAGEOBJ_PATH:
            shapes += 1
        else:
            left, bottom, right, top = thing.get_bounds()
            largest = max(largest, (right - left) * (top - bottom))
    return largest / (width * height), shapes
