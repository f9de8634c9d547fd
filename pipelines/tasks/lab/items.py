"""One line of a table, its words under the headings of their columns, and what kind of line it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.analytes import known_name
from pipelines.tasks.lab.by_content import is_cross
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.flags import is_finding, is_flag, is_word
from pipelines.tasks.lab.found import Cells, Item
from pipelines.tasks.lab.numbers import MEASURE, read_result
from pipelines.tasks.lab.titles import is_panelish, is_prose, is_title, labelled
from pipelines.tasks.lab.units import is_unit

_PAGE: Final = re.compile(
    r"\bpage\s*\d+\s*(?:of|/)\s*\d+|\bend\s*of\s*(?:the\s*)?report\b|©|\bcopyright\b|\ball\s*rights\s*reserved\b"
    r"|\bin\s*error,?\s*please\b",
    re.IGNORECASE,
)
_NOT: Final = re.compile(r"[\W_]*(?:non?|not|none)-?", re.IGNORECASE)
"""A result begins with it, however far it reaches into the column of names, and whatever of a row of dots clings to
it: "NOT DETECTED", ".NON REACTIVE"."""
_SENTENCE: Final = 7
"""Words: a name and its result without room between them are fewer."""
_KEY: Final = re.compile(
    r"(?:key|legend|note|nb|comment|ip message)(?:s|\(s\))?\s*:"
    r"|(?:HH?|LL?|A|N|\*)\s*[=:]\s*(?:high|low|above|below|abnormal|critical|normal|outside)",
    re.IGNORECASE,
)
_CAPITALS: Final = 0.7
_LABELLED: Final = re.compile(r"(?:date|time|by)\s*:", re.IGNORECASE)
_OFF: Final = 0.1
"""Of the table's width: what is centred lies closer to its middle."""
_BESIDE: Final = 2.0
"""Of the letters' height."""
_TICKS: Final = 2
_INDENTED: Final = 4.0
"""Of the letters' height: titles that are centred begin this far from where names begin."""


def item_of(line: Line, columns: Sequence[Column]) -> Item | None:
    low, high = columns[0].left, columns[-1].right
    tokens = tuple(token for token in line.tokens if low <= token.centre < high)
    tokens = _without_chart(tokens, columns)
    if not tokens:
        return None
    placed = [(token, _column_of(token, columns)) for token in tokens]
    cells: Cells = {}
    for run in Line(tokens).runs(0.6):
        homes = [column for token, column in placed if token in run]
        first = homes[0]
        # A result in words may be longer than its column is wide.
        whole = first.role == "value" and not any(c.isdigit() for c in run[0].text) and not _ends_in_own_cells(run)
        for token, home in zip(run, homes, strict=True):
            crossed = home.role == "flag" and is_cross(token.text) and is_flag(home.heading)
            told = replace(token, text=home.heading) if crossed else token
            cells.setdefault(first.role if whole else home.role, []).append(told)
    name, value = cells.get("test", []), cells.get("value", [])
    # No name ends with it, so that however far away the rest stands, they are one result.
    if len(name) > 1 and value and _NOT.fullmatch(name[-1].text) and is_word(text_of(value)):
        no = name.pop()
        value.insert(0, replace(no, text=re.sub(r"^[\W_]+", "", no.text)))
    _part_panel(cells, columns[0], line.height)
    return Item(line.middle, line.height, cells, tokens, _kind(cells, tokens, placed, columns), line.middle)


def _without_chart(tokens: tuple[Token, ...], columns: Sequence[Column]) -> tuple[Token, ...]:
    """The words of the table, without those of a chart far to the right of it: its axis, or what it shows."""
    for at, token in enumerate(tokens):
        away = token.x0 - columns[-1].x1 > _BESIDE * token.height
        apart = at == 0 or token.x0 - tokens[at - 1].x1 > _BESIDE * token.height
        if away and apart and _is_of_chart(tokens[at:]):
            return tokens[:at]
    return tokens


def _is_of_chart(tokens: Sequence[Token]) -> bool:
    *numbers, last = tokens
    axis = len(numbers) >= _TICKS and all(MEASURE.fullmatch(token.text) for token in numbers) and is_unit(last.text)
    return axis or (not numbers and known_name(last.text))


def _part_panel(cells: Cells, first: Column, height: float) -> None:
    """What stands before the place where names begin is the panel's name, in a column without a heading."""
    if first.role != "test" or "panel" in cells or not {"test", "value"} <= set(cells):
        return
    before, *others = Line(tuple(cells["test"])).runs()
    if others and text_of(before).strip(".)").isdigit():
        # Rows are numbered.
        cells["other"], cells["test"] = list(before), [token for run in others for token in run]
    elif others and before[-1].x1 < first.x0 - height and abs(others[0][0].x0 - first.x0) < 0.6 * height:
        cells["panel"], cells["test"] = list(before), [token for run in others for token in run]


def _ends_in_own_cells(run: Sequence[Token]) -> bool:
    return any(is_unit(token.text) or is_flag(token.text) or token.text[:1].isdigit() for token in run[1:])


def _column_of(token: Token, columns: Sequence[Column]) -> Column:
    return next((column for column in columns if column.left <= token.centre < column.right), columns[-1])


def _kind(
    cells: Cells, tokens: tuple[Token, ...], placed: list[tuple[Token, Column]], columns: Sequence[Column]
) -> str:
    line = Line(tokens)
    if _PAGE.search(line.text) or _KEY.match(line.text):
        return "text"
    if _is_banner(line, columns):
        return "title"
    if _crosses(tokens, placed):
        return "text"
    if len(tokens) > 3 and len(line.runs()) == 1 and is_prose(line.text) and not line.text.startswith("("):
        return "text"
    if _is_centred_title(tokens, placed):
        return "title"
    if "value" in cells:
        return "text" if _LABELLED.match(text_of(cells["value"])) else "row"
    if "test" not in cells:
        return "text" if _is_over_names(line, columns) else "tail"
    if _is_long_title(line, cells):
        return "text"
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


def _is_over_names(line: Line, columns: Sequence[Column]) -> bool:
    """Whether it is a title that begins where the table does, where another column stands before the names."""
    if columns[0].role == "test" or len(line.runs()) > 1 or abs(line.x0 - columns[0].x0) > 2 * line.height:
        return False
    return is_title(line.text) and not is_finding(line.text) and not is_flag(line.text)


def _is_long_title(line: Line, cells: Cells) -> bool:
    """Whether it is a title that is longer than the column of names is wide."""
    if len(line.runs()) > 1 or set(cells) <= {"test", "other", "panel"}:
        return False
    return (line.text.isupper() or is_panelish(line.text)) and is_title(line.text)


def _is_banner(line: Line, columns: Sequence[Column]) -> bool:
    """Whether it is a panel's name in the middle of the table: as far from the left end of the headings as from the
    right one, where no cell begins, and named by its words or written in capitals."""
    text, first, last = line.text, line.tokens[0], line.tokens[-1]
    middle = first.x0 + last.x1 - columns[0].x0 - columns[-1].x1
    if len(line.runs()) > 1 or abs(middle) > 2 * _OFF * (columns[-1].x1 - columns[0].x0):
        return False
    letters = [c for c in text if c.isalpha()]
    capitals = len(letters) > 4 and sum(map(str.isupper, letters)) > _CAPITALS * len(letters)
    below = next((column for column in columns if abs(line.x0 - column.x0) < line.height), None)
    # Capitals twice as long as a heading of results stand there by chance.
    if below and not (capitals and below.role == "value" and last.x1 - first.x0 > 2 * (below.x1 - below.x0)):
        return False
    return (capitals or is_panelish(text)) and is_title(text) and not is_finding(text)


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
