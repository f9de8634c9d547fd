"""Lessons of reports that people drew who did not know the reader."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pipelines.evidence.documents.text_file import text_pages
from pipelines.tasks.lab.reading import read_report
from tests.tasks.lab.test_odd_tables import HEADER, limits, read


def test_columns_of_earlier_results_bear_date_and_time() -> None:
    report = read("""\
        Test          Units     Reference Range    Current 07/18/2025 07:52    Previous 07/17/2025 06:10
        CBC
        WBC           10*3/uL   3.4-10.8           7.3                         6.1
        RBC           10*6/uL   3.77-5.28          5.15                        4.79  L
    """)
    assert [(row.test, row.value, [each.printed for each in row.earlier]) for row in report.rows] == [
        ("WBC", "7.3", ["6.1"]),
        ("RBC", "5.15", ["4.79 L"]),
    ]


def test_result_and_flag_are_two_headings_where_no_other_heads_results() -> None:
    report = read("""\
        TEST                       RESULT FLAG  REFERENCE      UNITS       SITE
        WBC ...................      11.4 H     [3.4-10.8]     K/MM3       ML
        HEMOGLOBIN ............      13.3       [11.1-15.9]    G/DL        ML
    """)
    assert [(row.test, row.value, row.flag, row.unit) for row in report.rows] == [
        ("WBC", "11.4", "H", "K/MM3"),
        ("HEMOGLOBIN", "13.3", None, "G/DL"),
    ]


def test_signs_around_a_title_are_none_of_it() -> None:
    report = read("""\
        TEST                RESULT     REFERENCE      UNITS
        *** CBC WITH DIFFERENTIAL/PLATELET ***
        MCV                 98         [79-97]        FL
        *** COAGULATION ***
        INR                 1.0        [0.9-1.2]
    """)
    assert [row.panel for row in report.rows] == ["CBC WITH DIFFERENTIAL/PLATELET", "COAGULATION"]


@pytest.mark.parametrize(
    ("heading", "cells", "unit", "limits", "flag"),
    [
        ("Examination     Result    U.M.     Reference values", "137   g/L    [117 - 153]", "g/L",
         ("117", "153"), None),
        ("analyte     your result  units    we expect     note", "15.6   IU/L    3.5 - 12.5    high", "IU/L",
         ("3.5", "12.5"), "H"),
        ("Component    Today   Status    Reference     Units", "25.7   Low   26.6 to 33.0   pg", "pg", ("26.6", "33.0"),
         "L"),
        ("Component    Unit    Ref. interval   Result  Abw.", "g/L   117-153    157    H", "g/L", ("117", "153"), "H"),
    ],
)  # fmt: skip
def test_headings_that_nobody_foresaw(
    heading: str, cells: str, unit: str, limits: tuple[str, str], flag: str | None
) -> None:
    def line(cells: str) -> str:
        return "".join(part.strip().ljust(20) for part in cells.split("  ") if part.strip())

    report = read("\n".join(map(line, (heading, f"Sodium  {cells}", f"Ferritin  {cells}", f"Urea  {cells}"))))
    assert len(report.rows) == 3
    for row in report.rows:
        assert row.reference is not None
        assert row.reference.limits is not None
        assert (row.unit, row.flag) == (unit, flag)
        assert (row.reference.limits.low, row.reference.limits.high) == limits


def test_not_belongs_to_the_result_however_far_it_reaches() -> None:
    report = read("""\
        TEST                   RESULT     REFERENCE
        SODIUM                    139     [135-145]
        CALCIUM                  2.41     [2.20-2.60]
        HEPATITIS C       NON REACTIVE    [NON REACTIVE]
        HIV AG/AB         NON REACTIVE    [NON REACTIVE]
    """)
    assert [row.text for row in report.rows if row.value is None] == ["NON REACTIVE", "NON REACTIVE"]


def test_a_dot_that_was_printed_over_a_word() -> None:
    report = read("""\
        TEST                     RESULT          REFERENCE
        SODIUM ................  139             [135-145]
        RPR ................N.ON REACTIVE        [NON REACTIVE]
    """)
    assert [row.text for row in report.rows if row.value is None] in (["NON REACTIVE"], [])


def test_a_result_with_its_range_in_brackets_behind_it() -> None:
    report = read("""\
        LIPID PANEL
        Collected: 11/22/26 0443
        Component                     Value and Reference Range
        Hemoglobin              !     12.4 g/dL (L) (Ref range: 13.2 - 17.1 g/dL)
        pCO2, Arterial                43 mm Hg (Ref range: 35 - 45 mm Hg)
        Cholesterol, Total            153 mg/dL (Ref range: <200 mg/dL)
        Leukocyte Esterase      !     3+ (A) (Ref range: Negative)
    """)
    assert [(row.panel, row.test, row.printed, row.unit, row.flag) for row in report.rows] == [
        ("LIPID PANEL", "Hemoglobin", "12.4", "g/dL", "L"),
        ("LIPID PANEL", "pCO2, Arterial", "43", "mm Hg", None),
        ("LIPID PANEL", "Cholesterol, Total", "153", "mg/dL", None),
        ("LIPID PANEL", "Leukocyte Esterase", "3+", None, "A"),
    ]


def test_the_panel_in_a_column_without_a_heading() -> None:
    report = read("""\
                       Test               Limits           Result     Units
        Blood count    Haemoglobin        130 to 170       154        g/L
                       MCV                80 to 99         85         fL
        Lipids         Cholesterol        Max 5.0          4.1        mmol/L
    """)
    assert [(row.panel, row.test, row.value) for row in report.rows] == [
        ("Blood count", "Haemoglobin", "154"),
        ("Blood count", "MCV", "85"),
        ("Lipids", "Cholesterol", "4.1"),
    ]
    limits = report.rows[2].reference and report.rows[2].reference.limits
    assert limits
    assert limits.high == "5.0"


def test_a_star_between_name_and_result() -> None:
    report = read("""\
        Examination            Result   U.M.      Reference values
        Haemoglobin               137   g/L       [117 - 153]
        MCV              *         80   fL        [82 - 98]
    """)
    assert [(row.test, row.value, row.flag) for row in report.rows] == [
        ("Haemoglobin", "137", None),
        ("MCV", "80", "A"),
    ]


def test_a_label_of_the_patient_is_no_panel() -> None:
    report = read("""\
        Nationality     : Expatriate          Referred By : Dr. Khalifeh
        Test Description      Result      Flag      Unit        Bio. Ref. Interval
        Sodium                139                   mmol/L      135 - 145
        Urea                  9.1         H         mmol/L      2.5 - 7.8
    """)
    assert [(row.panel, row.flag) for row in report.rows] == [(None, None), (None, "H")]


def test_sex_and_birth_date_under_one_label() -> None:
    page = """\
Sex / DOB   : Female / 14 Feb 1969         Collected : 22 Jan 2025

Test                 Result      Unit      Reference Interval
Haemoglobin          128         g/L       Female: 117 - 153
Sodium               139         mmol/L    135 - 145
"""
    report = read_report(text_pages(page.encode(), "report.txt"))
    assert report.patient.sex == "female"
    assert report.patient.birth_date == "1969-02-14"
    assert report.rows[0].reference
    assert report.rows[0].reference.limits
    assert report.rows[0].reference.limits.low == "117"


def test_a_cross_under_low_normal_or_high_is_the_flag() -> None:
    report = read("""\
        Test               Limits           Result     Units     Low    Normal    High
        Haemoglobin        130 to 170       154        g/L              X
        MCH                26.0 to 33.5     34.5       pg                         X
        MPV                7.0 to 13.0      6.2        fL        X
        Sodium             135 to 145       139        mmol/L           X
        Urea               2.5 to 7.8       9.1        mmol/L                     X
        Chloride           95 to 108        94         mmol/L    X
    """)
    assert [row.flag for row in report.rows] == ["N", "H", "L", "N", "H", "L"]
    assert all(row.reference and row.reference.limits and row.reference.limits.low for row in report.rows)


def test_results_out_of_the_ordinary_in_a_column_of_their_own() -> None:
    report = read("""\
        TEST                 RESULT        ABNORMAL        EXPECTED VALUES
        GLUCOSE              101                           60 - 109
        HEMOGLOBIN A1C                     6.8 *           3.0 - 6.0
        BUN                                41 *            9 - 25
        CREATININE           0.9                           0.6 - 1.5
    """)
    assert [row.value for row in report.rows] == ["101", "6.8", "41", "0.9"]


def test_goals_and_months_before() -> None:
    report = read("""\
        Test               Current Result    Goal / Range     Units       Prev. Jun 20    Draw
        Hemoglobin         10.2              10.0 - 11.5      g/dL        12.1            Pre
        Ferritin           844               200 - 1200       ng/mL       1594            Pre
    """)
    assert [(row.value, row.unit, [each.printed for each in row.earlier]) for row in report.rows] == [
        ("10.2", "g/dL", ["12.1"]),
        ("844", "ng/mL", ["1594"]),
    ]


def test_cards_with_the_result_below_its_range() -> None:
    report = read("""\
        BASIC METABOLIC PANEL - Details
        Collected on Jun 11, 2025 7:51 AM
        Results
        Sodium
        Normal range: 136 - 145 mmol/L
        138
        136            145
        Creatinine
        Normal range: 0.50 - 0.90 mg/dL
        0.96 High
        0.50           0.90
        Blood, Urine
        Normal value: Negative
        Value        Small Abnormal
        Nucleated RBC
        Value        0.0 /100 WBC
        Calculated without race.
    """)
    assert [(row.panel, row.test, row.value or row.text, row.unit, row.flag) for row in report.rows] == [
        ("BASIC METABOLIC PANEL", "Sodium", "138", "mmol/L", None),
        ("BASIC METABOLIC PANEL", "Creatinine", "0.96", "mg/dL", "H"),
        ("BASIC METABOLIC PANEL", "Blood, Urine", "Small", None, "A"),
        ("BASIC METABOLIC PANEL", "Nucleated RBC", "0.0", "/100 WBC", None),
    ]


def test_a_test_outside_its_predecessors_panel() -> None:
    report = read("""\
        Test                     Result       Reference
        THYROID PANEL
          TSH                    6.83         0.40-4.50 mIU/L
          T4, FREE               0.9          0.8-1.8 ng/dL
        HEMOGLOBIN A1c           6.2          <5.7 %
    """)
    assert [row.panel for row in report.rows] == ["THYROID PANEL", "THYROID PANEL", None]
    # Where rows begin at their title's place, those further right are only parts of others.
    level = read("""\
        Test                     Result       Units      Reference
        BLOOD COUNT
        White cells              6.8          10*9/L     4.0-11.0
          Neutrophils            4.1          10*9/L     2.0-7.5
        Platelets                210          10*9/L     150-400
    """)
    assert {row.panel for row in level.rows} == {"BLOOD COUNT"}


def test_a_remark_goes_on_to_its_end() -> None:
    report = read("""\
        Test            Result      Units      Reference
        FSH             62.4        IU/L       26 - 135
        Prolactin       322         mIU/L      85 - 500
        Comment: Results are consistent with the postmenopausal phase, FSH is usually below 10
        IU/L.
    """)
    assert [row.test for row in report.rows] == ["FSH", "Prolactin"]
    assert (report.rows[1].comment or "").endswith("below 10 IU/L.")


@pytest.mark.parametrize(
    "line",
    [
        "Date Issued: 04/12/25 1310 ET      FINAL REPORT       Page 1",
        "Draw date 7/20/2026 pre-dialysis above goal     below goal ND not drawn",
        "Reviewed by: ____________           Plan: continue current prescription",
    ],
)
def test_what_is_said_of_the_report_is_no_result(line: str) -> None:
    report = read(f"""\
        Test            Result      Units      Reference
        Sodium          139         mmol/L     135 - 145
        Potassium       4.1         mmol/L     3.5 - 5.0
        {line}
    """)
    assert [row.test for row in report.rows] == ["Sodium", "Potassium"]


@pytest.mark.parametrize(
    ("headings", "current"),
    [
        ("Mar          Status    Feb          Jan", "10.8"),
        ("03/17        Status    02/15        01/18", "10.8"),
        ("March 2024   Status    Feb 2024     Jan 2024", "10.8"),
        ("Apr          Status    May          Jun", None),
    ],
)
def test_results_under_months_or_days(headings: str, current: str | None) -> None:
    """Collected on 17 March 2024; where no column is that day's, nobody can tell which one the report is about."""
    report = read(f"""\
        Test (units)           {headings}
        Hemoglobin (g/dL)      10.8                   11.6         11.9
        Ferritin (ng/mL)       164          LOW       576          617
    """)
    assert [row.value for row in report.rows[:1]] == ([current] if current else [])
    if current:
        assert [each.printed for each in report.rows[0].earlier] == ["11.6", "11.9"]


def test_headings_by_the_word_that_tells() -> None:
    report = read("""\
        !    Investigation     Biological reference     Units       Observed value
        A    Protein           Negative                 mg/dL       Trace
             Specific gravity  1.005 - 1.030                        1.021
    """)
    assert [(row.test, row.value or row.text, row.flag) for row in report.rows] == [
        ("Protein", "Trace", "A"),
        ("Specific gravity", "1.021", None),
    ]
    signed = read("""\
        Analysis       Result     +/-     Unit      Reference interval
        Haemoglobin    109        -       g/L       120 - 156
        ALT            38         +       U/L       10 - 35
        AST            26                 U/L       10 - 35
    """)
    assert [row.flag for row in signed.rows] == ["L", "H", None]


def test_what_is_calculated_stands_as_its_unit() -> None:
    report = read("""\
        Test                  Result     Reference
        CHOL/HDLC RATIO       2.7        <5.0 (calc)
        % SATURATION          33         20-48 % (calc)
    """)
    assert [(row.unit, row.ucum) for row in report.rows] == [("(calc)", None), ("%", "%")]


def test_a_panels_name_without_the_number_of_its_sample() -> None:
    report = read("""\
        Specimen: SERUM.      COMPREHENSIVE METABOLIC PANEL 26 2528
        Test name     Result     units      Ref. range
        SODIUM        138        mmol/L     136 - 145
        POTASSIUM     4.3        mmol/L     3.5 - 5.1
    """)
    assert {row.panel for row in report.rows} == {"COMPREHENSIVE METABOLIC PANEL"}


def test_signs_close_behind_results_are_flags_and_grades_are_none() -> None:
    report = read("""\
        Parameter           Result       Unit       Reference range
        HDL cholesterol     37 -         mg/dl      > 40
        Quick               151 +        %          70 - 130
        INR                 1.11                    0.85 - 1.15
        Protein             2 +                     negative
    """)
    assert [(row.test, row.value or row.text, row.flag) for row in report.rows] == [
        ("HDL cholesterol", "37", "L"),
        ("Quick", "151", "H"),
        ("INR", "1.11", None),
        ("Protein", "2 +", None),
    ]


def test_what_stands_in_brackets_may_be_what_is_measured() -> None:
    report = read("""\
        Test                 Result        Reference
        Reaction (pH)        6.0           4.6 - 8.0
        Glucose (mg/dL)      88            70 - 99
        Epithelial Cells     0-10 /HPF     0-10
    """)
    assert [(row.test, row.value or row.text, row.unit) for row in report.rows] == [
        ("Reaction (pH)", "6.0", None),
        ("Glucose", "88", "mg/dL"),
        ("Epithelial Cells", "0-10", "/HPF"),
    ]


def test_of_admission_and_discharge_the_later_one_is_the_result() -> None:
    report = read("""\
        Test           Unit       Reference     Admission        Discharge
                                                14 Mar 24 10:34  17 Mar 24 06:30
        Haemoglobin    g/L        130-170       132              137
        WBC            10^9/L     4.0-10.0      16.3 H           10.8 H
    """)
    assert [(row.test, row.value, row.flag, [each.printed for each in row.earlier]) for row in report.rows] == [
        ("Haemoglobin", "137", None, ["132"]),
        ("WBC", "10.8", "H", ["16.3 H"]),
    ]


def test_names_of_panels_head_the_tests_of_tables_beside_each_other() -> None:
    report = read("""\
        Blood count      Result    Unit    Reference        Kidney         Result    Unit      Reference
        Leucocytes       7.5       G/L     4.0 - 10.0       Urea           4.1       mmol/L    2.5 - 7.8
        Haemoglobin      157       g/L     120 - 155        Creatinine     72        umol/L    49 - 90
    """)
    assert sorted((row.panel or "", row.test, row.value) for row in report.rows) == [
        ("Blood count", "Haemoglobin", "157"),
        ("Blood count", "Leucocytes", "7.5"),
        ("Kidney", "Creatinine", "72"),
        ("Kidney", "Urea", "4.1"),
    ]


def test_units_with_their_range_in_one_column() -> None:
    report = read("""\
        Marker             Result     Units (Range)             Method
        Creatine Kinase    155        U/L (44 - 196)            IFCC
        eGFR               89         mL/min/1.73m2 (>60)       Calculated
    """)
    assert [row.unit for row in report.rows] == ["U/L", "mL/min/1.73m2"]
    assert limits(report) == [("44", "196"), ("60", None)]
    after = read("""\
        Investigation      Result     Reference interval and unit
        Bilirubin          13         < 21 umol/L
        Albumin            38         35-50 g/L
    """)
    assert [row.unit for row in after.rows] == ["umol/L", "g/L"]


def test_numbers_of_rows_are_no_panels() -> None:
    report = read("""\
             Parameter    Result     Flag    Unit        Ref. Range
        1    WBC          7.6                10^9/L      4.0 - 10.0
        2    Neu%         50.8               %           40.0 - 75.0
        3    RDW-CV       14.7       H       %           11.5 - 14.5
    """)
    assert [(row.panel, row.test, row.value) for row in report.rows] == [
        (None, "WBC", "7.6"),
        (None, "Neu%", "50.8"),
        (None, "RDW-CV", "14.7"),
    ]


def test_a_chart_beside_a_table_is_none_of_it_and_other_results_are_never_dropped() -> None:
    report = read("""\
        ITEM       DATA      UNIT        NORMAL RANGE
        NEUT#      4.98      x10*9/L     (2.00 - 7.50)
        IG%        0.6       %           (0.0 - 0.9)              100    200    300    fL
        HGB        141       g/L         (120 - 155)              RBC
    """)
    assert limits(report) == [("2.00", "7.50"), ("0.0", "0.9"), ("120", "155")]
    more = read("""\
        ITEM       DATA      UNIT        NORMAL RANGE
        NEUT#      4.98      x10*9/L     (2.00 - 7.50)
        HGB        141       g/L         (120 - 155)              Sodium    139    mmol/L
    """)
    said = " ".join([*(row.read for row in more.rows), *(unread.text for unread in more.not_understood)])
    assert "139" in said


def test_phases_of_women_are_not_for_men() -> None:
    report = read("""\
        Analyte      Result    Unit       Reference range
        LH           6.8       IU/L       Male: 1.7 - 8.6
                                          Female, postmenopausal: 7.7 - 58.5
        Prolactin    214       mIU/L      Male: 86 - 324
                                          Female: 102 - 496
    """)
    # The patient is a woman, and nothing says of which phase.
    assert limits(report) == [(None, None), ("102", "496")]


@pytest.mark.parametrize(
    ("printed", "low", "high"),
    [("60 and above", "60", None), ("3.0 or more", "3.0", None), ("40 or below", None, "40"), ("Upto 41", None, "41")],
)
def test_ranges_that_are_open_in_words(printed: str, low: str | None, high: str | None) -> None:
    report = read(f"""\
        Test         Result     Unit       Reference
        eGFR         83         mL/min     {printed}
        Sodium       139        mmol/L     135 - 145
    """)
    assert limits(report)[0] == (low, high)


def test_whole_years_are_meant_of_grown_people() -> None:
    table = HEADER.replace("1980-02-03", "1963-09-20") + dedent("""\
        Test         Result     Unit       Reference
        TSH          4.49       mIU/L      1-17 y: 0.60-5.50
                                           18-60 y: 0.40-4.20
                                           >60 y: 0.50-6.00
        Sodium       139        mmol/L     135 - 145
    """)
    # She is sixty and a half.
    assert limits(read_report(text_pages(table.encode(), "report.txt")))[0] == ("0.40", "4.20")


def test_names_that_no_heading_stands_over() -> None:
    report = read("""\
        Hormones, early follicular phase
                       Result        Expected         Units
        FSH            6.8           3.5 to 12.5      IU/L
        LH             16.9 high     2.4 to 12.6      IU/L
        Prolactin      581 high      102 to 496       mIU/L
    """)
    assert [(row.test, row.value, row.flag) for row in report.rows] == [
        ("FSH", "6.8", None),
        ("LH", "16.9", "H"),
        ("Prolactin", "581", "H"),
    ]


def test_a_slip_with_signs_between_results_and_units() -> None:
    report = read("""\
        CBC
        WBC        10.1    10^9/L     [4.0-11.0]
        RBC        3.59 -  10^12/L    [3.80-5.80]
        HGB        107 -   g/L        [115-165]
        PLT        436 +   10^9/L     [150-400]
        MCV        98.0    fL         98 - 107
    """)
    assert [(row.test, row.value, row.flag) for row in report.rows] == [
        ("WBC", "10.1", None),
        ("RBC", "3.59", "L"),
        ("HGB", "107", "L"),
        ("PLT", "436", "H"),
        ("MCV", "98.0", None),
    ]


def test_a_title_above_two_sides_heads_both() -> None:
    report = read("""\
        UREA + ELECTROLYTES
        SODIUM       142 mmol/L    (133-146)      POTASSIUM     4.4 mmol/L    (3.5-5.3)
        CHLORIDE     98 mmol/L     (95-108)       BICARB        23 mmol/L     (22-29)
        UREA         4.9 mmol/L    (2.5-7.8)      CREATININE    86 umol/L     (50-104)
        LIVER FUNCTION TESTS
        BILIRUBIN    14 umol/L     (<21)          ALK PHOS      41 IU/L       (30-130)
    """)
    panels = {row.test: row.panel for row in report.rows}
    assert panels["CREATININE"] == panels["SODIUM"] == "UREA + ELECTROLYTES"
    assert panels["ALK PHOS"] == panels["BILIRUBIN"] == "LIVER FUNCTION TESTS"


def test_months_of_age_are_no_men() -> None:
    table = HEADER.replace("1980-02-03", "2020-01-22") + dedent("""\
        Test           Result    Units    Reference range for age
        Haemoglobin    121       g/L      1-23 m: 105-135
                                          2-5 y: 110-140
                                          12-17 y male: 130-160
        Sodium         139       mmol/L   135 - 145
    """)
    assert limits(read_report(text_pages(table.encode(), "report.txt")))[0] == ("110", "140")


def test_limits_in_capitals() -> None:
    report = read("""\
        TEST               WITHIN LIMITS    OUTSIDE LIMITS    EXPECTED VALUES
        CHOLESTEROL        166                                LESS THAN 200 mg/dL
        GLUCOSE                             111               70 - 99 mg/dL
    """)
    assert [(row.test, row.value, row.unit) for row in report.rows] == [
        ("CHOLESTEROL", "166", "mg/dL"),
        ("GLUCOSE", "111", "mg/dL"),
    ]
    assert limits(report) == [(None, "200"), ("70", "99")]


def test_arrows_before_names() -> None:
    report = read("""\
        Oximetry Values
            ctHb       132 g/L      [ 130 - 175 ]
        ↓   sO2        93.2 %       [ 94.0 - 98.0 ]
        ↑   FCOHb      1.6 %        [ 0.0 - 1.5 ]
    """)
    assert [(row.test, row.value, row.flag) for row in report.rows] == [
        ("ctHb", "132", None),
        ("sO2", "93.2", "L"),
        ("FCOHb", "1.6", "H"),
    ]
