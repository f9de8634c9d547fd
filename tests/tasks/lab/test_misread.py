"""What the reading of a picture does to print is undone where only one thing can have been printed, and is said."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

import pytest

from pipelines.evidence.documents.text_file import text_pages
from pipelines.tasks.lab.misread import spaced
from pipelines.tasks.lab.reading import read_report
from pipelines.tasks.lab.rows import LabReport
from tests.tasks.lab.test_odd_tables import HEADER


def picture(table: str, reads: Mapping[str, str] | None = None) -> LabReport:
    """The table as it is read off a picture, where some words are taken for others."""
    [page] = text_pages((HEADER + dedent(table)).encode(), "report.txt")
    words = tuple(word.model_copy(update={"text": (reads or {}).get(word.text, word.text)}) for word in page.words)
    return read_report([page.model_copy(update={"source": "ocr", "words": words})])


def test_units_percents_and_gases() -> None:
    report = picture("""\
        Test          Result       Units      Reference
        ALT           33           U/I        0 - 40
        Albumin       41           9/L        35 - 50
        Platelets     212          x10°/L     150 - 400
        Hematocrit    41.0 H       o          34.0 - 40.0
        p02           98.8         mmHg       80.0 - 100.0
    """)
    assert [(row.test, row.value, row.unit) for row in report.rows] == [
        ("ALT", "33", "U/l"),
        ("Albumin", "41", "g/L"),
        ("Platelets", "212", "x10⁹/L"),
        ("Hematocrit", "41.0", "%"),
        ("pO2", "98.8", "mmHg"),
    ]
    why = [[doubt.why for doubt in row.doubts if doubt.cell == "unit"] for row in report.rows]
    assert why == [["it was read as U/I"], ["it was read as 9/L"], ["it was read as x10°/L"], ["it was read as o"], []]


def test_text_of_a_file_is_left_as_it_stands() -> None:
    [page] = text_pages(
        (HEADER + "Test     Result    Units    Reference\nALT      33        U/I      0 - 40\n").encode(), "report.txt"
    )
    assert [row.unit for row in read_report([page]).rows] == ["U/I"]


@pytest.mark.parametrize("no", [".NON", "NON", "..NON"])
def test_dots_that_cling_to_a_no_never_turn_a_result(no: str) -> None:
    report = picture(
        """\
        TEST                     RESULT               REFERENCE
        SODIUM                   139                  135-145
        HEPATITIS C ANTIBODY   NO! REACTIVE           NON REACTIVE
        """,
        {"NO!": no},
    )
    assert [row.text for row in report.rows if row.value is None] in (["NON REACTIVE"], [])


def test_small_pictures_before_results_and_flags_are_no_letters_of_them() -> None:
    report = picture("""\
        Marker         Result           Status       Healthy range
        Urea           V 8.8 mmol/L     C High       2.5 - 7.8
        Creatinine     57 umol/L        Normal       45 - 84
    """)
    assert [(row.value, row.unit, row.flag) for row in report.rows] == [
        ("8.8", "mmol/L", "H"),
        ("57", "umol/L", "N"),
    ]


def test_a_bracket_that_was_read_as_a_letter() -> None:
    report = picture("""\
        Oximetry Values
        ctHb        14.1    g/dL    L 11.7 - 17.4]
        FCOHb       1.3     %       [ 0.5 - 1.5]
        FMetHb      0.4     %       [ 0.0 - 1.5]
    """)
    limits = [row.reference.limits for row in report.rows if row.reference]
    assert [(each.low, each.high) for each in limits if each] == [("11.7", "17.4"), ("0.5", "1.5"), ("0.0", "1.5")]
    assert not any(row.flag for row in report.rows)


def test_boxes_to_tick_are_no_limits() -> None:
    report = picture("""\
        Test          Limits        Result    Units      Low    Normal    High
        Sodium        135 to 145    148       mmol/L     0      0         i
        Potassium     3.5 to 5.1    4.1       mmol/L     0      i         0
        Chloride      98 to 107     102       mmol/L     0      i         0
    """)
    limits = [row.reference.limits for row in report.rows if row.reference]
    assert [(each.low, each.high) for each in limits if each] == [("135", "145"), ("3.5", "5.1"), ("98", "107")]


@pytest.mark.parametrize(
    ("read", "printed"),
    [
        ("White cellcount", "White cell count"),
        ("BLOODCHEMISTRY", "BLOOD CHEMISTRY"),
        ("CARDIAC ANDTUMORMARKERS", "CARDIAC AND TUMOR MARKERS"),
        ("HepatitisC Antibody", "Hepatitis C Antibody"),
        ("THYROID PROFILE -TOTAL", "THYROID PROFILE - TOTAL"),
        ("HbA1c(IFCC)", "HbA1c (IFCC)"),
        # What is one word, or nobody's, stays as it is.
        ("Micronutrients", "Micronutrients"),
        ("Prothrombin", "Prothrombin"),
        ("Transglutaminase", "Transglutaminase"),
        ("Levetiracetam", "Levetiracetam"),
        ("Anti-TPO", "Anti-TPO"),
    ],
)
def test_lost_spaces(read: str, printed: str) -> None:
    assert spaced(read) == printed


def test_the_stroke_of_a_range_that_was_read_as_a_dot() -> None:
    report = picture("""\
        Test          Result     Units      Reference
        Albumin       3.2        g/dL       3.5 . 5.0
        Bilirubin     0.2        mg/dL      0.1 - 1.2
    """)
    limits = [row.reference.limits for row in report.rows if row.reference]
    assert [(each.low, each.high) for each in limits if each] == [("3.5", "5.0"), ("0.1", "1.2")]


def test_a_number_behind_nearly_all_names_is_of_none() -> None:
    report = picture("""\
        Test                Result     Units      Reference
        Glucose 01          65         mg/dL      70-99
        BUN 01              22         mg/dL      6-24
        Creatinine 01       0.66       mg/dL      0.57-1.00
        Vitamin B 12        300        pg/mL      232-1245
        Sodium 01           137        mmol/L     134-144
    """)
    assert [row.test for row in report.rows] == ["Glucose", "BUN", "Creatinine", "Vitamin B 12", "Sodium"]
