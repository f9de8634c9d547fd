"""The lexicon as a table for spreadsheets: CSV in, CSV out, the same entries after a round trip."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from typing import Final

from assistant.lexicon.entries import BETWEEN_SOUNDS, own_entry
from pipelines.errors import BadInput
from pipelines.text.lexicon import Entry

COLUMNS: Final = ("phrase", "sounds_like", "category", "replacement")
MOST_ROWS: Final = 50_000
MOST_BYTES: Final = 32 << 20
#: A spreadsheet takes a cell that begins so for a formula. An apostrophe before it makes it text.
_FORMULA: Final = ("=", "+", "-", "@")
_QUOTE: Final = "'"
#: What a spreadsheet may write above its table to say what lies between the columns.
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


def read_table(data: bytes, name: str) -> list[Entry]:
    """The entries of a CSV file; commas, semicolons or tabs between the columns, with or without a byte order mark.

    Raises:
        BadInput: it is no such table, or a row cannot be an entry; names the line.
    """
    text, delimiter = _delimited(_decoded(data, name))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _entries(rows, name)
    except csv.Error as error:
        raise BadInput(name, f"is not a table ({error})", "save it as CSV, UTF-8") from error


def write_table(entries: Iterable[Entry]) -> bytes:
    """The entries as CSV that spreadsheets open as it is meant."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for entry in entries:
        cells = (entry.phrase, f"{BETWEEN_SOUNDS} ".join(entry.sounds_like), entry.category, entry.replacement or "")
        table.writerow([_as_text(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _entries(rows: Iterable[list[str]], name: str) -> list[Entry]:
    lines = iter(rows)
    heads = _without_empty_end([head.strip().lower() for head in next(lines, [])])
    if "phrase" not in heads or not set(heads) <= set(COLUMNS) or len(set(heads)) < len(heads):
        there = ", ".join(head[:30] if head.isprintable() else "?" for head in heads[:8]) or "none"
        raise BadInput(name, f"has the columns {there}", f"name them {', '.join(COLUMNS)} (phrase is enough)")
    found: list[Entry] = []
    for number, given in enumerate(lines, 2):
        cells = _without_empty_end(given)
        if not cells:
            continue
        if len(found) == MOST_ROWS:
            raise BadInput(name, f"has more than {MOST_ROWS:,} rows", "keep what is really said")
        if len(cells) > len(heads):
            raise BadInput(f"{name} line {number}", "has more cells than columns", "put quotes about cells with commas")
        row = dict(zip(heads, map(_from_text, cells), strict=False))
        found.append(_entry(row, f"{name} line {number}"))
    if not found:
        raise BadInput(name, "holds no entries", "write one phrase on each line")
    return found


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _entry(row: dict[str, str], where: str) -> Entry:
    replacement = row.get("replacement", "").strip() or None
    try:
        return own_entry(row.get("phrase", ""), [row.get("sounds_like", "")], row.get("category", ""), replacement)
    except BadInput as problem:
        raise BadInput(f"{where}, {problem.subject}", problem.problem, problem.remedy) from None


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MOST_BYTES:
        raise BadInput(name, f"is larger than {MOST_BYTES >> 20} MB", "keep what is really said")
    try:
        return data.decode("utf-16" if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(name, "is not UTF-8 text", "save it as CSV, UTF-8") from None


def _delimited(text: str) -> tuple[str, str]:
    """The table, and what lies between its columns."""
    if said := _SEPARATOR_LINE.match(text):
        return text[said.end() :], said[1]
    head = text.split("\n", 1)[0]
    return text, max((",", ";", "\t"), key=head.count)


def _as_text(cell: str) -> str:
    return _QUOTE + cell if cell.startswith((*_FORMULA, _QUOTE)) else cell


def _from_text(cell: str) -> str:
    return cell[1:] if cell.startswith(_QUOTE) and cell[1:].startswith((*_FORMULA, _QUOTE)) else cell
