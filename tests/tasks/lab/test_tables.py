"""Tables as laboratories print them, typed: which cell is whose, and what of it cannot be told."""

from __future__ import annotations

from textwrap import dedent

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evidence.documents.text_file import text_pages
from pipelines.tasks.lab.reading import read_report
from pipelines.tasks.lab.rows import LabReport, Row

HEADER = """\
Mill Lane Clinical Laboratory

Patient: Ada Example          DOB: 1980-02-03
Sex: female                   MRN: 4711
Collected: 2024-03-01

"""


def read(table: str, header: str = HEADER) -> LabReport:
    return read_report(text_pages((header + dedent(table)).encode(), "report.txt"))


def short(row: Row) -> tuple[str | None, str, str | None, str | None]:
    return row.panel, row.test, row.value or row.text, row.unit


def test_who_and_when() -> None:
    report = read("")
    assert report.patient.name == "Ada Example"
    assert report.patient.birth_date == "1980-02-03"
    assert (report.patient.sex, report.patient.id) == ("female", "4711")
    assert (report.laboratory, report.collected) == ("Mill Lane Clinical Laboratory", "2024-03-01")
    assert report.rows == ()


def test_columns_in_any_order() -> None:
    report = read("""\
        Electrolytes
        Result   Flag   Units     Reference Range    Test Name
        5.9      H      mmol/L    3.5 - 5.1          Potassium
        139             mmol/L    135 - 145          Sodium
    """)
    potassium, sodium = report.rows
    assert short(potassium) == ("Electrolytes", "Potassium", "5.9", "mmol/L")
    assert (potassium.flag, potassium.computed, potassium.flag_disagrees) == ("H", "H", False)
    assert (sodium.flag, sodium.computed) == (None, "N")
    assert (potassium.loinc, potassium.ucum, potassium.page) == ("2823-3", "mmol/L", 1)


def test_a_wrapped_name_and_a_wrapped_range_are_one_row() -> None:
    report = read("""\
        Test                          Result    Units     Reference Range
        Alanine Aminotransferase      22        U/L       Female: 7-35
          by kinetic method                               Male: 10-45
        Sodium                        139       mmol/L    135-145
    """)
    first = report.rows[0]
    assert first.reference is not None
    assert first.reference.limits is not None
    assert (first.reference.limits.low, first.reference.limits.high) == ("7", "35")
    assert len(first.reference.others) == 2
    assert [row.value for row in report.rows] == ["22", "139"]


def test_two_tables_beside_each_other() -> None:
    report = read("""\
        Test         Result   Units          Test          Result   Units
        Sodium       139      mmol/L         Hemoglobin    13.2     g/dL
        Potassium    4.4      mmol/L         Hematocrit    40.1     %
    """)
    assert [short(row)[1:] for row in report.rows] == [
        ("Sodium", "139", "mmol/L"),
        ("Potassium", "4.4", "mmol/L"),
        ("Hemoglobin", "13.2", "g/dL"),
        ("Hematocrit", "40.1", "%"),
    ]


def test_two_results_in_one_cell_are_never_one_number() -> None:
    """Where the heading of a second table was not read, its numbers stand beside those of the first."""
    report = read("""\
        Test         Result             Units
        Sodium       139       147      mmol/L
        Potassium    4.4                mmol/L
    """)
    assert [row.test for row in report.rows] == ["Potassium"]
    assert [unread.why for unread in report.not_understood] == ["its cells cannot be told apart"]
    beside = read("""\
        Test         Result   Units
        Sodium       139      mmol/L          Hemoglobin    13.2     g/dL
    """)
    assert beside.rows == ()
    assert len(beside.not_understood) == 1


def test_units_in_names_and_behind_ranges() -> None:
    report = read("""\
        Analyte                   Value      Normal Range
        Glucose (mg/dL)           88         70-99
        Creatinine                0.80       0.60-1.20 mg/dL
        Vitamin B12, pg/mL        410        200-900
    """)
    assert [short(row)[1:] for row in report.rows] == [
        ("Glucose", "88", "mg/dL"),
        ("Creatinine", "0.80", "mg/dL"),
        ("Vitamin B12", "410", "pg/mL"),
    ]


def test_previous_results_stay_beside_the_current_ones() -> None:
    report = read("""\
        Test          Result    Previous    Units     Reference
        Ferritin      9         14          ng/mL     15-150
    """)
    [row] = report.rows
    assert (row.value, [earlier.printed for earlier in row.earlier]) == ("9", ["14"])
    assert row.computed == "L"


def test_results_under_dates_are_those_of_the_report_s_own_date() -> None:
    report = read("""\
        Test          2023-02-01    2024-03-01    Units     Reference
        Ferritin      14            9             ng/mL     15-150
    """)
    [row] = report.rows
    assert (row.value, row.earlier[0].printed, row.earlier[0].heading) == ("9", "14", "2023-02-01")


def test_decimal_commas() -> None:
    report = read("""\
        Parameter       Result    Unit      Reference
        Potassium       4,4       mmol/L    3,5 - 5,1
        Creatinine      <0,80     mg/dL     0,60 - 1,20
    """)
    assert [(row.comparator, row.value) for row in report.rows] == [(None, "4.4"), ("<", "0.80")]
    assert report.rows[0].reference is not None
    assert report.rows[0].reference.limits is not None
    assert report.rows[0].reference.limits.low == "3.5"


def test_a_number_that_can_be_read_in_two_ways_is_not_guessed() -> None:
    report = read("""\
        Test         Result    Units    Reference
        Platelets    1,234     /uL
    """)
    assert report.rows == ()
    [unread] = report.not_understood
    assert unread.text == "Platelets 1,234 /uL"


def test_a_missing_result_is_said_and_nothing_stands_in_for_it() -> None:
    report = read("""\
        Test         Result    Units     Reference
        Ferritin               ng/mL     15-150
        Sodium       139       mmol/L    135-145
    """)
    assert [row.test for row in report.rows] == ["Sodium"]
    assert [(u.text, u.why) for u in report.not_understood] == [
        ("Ferritin ng/mL 15-150", "no result stands in the row")
    ]


def test_comments_stay_with_their_row_and_titles_head_what_follows() -> None:
    report = read("""\
        Test             Result    Units     Reference
        Chemistry
        Potassium        5.9       mmol/L    3.5-5.1
          Comment: sample hemolyzed, please repeat.
        Hematology
        Hemoglobin       13.2      g/dL      12.0-15.5
    """)
    assert [short(row)[:2] for row in report.rows] == [("Chemistry", "Potassium"), ("Hematology", "Hemoglobin")]
    assert report.rows[0].comment == "Comment: sample hemolyzed, please repeat."
    assert report.rows[1].comment is None


def test_a_table_goes_on_on_the_next_page_with_and_without_its_heading() -> None:
    first = HEADER + dedent("""\
        Chemistry
        Test             Result    Units     Reference
        Potassium        5.9       mmol/L    3.5-5.1
    """)
    again = dedent("""\
        Chemistry (continued)
        Test             Result    Units     Reference
        Sodium           139       mmol/L    135-145
    """)
    bare = dedent("""\
        Chloride         101       mmol/L    98-107
        Calcium          9.1       mg/dL     8.6-10.2
    """)
    report = read_report(text_pages("\f".join((first, again, bare)).encode(), "report.txt"))
    assert [(row.panel, row.test, row.page) for row in report.rows] == [
        ("Chemistry", "Potassium", 1),
        ("Chemistry", "Sodium", 2),
        ("Chemistry", "Chloride", 3),
        ("Chemistry", "Calcium", 3),
    ]


def test_rows_without_any_heading() -> None:
    report = read("""\
        Sodium:       139 mmol/L   (135-145)
        Potassium:    5.9 mmol/L   (3.5-5.1) H
        Nitrite       Negative     (Negative)
    """)
    assert [(row.test, row.value or row.text, row.flag) for row in report.rows] == [
        ("Sodium", "139", None),
        ("Potassium", "5.9", "H"),
        ("Nitrite", "Negative", None),
    ]


def test_low_and_high_limits_in_columns_of_their_own() -> None:
    report = read("""\
        Investigation    Value     Low     High    Units
        Potassium        5.9       3.5     5.1     mmol/L
        HDL Cholesterol  35        40              mg/dL
    """)
    assert [row.computed for row in report.rows] == ["H", "L"]


def test_a_code_is_given_only_where_name_unit_and_specimen_agree() -> None:
    report = read("""\
        Test                   Result    Units
        Glucose                88        mg/dL
        Glucose                4.9       mmol/L
        Glucose                88        furlongs
        Urine Glucose          12        mg/dL
        Urea Nitrogen (BUN)    14        mg/dL
        Frobnicase             14        U/L
    """)
    assert [row.loinc for row in report.rows] == ["2345-7", "14749-6", None, None, "3094-0", None]
    urine = read("""\
        Specimen: Urine

        Test                   Result    Units
        Glucose                88        mg/dL
    """)
    assert [row.loinc for row in urine.rows] == [None]


def test_an_implausible_value_is_marked_and_kept() -> None:
    report = read("""\
        Test         Result    Units     Reference
        Potassium    44        mmol/L    3.5-5.1
    """)
    [row] = report.rows
    assert row.value == "44"
    assert [doubt.cell for doubt in row.doubts] == ["value"]


def test_a_letter_is_no_report() -> None:
    report = read("""\
        Dear colleague,

        I saw this patient on 2024-03-02. Her potassium was 5.9 when last seen.
        Please repeat it within 2 weeks.
    """)
    assert (report.rows, report.not_understood) == ((), ())


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=" \n\tTestResultUnis0123456789.,<>-()/%:H", max_size=400))
def test_any_page_is_read_to_an_end(text: str) -> None:
    read_report(text_pages(text.encode(), "report.txt"))
