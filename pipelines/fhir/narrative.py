"""Text for people within FHIR resources: a small part of XHTML, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from pipelines.fhir.values import Json, string


def narrative(*blocks: str, status: str = "generated") -> Json | None:
    """A Narrative of blocks as `paragraph` and `table` make them; None for none."""
    div = "".join(blocks)
    return {"status": status, "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'} if div else None


def paragraph(text: str, mark: str = "") -> str:
    """A paragraph, and after it in italics what a reader must not overlook."""
    marked = f" <i>{_plain(mark)}</i>" if mark else ""
    return f"<p>{_plain(text)}{marked}</p>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row("th", headings), *(_row("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _row(cell: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{cell}>{_plain(text)}</{cell}>' for text in texts)}</tr>"


def _plain(text: str) -> str:
    return escape(string(text) or "", quote=True)
