"""Layouts of laboratory reports, each a function that draws a report as a PDF and corrects what it prints otherwise."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from tests.support.lab_made_up import Report, Result


class _Sheet:
    """A canvas that counts from the upper left corner and knows its page."""

    def __init__(self, font: str = "Helvetica", size: float = 9) -> None:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        self.buffer = io.BytesIO()
        self.width, self.height = A4
        # Compressed and without a date: the same report gives the same bytes.
        self.canvas = Canvas(self.buffer, pagesize=A4, invariant=1)
        self.font, self.size = font, size
        self.y = 50.0
        self.page = 1

    def put(self, x: float, text: str, *, bold: bool = False, size: float | None = None, right: bool = False,
            centre: bool = False, dy: float = 0) -> None:  # fmt: skip
        bolds = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold", "Courier": "Courier-Bold"}
        self.canvas.setFont(bolds[self.font] if bold else self.font, size or self.size)
        draw = (
            self.canvas.drawRightString
            if right
            else self.canvas.drawCentredString
            if centre
            else self.canvas.drawString
        )
        draw(x, self.height - self.y - dy, text)

    def raised(self, x: float, text: str) -> None:
        """Text in which digits after ``^`` are raised."""
        at = x
        for part in re.split(r"(\^\d+)", text):
            size = self.size * (0.65 if part.startswith("^") else 1)
            up = self.size * (0.35 if part.startswith("^") else 0)
            self.canvas.setFont(self.font, size)
            self.canvas.drawString(at, self.height - self.y + up, part.lstrip("^"))
            at += self.canvas.stringWidth(part.lstrip("^"), self.font, size)

    def line(self, x0: float, x1: float, dy: float = 3) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.line(x0, self.height - self.y - dy, x1, self.height - self.y - dy)

    def box(self, x0: float, x1: float, top: float, bottom: float) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.rect(x0, self.height - bottom, x1 - x0, bottom - top)

    def down(self, by: float) -> None:
        self.y += by

    def turn(self) -> None:
        self.canvas.showPage()
        self.page += 1
        self.y = 50.0

    def done(self, report: Report) -> bytes:
        report.pages = self.page
        self.canvas.save()
        return self.buffer.getvalue()


def _labels(sheet: _Sheet, report: Report, x: float = 60, step: float = 13) -> None:
    for label, value in (
        ("Patient", report.name), ("DOB", report.birth), ("Sex", report.sex), ("Patient ID", report.id),
        ("Collected", report.collected),
    ):  # fmt: skip
        sheet.put(x, f"{label}: {value}")
        sheet.down(step)


def ruled(report: Report) -> bytes:
    """A ruled table for each panel, long names wrapped, the result centred beside them."""
    sheet = _Sheet()
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True)
    sheet.down(30)
    _labels(sheet, report)
    edges = [60, 190, 270, 340, 450, 520]
    for panel in _panels(report):
        if sheet.y > 620:
            sheet.turn()
        sheet.down(22)
        sheet.put(60, panel[0].panel, bold=True, size=11)
        sheet.down(16)
        _ruled_row(sheet, edges, [["Test"], ["Result"], ["Unit"], ["Reference range"], ["Flag"]])
        for result in panel:
            result.page = sheet.page
            name = _wrapped(sheet, result.name, 120)
            _ruled_row(sheet, edges, [name, [result.printed], [result.unit], [result.range_text], [result.flag or ""]])
    return sheet.done(report)


def _ruled_row(sheet: _Sheet, edges: Sequence[float], cells: Sequence[Sequence[str]]) -> None:
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


def _wrapped(sheet: _Sheet, text: str, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        more = f"{lines[-1]} {word}".strip()
        if sheet.canvas.stringWidth(more, sheet.font, sheet.size) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = more
    return lines


def result_first(report: Report) -> bytes:
    """No rules; the result and its unit stand before the test."""
    sheet = _Sheet("Times-Roman", 10)
    sheet.put(50, report.laboratory, bold=True, size=16)
    sheet.put(545, "LABORATORY REPORT", right=True)
    sheet.down(26)
    for left, right in (
        (f"Name: {report.name}", f"Collected: {report.collected} 08:15"),
        (f"Date of Birth: {report.birth}", f"Sex: {report.sex[0].upper()}"),
        (f"MRN: {report.id}", "Status: Final"),
    ):
        sheet.put(50, left)
        sheet.put(330, right)
        sheet.down(14)
    sheet.down(14)
    for x, heading in ((50, "Result"), (110, "Flag"), (145, "Units"), (225, "Test Name"), (440, "Reference Interval")):
        sheet.put(x, heading, bold=True)
    sheet.line(50, 545)
    sheet.down(18)
    for panel in _panels(report):
        sheet.put(225, panel[0].panel.upper(), bold=True)
        sheet.down(14)
        for result in panel:
            result.panel = result.panel.upper()
            for x, text in ((50, result.printed), (110, result.flag or ""), (145, result.unit), (225, result.name),
                            (440, _wide(result))):  # fmt: skip
                sheet.put(x, text, bold=x == 50 and result.flag is not None)
            result.page = sheet.page
            sheet.down(13)
        sheet.down(6)
    return sheet.done(report)


def unit_in_name(report: Report) -> bytes:
    """Units in the names, flags behind the results, ranges in brackets."""
    sheet = _Sheet("Helvetica", 9.5)
    sheet.put(300, "LABORATORY RESULTS", bold=True, size=13, centre=True)
    sheet.down(18)
    sheet.put(300, report.laboratory, centre=True)
    sheet.down(24)
    sheet.put(60, f"Patient Name: {report.name}     DOB: {report.birth}     Sex: {report.sex}")
    sheet.down(13)
    sheet.put(60, f"Medical Record Number: {report.id}     Date Collected: {report.collected}")
    sheet.down(24)
    for panel in _panels(report):
        if sheet.y > 700:
            sheet.turn()
        sheet.put(60, panel[0].panel, bold=True, size=11)
        sheet.down(15)
        for x, text, right in ((60, "Analyte", False), (350, "Value", True), (390, "Normal Range", False)):
            sheet.put(x, text, bold=True, right=right)
        sheet.down(13)
        for result in panel:
            result.page = sheet.page
            sheet.put(66, f"{result.name} ({result.unit})" if result.unit else result.name)
            sheet.put(350, result.printed, right=True)
            if result.flag:
                sheet.put(356, result.flag, bold=True)
            sheet.put(390, f"[{result.range_text}]")
            sheet.down(12.5)
        sheet.down(10)
    return sheet.done(report)


def two_columns(report: Report) -> bytes:
    """Two tables of tests beside each other under one heading each."""
    sheet = _Sheet("Helvetica", 8)
    sheet.put(40, report.laboratory, bold=True, size=14)
    sheet.down(24)
    _labels(sheet, report, 40, 11)
    sheet.down(14)
    sheet.put(40, "Chemistry and Hematology", bold=True, size=10)
    sheet.down(16)
    places = (40, 310)
    for left in places:
        for x, text in ((0, "Test"), (118, "Result"), (152, "Units"), (197, "Ref Range"), (243, "Flag")):
            sheet.put(left + x, text, bold=True)
    sheet.line(40, 570)
    sheet.down(14)
    half = (len(report.results) + 1) // 2
    top = sheet.y
    for left, results in zip(places, (report.results[:half], report.results[half:]), strict=True):
        sheet.y = top
        for result in results:
            result.panel = "Chemistry and Hematology"
            name = _wrapped(sheet, result.name, 112)
            for at, part in enumerate(name):
                sheet.put(left, part, dy=9 * at)
            for x, text in (
                (118, result.printed),
                (152, result.unit),
                (197, result.range_text),
                (247, result.flag or ""),
            ):
                sheet.put(left + x, text)
            sheet.down(9 * len(name) + 4)
    return sheet.done(report)


def decimal_commas(report: Report) -> bytes:
    """Decimal commas and raised digits in units; specimen and date over each panel."""
    sheet = _Sheet("Helvetica", 9)
    sheet.put(60, report.laboratory, bold=True, size=14)
    sheet.down(26)
    _labels(sheet, report)
    for panel in _panels(report):
        if sheet.y > 640:
            sheet.turn()
        sheet.down(14)
        sheet.put(60, panel[0].panel, bold=True, size=10.5)
        sheet.put(360, "Specimen: Serum" if panel[0].unit != "10^3/uL" else "Specimen: EDTA blood")
        sheet.down(15)
        for x, text in ((60, "Parameter"), (250, "Result"), (310, "Unit"), (390, "Reference")):
            sheet.put(x, text, bold=True)
        sheet.line(60, 520)
        sheet.down(14)
        for result in panel:
            result.page = sheet.page
            result.printed = result.printed.replace(".", ",")
            result.unit = {"10^3/uL": "10^9/L", "10^6/uL": "10^12/L"}.get(result.unit, result.unit)
            sheet.put(60, result.name)
            sheet.put(250, result.printed)
            sheet.raised(310, result.unit)
            sheet.put(
                390,
                result.range_text.replace(".", ",").replace("-", " - ")
                if result.value is not None
                else result.range_text,
            )
            if result.flag:
                sheet.put(470, {"H": "High", "L": "Low", "A": "Abnormal"}[result.flag], bold=True)
            sheet.down(13)
    return sheet.done(report)


def with_previous(report: Report) -> bytes:
    """Previous results beside the current ones, everything right-aligned, flags as arrows and stars."""
    sheet = _Sheet("Helvetica", 9)
    sheet.put(545, report.laboratory, bold=True, size=13, right=True)
    sheet.down(30)
    sheet.put(50, "Patient")
    sheet.put(130, report.name, bold=True)
    sheet.put(330, "Patient ID")
    sheet.put(420, report.id)
    sheet.down(13)
    sheet.put(50, "Date of birth")
    sheet.put(130, report.birth)
    sheet.put(330, "Collected")
    sheet.put(420, f"{report.collected} 07:40")
    sheet.down(13)
    sheet.put(50, "Gender")
    sheet.put(130, report.sex.capitalize())
    sheet.put(330, "Report status")
    sheet.put(420, "Final")
    for panel in _panels(report):
        if sheet.y > 660:
            sheet.turn()
        sheet.down(26)
        sheet.put(50, panel[0].panel, bold=True, size=11)
        sheet.down(16)
        for x, text, right in ((50, "Test", False), (255, "Result", True), (262, "Flag", False),
                               (350, "Previous", True), (362, "Unit", False),
                               (545, "Reference Range", True)):  # fmt: skip
            sheet.put(x, text, bold=True, right=right)
        sheet.down(4)
        for result in panel:
            sheet.down(14)
            result.page = sheet.page
            sheet.put(50, result.name)
            sheet.put(255, result.printed, right=True, bold=bool(result.flag))
            sheet.put(268, result.flag or "")
            sheet.put(350, result.previous, right=True)
            sheet.put(362, result.unit)
            sheet.put(545, result.range_text, right=True)
    return sheet.done(report)


def specific_ranges(report: Report) -> bytes:
    """Ranges for each sex on lines of their own, comments under rows, headings repeated on every page."""
    sheet = _Sheet("Helvetica", 9)

    def heading() -> None:
        sheet.put(60, report.laboratory, bold=True, size=12)
        sheet.put(540, f"Page {sheet.page}", right=True)
        sheet.down(16)
        sheet.put(60, f"Patient: {report.name}   DOB: {report.birth}   Sex: {report.sex}   ID: {report.id}")
        sheet.down(12)
        sheet.put(60, f"Collected: {report.collected}")
        sheet.down(20)
        for x, text in ((60, "Test"), (230, "Result"), (285, "Flag"), (320, "Units"), (400, "Reference Range")):
            sheet.put(x, text, bold=True)
        sheet.line(60, 540)
        sheet.down(16)

    heading()
    for panel in _panels(report):
        if sheet.y > 700:
            sheet.turn()
            heading()
        sheet.put(60, panel[0].panel, bold=True, size=10)
        sheet.down(14)
        for result in panel:
            if sheet.y > 730:
                sheet.turn()
                heading()
                sheet.put(60, f"{result.panel} (continued)", bold=True, size=10)
                sheet.down(14)
            result.page = sheet.page
            for x, text in ((66, result.name), (230, result.printed), (285, result.flag or ""), (320, result.unit)):
                sheet.put(x, text)
            if result.name in ("Hemoglobin", "Creatinine", "Ferritin") and result.low is not None:
                own, other = ("Female", "Male") if report.sex == "female" else ("Male", "Female")
                wider = f"{result.low + 1:.{result.decimals}f}-{(result.high or 0) + 1:.{result.decimals}f}"
                sheet.put(400, f"{own}: {result.range_text}")
                sheet.down(11)
                sheet.put(400, f"{other}: {wider}")
            else:
                sheet.put(400, result.range_text)
            sheet.down(13)
            if result.name in ("Glucose", "Ferritin"):
                sheet.put(74, "Comment: sample slightly hemolyzed, interpret with care.", size=8)
                sheet.down(13)
        sheet.down(5)
    return sheet.done(report)


def letter(report: Report) -> bytes:
    """Typed in a fixed-width font without headings: name, result, unit, range in brackets, flag."""
    sheet = _Sheet("Courier", 9)
    sheet.put(60, report.laboratory.upper(), bold=True)
    sheet.down(20)
    _labels(sheet, report, 60, 12)
    for panel in _panels(report):
        if sheet.y > 680:
            sheet.turn()
        sheet.down(12)
        sheet.put(60, panel[0].panel)
        sheet.down(12)
        for result in panel:
            result.page = sheet.page
            sheet.put(
                60,
                f"  {result.name:<34}{result.printed:>12}  {result.unit:<9} ({result.range_text}) {result.flag or ''}",
            )
            sheet.down(12)
    return sheet.done(report)


def in_and_out(report: Report) -> bytes:
    """Results in a column for those within range or in one for those without; the unit behind the range; footnotes."""
    sheet = _Sheet("Helvetica", 9)
    sheet.put(50, report.laboratory, bold=True, size=13)
    sheet.down(20)
    sheet.put(50, f"PATIENT: {report.name.upper()}")
    sheet.put(330, f"COLLECTED: {report.collected} 09:05")
    sheet.down(12)
    sheet.put(50, f"DOB: {report.birth}   GENDER: {report.sex[0].upper()}")
    sheet.put(330, "REPORTED: " + report.collected + " 17:30")
    sheet.down(12)
    sheet.put(50, f"PATIENT ID: {report.id}")
    report.name = report.name.upper()
    sheet.down(24)
    for x, text in (
        (50, "Test Name"),
        (260, "In Range"),
        (330, "Out Of Range"),
        (410, "Reference Range"),
        (530, "Lab"),
    ):
        sheet.put(x, text, bold=True)
    sheet.line(50, 555)
    sheet.down(15)
    for panel in _panels(report):
        title = panel[0].panel.upper()
        sheet.put(50, title, bold=True)
        sheet.down(12)
        for result in panel:
            result.panel, result.name, result.page = title, result.name.upper(), sheet.page
            sheet.put(62, result.name)
            sheet.put(330 if result.flag else 260, f"{result.printed} {result.flag}" if result.flag else result.printed)
            sheet.put(410, f"{result.range_text} {result.unit}".strip())
            sheet.put(535, "01")
            sheet.down(11.5)
        sheet.down(5)
    sheet.down(14)
    sheet.put(50, "01 Northfield, 12 Mill Lane. Director: R. Vance, MD. Page 1 of 1", size=7)
    return sheet.done(report)


def stacked_headings(report: Report) -> bytes:
    """Headings on two lines, a column of methods, thousands parted by commas, remarks under rows."""
    sheet = _Sheet("Times-Roman", 10)
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True)
    sheet.down(14)
    sheet.put(300, "12 Mill Lane, Northfield. Tel: 555 0100", centre=True, size=8)
    sheet.down(26)
    sheet.put(50, f"Pt Name: {report.name}")
    sheet.put(300, f"Age/Sex: 54 Y / {report.sex[0].upper()}")
    sheet.down(13)
    sheet.put(50, f"MRN: {report.id}")
    sheet.put(300, f"Date of Birth: {report.birth}")
    sheet.down(13)
    sheet.put(50, f"Specimen Collected: {report.collected}")
    for panel in _panels(report):
        if sheet.y > 620:
            sheet.turn()
        sheet.down(26)
        sheet.put(50, panel[0].panel, bold=True, size=11.5)
        sheet.down(15)
        for x, first, second in ((50, "", "Investigation"), (225, "Observed", "Value"), (300, "", "Unit"),
                                 (370, "Biological Ref.", "Interval"), (470, "", "Method")):  # fmt: skip
            sheet.put(x, first, bold=True)
            sheet.put(x, second, bold=True, dy=11)
        sheet.down(14)
        sheet.line(50, 545)
        for result in panel:
            sheet.down(14)
            result.page = sheet.page
            printed, ranged = result.printed, result.range_text
            if result.unit == "10^3/uL" and result.low == 150:
                result.value, result.unit = float(result.printed) * 1000, "/uL"
                result.low, result.high = 150000, 400000
                result.printed = printed = f"{int(result.value):,}"
                ranged = "150,000 - 400,000"
            sheet.put(50, result.name)
            sheet.put(225, printed, bold=bool(result.flag))
            sheet.put(300, result.unit)
            sheet.put(370, ranged)
            sheet.put(470, "Photometry" if result.value is not None else "CLIA")
            result.flag = None
            if result.name in ("Triglycerides", "Potassium"):
                sheet.down(11)
                sheet.put(60, "Repeated and confirmed on the same sample.", size=8)
    return sheet.done(report)


def panel_column(report: Report) -> bytes:
    """One table over all pages, its heading only on the first, with columns for panel, date and status."""
    sheet = _Sheet("Helvetica", 8.5)
    sheet.put(50, report.laboratory, bold=True, size=13)
    sheet.down(22)
    _labels(sheet, report, 50, 12)
    sheet.down(16)
    columns = (
        (50, "Date"),
        (105, "Panel"),
        (225, "Test"),
        (370, "Result"),
        (415, "Units"),
        (465, "Ref. Range"),
        (525, "Status"),
    )
    for x, text in columns:
        sheet.put(x, text, bold=True)
    sheet.line(50, 560)
    for result in report.results:
        sheet.down(13)
        if sheet.y > 640:
            sheet.turn()
        result.page = sheet.page
        result.flag = None
        texts = (report.collected, result.panel, result.name, result.printed, result.unit, result.range_text, "Final")
        for (x, _), text in zip(columns, texts, strict=True):
            sheet.put(x, text)
    return sheet.done(report)


def urinalysis(report: Report) -> bytes:
    """Results in words, grades and spans beside numbers."""
    sheet = _Sheet("Helvetica", 9.5)
    sheet.put(60, report.laboratory, bold=True, size=14)
    sheet.down(24)
    _labels(sheet, report)
    sheet.down(10)
    sheet.put(60, "Specimen type: Urine, clean catch")
    sheet.down(24)
    sheet.put(60, "URINALYSIS, COMPLETE", bold=True, size=11)
    sheet.down(16)
    for x, text in ((60, "Component"), (220, "Value"), (310, "Flag"), (350, "Ref Range"), (450, "Units")):
        sheet.put(x, text, bold=True)
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
        for x, text in ((60, name), (220, printed), (310, flag or ""), (350, ranged), (450, unit)):
            sheet.put(x, text)
        number = float(printed) if printed.replace(".", "").isdigit() else None
        low, high = (float(x) for x in ranged.split("-")) if ranged[0].isdigit() else (None, None)
        report.results.append(Result("URINALYSIS, COMPLETE", name, printed, number, unit, low, high, flag=flag))
    return sheet.done(report)


def limits_apart(report: Report) -> bytes:
    """Unseen during development: low and high limits in columns of their own, the flag before the result, centred."""
    sheet = _Sheet("Times-Roman", 9.5)
    sheet.put(300, report.laboratory, bold=True, size=15, centre=True)
    sheet.down(30)
    for at, (label, value) in enumerate(
        (("PATIENT NAME", report.name), ("DATE OF BIRTH", report.birth), ("SEX", report.sex), ("MRN", report.id),
         ("COLLECTION DATE", report.collected))
    ):  # fmt: skip
        sheet.put(50 + 105 * at, label, size=7)
        sheet.put(50 + 105 * at, value, dy=11)
    sheet.down(36)
    for panel in _panels(report):
        if sheet.y > 660:
            sheet.turn()
        sheet.put(300, panel[0].panel, bold=True, centre=True, size=11)
        sheet.down(16)
        columns = (
            (60, "INVESTIGATION"),
            (225, "H/L"),
            (300, "OBSERVED VALUE"),
            (375, "LOW"),
            (425, "HIGH"),
            (490, "UNITS"),
        )
        for x, text in columns:
            sheet.put(x, text, bold=True, centre=x != 60, size=8.5)
        sheet.line(60, 530)
        sheet.down(15)
        for result in panel:
            result.page = sheet.page
            low, high = (f"{x:.{result.decimals}f}" if x is not None else "" for x in (result.low, result.high))
            texts = (result.name, result.flag or "", result.printed, low, high, result.unit)
            for (x, _), text in zip(columns, texts, strict=True):
                sheet.put(x, text, centre=x != 60)
            sheet.down(13)
        sheet.down(10)
    return sheet.done(report)


def cumulative(report: Report) -> bytes:
    """Unseen during development: results under their dates, the newest first; range and unit in the name's line."""
    sheet = _Sheet("Helvetica", 9)
    sheet.put(50, "Cumulative Laboratory Report", bold=True, size=14)
    sheet.down(16)
    sheet.put(50, report.laboratory)
    sheet.down(22)
    sheet.put(50, f"Patient: {report.name}   (DOB {report.birth}, {report.sex})")
    sheet.down(13)
    sheet.put(50, f"Hospital No: {report.id}      Collected: {report.collected}")
    earlier = f"{int(report.collected[:4]) - 1}{report.collected[4:]}"
    for panel in _panels(report):
        if sheet.y > 660:
            sheet.turn()
        sheet.down(24)
        sheet.put(50, panel[0].panel, bold=True, size=10.5)
        sheet.down(15)
        for x, text in ((50, "Component"), (230, "Range & Units"), (360, report.collected), (450, earlier)):
            sheet.put(x, text if x != 230 else "Ref. Range", bold=True)
        sheet.line(50, 530)
        for result in panel:
            sheet.down(13)
            result.page = sheet.page
            sheet.put(50, result.name)
            sheet.put(230, f"{result.range_text} {result.unit}".strip())
            sheet.put(360, f"{result.printed} {result.flag or ''}".strip(), bold=bool(result.flag))
            sheet.put(450, result.previous)
    return sheet.done(report)


def _panels(report: Report) -> list[list[Result]]:
    panels: dict[str, list[Result]] = {}
    for result in report.results:
        panels.setdefault(result.panel, []).append(result)
    return list(panels.values())


SEEN: Final[dict[str, Callable[[Report], bytes]]] = {
    f.__name__: f
    for f in (
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
    )
}
UNSEEN: Final[dict[str, Callable[[Report], bytes]]] = {f.__name__: f for f in (limits_apart, cumulative)}
