"""Reads a document: PDF, picture or text file to pages of words in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.documents.document import MOST_PAGES, MOST_PICTURES, Document
from pipelines.evidence.documents.language import language_name, language_of
from pipelines.evidence.documents.page import Page
from pipelines.evidence.documents.picture_reader import PictureReader
from pipelines.evidence.formats import PICTURES, Format, format_of_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

_OWN_LANGUAGE: Final = "en"
_UNSURE: Final = 0.8
"""Mean confidence of a page's words, below which it is said that it was hard to read."""


def read_document(
    data: bytes,
    name: str,
    *,
    reader: PictureReader | None = None,
    wanted: Callable[[], None] = lambda: None,
) -> Document:
    """What stands in it. The same bytes give the same words.

    Args:
        name: as given, for messages.
        reader: of pictures, loaded at its first one; kept by whoever reads several documents.
        wanted: called before each page that is read as a picture; ends the reading by raising.

    Raises:
        BadInput: it is locked, damaged, empty, huge, or no document.
        ModelNeeded: a page must be read as a picture and the models for that are missing or damaged.
    """
    found = format_of_bytes(data, name)
    reader = reader or PictureReader()
    if found is Format.PDF:
        document = _read_pdf(data, name, reader, wanted)
    elif found in PICTURES:
        document = _read_picture(data, name, reader, wanted)
    elif found is Format.TEXT:
        document = _read_text(data, name)
    else:
        raise BadInput(name, "is no document", "attach a PDF, a picture or a text file")
    return _with_language(document)


def _read_pdf(data: bytes, name: str, reader: PictureReader, wanted: Callable[[], None]) -> Document:
    from pipelines.evidence.documents.pdf import page_pictures, read_text_layers
    from pipelines.evidence.documents.pdfium import pdf_engine

    pdf = read_text_layers(data, name)
    warnings = [*pdf.warnings, *(warning for sheet in pdf.sheets for warning in sheet.warnings)]
    if pdf.page_count > MOST_PAGES:
        warnings.append(f"of {pdf.page_count} pages the first {MOST_PAGES} were read")
    pages = {sheet.page.number: sheet.page for sheet in pdf.sheets}
    numbers = [sheet.page.number for sheet in pdf.sheets if sheet.as_picture]
    for number, picture in page_pictures(data, name, _most(numbers, warnings)):
        wanted()
        pages[number] = _read_page(number, picture, reader, warnings, pages[number])
    engines = (pdf_engine(), reader.engine()) if numbers else (pdf_engine(),)
    if all(not page.words for page in pages.values()):
        warnings.append("nothing to read was found in it")
    return Document(
        pages=tuple(pages[number] for number in sorted(pages)),
        page_count=pdf.page_count,
        engines=engines,
        warnings=tuple(warnings),
    )


def _read_picture(data: bytes, name: str, reader: PictureReader, wanted: Callable[[], None]) -> Document:
    from pipelines.evidence.documents.pictures import count_pages, picture_pages

    count, warnings = count_pages(data, name), list[str]()
    pages = []
    for number, picture in picture_pages(data, name, _most(range(1, count + 1), warnings), grey=True):
        wanted()
        pages.append(_read_page(number, picture, reader, warnings))
    return Document(pages=tuple(pages), page_count=count, engines=(reader.engine(),), warnings=tuple(warnings))


def _read_text(data: bytes, name: str) -> Document:
    from pipelines.evidence.documents.text_file import text_pages

    pages = text_pages(data, name)
    warnings = [f"of {len(pages)} pages the first {MOST_PAGES} were read"] if len(pages) > MOST_PAGES else []
    if not any(page.words for page in pages):
        warnings.append("nothing to read was found in it")
    return Document(pages=tuple(pages[:MOST_PAGES]), page_count=len(pages), warnings=tuple(warnings))


def _most(numbers: Iterable[int], warnings: list[str]) -> list[int]:
    """As many pages as are read as pictures; the others are said."""
    numbers = list(numbers)
    if len(numbers) > MOST_PICTURES:
        warnings.append(f"of {len(numbers)} pages that are pictures the first {MOST_PICTURES} were read")
    return numbers[:MOST_PICTURES]


def _read_page(
    number: int, picture: Image, reader: PictureReader, warnings: list[str], sheet: Page | None = None
) -> Page:
    """The page as its picture reads, in the size that its file gives it."""
    reading = reader.read(picture)
    warnings += [f"page {number} {warning}" for warning in reading.warnings]
    if not reading.words:
        warnings.append(f"page {number}: nothing to read was found on it")
    elif sum(word.confidence for word in reading.words) < _UNSURE * len(reading.words):
        warnings.append(f"page {number} was hard to read: hold its words against the picture")
    width, height = (sheet.width, sheet.height) if sheet else picture.size
    level_size = reading.level_size
    if level_size is not None:
        scale = width / picture.width
        level_size = (level_size[0] * scale, level_size[1] * scale)
    return Page(
        number=number,
        width=width,
        height=height,
        source="ocr",
        words=reading.words,
        turned=reading.turned,
        level_size=level_size,
    )


def _with_language(document: Document) -> Document:
    language = language_of(word.text for page in document.pages for word in page.words)
    if language in (None, _OWN_LANGUAGE):
        return document.model_copy(update={"language": language})
    assert language is not None
    said = f"it seems to be written in {language_name(language)}, which is not understood here"
    return document.model_copy(update={"language": language, "warnings": (*document.warnings, said)})
