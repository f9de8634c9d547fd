"""Documents that cannot be read, or only in part: one line that says so."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.documents.document import MOST_PAGES
from pipelines.evidence.documents.picture_reader import PictureReader
from pipelines.evidence.documents.reading import read_document
from tests.support.pdf_pages import Extras, Sheet, pdf, rows

REPORT = pdf(Sheet(rows(["Glucose | 99 | mg/dL"])), Sheet(rows(["Sodium | 139 | mmol/L"])))


def test_a_locked_file_says_to_remove_the_password() -> None:
    with pytest.raises(BadInput, match="locked with a password; remove the password"):
        read_document(pdf(Sheet("a"), extras=Extras(locked=True)), "locked.pdf")


def test_a_file_of_thousands_of_pages_is_read_in_part_and_says_so() -> None:
    document = read_document(pdf(*[Sheet(rows(["Page | 1"]))] * 2000), "long.pdf")
    assert len(document.pages) == MOST_PAGES
    assert document.page_count == 2000
    assert any(f"first {MOST_PAGES} were read" in warning for warning in document.warnings)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", REPORT[:200], pdf()])
def test_what_is_no_whole_file_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        read_document(data, "cut.pdf")
    assert str(refused.value).startswith("cut.pdf: ")
    assert "\n" not in str(refused.value)


@settings(deadline=None, max_examples=60)
@given(place=st.integers(20, len(REPORT)), byte=st.integers(0, 255), cut=st.integers(0, 40))
def test_damage_is_refused_or_survived(reader: PictureReader, place: int, byte: int, cut: int) -> None:
    data = bytearray(REPORT)
    data[place - 1] = byte
    del data[len(data) - cut :]
    refused = ""
    try:
        read_document(bytes(data), "damaged.pdf", reader=reader)
    except BadInput as problem:
        refused = str(problem)
    assert "\n" not in refused


@pytest.mark.parametrize("size", [(14400.0, 14400.0), (3.0, 3.0), (1e7, 10.0)])
def test_pages_of_absurd_size_are_read(size: tuple[float, float]) -> None:
    document = read_document(pdf(Sheet("BT /F0 10 Tf 1 1 Td (odd) Tj ET", size=size)), "odd.pdf")
    assert [word.text for page in document.pages for word in page.words] in (["odd"], [])


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(BadInput, match="is no document"):
        read_document(b"PK\x03\x04rest", "a.zip")


def test_a_picture_that_is_cut_off_is_refused() -> None:
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(buffer, "PNG")
    with pytest.raises(BadInput, match="cannot be read"):
        read_document(buffer.getvalue()[:2000], "cut.png")


def test_a_text_file_has_its_words_by_line_and_column() -> None:
    document = read_document(b"Glucose\t 99  mg/dL\nWBC  4,5\fPage two", "report.txt")
    assert [[word.text for word in page.words] for page in document.pages] == [
        ["Glucose", "99", "mg/dL", "WBC", "4,5"],
        ["Page", "two"],
    ]
    first = document.pages[0].words
    assert first[1].box[1] == 0
    assert first[3].box[1] == 0.5
    assert first[4].box[0] == pytest.approx(5 / 18)


GERMAN = "Befund der Probe: die Werte sind nicht auffällig und das Ergebnis ist von dem Arzt geprüft"


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (GERMAN, "de"),
        ("The results of the blood test are within the reference range for this patient", "en"),
        ("Les résultats de l'analyse et les valeurs de référence sont dans le tableau", "fr"),
        ("Los resultados de la muestra y los valores de referencia para el paciente", "es"),
        ("Анализ крови: гемоглобин в норме, лейкоциты повышены", "ru"),
        ("血液检查结果 白细胞 正常", "zh"),
        ("Glucose 99 mg/dL 70-99 Sodium 139 mmol/L", None),
        ("", None),
    ],
)
def test_a_language_is_told_only_where_words_tell_it(words: str, language: str | None) -> None:
    document = read_document((words or " ").encode(), "letter.txt")
    assert document.language == language
    said = any("seems to be written in" in warning for warning in document.warnings)
    assert said == (language not in (None, "en"))
