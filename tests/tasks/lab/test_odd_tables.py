"""What laboratories print between, beside and under the cells of their tables: none of it becomes a wrong result."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pipelines.evidence.documents.text_file import text_pages
from pipelines.tasks.lab.reading import read_report
from pipelines.tasks.lab.rows import LabReport

HEADER = """\
Mill Lane Clinical Laboratory

Patient: Ada Example          DOB: 1980-02-03
Sex: female                   MRN: 4711
Collected: 17/03/2024

"""


def read(table: str) -> LabReport:
    return read_report(text_pages((HEADER + dedent(table)).encode(), "report.txt"))


def limits(report: LabReport) -> list[tuple[str | None, str | None]]:
    """Those of each row; none where there is no range that holds."""
    found = [row.reference.limits if row.reference else None for row in report.rows]
    return [(each.low, each.high) if each else (None, None) for each in found]


def test_dots_that_lead_to_the_result_are_of_no_name() -> None:
    report = read("""\
        Urea and electrolytes
        Serum sodium..................  139 mmol/L    [133 - 146]
        Serum potassium ..............  5.9 mmol/L    [3.5 - 5.3]   HI
        Serum endomysium antibody.....  Negative
    """)
    assert [(row.test, row.value or row.text, row.unit, row.flag) for row in report.rows] == [
        ("Serum sodium", "139", "mmol/L", None),
        ("Serum potassium", "5.9", "mmol/L", "H"),
        ("Serum endomysium antibody", "Negative", None, None),
    ]


def test_a_range_on_a_line_of_its_own_is_of_the_result_above_it() -> None:
    report = read("""\
        Basic metabolic panel

        SODIUM                                 139
        Normal range: 136 - 145 mmol/L

        ANION GAP                              2     Low
        Normal range: 3 - 13 mmol/L

        EGFR                                   72
        Normal range: >=60 mL/min/1.73 m2
    """)
    assert [(row.panel, row.test, row.value, row.unit, row.flag) for row in report.rows] == [
        ("Basic metabolic panel", "SODIUM", "139", "mmol/L", None),
        ("Basic metabolic panel", "ANION GAP", "2", "mmol/L", "L"),
        ("Basic metabolic panel", "EGFR", "72", "mL/min/1.73 m2", None),
    ]
    assert limits(report) == [("136", "145"), ("3", "13"), ("60", None)]


def test_a_cumulative_report_gives_the_newest_results_wherever_they_stand() -> None:
    report = read("""\
        Date            12/10/22    15/02/23    17/03/24
        Time            08:20       07:55       08:05
        Lab No          42880094    45728346    47563900    Units       Reference
        Sodium          134 L       142         143         mmol/L      (135 - 145)
        Potassium       6.4 H       5.3         5.9 H       mmol/L      (3.5 - 5.5)
        Chloride        105         96                      mmol/L      (95 - 110)
    """)
    assert [(row.test, row.value, row.flag, row.unit) for row in report.rows] == [
        ("Sodium", "143", None, "mmol/L"),
        ("Potassium", "5.9", "H", "mmol/L"),
    ]
    assert limits(report) == [("135", "145"), ("3.5", "5.5")]
    assert [unread.why for unread in report.not_understood] == ["no result stands in the row"]


def test_tables_beside_each_other_have_titles_of_their_own() -> None:
    report = read("""\
        BASIC METABOLIC                           COMPLETE BLOOD COUNT
        Test        Result    Units               Test       Result    Units
        Sodium      139       mmol/L              WBC        5.7       K/uL
        Glucose     88        mg/dL               RBC        4.9       M/uL
                                                  HGB        13.0      g/dL
        COAGULATION                               HCT        41.2      %
        Test        Result    Units               PLT        280       K/uL
        PT          10.4      sec
    """)
    assert [(row.panel, row.test, row.value) for row in report.rows] == [
        ("BASIC METABOLIC", "Sodium", "139"),
        ("BASIC METABOLIC", "Glucose", "88"),
        ("COAGULATION", "PT", "10.4"),
        ("COMPLETE BLOOD COUNT", "WBC", "5.7"),
        ("COMPLETE BLOOD COUNT", "RBC", "4.9"),
        ("COMPLETE BLOOD COUNT", "HGB", "13.0"),
        ("COMPLETE BLOOD COUNT", "HCT", "41.2"),
        ("COMPLETE BLOOD COUNT", "PLT", "280"),
    ]


def test_tables_beside_each_other_without_headings() -> None:
    report = read("""\
        Renal profile                              Liver profile
        Sodium      139    mmol/L   (133-146)      Bilirubin    6     umol/L   (0-21)
        Potassium   4.2    mmol/L   (3.5-5.3)      ALT          17    U/L      (0-33)
        Urea        4.1    mmol/L   (2.5-7.8)      Gamma GT     9     U/L      (0-40)
    """)
    assert [(row.panel, row.test, row.value) for row in report.rows] == [
        ("Renal profile", "Sodium", "139"),
        ("Renal profile", "Potassium", "4.2"),
        ("Renal profile", "Urea", "4.1"),
        ("Liver profile", "Bilirubin", "6"),
        ("Liver profile", "ALT", "17"),
        ("Liver profile", "Gamma GT", "9"),
    ]


@pytest.mark.parametrize(
    "remark",
    [
        "  Adjusted calcium calculated using local albumin of 43 g/L.",
        "  HbA1c 42-47 mmol/mol: high risk of diabetes. 48 mmol/mol or more: diabetes, repeat if asymptomatic.",
        "  Screening and diagnosis: <5.5% normal; 5.5-5.9% at risk; 6.0-6.4% prediabetes; >=6.5% diabetes.",
        "Date Issued: 17/03/2024 1611 ET           FINAL REPORT                    Page 1 of 2",
        "01: BN Mill Lane Laboratory 1447 York Court, Burlington, NC 27215-3361 Director: S. Nagen, MD",
    ],
)
@pytest.mark.parametrize("heading", ["", "Test               Result     Units      Reference\n"])
def test_remarks_and_footers_are_no_results(heading: str, remark: str) -> None:
    rows = """\
Sodium             139        mmol/L     (133 - 146)
Calcium            2.41       mmol/L     (2.20 - 2.60)
"""
    report = read(f"{heading}{rows}{remark}\n{rows}")
    assert [row.value for row in report.rows] == ["139", "2.41"] * 2
    assert {row.test for row in report.rows} == {"Sodium", "Calcium"}


def test_a_title_in_the_middle_of_the_table_heads_what_follows() -> None:
    report = read("""\
        Test Name                 Result         Unit       Bio. Ref. Interval
                       COMPLETE BLOOD COUNT (CBC)
        Haemoglobin               13.2           g/dL       12.0 - 15.0
                          LIPID PROFILE
        Triglycerides             132            mg/dL      < 150
                     HbA1c (GLYCOSYLATED HAEMOGLOBIN)
        HbA1c                     6.9            %          < 5.7
    """)
    assert [(row.panel, row.value) for row in report.rows] == [
        ("COMPLETE BLOOD COUNT (CBC)", "13.2"),
        ("LIPID PROFILE", "132"),
        ("HbA1c (GLYCOSYLATED HAEMOGLOBIN)", "6.9"),
    ]


def test_a_title_with_its_specimen_beside_it() -> None:
    report = read("""\
        FULL BLOOD COUNT                     Sample type: EDTA Blood
        Haemoglobin              * 111       g/L           (120 - 150)
        White Cell Count           4.2       10*9/L        (3.7 - 9.5)
    """)
    assert [(row.panel, row.value, row.flag) for row in report.rows] == [
        ("FULL BLOOD COUNT", "111", "A"),
        ("FULL BLOOD COUNT", "4.2", None),
    ]


def test_plus_and_minus_are_flags_only_where_the_range_says_so() -> None:
    report = read("""\
        Parameter         Result        Unit       Reference range
        Erythrocytes      5,31   +      T/l        4,10 - 5,10
        Quick             56     -      %          70 - 120
        Potassium         4,4    -      mmol/l     3,5 - 5,1
    """)
    assert [(row.value, row.flag) for row in report.rows] == [("5.31", "H"), ("56", "L"), ("4.4", None)]


def test_a_flag_before_the_result_or_the_range_is_neither_name_nor_range() -> None:
    before = read("""\
        Electrolyte Values
        cNa+         L     134   mmol/L   [136-145]
        cK+                4.4   mmol/L   [3.4-4.5]
    """)
    assert [(row.test, row.value, row.flag) for row in before.rows] == [("cNa+", "134", "L"), ("cK+", "4.4", None)]
    between = read("""\
        Parameter             Result              Reference range    Previous
        Vitamin B12           996 pg/ml    (H)    197 - 771          561
        Ferritin              76 ng/ml            15 - 150           9
    """)
    assert [(row.value, row.flag) for row in between.rows] == [("996", "H"), ("76", None)]
    assert limits(between) == [("197", "771"), ("15", "150")]


def test_a_status_beside_the_flags_hides_none() -> None:
    report = read("""\
        Test          Result    Flag    Units     Normal Range    Status
        Sodium        118       LL      mmol/L    135 - 145       Final
        Chloride      101               mmol/L    98 - 107        Final
    """)
    assert [row.flag for row in report.rows] == ["LL", None]
    alone = read("""\
        Component     Value         Ref Range & Units      Status
        RBC           5.93  (H)     3.77 - 5.28 x10E6/uL   Final
        WBC           5.0           3.4 - 10.8 x10E3/uL    Final
    """)
    assert [(row.value, row.flag) for row in alone.rows] == [("5.93", "H"), ("5.0", None)]


def test_the_unit_in_the_column_of_the_ranges() -> None:
    report = read("""\
        Test                 Result      Reference Range - Units
        Hours After Meal     12          Hours
        Protein              0.3         Negative g/L
        LDL Cholesterol      88          <100 mg/dL (calc)
        Ratio                2.7         <5.0 (calc)
    """)
    assert [(row.value, row.unit) for row in report.rows] == [
        ("12", "Hours"),
        ("0.3", "g/L"),
        ("88", "mg/dL"),
        ("2.7", "(calc)"),
    ]
    assert limits(report)[2:] == [(None, "100"), (None, "5.0")]


def test_for_whom_a_range_is_may_stand_under_the_unit() -> None:
    report = read("""\
        Test                 Result   Units                     Reference
        hCG, Beta Subunit    <1       mIU/mL
                                      Female (Non-pregnant)     0 - 5
                                      (Postmenopausal)          0 - 8
    """)
    [row] = report.rows
    assert (row.comparator, row.value, row.unit) == ("<", "1", "mIU/mL")
    assert limits(report) == [(None, None)]


def test_a_bare_number_below_the_last_row_is_no_result() -> None:
    report = read("""\
        Sodium       139    mmol/L   (133-146)
        INR          1.1
        Potassium    4.2    mmol/L   (3.5-5.3)

        Serial       3145
    """)
    assert [(row.test, row.value) for row in report.rows] == [("Sodium", "139"), ("INR", "1.1"), ("Potassium", "4.2")]


def test_a_result_that_hangs_between_its_name_and_its_range() -> None:
    report = read("""\
        Hepatic function panel

        Albumin
                                   3.6
        Normal range:3.5- 5.2 g/dL

        Bilirubin
                                   0.8   High
        Normal range: <=0.7 mg/dL
    """)
    assert [(row.panel, row.test, row.value, row.unit, row.flag) for row in report.rows] == [
        ("Hepatic function panel", "Albumin", "3.6", "g/dL", None),
        ("Hepatic function panel", "Bilirubin", "0.8", "mg/dL", "H"),
    ]
    assert limits(report) == [("3.5", "5.2"), (None, "0.7")]


def test_a_row_that_cannot_be_read_is_no_title_of_those_below() -> None:
    report = read("""\
        Full blood count
        MCHC         343    g/L      (315 - 345)
        RDW          11.0   o        (11.6 - 14.0)
        Neutrophils  6.98   10*9/L   (1.7 - 7.5)
    """)
    assert {row.panel for row in report.rows} == {"Full blood count"}


def test_words_with_much_room_between_them_are_one_cell() -> None:
    report = read("""\
        CLOTTING SCREEN
        Prothrombin time     11.0    secs     (9.5  -  12.5)
        APTT  ratio          0.83             (0.8  -  1.2)
        HIV  1+2 Ag/Ab       Not  detected
    """)
    assert [(row.test, row.value or row.text, row.unit) for row in report.rows] == [
        ("Prothrombin time", "11.0", "secs"),
        ("APTT ratio", "0.83", None),
        ("HIV 1+2 Ag/Ab", "Not detected", None),
    ]
    assert limits(report)[:2] == [("9.5", "12.5"), ("0.8", "1.2")]


def test_what_footnotes_leave_in_names() -> None:
    report = read("""\
        Test           Current Result and Flag    Previous Result and Date    Units    Reference Interval
        Glucose⁰¹      65      Low                92        03/04/2021        mg/dL    70-99
        Calcium⁰¹      9.2                        9.3       03/04/2021        mg/dL    8.7-10.2
    """)
    assert [(row.test, row.value, row.flag) for row in report.rows] == [
        ("Glucose", "65", "L"),
        ("Calcium", "9.2", None),
    ]


def test_the_heading_over_the_tests_may_be_the_name_of_their_panel() -> None:
    report = read("""\
        U & E AND CREATININE           RESULT     UNITS      REFERENCE
        S-Sodium                       137        mmol/L     136 - 145
        S-Urea                   H     8.1        mmol/L     2.1 - 7.1

        LIPOGRAM                       RESULT     UNITS      REFERENCE
        S-Total Cholesterol            4.14       mmol/L     <5.0
    """)
    assert [(row.panel, row.test, row.value) for row in report.rows][::2] == [
        ("U & E AND CREATININE", "S-Sodium", "137"),
        ("LIPOGRAM", "S-Total Cholesterol", "4.14"),
    ]


def test_a_range_with_a_label_beside_its_result() -> None:
    report = read("""\
        Renal profile
        Sodium          139 mmol/L      Range: 133 to 146
        Creatinine      104 umol/L      Range: 49 to 90      Above range
    """)
    assert [(row.value, row.unit, row.flag) for row in report.rows] == [("139", "mmol/L", None), ("104", "umol/L", "H")]
    assert limits(report) == [("133", "146"), ("49", "90")]


def test_titles_over_single_tests_are_not_taken_for_methods() -> None:
    report = read("""\
        Test             Result    Units     Reference
        TSH
        TSH              3.1       mIU/L     0.4-4.0
        Ferritin
        Ferritin         70        ng/mL     15-150
        Vitamin B12
        Vitamin B12      410       pg/mL     200-900
        Iron
        Iron             95        ug/dL     27-139
        Zinc
        Zinc             87        ug/dL     60-120
    """)
    assert [row.panel for row in report.rows] == ["TSH", "Ferritin", "Vitamin B12", "Iron", "Zinc"]
