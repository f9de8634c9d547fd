"""One line of a table, its words under the headings of their columns, and what kind of line it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.flags import is_finding, is_flag
from pipelines.tasks.lab.found import Cells, Item
from pipelines.tasks.lab.numbers import read_result
from pipelines.tasks.lab.titles import is_panelish, is_prose, is_title, labelled
from pipelines.tasks.lab.units import is_unit

_PAGE: Final = re.compile(
    r"\bpage\s*\d+\s*(?:of|/)\s*\d+|\bend\s*of\s*(?:the\s*)?report\b|©|\bcopyright\b|\ball\s*rights\s*reserved\b"
    r"|\bin\s*error,?\s*please\b",
    re.IGNORECASE,
)
_SENTENCE: Final = 7
"""Words: a name and its result without room between them are fewer."""
_INDENTED: Final = 4.0
"""Of the letters' height: titles that are centred begin this far from where names begin."""


def item_of(line: Line, columns: Sequence[Column]) -> Item | None:
    low, high = columns[0].left, columns[-1].right
    tokens = tuple(token for token in line.tokens if low <= token.centre < high)
    if not tokens:
        return None
    placed = [(token, _column_of(token, columns)) for token in tokens]
    cells: Cells = {}
    for run in Line(tokens).runs(0.6):
        homes = [column for token, column in placed if token in run]
        first = homes[0]
        # A result in words may be longer than its column is wide.
        whole = first.role == "value" and not any(c.isdigit() for c in run[0].text) and not _ends_in_own_cells(run)
        for token, column in zip(run, homes, strict=True):
            cells.setdefault(first.role if whole else column.role, []).append(token)
    return Item(line.middle, line.height, cells, tokens, _kind(cells, tokens, placed), line.middle)


def _ends_in_own_cells(run: Sequence[Token]) -> bool:
    return any(is_unit(token.text) or is_flag(token.text) or token.text[:1].isdigit() for token in run[1:])


def _column_of(token: Token, columns: Sequence[Column]) -> Column:
    return next((column for column in columns if column.left <= token.centre < column.right), columns[-1])


def _kind(cells: Cells, tokens: tuple[Token, ...], placed: list[tuple[Token, Column]]) -> str:
    if _PAGE.search(text_of(tokens)) or _crosses(tokens, placed):
        return "text"
    line = Line(tokens)
    if len(tokens) > 3 and len(line.runs()) == 1 and is_prose(line.text) and not line.text.startswith("("):
        return "text"
    if _is_centred_title(tokens, placed):
        return "title"
    if "value" in cells:
        return "row"
    if "test" not in cells:
        return "tail"
    return "name" if set(cells) <= {"test", "other", "panel"} else "blank"


def _is_centred_title(tokens: tuple[Token, ...], placed: list[tuple[Token, Column]]) -> bool:
    """Whether the line is one phrase that stands in the middle of the table, where no cell begins."""
    line = Line(tokens)
    text = line.text
    if len(line.runs()) > 1 or is_finding(text) or text[:1].isdigit() or not is_title(text):
        return False
    first, homes = placed[0][1], {column.role for _, column in placed}
    if first.role == "value":
        around = tokens[0].x0 < first.x0 - 2 * line.height and tokens[-1].x1 > first.x1
        return around or is_panelish(text)
    indented = tokens[0].x0 - first.x0 > _INDENTED * line.height
    return first.role == "test" and "value" in homes and indented and any(c.isupper() for c in text)


def _crosses(tokens: tuple[Token, ...], placed: list[tuple[Token, Column]]) -> bool:
    """Whether words run on from column to column like a sentence."""
    homes = dict(placed)
    for run in Line(tokens).runs(0.6):
        roles = {homes[token].role for token in run}
        if len(run) < 3 or len(roles) < 2 or not roles & {"value", "unit"}:
            continue
        inner = [token for token in run if homes[token].role == "value"]
        if not inner:
            continue
        before = run.index(inner[0])
        if before and _is_sentence(run, inner):
            return True
        worded = sum(any(c.isalpha() for c in token.text) and not is_unit(token.text) for token in run)
        if before and worded >= len(run) - 1 and read_result(text_of(inner), ".") is not None:
            result = read_result(text_of(inner), ".")
            if result is None or result.value is None or before + len(inner) < len(run):
                return True
    line = Line(tokens)
    several = len({homes[token].role for token in tokens}) > 1
    measured = any(homes[token].role == "value" and token.text[:1].isdigit() for token in tokens)
    return ":" in line.text and bool(labelled(line)) and several and not measured


def _is_sentence(run: tuple[Token, ...], inner: list[Token]) -> bool:
    """Whether what runs on into the column of results is no result: words, or a number in the middle of words."""
    if len(run) < _SENTENCE:
        return False
    result = read_result(text_of(inner), ".")
    if result is None or result.value is None:
        return True
    after = run[run.index(inner[-1]) + 1 :]
    return run[-1].text.endswith((".", ";")) or any(
        token.text[:1].isalpha() and not is_unit(token.text) and not is_flag(token.text) for token in after
    )
