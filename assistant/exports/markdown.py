"""Document -> Markdown (CommonMark, with tables as GitHub has them)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from assistant.exports.document import Block, Document, Picture, Said, Table
from assistant.plain import one_line

_MEANING: Final = re.compile(r"[\\`*_{}\[\]<>&|~#!$]")
_AT_THE_BEGINNING: Final = re.compile(r"^(?:[-+=:]|\d{1,9}(?=[.)](?:\s|$)))")
_LINK: Final = re.compile(r"(?<=\w)(?:(?=://)|(?=@\w))|(?<=\bwww)(?=\.)", re.IGNORECASE)


def markdown(document: Document) -> str:
    """Everything that a run said is escaped: no link, no picture and no HTML comes from it."""
    return "\n".join(_lines(document))


def escaped(text: str) -> str:
    """One line that shows ``text`` as it is."""
    safe = _LINK.sub(r"\\", _MEANING.sub(r"\\\g<0>", one_line(text)))
    return _AT_THE_BEGINNING.sub(_escape_beginning, safe)


def _escape_beginning(found: re.Match[str]) -> str:
    said = found.group()
    return f"{said}\\" if said[0].isdigit() else f"\\{said}"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {escaped(document.title)}"
    yield ""
    for notice in document.notices:
        yield f"> {escaped(notice)}"
        yield ">"
    yield ""
    if document.message:
        yield escaped(document.message)
        yield ""
    yield from _table(("", ""), document.facts)
    for section in document.sections:
        if section.heading:
            yield f"## {escaped(section.heading)}"
            yield ""
        for block in section.blocks:
            yield from _block(block)
    yield "## Sources and checks"
    yield ""
    headings = ("sentence", "origin", "check", "source")
    yield from _table(headings, [(f"[{s.number}]", s.origin, s.verdict, s.where) for s in document.sources])
    for heading, lines in document.closing:
        yield f"## {escaped(heading)}"
        yield ""
        yield from (f"- {escaped(line)}" for line in lines)
        yield ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Said():
            marks = f" *({escaped('; '.join(block.marks))})*" if block.marks else ""
            yield f"{escaped(block.text)} \\[{block.number}\\]{marks}"
            yield ""
        case Table():
            yield from _table(block.headings, block.rows)
        case Picture():
            data = base64.b64encode(block.png).decode()
            yield f"![{escaped(block.caption)}](data:image/png;base64,{data})"
            yield ""


def _table(headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...] | list[tuple[str, ...]]) -> Iterator[str]:
    yield _row(headings)
    yield _row(("---",) * len(headings), as_it_is=True)
    yield from map(_row, rows)
    yield ""


def _row(cells: tuple[str, ...], as_it_is: bool = False) -> str:
    return f"| {' | '.join(cells if as_it_is else map(escaped, cells))} |"
