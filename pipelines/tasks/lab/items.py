"""One line of a table, its words under the headings of their columns, and what kind of line it is."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.flags import is_flag
from pipelines.tasks.lab.found import Cells, Item
from pipelines.tasks.lab.numbers import read_result
from pipelines.tasks.lab.titles import labelled
from pipelines.tasks.lab.units import is_unit


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
    if _crosses(tokens, placed):
        return "text"
    if "value" in cells:
        return "row"
    if "test" not in cells:
        return "tail"
    return "name" if set(cells) <= {"test", "other", "panel"} else "blank"


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
        worded = sum(any(c.isalpha() for c in token.text) and not is_unit(token.text) for token in run)
        if before and worded >= len(run) - 1 and read_result(text_of(inner), ".") is not None:
            result = read_result(text_of(inner), ".")
            if result is None or result.value is None or before + len(inner) < len(run):
                return True
    line = Line(tokens)
    several = len({homes[token].role for token in tokens}) > 1
    measured = any(homes[token].role == "value" and token.text[:1].isdigit() for token in tokens)
    return ":" in line.text and bool(labelled(line)) and several and not measured
