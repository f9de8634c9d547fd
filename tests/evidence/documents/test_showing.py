"""Pages as pictures, halves of them, and marks upon them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.documents.reading import read_document
from pipelines.evidence.documents.showing import Mark, halves, overlay, page_picture
from tests.support.pdf_pages import Sheet, pdf, rows
from tests.support.scanned import png

REPORT = pdf(Sheet(rows(["Glucose | 99 | mg/dL"])), Sheet(rows(["Sodium | 139"]), rotate=90))


def _opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def test_a_page_is_drawn_as_it_is_shown() -> None:
    assert _opened(page_picture(REPORT, "report.pdf", 1, 72)).size == (595, 842)
    assert _opened(page_picture(REPORT, "report.pdf", 2, 144)).size == (1684, 1190)


def test_pages_that_are_not_there_are_refused() -> None:
    for page in (0, 3):
        with pytest.raises(BadInput, match=f"has no page {page}"):
            page_picture(REPORT, "report.pdf", page)
    with pytest.raises(BadInput, match="has no page 2"):
        page_picture(png(Image.new("L", (9, 9))), "photo.png", 2)
    with pytest.raises(BadInput, match="no pages that can be shown"):
        page_picture(b"some text", "report.txt", 1)


def test_words_lie_in_their_boxes_on_the_picture() -> None:
    for number, page in enumerate(read_document(REPORT, "report.pdf").pages, start=1):
        shown = np.asarray(_opened(page_picture(REPORT, "report.pdf", number, 150)).convert("L"))
        high, wide = shown.shape
        inside = np.zeros(shown.shape, bool)
        for word in page.words:
            left, upper, right, lower = word.box
            inside[int(upper * high) : int(lower * high) + 2, int(left * wide) : int(right * wide) + 2] = True
            assert shown[int(upper * high) : int(lower * high) + 2, int(left * wide) : int(right * wide) + 2].min() < 90
        assert shown[~inside].min() > 200


def test_tall_pages_are_halved_with_nothing_lost_between() -> None:
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[:, None], 100, axis=1)
    upper, lower = (np.asarray(_opened(half)) for half in halves(png(Image.fromarray(ramp))))
    assert (upper[0, 0], lower[-1, 0]) == (0, 199)
    assert upper[-1, 0] > lower[0, 0]
    square = png(Image.fromarray(ramp[:100]))
    assert halves(square) == (square,)


def test_marks_are_drawn_around_their_places() -> None:
    marked = _opened(
        overlay(png(Image.new("L", (200, 100), 255)), [Mark((0.25, 0.5, 0.5, 0.75), "Glucose", "#ff0000")])
    )
    pixels = np.asarray(marked)
    assert tuple(pixels[60, 49]) == (255, 0, 0)
    assert tuple(pixels[60, 75]) == (255, 255, 255)
