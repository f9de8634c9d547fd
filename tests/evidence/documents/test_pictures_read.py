"""Pictures of pages: scans, turned pages, photographs. Read by the real models, on small pages."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.order import lines_of
from pipelines.evidence.documents.picture_reader import DISPUTED, PictureReader
from pipelines.evidence.documents.reading import read_document
from tests.support.pdf_pages import Sheet, pdf, rows, text
from tests.support.scanned import jpeg, photograph, png, rendered, scan, share_read, turned

REPORT = [
    "Test | Result | Unit | Range",
    "Glucose | 99 | mg/dL | 70-99",
    "Chloride | 106.9 | mmol/L | 98-107",
    "WBC | <0.5 | 10*3/uL | 4.0-11.0",
    "Potassium | 4.48 | mmol/L | 3.5-5.1",
    "Hematocrit | 45.3 | % | 36-46",
]
SIZE = (595.0, 190.0)
WORDS = [word for line in REPORT for word in line.replace("|", " ").split()]


def _report() -> Image.Image:
    return rendered(rows(REPORT, top=160, pitch=24), size=SIZE)


def _lines(document: Document) -> list[str]:
    [page] = document.pages
    return [" ".join(word.text for _, word in line) for line in lines_of([(word.place, word) for word in page.words])]


EXPECTED = [" ".join(line.replace("|", " ").split()) for line in REPORT]


def test_a_clean_picture_is_read_word_for_word(reader: PictureReader) -> None:
    document = read_document(png(_report()), "report.png", reader=reader)
    assert _lines(document) == EXPECTED
    [page] = document.pages
    assert (page.source, page.turned) == ("ocr", 0)
    assert [engine.name for engine in document.engines] == ["rapidocr"]
    sure = [word.confidence for word in page.words if word.text in {"99", "106.9", "4.48", "45.3"}]
    assert min(sure) > 0.8
    # Boxes lie where the same page's text layer has them.
    written = read_document(pdf(Sheet(rows(REPORT, top=160, pitch=24), size=SIZE)), "report.pdf").pages[0]
    for read, word in zip(page.words, written.words, strict=True):
        assert (read.box[0], read.box[2]) == pytest.approx((word.box[0], word.box[2]), abs=0.006)
        assert (read.box[1] + read.box[3]) / 2 == pytest.approx((word.box[1] + word.box[3]) / 2, abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize("degrees", [-7.0, -1.5, 2.0, 90.0, 180.0, 270.0, 93.0])
def test_a_turned_page_is_laid_level(reader: PictureReader, degrees: float) -> None:
    document = read_document(png(turned(_report(), degrees)), "turned.png", reader=reader)
    assert share_read(WORDS, [word.text for word in document.pages[0].words]) > 0.97
    assert len(_lines(document)) == len(REPORT)
    assert document.pages[0].turned == pytest.approx(-degrees % 360, abs=0.3)
    # The first word of the page as given lies where turning it has put it.
    plain = read_document(png(_report()), "report.png", reader=reader).pages[0]
    assert document.pages[0].words[0].text == plain.words[0].text
    x, y = _turned_point(plain.words[0].box, degrees, _report().size)
    left, upper, right, lower = document.pages[0].words[0].box
    assert left - 0.01 < x < right + 0.01
    assert upper - 0.01 < y < lower + 0.01


def _turned_point(box: tuple[float, float, float, float], degrees: float, size: tuple[int, int]) -> tuple[float, float]:
    """The middle of a box, as a share of the picture that `turned` gives."""
    width, height = size
    x, y = ((box[0] + box[2]) / 2 - 0.5) * width, ((box[1] + box[3]) / 2 - 0.5) * height
    angle = np.radians(degrees)
    wide, high = turned(Image.new("L", size), degrees).size
    return (x * np.cos(angle) + y * np.sin(angle)) / wide + 0.5, (-x * np.sin(angle) + y * np.cos(angle)) / high + 0.5


@pytest.mark.long
def test_a_scan_and_a_photograph_are_read(reader: PictureReader) -> None:
    page = rendered(rows(REPORT * 4, pitch=28))
    for data in (scan(page, degrees=1.2), photograph(page)):
        document = read_document(data, "page.jpg", reader=reader)
        assert share_read(WORDS * 4, [word.text for word in document.pages[0].words]) > 0.95


@pytest.mark.long
def test_a_scanned_pdf_with_a_hidden_layer_is_read_off_its_picture(reader: PictureReader) -> None:
    buffer = io.BytesIO()
    _report().save(buffer, "PDF", resolution=200)
    scanned = read_document(buffer.getvalue(), "scan.pdf", reader=reader)
    assert _lines(scanned) == EXPECTED
    assert [engine.name for engine in scanned.engines] == ["pypdfium2", "rapidocr"]
    assert scanned.pages[0].width == pytest.approx(595, abs=1)
    hidden = pdf(Sheet(text(60, 160, "Glucose 66", mode=3) + text(60, 100, "Sodium", 10, mode=3) + _drawn_99(), SIZE))
    document = read_document(hidden, "layer.pdf", reader=reader)
    assert any("another program" in warning for warning in document.warnings)
    assert {page.source for page in document.pages} == {"ocr"}


def _drawn_99() -> str:
    return text(60, 160, "99")


@pytest.mark.long
def test_each_page_of_a_tiff_is_a_page(reader: PictureReader) -> None:
    first, second = (
        rendered(rows(["Sodium | 139"], top=60), size=(400, 100)),
        rendered(rows(["Calcium | 9.05"], top=60), size=(400, 100)),
    )
    buffer = io.BytesIO()
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    document = read_document(buffer.getvalue(), "pages.tif", reader=reader)
    assert [[word.text for word in page.words] for page in document.pages] == [["Sodium", "139"], ["Calcium", "9.05"]]


@pytest.mark.long
def test_exif_says_which_way_is_up(reader: PictureReader) -> None:
    picture = _report()
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    # Stored turned to the left, to be shown turned to the right.
    picture.transpose(Image.Transpose.ROTATE_90).save(buffer, "JPEG", exif=exif)
    document = read_document(buffer.getvalue(), "photo.jpg", reader=reader)
    assert document.pages[0].width == picture.width
    assert document.pages[0].turned == 0
    assert _lines(document) == EXPECTED


@pytest.mark.parametrize(
    "picture", [Image.new("L", (400, 300), 255), Image.new("L", (5, 5)), Image.new("RGB", (1, 900))]
)
def test_a_picture_without_writing_is_said_to_have_none(reader: PictureReader, picture: Image.Image) -> None:
    document = read_document(png(picture), "blank.png", reader=reader)
    assert document.is_empty
    assert any("nothing to read" in warning for warning in document.warnings)


def test_what_can_be_seen_through_lies_on_white(reader: PictureReader) -> None:
    letters = rendered(rows(["Sodium | 139"], top=60), size=(400, 100))
    clear = Image.merge("LA", (Image.new("L", letters.size, 0), letters.point(lambda value: 255 - value)))
    document = read_document(png(clear), "clear.png", reader=reader)
    assert [word.text for word in document.pages[0].words] == ["Sodium", "139"]


@pytest.mark.long
def test_numbers_that_are_hard_to_read_are_not_sure(reader: PictureReader) -> None:
    """On a picture too coarse to tell digits, words with wrong digits must not be sure."""
    coarse = _report().resize((520, 165)).resize((1040, 330))
    document = read_document(jpeg(coarse, 30), "coarse.jpg", reader=reader)
    wrong = [word for word in document.pages[0].words if any(map(str.isdigit, word.text)) and word.text not in WORDS]
    assert all(word.confidence <= max(DISPUTED, 0.9) for word in wrong)
