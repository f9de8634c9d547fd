"""Rows without a heading over them, told by what their parts look like: a name, a result, a unit, a range, a flag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_letters
from typing import Final

from pipelines.evidence.documents.header import labels_in
from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.columns import Role
from pipelines.tasks.lab.flags import is_flag
from pipelines.tasks.lab.numbers import COMPARATOR, NUMBER, Mark, read_result
from pipelines.tasks.lab.titles import is_prose, is_row, is_title, title_of
from pipelines.tasks.lab.units import is_unit

_QUALITATIVE: Final = frozenset(
    {"negative", "positive", "reactive", "non-reactive", "nonreactive", "detected", "not detected", "trace",
     "none seen", "normal", "abnormal", "absent", "present"}
)  # fmt: skip
_RANGE: Final = re.compile(
    rf"[(\[]?\s*(?:{NUMBER})\s*(?:-|–|—|to)\s*(?:{NUMBER})\s*.*|[(\[]?\s*(?:{COMPARATOR})\s*(?:{NUMBER}).*"
)
_NUMBER: Final = re.compile(rf"(?:{COMPARATOR})?\s*(?:{NUMBER})[*HLA]{{0,2}}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}:\d\d")
_FEWEST: Final = 2


def typed_rows(lines: Sequence[Line], mark: Mark) -> list[tuple[str | None, dict[Role, list[Token]]]]:
    """Rows with a name, a result, and a unit or a range; each with the title that stands above it, if a new one does.

    Fewer than two make no table: a single line may be anything.
    """
    rows: list[tuple[str | None, dict[Role, list[Token]]]] = []
    title: str | None = None
    for line in lines:
        found = [row for part in _parts(line) if (row := _row(part, mark)) is not None]
        for row in found:
            rows.append((title, row))
            title = None
        if found or is_prose(line.text):
            continue
        if labels_in(line):
            # Labels part what stands above them from what they introduce.
            title = None
            continue
        if is_row(line):
            # It has a number and a unit, and its cells cannot be told apart: to be listed, not left out.
            rows.append((title, {"test": list(line.tokens)}))
            title = None
            continue
        own = title_of(line)
        if own is not None and is_title(own):
            title = own
    return rows if sum("value" in row for _, row in rows) >= _FEWEST else []


def _parts(line: Line) -> list[list[tuple[Token, ...]]]:
    """The line's phrases; a name after a result begins another row."""
    parts: list[list[tuple[Token, ...]]] = [[]]
    seen_result = False
    for run in _phrases(line):
        text = text_of(run)
        named = text[:1].isalpha() and not is_unit(text) and not is_flag(text) and text.lower() not in _QUALITATIVE
        if named and seen_result and not _RANGE.fullmatch(text) and len(parts[-1]) >= 3:
            parts.append([])
            seen_result = False
        seen_result = seen_result or bool(_NUMBER.fullmatch(text)) or text.lower() in _QUALITATIVE
        parts[-1].append(run)
    return parts


def _phrases(line: Line) -> list[tuple[Token, ...]]:
    """Runs, cut where a name with a colon, a number or a unit ends."""
    phrases: list[tuple[Token, ...]] = []
    for run in line.runs():
        start = 0
        for at, token in enumerate(run):
            closed = token.text.endswith((")", "]")) and at + 1 < len(run) and is_flag(text_of(run[at + 1 :]))
            colon = closed or (token.text.endswith(":") and at + 1 < len(run))
            number = at > start and _NUMBER.fullmatch(token.text) and at + 1 < len(run) and is_unit(run[at + 1].text)
            if number:
                phrases += [run[start:at], run[at : at + 1]]
                start = at + 1
            elif (
                colon
                or (at == start and start > 0 and is_unit(token.text))
                or (at == start and _NUMBER.fullmatch(token.text) and at + 1 < len(run) and is_unit(run[at + 1].text))
            ):
                phrases.append(run[start : at + 1])
                start = at + 1
        if start < len(run):
            phrases.append(run[start:])
    return phrases


def _row(part: Sequence[tuple[Token, ...]], mark: Mark) -> dict[Role, list[Token]] | None:
    cells: dict[Role, list[Token]] = {}
    for run in part:
        text = text_of(run)
        if "test" not in cells:
            if not any(c.isalpha() for c in text) or _DATE.search(text):
                return None
            cells["test"] = list(run)
        elif "value" not in cells and _is_result(text, mark):
            cells["value"] = list(run)
        elif "value" not in cells and not is_unit(text) and text[:1] in "([" + ascii_letters:
            cells["test"] += run
        elif (
            "value" in cells
            and "reference" not in cells
            and (_RANGE.fullmatch(text) or text.lower().strip("()") in _QUALITATIVE)
        ):
            cells["reference"] = list(run)
        elif "unit" not in cells and is_unit(text):
            cells["unit"] = list(run)
        elif "flag" not in cells and is_flag(text):
            cells["flag"] = list(run)
        else:
            return None
    if "value" not in cells or not {"unit", "reference"} & set(cells):
        return None
    return cells if not cells["test"][0].text[:1].isdigit() else None


def _is_result(text: str, mark: Mark) -> bool:
    if text.lower() in _QUALITATIVE:
        return True
    found = read_result(text, mark)
    return found is not None and found.value is not None
