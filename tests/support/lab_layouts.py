"""Layouts of laboratory reports, each a function that draws a report as a PDF and corrects what it prints otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from tests.support.lab_layouts_seen_elsewhere import with_range_below, with_sides, with_small_print, with_stamps
from tests.support.lab_made_up import Report, Result
from tests.support.lab_sheet import Sheet


def ruled(report: Report) -> bytes:
    """A ruled table for each panel, long names wrapped, the result centred beside them."""
    sheet = Sheet(report)
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True, down=30)
    sheet.patient()
    edges = (60, 190, 270, 340, 450, 520)
    for panel in sheet.panels(lowest=620):
        sheet.down(22)
        sheet.put(60, panel[0].panel, bold=True, size=11, down=16)
        _ruled_row(sheet, edges, [["Test"], ["Result"], ["Unit"], ["Reference range"], ["Flag"]])
        for result in panel:
            name = sheet.wrapped(result.name, 120)
            _ruled_row(sheet, edges, [name, [result.printed], [result.unit], [result.range_text], [result.flag or ""]])
    return sheet.done()


def _ruled_row(sheet: Sheet, edges: Sequence[float], cells: Sequence[Sequence[str]]) -> None:
    tall = 8 + 10.5 * max(map(len, cells))
    top = sheet.y - 10
    for (x0, x1), lines in zip(pairwise(edges), cells, strict=True):
        sheet.box(x0, x1, top, top + tall)
        first = top + (tall - 10.5 * len(lines)) / 2 + 8.3
        for at, line in enumerate(lines):
            sheet.put(x0 + 5, line, dy=first + 10.5 * at - sheet.y)
    sheet.down(tall)


def _wide(result: Result) -> str:
    """The range with spaces around its stroke."""
    return result.range_text.replace("-", " - ") if result.value is not None else result.range_text


def result_first(report: Report) -> bytes:
    """No rules; the result and its unit stand before the test."""
    sheet = Sheet(report, "Times-Roman", 10)
    sheet.put(50, report.laboratory, bold=True, size=16)
    sheet.put(545, "LABORATORY REPORT", right=True, down=26)
    for pair in (
        (f"Name: {report.name}", f"Collected: {report.collected} 08:15"),
        (f"Date of Birth: {report.birth}", f"Sex: {report.sex[0].upper()}"),
        (f"MRN: {report.id}", "Status: Final"),
    ):
        sheet.row((50, 330), pair, down=14)
    sheet.down(14)
    columns = (50, 110, 145, 225, 440)
    sheet.head(columns, ("Result", "Flag", "Units", "Test Name", "Reference Interval"))
    sheet.line(50, 545, down=18)
    for panel in sheet.panels():
        sheet.put(225, panel[0].panel.upper(), bold=True, down=14)
        for result in panel:
            result.panel = result.panel.upper()
            texts = (result.printed, result.flag or "", result.unit, result.name, _wide(result))
            sheet.row(columns, texts, bold=(50,) if result.flag else (), down=13)
        sheet.down(6)
    return sheet.done()


def unit_in_name(report: Report) -> bytes:
    """Units in the names, flags behind the results, ranges in brackets."""
    sheet = Sheet(report, "Helvetica", 9.5)
    sheet.put(300, "LABORATORY RESULTS", bold=True, size=13, centre=True, down=18)
    sheet.put(300, report.laboratory, centre=True, down=24)
    sheet.put(60, f"Patient Name: {report.name}     DOB: {report.birth}     Sex: {report.sex}", down=13)
    sheet.put(60, f"Medical Record Number: {report.id}     Date Collected: {report.collected}", down=24)
    for panel in sheet.panels(lowest=700):
        sheet.put(60, panel[0].panel, bold=True, size=11, down=15)
        sheet.head((60, 350, 390), ("Analyte", "Value", "Normal Range"), right=(350,), down=13)
        for result in panel:
            sheet.put(66, f"{result.name} ({result.unit})" if result.unit else result.name)
            sheet.put(350, result.printed, right=True)
            if result.flag:
                sheet.put(356, result.flag, bold=True)
            sheet.put(390, f"[{result.range_text}]", down=12.5)
        sheet.down(10)
    return sheet.done()


def two_columns(report: Report) -> bytes:
    """Two tables of tests beside each other under one heading each."""
    sheet = Sheet(report, "Helvetica", 8)
    sheet.put(40, report.laboratory, bold=True, size=14, down=24)
    sheet.patient(40, 11)
    sheet.down(14)
    title = "Chemistry and Hematology"
    sheet.put(40, title, bold=True, size=10, down=16)
    places = (40, 310)
    for left in places:
        columns = [left + x for x in (0, 118, 152, 197, 243)]
        sheet.head(columns, ("Test", "Result", "Units", "Ref Range", "Flag"))
    sheet.line(40, 570, down=14)
    half = (len(report.results) + 1) // 2
    top = sheet.y
    for left, results in zip(places, (report.results[:half], report.results[half:]), strict=True):
        sheet.y = top
        for result in results:
            result.panel = title
            name = sheet.wrapped(result.name, 112)
            for at, part in enumerate(name):
                sheet.put(left, part, dy=9 * at)
            columns = [left + x for x in (118, 152, 197, 247)]
            texts = (result.printed, result.unit, result.range_text, result.flag or "")
            sheet.row(columns, texts, down=9 * len(name) + 4)
    return sheet.done()


def decimal_commas(report: Report) -> bytes:
    """Decimal commas and raised digits in units; specimen and date over each panel."""
    sheet = Sheet(report)
    sheet.put(60, report.laboratory, bold=True, size=14, down=26)
    sheet.patient()
    for panel in sheet.panels(lowest=640):
        sheet.down(14)
        sheet.put(60, panel[0].panel, bold=True, size=10.5)
        blood = panel[0].unit == "10^3/uL"
        sheet.put(360, "Specimen: EDTA blood" if blood else "Specimen: Serum", down=15)
        sheet.head((60, 250, 310, 390), ("Parameter", "Result", "Unit", "Reference"))
        sheet.line(60, 520, down=14)
        for result in panel:
            result.printed = result.printed.replace(".", ",")
            result.unit = {"10^3/uL": "10^9/L", "10^6/uL": "10^12/L"}.get(result.unit, result.unit)
            sheet.row((60, 250), (result.name, result.printed))
            sheet.raised(310, result.unit)
            sheet.put(390, _wide(result).replace(".", ","))
            if result.flag:
                sheet.put(470, {"H": "High", "L": "Low", "A": "Abnormal"}[result.flag], bold=True)
            sheet.down(13)
    return sheet.done()


def with_previous(report: Report) -> bytes:
    """Previous results beside the current ones, everything right-aligned, flags as arrows and stars."""
    sheet = Sheet(report)
    sheet.put(545, report.laboratory, bold=True, size=13, right=True, down=30)
    labels = (50, 130, 330, 420)
    sheet.row(labels, ("Patient", report.name, "Patient ID", report.id), bold=(130,), down=13)
    sheet.row(labels, ("Date of birth", report.birth, "Collected", f"{report.collected} 07:40"), down=13)
    sheet.row(labels, ("Gender", report.sex.capitalize(), "Report status", "Final"))
    right = (255, 350, 545)
    for panel in sheet.panels(lowest=660):
        sheet.down(26)
        sheet.put(50, panel[0].panel, bold=True, size=11, down=16)
        headings = ("Test", "Result", "Flag", "Previous", "Unit", "Reference Range")
        sheet.head((50, 255, 262, 350, 362, 545), headings, right=right, down=4)
        for result in panel:
            sheet.down(14)
            texts = (result.name, result.printed, result.flag or "", result.previous, result.unit, result.range_text)
            sheet.row((50, 255, 268, 350, 362, 545), texts, right=right, bold=(255,) if result.flag else ())
    return sheet.done()


def specific_ranges(report: Report) -> bytes:
    """Ranges for each sex on lines of their own, comments under rows, headings repeated on every page."""
    sheet = Sheet(report)

    def heading() -> None:
        sheet.put(60, report.laboratory, bold=True, size=12)
        sheet.put(540, f"Page {sheet.page}", right=True, down=16)
        sheet.put(60, f"Patient: {report.name}   DOB: {report.birth}   Sex: {report.sex}   ID: {report.id}", down=12)
        sheet.put(60, f"Collected: {report.collected}", down=20)
        sheet.head((60, 230, 285, 320, 400), ("Test", "Result", "Flag", "Units", "Reference Range"))
        sheet.line(60, 540, down=16)

    heading()
    for panel in sheet.panels():
        if sheet.y > 700:
            sheet.turn()
            heading()
        sheet.put(60, panel[0].panel, bold=True, size=10, down=14)
        for result in panel:
            if sheet.y > 730:
                sheet.turn()
                heading()
                sheet.put(60, f"{result.panel} (continued)", bold=True, size=10, down=14)
            result.page = sheet.page
            sheet.row((66, 230, 285, 320), (result.name, result.printed, result.flag or "", result.unit))
            if result.name in ("Hemoglobin", "Creatinine", "Ferritin") and result.low is not None:
                own, other = ("Female", "Male") if report.sex == "female" else ("Male", "Female")
                wider = f"{result.low + 1:.{result.decimals}f}-{(result.high or 0) + 1:.{result.decimals}f}"
                sheet.put(400, f"{own}: {result.range_text}", down=11)
                sheet.put(400, f"{other}: {wider}", down=13)
            else:
                sheet.put(400, result.range_text, down=13)
            if result.name in ("Glucose", "Ferritin"):
                sheet.put(74, "Comment: sample slightly hemolyzed, interpret with care.", size=8, down=13)
        sheet.down(5)
    return sheet.done()


def letter(report: Report) -> bytes:
    """Typed in a fixed-width font without headings: name, result, unit, range in brackets, flag."""
    sheet = Sheet(report, "Courier")
    sheet.put(60, report.laboratory.upper(), bold=True, down=20)
    sheet.patient(60, 12)
    for panel in sheet.panels(lowest=680):
        sheet.down(12)
        sheet.put(60, panel[0].panel, down=12)
        for result in panel:
            first = f"  {result.name:<34}{result.printed:>12}  {result.unit:<9}"
            sheet.put(60, f"{first} ({result.range_text}) {result.flag or ''}", down=12)
    return sheet.done()


def in_and_out(report: Report) -> bytes:
    """Results in a column for those within range or in one for those without; the unit behind the range; footnotes."""
    sheet = Sheet(report)
    report.name = report.name.upper()
    sheet.put(50, report.laboratory, bold=True, size=13, down=20)
    labels = (50, 330)
    sheet.row(labels, (f"PATIENT: {report.name}", f"COLLECTED: {report.collected} 09:05"), down=12)
    who = f"DOB: {report.birth}   GENDER: {report.sex[0].upper()}"
    sheet.row(labels, (who, f"REPORTED: {report.collected} 17:30"), down=12)
    sheet.put(50, f"PATIENT ID: {report.id}", down=24)
    headings = ("Test Name", "In Range", "Out Of Range", "Reference Range", "Lab")
    sheet.head((50, 260, 330, 410, 530), headings)
    sheet.line(50, 555, down=15)
    for panel in sheet.panels():
        title = panel[0].panel.upper()
        sheet.put(50, title, bold=True, down=12)
        for result in panel:
            result.panel, result.name = title, result.name.upper()
            shown = f"{result.printed} {result.flag or ''}".strip()
            texts = (result.name, shown, f"{result.range_text} {result.unit}".strip(), "01")
            sheet.row((62, 330 if result.flag else 260, 410, 535), texts, down=11.5)
        sheet.down(5)
    sheet.down(14)
    sheet.put(50, "01 Northfield, 12 Mill Lane. Director: R. Vance, MD. Page 1 of 1", size=7)
    return sheet.done()


def stacked_headings(report: Report) -> bytes:
    """Headings on two lines, a column of methods, thousands parted by commas, remarks under rows."""
    sheet = Sheet(report, "Times-Roman", 10)
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True, down=14)
    sheet.put(300, "12 Mill Lane, Northfield. Tel: 555 0100", centre=True, size=8, down=26)
    labels = (50, 300)
    sheet.row(labels, (f"Pt Name: {report.name}", f"Age/Sex: 54 Y / {report.sex[0].upper()}"), down=13)
    sheet.row(labels, (f"MRN: {report.id}", f"Date of Birth: {report.birth}"), down=13)
    sheet.put(50, f"Specimen Collected: {report.collected}")
    columns = (50, 225, 300, 370, 470)
    headings = (("", "Observed", "", "Biological Ref.", ""), ("Investigation", "Value", "Unit", "Interval", "Method"))
    for panel in sheet.panels(lowest=620):
        sheet.down(26)
        sheet.put(50, panel[0].panel, bold=True, size=11.5, down=15)
        for x, first, second in zip(columns, *headings, strict=True):
            sheet.put(x, first, bold=True)
            sheet.put(x, second, bold=True, dy=11)
        sheet.down(14)
        sheet.line(50, 545)
        for result in panel:
            sheet.down(14)
            ranged = result.range_text
            if result.unit == "10^3/uL" and result.low == 150:
                result.value, result.unit = float(result.printed) * 1000, "/uL"
                result.low, result.high = 150000, 400000
                result.printed, ranged = f"{int(result.value):,}", "150,000 - 400,000"
            method = "Photometry" if result.value is not None else "CLIA"
            texts = (result.name, result.printed, result.unit, ranged, method)
            sheet.row(columns, texts, bold=(225,) if result.flag else ())
            result.flag = None
            if result.name in ("Triglycerides", "Potassium"):
                sheet.down(11)
                sheet.put(60, "Repeated and confirmed on the same sample.", size=8)
    return sheet.done()


def panel_column(report: Report) -> bytes:
    """One table over all pages, its heading only on the first, with columns for panel, date and status."""
    sheet = Sheet(report, "Helvetica", 8.5)
    sheet.put(50, report.laboratory, bold=True, size=13, down=22)
    sheet.patient(50, 12)
    sheet.down(16)
    columns = (50, 105, 225, 370, 415, 465, 525)
    sheet.head(columns, ("Date", "Panel", "Test", "Result", "Units", "Ref. Range", "Status"))
    sheet.line(50, 560)
    for result in report.results:
        sheet.down(13)
        if sheet.y > 640:
            sheet.turn()
        result.page = sheet.page
        result.flag = None
        texts = (report.collected, result.panel, result.name, result.printed, result.unit, result.range_text, "Final")
        sheet.row(columns, texts)
    return sheet.done()


def urinalysis(report: Report) -> bytes:
    """Results in words, grades and spans beside numbers."""
    sheet = Sheet(report, "Helvetica", 9.5)
    sheet.put(60, report.laboratory, bold=True, size=14, down=24)
    sheet.patient()
    sheet.down(10)
    sheet.put(60, "Specimen type: Urine, clean catch", down=24)
    title = "URINALYSIS, COMPLETE"
    sheet.put(60, title, bold=True, size=11, down=16)
    columns = (60, 220, 310, 350, 450)
    sheet.head(columns, ("Component", "Value", "Flag", "Ref Range", "Units"))
    rows = (
        ("Color", "Yellow", None, "Yellow", ""), ("Appearance", "Slightly cloudy", "A", "Clear", ""),
        ("Specific Gravity", "1.015", None, "1.005-1.030", ""), ("pH", "6.0", None, "5.0-8.0", ""),
        ("Protein", "Trace", "A", "Negative", ""), ("Glucose", "Negative", None, "Negative", ""),
        ("Ketones", "1+", "A", "Negative", ""), ("Nitrite", "Negative", None, "Negative", ""),
        ("Leukocyte Esterase", "2+", "A", "Negative", ""), ("WBC", "10-20", "A", "0-5", "/hpf"),
        ("RBC", "3", None, "0-3", "/hpf"), ("Squamous Epithelial Cells", "Few", None, "None seen", ""),
        ("Urobilinogen", "0.2", None, "0.2-1.0", "mg/dL"),
    )  # fmt: skip
    report.results = []
    for name, printed, flag, ranged, unit in rows:
        sheet.down(14)
        sheet.row(columns, (name, printed, flag or "", ranged, unit))
        number = float(printed) if printed.replace(".", "").isdigit() else None
        low, high = (float(x) for x in ranged.split("-")) if ranged[0].isdigit() else (None, None)
        report.results.append(Result(title, name, printed, number, unit, low, high, flag=flag))
    return sheet.done()


def limits_apart(report: Report) -> bytes:
    """Unseen during development: low and high limits in columns of their own, the flag before the result, centred."""
    sheet = Sheet(report, "Times-Roman", 9.5)
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True, down=30)
    for at, (label, value) in enumerate(
        (("PATIENT NAME", report.name), ("DATE OF BIRTH", report.birth), ("SEX", report.sex), ("MRN", report.id),
         ("COLLECTION DATE", report.collected))
    ):  # fmt: skip
        sheet.put(50 + 105 * at, label, size=7)
        sheet.put(50 + 105 * at, value, dy=11)
    sheet.down(36)
    columns = (60, 225, 300, 375, 425, 490)
    for panel in sheet.panels(lowest=660):
        sheet.put(300, panel[0].panel, bold=True, centre=True, size=11, down=16)
        headings = ("INVESTIGATION", "H/L", "OBSERVED VALUE", "LOW", "HIGH", "UNITS")
        sheet.head(columns, headings, centre=columns[1:], size=8.5)
        sheet.line(60, 530, down=15)
        for result in panel:
            texts = (result.name, result.flag or "", result.printed, *result.limits, result.unit)
            sheet.row(columns, texts, centre=columns[1:], down=13)
        sheet.down(10)
    return sheet.done()


def cumulative(report: Report) -> bytes:
    """Unseen during development: results under their dates, the newest first; range and unit in the name's line."""
    sheet = Sheet(report)
    sheet.put(50, "Cumulative Laboratory Report", bold=True, size=14, down=16)
    sheet.put(50, report.laboratory, down=22)
    sheet.put(50, f"Patient: {report.name}   (DOB {report.birth}, {report.sex})", down=13)
    sheet.put(50, f"Hospital No: {report.id}      Collected: {report.collected}")
    earlier = f"{int(report.collected[:4]) - 1}{report.collected[4:]}"
    columns = (50, 230, 360, 450)
    for panel in sheet.panels(lowest=660):
        sheet.down(24)
        sheet.put(50, panel[0].panel, bold=True, size=10.5, down=15)
        sheet.head(columns, ("Component", "Ref. Range", report.collected, earlier))
        sheet.line(50, 530)
        for result in panel:
            sheet.down(13)
            shown = f"{result.printed} {result.flag or ''}".strip()
            texts = (result.name, f"{result.range_text} {result.unit}".strip(), shown, result.previous)
            sheet.row(columns, texts, bold=(360,) if result.flag else ())
    return sheet.done()


Layout = Callable[[Report], bytes]
UNSEEN: Final[dict[str, Layout]] = {draw.__name__: draw for draw in (limits_apart, cumulative)}
SEEN: Final[dict[str, Layout]] = {
    draw.__name__: draw
    for draw in (
        ruled,
        result_first,
        unit_in_name,
        two_columns,
        decimal_commas,
        with_previous,
        specific_ranges,
        letter,
        in_and_out,
        stacked_headings,
        panel_column,
        urinalysis,
        with_range_below,
        with_sides,
        with_small_print,
        with_stamps,
    )
}
LAYOUTS: Final = SEEN | UNSEEN
