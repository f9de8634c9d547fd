"""Pages as pictures: for a reader's eyes with what was read marked, and for a model."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.documents.page import Box
from pipelines.evidence.formats import PICTURES, Format, format_of_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

#: What pages are shown to models at; of a photograph its own pixels are taken.
SHOWN_DPI: Final = 150
_MOST_SIDE: Final = 3000
_TALL: Final = 1.2
"""Times as high as wide: a model that sees squares of 896 pixels reads such a page better in halves."""
_OVERLAP: Final = 0.05
"""Of the height: the halves share this much, so that no line is cut."""
_COMPRESSION: Final = 4


class Mark(NamedTuple):
    """A place to be marked."""

    box: Box
    label: str = ""
    colour: str = "#c0392b"


def page_picture(data: bytes, name: str, page: int, dpi: int = SHOWN_DPI) -> bytes:
    """One page of a PDF or picture file as PNG, upright as `read_document` has it.

    Raises:
        BadInput: it has no such page, or cannot be read.
    """
    return _png(_picture(data, name, page, dpi))


def halves(picture: bytes) -> tuple[bytes, ...]:
    """A tall page as its upper and its lower half, which overlap a little; any other as it is."""
    from PIL import Image

    whole = Image.open(io.BytesIO(picture))
    if whole.height < _TALL * whole.width:
        return (picture,)
    reach = round(whole.height * (0.5 + _OVERLAP / 2))
    upper = whole.crop((0, 0, whole.width, reach))
    lower = whole.crop((0, whole.height - reach, whole.width, whole.height))
    return _png(upper), _png(lower)


def overlay(picture: bytes, marks: Iterable[Mark]) -> bytes:
    """The page with boxes around the marked places, labels above them."""
    from PIL import Image, ImageDraw, ImageFont

    shown = Image.open(io.BytesIO(picture)).convert("RGB")
    pen = ImageDraw.Draw(shown)
    thick = max(1, round(max(shown.size) / 800))
    font = ImageFont.load_default(size=max(9, round(max(shown.size) / 110)))
    for mark in marks:
        left, upper, right, lower = _pixels(mark.box, shown.size)
        pen.rectangle((left - thick, upper - thick, right + thick, lower + thick), outline=mark.colour, width=thick)
        if mark.label:
            place = pen.textbbox((left, upper - thick), mark.label, font=font, anchor="lb")
            pen.rectangle(place, fill="white")
            pen.text((left, upper - thick), mark.label, font=font, anchor="lb", fill=mark.colour)
    return _png(shown)


def _picture(data: bytes, name: str, page: int, dpi: int) -> Image:
    found = format_of_bytes(data, name)
    if found is Format.PDF:
        return _pdf_page(data, name, page, dpi)
    if found not in PICTURES:
        raise BadInput(name, "has no pages that can be shown", "attach a PDF or a picture")
    from pipelines.evidence.documents.pictures import count_pages, picture_pages

    if not 1 <= page <= count_pages(data, name):
        raise _no_page(name, page)
    picture = next(picture_pages(data, name, [page], grey=False))[1]
    picture.thumbnail((_MOST_SIDE, _MOST_SIDE))
    return picture


def _pdf_page(data: bytes, name: str, page: int, dpi: int) -> Image:
    import pypdfium2

    from pipelines.evidence.documents.pdfium import drawn, opened

    with opened(data, name) as document:
        if not 1 <= page <= len(document):
            raise _no_page(name, page)
        try:
            sheet = document[page - 1]
            try:
                return drawn(sheet, dpi).convert("RGB")
            finally:
                sheet.close()
        except (pypdfium2.PdfiumError, ValueError) as damaged:
            raise BadInput(name, f"has a damaged page {page}", "get it again from its source") from damaged


def _no_page(name: str, page: int) -> BadInput:
    return BadInput(name, f"has no page {page}", "name a page that it has")


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    (left, upper, right, lower), (width, height) = box, size
    return round(left * width), round(upper * height), round(right * width), round(lower * height)


def _png(picture: Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()
