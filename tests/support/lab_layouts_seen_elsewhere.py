"""Layouts that others drew after reports of their own countries, and that taught the reader something."""

from __future__ import annotations

from tests.support.lab_made_up import Report, Result
from tests.support.lab_sheet import Sheet


def with_range_below(report: Report) -> bytes:
    """A patients' portal: the range on a line of its own under the name, the result between both lines."""
    sheet = Sheet(report)
    for panel in sheet.panels(lowest=90):
        sheet.put(40, report.name, bold=True, size=11)
        sheet.put(550, f"DOB: {report.birth}   MRN: {report.id}   Sex: {report.sex}", right=True, down=30)
        sheet.put(40, panel[0].panel, bold=True, size=17, down=17)
        sheet.put(40, f"Collected on {report.collected} 07:42", size=9.5, down=14)
        sheet.put(40, f"Resulting lab: {report.laboratory}", size=9.5, down=24)
        sheet.put(40, "Results", bold=True, size=13, down=24)
        for result in panel:
            sheet.put(40, result.name, bold=True, size=10)
            sheet.put(360, result.printed, bold=True, size=12, dy=5)
            if result.flag:
                sheet.put(420, {"H": "High", "L": "Low", "A": "Abnormal"}[result.flag], bold=True, dy=4)
            sheet.put(40, f"Normal range: {_wide(result)} {result.unit}".strip(), size=8.5, dy=13, down=39)
    return sheet.done()


def _wide(result: Result) -> str:
    return result.range_text.replace("-", " - ") if result.value is not None else result.range_text


def with_sides(report: Report) -> bytes:
    """Two tables beside each other, each panel with its title and heading at a height of its own."""
    sheet = Sheet(report, "Helvetica", 7.6)
    sheet.put(300, report.laboratory, bold=True, size=14, centre=True, down=24)
    sheet.patient(40, 11)
    sheet.down(14)
    below = [sheet.y, sheet.y]
    for at, panel in enumerate(sheet.panels()):
        sheet.y = below[at % 2]
        left = 36 if at % 2 == 0 else 314
        sheet.put(left + 2, panel[0].panel.upper(), bold=True, size=9.5, down=15)
        columns = [left + x for x in (0, 148, 152, 164, 212)]
        sheet.head((left, columns[1], columns[3], columns[4]), ("Test", "Result", "Units", "Ref Range"),
                   right=(columns[1],), size=7.2, down=11.6)  # fmt: skip
        for result in panel:
            result.panel = result.panel.upper()
            texts = (result.name, result.printed, result.flag or "", result.unit, result.range_text)
            sheet.row(columns, texts, right=(columns[1],), down=11.6)
        below[at % 2] = sheet.y + 14
    return sheet.done()


def with_small_print(report: Report) -> bytes:
    """Titles in the middle of the table, under every name in small print how it was measured."""
    sheet = Sheet(report)
    sheet.put(300, report.laboratory, bold=True, size=16, centre=True, down=24)
    sheet.patient(40)
    sheet.down(10)
    columns = (40, 262, 345, 425)
    sheet.head(columns, ("Test Name", "Result", "Unit", "Bio. Ref. Interval"))
    sheet.line(40, 560, down=22)
    for panel in sheet.panels(lowest=600):
        sheet.put(300, panel[0].panel.upper(), bold=True, size=10, centre=True, down=16)
        for result in panel:
            result.panel, result.flag = result.panel.upper(), None
            sheet.row(columns, (result.name, result.printed, result.unit, _wide(result)))
            sheet.put(40, "Method : Photometry" if result.value is not None else "CLIA", size=6.5, dy=9, down=22)
    sheet.put(300, "*** End of Report ***", bold=True, centre=True)
    return sheet.done()


def with_stamps(report: Report) -> bytes:
    """Results under their dates, times and samples' numbers, the newest last; some tests were not done every time."""
    sheet = Sheet(report)
    sheet.put(40, report.laboratory, bold=True, size=16, down=24)
    sheet.patient(40)
    year = int(report.collected[:4])
    day = "/".join(reversed(report.collected.split("-")))
    stamps = (("28/02/" + str(year - 2), "08:20", "42880094"), ("17/08/" + str(year - 1), "07:55", "45728346"),
              (day, "08:05", "47563900"))  # fmt: skip
    places = (240, 310, 380)
    for panel in sheet.panels(lowest=640):
        sheet.down(20)
        sheet.put(40, panel[0].panel.upper(), bold=True, size=11, down=15)
        for label, texts in zip(("Date", "Time", "Lab No"), zip(*stamps, strict=True), strict=True):
            sheet.put(40, label, size=8)
            sheet.row(places, texts, right=places, size=8, down=10)
        sheet.y -= 10
        sheet.row((425, 490), ("Units", "Reference"), size=8)
        sheet.line(40, 555, down=16)
        for at, result in enumerate(panel):
            result.panel = result.panel.upper()
            sheet.row((40, 310, 425), (result.name, result.previous, result.unit), right=(310,))
            sheet.put(490, f"({_wide(result)})")
            if at % 3:
                sheet.put(240, result.previous, right=True)
            sheet.put(380, result.printed, bold=True, right=True)
            if result.flag:
                sheet.put(383, f"*{result.flag}", bold=True)
            sheet.down(12)
    return sheet.done()
