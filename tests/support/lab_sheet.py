"""The paper on which laboratory reports of our own making are drawn."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from tests.support.lab_made_up import Report, Result

_BOLD: Final = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold", "Courier": "Courier-Bold"}
_TOP: Final = 50.0


class Sheet:
    """A canvas of A4 pages that counts in points from the upper left corner."""

    def __init__(self, report: Report, font: str = "Helvetica", size: float = 9) -> None:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        self.report = report
        self.buffer = io.BytesIO()
        self.height = A4[1]
        # Compressed and without a date: the same report gives the same bytes.
        self.canvas = Canvas(self.buffer, pagesize=A4, invariant=1)
        self.font, self.size = font, size
        self.y = _TOP
        self.page = 1

    def put(self, x: float, text: str, *, bold: bool = False, size: float | None = None, right: bool = False,
            centre: bool = False, dy: float = 0, down: float = 0) -> None:  # fmt: skip
        """Text from ``x`` on, up to it or about it, ``dy`` below the line; then ``down`` to another line."""
        self.canvas.setFont(_BOLD[self.font] if bold else self.font, size or self.size)
        if right:
            draw = self.canvas.drawRightString
        else:
            draw = self.canvas.drawCentredString if centre else self.canvas.drawString
        draw(x, self.height - self.y - dy, text)
        self.y += down

    def row(self, columns: Sequence[float], texts: Sequence[str], *, bold: Collection[float] = (),
            right: Collection[float] = (), centre: Collection[float] = (), size: float | None = None,
            down: float = 0) -> None:  # fmt: skip
        """A text in each column; which columns are bold, end there or are centred is said by their places."""
        for x, text in zip(columns, texts, strict=True):
            self.put(x, text, bold=x in bold, right=x in right, centre=x in centre, size=size)
        self.y += down

    def head(self, columns: Sequence[float], texts: Sequence[str], *, right: Collection[float] = (),
             centre: Collection[float] = (), size: float | None = None, down: float = 0) -> None:  # fmt: skip
        """The headings of columns."""
        self.row(columns, texts, bold=columns, right=right, centre=centre, size=size, down=down)

    def raised(self, x: float, text: str) -> None:
        """Text in which digits after ``^`` are raised."""
        at = x
        for part in re.split(r"(\^\d+)", text):
            size = self.size * (0.65 if part.startswith("^") else 1)
            up = self.size * (0.35 if part.startswith("^") else 0)
            self.canvas.setFont(self.font, size)
            self.canvas.drawString(at, self.height - self.y + up, part.lstrip("^"))
            at += self.canvas.stringWidth(part.lstrip("^"), self.font, size)

    def wrapped(self, text: str, width: float) -> list[str]:
        """The text in lines of at most ``width``."""
        lines = [""]
        for word in text.split():
            more = f"{lines[-1]} {word}".strip()
            if self.canvas.stringWidth(more, self.font, self.size) > width and lines[-1]:
                lines.append(word)
            else:
                lines[-1] = more
        return lines

    def line(self, x0: float, x1: float, down: float = 0) -> None:
        """A rule under the line of text."""
        self.canvas.setLineWidth(0.5)
        self.canvas.line(x0, self.height - self.y - 3, x1, self.height - self.y - 3)
        self.y += down

    def box(self, x0: float, x1: float, top: float, bottom: float) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.rect(x0, self.height - bottom, x1 - x0, bottom - top)

    def down(self, by: float) -> None:
        self.y += by

    def turn(self) -> None:
        self.canvas.showPage()
        self.page += 1
        self.y = _TOP

    def patient(self, x: float = 60, step: float = 13) -> None:
        """Who it is of and from when, one below the other."""
        report = self.report
        for label, value in (
            ("Patient", report.name), ("DOB", report.birth), ("Sex", report.sex), ("Patient ID", report.id),
            ("Collected", report.collected),
        ):  # fmt: skip
            self.put(x, f"{label}: {value}", down=step)

    def panels(self, lowest: float = math.inf) -> Iterator[list[Result]]:
        """The results of each panel, which are noted to stand on this page.

        Args:
            lowest: below it no panel begins; it begins the next page.
        """
        panels: dict[str, list[Result]] = {}
        for result in self.report.results:
            panels.setdefault(result.panel, []).append(result)
        for panel in panels.values():
            if self.y > lowest:
                self.turn()
            for result in panel:
                result.page = self.page
            yield panel

    def done(self) -> bytes:
        """The PDF."""
        self.report.pages = self.page
        self.canvas.save()
        return self.buffer.getvalue()
