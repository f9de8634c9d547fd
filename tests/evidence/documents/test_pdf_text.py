"""Text layers of PDF files written by hand."""

from __future__ import annotations

import pytest

from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.order import lines_of
from pipelines.evidence.documents.page import Page
from pipelines.evidence.documents.reading import read_document
from tests.support.pdf_pages import Extras, Sheet, pdf, rows, text

REPORT = ["Test | Result | Unit", "Glucose | 111.1 | mg/dL", "WBC | < 0.5 | 10*3/µL", "Sodium | 139 | mmol/L"]


def _lines(page: Page) -> list[str]:
    return [" ".join(word.text for _, word in line) for line in lines_of([(word.place, word) for word in page.words])]


def _document(*sheets: Sheet, extras: Extras | None = None) -> Document:
    return read_document(pdf(*sheets, extras=extras), "report.pdf")


def _expected() -> list[str]:
    return [line.replace(" | ", " ") for line in REPORT]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_page_that_its_file_turns_is_read_as_it_is_shown(rotate: int) -> None:
    # Turned pages have their words turned the other way, as scanners and viewers write them.
    plain = _document(Sheet(rows(REPORT))).pages[0]
    page = _document(Sheet(rows(REPORT), rotate=rotate)).pages[0]
    assert _lines(page) == _lines(plain) == _expected()
    assert page.turned == rotate
    assert (page.width, page.height) == ((842, 595) if rotate % 180 else (595, 842))
    if rotate == 90:
        # The page lies on its right side: its top is at the right.
        assert page.words[0].box[0] > 0.9
    assert page.words[0].place == pytest.approx(plain.words[0].box, abs=1e-4)


def test_boxes_surround_the_words_and_respect_the_crop_box() -> None:
    page = _document(Sheet(text(100, 400, "Here", 20) + text(10, 10, "cut-off", 8), crop=(90, 300, 290, 500))).pages[0]
    [word] = page.words
    assert word.text == "Here"
    assert (page.width, page.height) == (200, 200)
    left, upper, right, lower = word.box
    assert left == pytest.approx(0.05, abs=0.01)
    assert right == pytest.approx(0.05 + 0.22, abs=0.02)
    assert upper < 0.5 < lower
    assert lower - upper == pytest.approx(0.1, abs=0.01)


def test_raised_digits_and_signs_stay() -> None:
    drawn = text(60, 700, "10") + text(71.2, 700, "3", 6, rise=4) + text(74.6, 700, "/µL")
    page = _document(
        Sheet(drawn + text(60, 650, "× 10³/µL ≤".replace("≤", "±")) + text(60, 600, "< 0.05 5–7 °C"))
    ).pages[0]
    assert _lines(page) == ["10³/µL", "× 10³/µL ±", "< 0.05 5–7 °C"]


def test_digits_one_are_not_parted() -> None:
    page = _document(Sheet(text(60, 700, "111.1 11 1"))).pages[0]
    assert [word.text for word in page.words] == ["111.1", "11", "1"]


def test_writing_across_the_page_is_left_out_and_said() -> None:
    document = _document(Sheet(rows(REPORT) + text(100, 300, "COPY", 80, turn="0.7 0.7 -0.7 0.7")))
    assert _lines(document.pages[0]) == _expected()
    assert any("across" in warning for warning in document.warnings)


def test_scripts_and_files_inside_are_said_and_left_alone() -> None:
    document = _document(Sheet(rows(REPORT)), extras=Extras(script=True, file_inside=True))
    assert _lines(document.pages[0]) == _expected()
    assert any("scripts" in warning for warning in document.warnings)
    assert any("files inside" in warning for warning in document.warnings)


def test_a_text_layer_is_read_by_pdfium_and_surely() -> None:
    document = _document(Sheet(rows(REPORT)), Sheet(rows(["Comment: none"])))
    assert [engine.name for engine in document.engines] == ["pypdfium2"]
    assert [page.number for page in document.pages] == [1, 2]
    assert {word.confidence for page in document.pages for word in page.words} == {1.0}
    assert {page.source for page in document.pages} == {"text-layer"}


def test_an_empty_page_is_a_page_without_words() -> None:
    document = _document(Sheet(""), Sheet(rows(REPORT)))
    assert document.pages[0].words == ()
    assert not document.is_empty
    assert any("nothing to read" in warning for warning in _document(Sheet("")).warnings)


def test_reading_twice_gives_the_same() -> None:
    sheets = (Sheet(rows(REPORT)), Sheet(rows(REPORT), rotate=90))
    assert _document(*sheets).digest() == _document(*sheets).digest()
