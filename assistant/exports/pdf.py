"""Document -> PDF, with its fonts in it. Nothing in it is active: no link, form or script."""

from __future__ import annotations

import io
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.exports.document import Block, Document, Picture, Said, Table
from assistant.exports.fonts import FAMILY, Letters, must_be_shaped
from assistant.plain import one_line

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN: Final = 20.0
_FOOT: Final = 18.0
_PICTURE: Final = 100.0
_TALLEST: Final = 225.0
"""Leaves room for its heading and caption."""
_TEXT: Final = 10.5
_SMALL: Final = 8.5
_LINE: Final = 1.4
"""Height of a line in heights of its letters."""
_BLACK: Final = (0, 0, 0)
_GREY: Final = (90, 90, 90)
_WARNING: Final = (150, 40, 0)
_SHADE: Final = (238, 241, 245)
_RULE: Final = (170, 176, 184)
_MM: Final = 25.4 / 72
#: No row goes on over a page: a cell is cut, and says so, before it is as tall as one.
_LINES_IN_A_CELL: Final = 30
_LETTER: Final = 1.7
"""Width of a small letter in millimetres."""


def pdf_bytes(document: Document) -> bytes:
    """A4, the title and what this is on the first page, the run and the page's number on every one."""
    with tempfile.TemporaryDirectory() as folder:
        return _Writing(document, Path(folder)).bytes()


class _Writing:
    def __init__(self, document: Document, fonts: Path) -> None:
        self._document = document
        self._pdf = _paper(document)
        self._letters = Letters(self._pdf, fonts)

    def bytes(self) -> bytes:
        document = self._document
        self._pdf.add_page()
        self._line(document.title, _TEXT * 1.7, "B")
        for notice in document.notices:
            self._line(notice, _TEXT, "B", _WARNING)
        if document.message:
            self._line(document.message, _TEXT)
        self._gap(2)
        for name, value in document.facts:
            self._write(f"{name}  ", _SMALL, "B", _GREY)
            self._write(value, _SMALL, "", _GREY)
            self._end(_SMALL)
        for section in document.sections:
            self._heading(section.heading, next(iter(section.blocks), None))
            for block in section.blocks:
                self._block(block)
        self._heading("Sources and checks")
        for source in document.sources:
            self._write(f"[{source.number}] {source.origin}; {source.verdict}; ", _SMALL, "B", _GREY)
            self._write(source.where, _SMALL, "", _GREY)
            self._end(_SMALL)
        for heading, lines in document.closing:
            self._heading(heading)
            for line in lines:
                self._line(f"• {line}", _SMALL, "", _GREY)
        if self._letters.missing:
            self._gap(3)
            lack = "Letters that this format's fonts lack stand here as their code points; Markdown and DOCX have them."
            self._line(lack, _SMALL, "B", _WARNING)
        return bytes(self._pdf.output())

    def _block(self, block: Block) -> None:
        match block:
            case Said():
                self._write(block.text, _TEXT)
                self._write(f" [{block.number}]", _SMALL, "", _GREY)
                if block.marks:
                    self._write(f" ({'; '.join(block.marks)})", _SMALL, "I", _WARNING)
                self._end(_TEXT)
            case Table():
                self._table(block)
            case Picture():
                width, height = self._size(block)
                self._pdf.image(io.BytesIO(block.png), w=width, h=height, alt_text=one_line(block.caption))
                self._line(block.caption, _SMALL, "I", _GREY)

    def _table(self, table: Table) -> None:
        from fpdf.enums import TableBordersLayout
        from fpdf.fonts import FontFace

        self._pdf.set_font(FAMILY, "", _SMALL)
        self._pdf.set_text_color(*_BLACK)
        most = [int(_LINES_IN_A_CELL * self._pdf.epw * width / sum(table.widths) / _LETTER) for width in table.widths]
        rows = [
            [self._shown(_shortened(one_line(cell), letters)) for cell, letters in zip(row, most, strict=True)]
            for row in (table.headings, *table.rows)
        ]
        self._pdf.set_text_shaping(any(must_be_shaped(cell) for row in rows for cell in row))
        self._pdf.set_draw_color(*_RULE)
        self._pdf.set_line_width(0.1)
        with self._pdf.table(
            col_widths=table.widths,
            text_align="LEFT",
            v_align="TOP",
            padding=1,
            line_height=_SMALL * _LINE * _MM,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", fill_color=_SHADE),
        ) as grid:
            for row in rows:
                grid.row(row)
        self._gap(2)

    def _size(self, picture: Picture) -> tuple[float, float]:
        return picture.size(self._pdf.epw if picture.wide else _PICTURE, _TALLEST)

    def _heading(self, heading: str | None, first: Block | None = None) -> None:
        """Never alone at the foot of a page.

        Args:
            first: what stands below it.
        """
        if heading is None:
            self._gap(3)
            return
        below = self._size(first)[1] if isinstance(first, Picture) else 0.0
        if self._pdf.will_page_break(18 + below):
            self._pdf.add_page()
        self._gap(3)
        self._line(heading, _TEXT * 1.2, "B")

    def _line(self, text: str, size: float, style: str = "", colour: tuple[int, int, int] = _BLACK) -> None:
        self._write(text, size, style, colour)
        self._end(size)

    def _write(self, text: str, size: float, style: str = "", colour: tuple[int, int, int] = _BLACK) -> None:
        self._pdf.set_font(FAMILY, style, size)
        self._pdf.set_text_color(*colour)
        ending = " " if text.endswith(" ") else ""
        beginning = " " if text.startswith(" ") else ""
        self._pdf.set_text_shaping(must_be_shaped(text))
        self._pdf.write(size * _LINE * _MM, self._shown(beginning + one_line(text) + ending))

    def _shown(self, text: str) -> str:
        return self._letters.shown(text)

    def _end(self, size: float) -> None:
        self._pdf.ln(size * _LINE * _MM + 0.8)

    def _gap(self, millimetres: float) -> None:
        self._pdf.ln(millimetres)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} … (cut here)"


def _paper(document: Document) -> FPDF:
    from fpdf import FPDF

    footing = f"{one_line(document.notices[0])}  Run {document.run}.  Page "

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-_FOOT + 6)
            self.set_font(FAMILY, "", _SMALL - 1)
            self.set_text_shaping(False)
            self.set_text_color(*_GREY)
            self.cell(0, 4, f"{footing}{self.page_no()} of {{nb}}", align="C")

    paper = Paper(format="A4")
    paper.set_margins(_MARGIN, _MARGIN, _MARGIN)
    paper.set_auto_page_break(True, _FOOT + 2)
    paper.set_title(one_line(document.title))
    paper.set_author("clinical-assistant")
    paper.set_lang("en")
    paper.set_creation_date(datetime.fromisoformat(document.written))
    return paper
