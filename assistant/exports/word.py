"""Document -> DOCX. Everything that a run said is text of its own: no field, no link and no macro comes from it."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from assistant.exports.document import Block, Document, Picture, Said, Table
from assistant.plain import one_line

if TYPE_CHECKING:
    from docx.document import Document as Paper

_WIDTH_CM: Final = 16.6
_HEIGHT_CM: Final = 22.0
_PICTURE_CM: Final = 10.0
_GREY: Final = "595959"
_WARNING: Final = "962800"


def docx_bytes(document: Document) -> bytes:
    """The document with its headings as Word's own, so that they can be found and restyled."""
    from docx import Document as new_paper

    paper: Paper = new_paper()
    _prepare(paper, document)
    paper.add_heading(one_line(document.title), level=0)
    for notice in document.notices:
        _coloured(paper.add_paragraph().add_run(one_line(notice)), _WARNING).bold = True
    if document.message:
        paper.add_paragraph(one_line(document.message))
    _table(paper, Table(("", ""), document.facts, (1.0, 4.0)), bold_first=True)
    for section in document.sections:
        if section.heading:
            paper.add_heading(one_line(section.heading), level=1)
        for block in section.blocks:
            _block(paper, block)
    paper.add_heading("Sources and checks", level=1)
    rows = tuple((f"[{one.number}]", one.origin, one.verdict, one.where) for one in document.sources)
    _table(paper, Table(("no.", "origin", "check", "source"), rows, (0.6, 1.0, 1.3, 5.0)))
    for heading, lines in document.closing:
        paper.add_heading(one_line(heading), level=1)
        for line in lines:
            paper.add_paragraph(one_line(line), style="List Bullet")
    out = io.BytesIO()
    paper.save(out)
    return _settled(out.getvalue())


def _prepare(paper: Paper, document: Document) -> None:
    """Page, font and properties; a footer on every page that says what this is."""
    from docx.shared import Cm, Pt

    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.0)
    normal: Any = paper.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10.5)
    footer = section.footer.paragraphs[0]
    _grey(footer.add_run(one_line(f"run {document.run}. {document.notices[0]}")))
    properties = paper.core_properties
    written = datetime.fromisoformat(document.written).replace(tzinfo=None)
    properties.title, properties.author = one_line(document.title), "clinical-assistant"
    properties.comments = ""
    properties.created = properties.modified = written


def _block(paper: Paper, block: Block) -> None:
    from docx.shared import Cm

    match block:
        case Said():
            paragraph = paper.add_paragraph(one_line(block.text))
            number = paragraph.add_run(f" [{block.number}]")
            number.font.superscript = True
            if block.marks:
                _coloured(paragraph.add_run(f" ({one_line('; '.join(block.marks))})"), _WARNING).italic = True
        case Table():
            _table(paper, block)
        case Picture():
            width, _ = block.size(_WIDTH_CM if block.wide else _PICTURE_CM, _HEIGHT_CM)
            paper.add_picture(io.BytesIO(block.png), width=Cm(width))
            paper.paragraphs[-1].paragraph_format.keep_with_next = True
            _grey(paper.add_paragraph().add_run(one_line(block.caption)))


def _table(paper: Paper, table: Table, bold_first: bool = False) -> None:
    from docx.shared import Cm, Pt

    headed = any(table.headings)
    grid = paper.add_table(rows=0, cols=len(table.headings), style="Table Grid")
    grid.autofit = False
    widths = [Cm(_WIDTH_CM * width / sum(table.widths)) for width in table.widths]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    for n, row in enumerate((table.headings, *table.rows) if headed else table.rows):
        line = grid.add_row()
        _mark(line, "w:cantSplit")
        cells = line.cells
        for at, text in enumerate(row):
            cells[at].width = widths[at]
            run = cells[at].paragraphs[0].add_run(one_line(text))
            run.font.size = Pt(9)
            run.bold = (headed and n == 0) or (bold_first and at == 0)
    if headed:
        _mark(grid.rows[0], "w:tblHeader")
    paper.add_paragraph()


def _mark(row: Any, name: str) -> None:
    """``w:cantSplit``: no page ends within the row. ``w:tblHeader``: it stands again on every page of the table."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _grey(run: Any) -> None:
    from docx.shared import Pt

    _coloured(run, _GREY).font.size = Pt(8.5)


def _coloured(run: Any, colour: str) -> Any:
    from docx.shared import RGBColor

    run.font.color.rgb = RGBColor.from_string(colour)
    return run


def _settled(data: bytes) -> bytes:
    """The same archive with one fixed time on all of its members: equal documents are equal bytes."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in made.namelist():
            settled.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), made.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
