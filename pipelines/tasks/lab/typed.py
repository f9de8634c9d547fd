"""Rows without a heading over them, told by what their parts look like: a name, a result, a unit, a range, a flag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_letters
from typing import Final

from pipelines.evidence.documents.header import labels_in
from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.flags import is_finding, is_flag, is_sign, is_word
from pipelines.tasks.lab.heading_words import Role, is_known
from pipelines.tasks.lab.numbers import COMPARATOR, DATE, NUMBER, Mark, read_result
from pipelines.tasks.lab.ranges_below import with_ranges_below
from pipelines.tasks.lab.titles import is_panelish, is_prose, is_row, is_title, title_of
from pipelines.tasks.lab.units import is_unit

_RANGE: Final = re.compile(
    rf"[(\[]?\s*(?:{NUMBER})\s*(?:-|–|—|to)\s*(?:{NUMBER})\s*.*|[(\[]?\s*(?:{COMPARATOR})\s*(?:{NUMBER}).*"
)
_NUMBER: Final = re.compile(rf"(?:{COMPARATOR})?\s*(?:{NUMBER})[*HLA^v↑↓]{{0,2}}")
_TO: Final = ("-", "–", "—", "to")
_BOUND: Final = frozenset("than least most above below under over".split())
"""Words before a limit."""
_FEWEST: Final = 2
_WIDE_SPACE: Final = 1.5
_WITHIN: Final = 4.0
_AFTER: Final = 3
"""Lines."""
_BESIDE: Final = 3
_SENTENCE: Final = 7
"""Words."""
_HEADLINE: Final = 1.3
"""Of the height of letters below it."""
_WHO: Final = frozenset({"name", "birth_date", "sex", "id", "age_sex"})
_BEFORE: Final = frozenset({"H", "L", "HH", "LL", "*", "**", "↑", "↓", "↑↑", "↓↓"})
"""Flags that may stand between a name and its result; other letters may be the name's."""

_LOOK_HERE: Final = "!"
"""Before a result: says no more than the flag behind it."""


def typed_rows(lines: Sequence[Line], mark: Mark, fewest: int = 2) -> list[tuple[str | None, dict[Role, list[Token]]]]:
    """Rows with a name, a result, and a unit or a range; each with the title that stands above it, if a new one does.

    Args:
        fewest: fewer make no table: in a report without others, a single line may be anything.
    """
    return [row for side in _sides(with_ranges_below(lines), mark) for row in _typed(side, mark, fewest)]


def _sides(lines: Sequence[Line], mark: Mark) -> list[list[Line]]:
    """The lines cut where a second row begins beside the first, if it begins in the same place in several."""
    twice = [rows for line in lines if len(rows := _rows_of(line, mark)) == 2 and all(map(_is_whole, rows))]
    if len(twice) < _BESIDE:
        return [list(lines)]
    ends = max(token.x1 for left, _ in twice for tokens in left.values() for token in tokens)
    starts = [right["test"][0].x0 for _, right in twice]
    if ends >= min(starts) or max(starts) - min(starts) > 2 * twice[0][1]["test"][0].height:
        return [list(lines)]
    middle = (ends + min(starts)) / 2
    sides: tuple[list[Line], list[Line]] = ([], [])
    for line in lines:
        across = any(run[0].x0 < middle < run[-1].x1 for run in line.runs())
        left = [token for token in line.tokens if across or token.centre < middle]
        right = [token for token in line.tokens if not across and token.centre >= middle]
        if not right and line.tokens and _heads_both(line):
            right = left
        for side, tokens in zip(sides, (left, right), strict=True):
            if tokens:
                side.append(Line(tuple(tokens)))
    return list(sides)


def _heads_both(line: Line) -> bool:
    """Whether it is a title above rows on both sides."""
    return len(line.runs()) == 1 and is_title(line.text) and not is_prose(line.text)


def _typed(lines: Sequence[Line], mark: Mark, fewest: int) -> list[tuple[str | None, dict[Role, list[Token]]]]:
    read = [_rows_of(line, mark) for line in lines]
    sure = [row for found in read for row in found if _is_whole(row)]
    if len(sure) < fewest:
        return []
    rows: list[tuple[str | None, dict[Role, list[Token]]]] = []
    title: Line | None = None
    begun = False
    for at, (line, found) in enumerate(zip(lines, read, strict=True)):
        going_on = any(map(_is_whole, (row for after in read[at + 1 : at + 1 + _AFTER] for row in after)))
        kept = [
            row
            for row in found
            if _is_whole(row)
            or (begun and not labels_in(line) and (going_on or is_worded(row)) and _is_in_line(row, sure))
        ]
        for row in kept:
            rows.append((None if title is None else title_of(title), row))
            title = None
        begun = begun or bool(kept)
        if kept or is_prose(line.text) or _names_columns(line):
            continue
        labels = {label for label, _ in labels_in(line)}
        own = title_of(line)
        if labels and not (labels == {"specimen"} and own is not None and is_title(own)):
            # Labels part what stands above them from what they introduce, unless they are print under a headline.
            title = title if title is not None and not labels & _WHO and _is_headline(title, line) else None
            continue
        if begun and _has_number(line) and not _begins_below(line, sure):
            continue
        if is_row(line) or (begun and _has_number(line)):
            # A result stands in it, and its cells cannot be told apart: to be listed, not left out.
            rows.append((None if title is None else title_of(title), {"test": list(line.tokens)}))
            title = None
            continue
        if own is not None and is_title(own):
            title = line
    return rows


def _rows_of(line: Line, mark: Mark) -> list[dict[Role, list[Token]]]:
    if len(line.tokens) >= _SENTENCE and len(line.runs(_WIDE_SPACE)) == 1 and is_prose(line.text):
        return []
    return [row for part in _parts(line) if (row := _row(part, mark)) is not None]


def _is_whole(row: dict[Role, list[Token]]) -> bool:
    return bool({"unit", "reference"} & set(row))


def is_worded(row: dict[Role, list[Token]]) -> bool:
    """Whether its result is one in words. A bare number may be anything, below the last of the rows."""
    return not any(c.isdigit() for c in text_of(row["value"]))


def _is_in_line(row: dict[Role, list[Token]], sure: Sequence[dict[Role, list[Token]]]) -> bool:
    """Whether name and result stand under those of other rows: then they need neither a unit nor a range."""
    name, value = row["test"], row["value"]
    near = 0.6 * name[0].height

    def above(other: dict[Role, list[Token]]) -> bool:
        begin, end = other["value"][0].x0 - value[0].x0, other["value"][-1].x1 - value[-1].x1
        # Words are longer than numbers: it is enough that they reach over the column.
        level = min(abs(begin), abs(end)) < near or (is_word(text_of(value)) and begin > 0 > end)
        return abs(other["test"][0].x0 - name[0].x0) < near and level

    return sum(map(above, sure)) >= _FEWEST


def _has_number(line: Line) -> bool:
    behind = [token.text for phrase in line.runs()[1:] for token in phrase]
    return any(text[:1].isdigit() and not DATE.match(text) for text in behind)


def _begins_below(line: Line, sure: Sequence[dict[Role, list[Token]]]) -> bool:
    return sum(abs(row["test"][0].x0 - line.x0) < 0.6 * line.height for row in sure) >= _FEWEST


def _names_columns(line: Line) -> bool:
    """Whether it heads columns that hold more than one cell each: "Component   Value and reference range"."""
    first, *others = [text_of(run) for run in line.runs()]
    return bool(others) and is_known(first)


def _is_headline(title: Line, below: Line) -> bool:
    return is_panelish(title.text) or title.text.isupper() or title.height > _HEADLINE * below.height


def _parts(line: Line) -> list[list[tuple[Token, ...]]]:
    """The line's phrases; a name after a result begins another row."""
    parts: list[list[tuple[Token, ...]]] = [[]]
    seen_result = False
    for run in _phrases(line):
        text = text_of(run)
        named = text[:1].isalpha() and not is_unit(text) and not is_flag(text) and not is_word(text)
        if named and seen_result and not _RANGE.fullmatch(text) and len(parts[-1]) >= 3:
            parts.append([])
            seen_result = False
        seen_result = seen_result or bool(_NUMBER.fullmatch(text)) or is_word(text)
        parts[-1].append(run)
    return parts


def _phrases(line: Line) -> list[tuple[Token, ...]]:
    """Runs, cut where a name with a colon, a number or a unit ends."""
    phrases: list[tuple[Token, ...]] = []
    for run in (part for whole in _whole_runs(line) for part in _flags_apart(whole)):
        start = 0
        for at, token in enumerate(run):
            closed = token.text.endswith((")", "]")) and at + 1 < len(run) and is_flag(text_of(run[at + 1 :]))
            colon = closed or (token.text.endswith(":") and at + 1 < len(run))
            measured = (
                _NUMBER.fullmatch(token.text)
                and at + 1 < len(run)
                and any(is_unit(text_of(run[at + 1 : at + n])) for n in (2, 3))
            )
            # The unit behind "3.5 - 5.0" is the range's.
            ranged = at > start and (
                run[at - 1].text.lower() in _BOUND
                or run[at - 1].text.endswith(_TO)
                or (token.text.startswith(_TO) and _NUMBER.fullmatch(run[at - 1].text) is not None)
            )
            if _NUMBER.fullmatch(token.text) and _is_signed_unit(run[at + 1 :]):
                # A flag between the result and its unit.
                phrases += [part for part in (run[start:at], run[at : at + 1], run[at + 1 : at + 2]) if part]
                start = at + 2
            elif measured and at > start and not ranged:
                phrases += [run[start:at], run[at : at + 1]]
                start = at + 1
            elif colon or (at == start and (measured or _is_unit_between(run, at))):
                end = at + 2 if is_unit(text_of(run[at : at + 2])) else at + 1
                phrases.append(run[start:end])
                start = end
        if start < len(run):
            phrases.append(run[start:])
    return phrases


def _is_signed_unit(run: Sequence[Token]) -> bool:
    """Whether it is a plus or minus and then a unit, which is no figure."""
    if len(run) < 2 or not is_sign(run[0].text):
        return False
    unit = text_of(run[1:])
    return is_unit(unit) and any(c.isalpha() or c == "%" for c in unit)


def _flags_apart(run: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """A result in words without the star before it or the flag in brackets behind it; a "!" is none of a row."""
    if text_of(run) == _LOOK_HERE:
        return []
    if len(run) > 1 and run[0].text in _BEFORE and is_word(text_of(run[1:])):
        return [run[:1], run[1:]]
    last = run[-1].text
    if len(run) == 2 and is_sign(last) and _NUMBER.fullmatch(run[0].text) and not is_word(text_of(run)):
        return [run[:1], run[1:]]
    if len(run) > 1 and (last[0] in "([" or len(last) > 2) and is_flag(last) and is_word(text_of(run[:-1])):
        return [run[:-1], run[-1:]]
    return [run]


def _whole_runs(line: Line) -> list[tuple[Token, ...]]:
    """The line's runs, those of one range or finding together: between words of a typewriter is much room."""
    runs: list[tuple[Token, ...]] = []
    for run in line.runs():
        last = runs[-1] if runs else ()
        apart = run[0].x0 - last[-1].x1 if last else float("inf")
        text = text_of(last)
        # Numbers within brackets may be set in columns.
        opened = text[:1] in ("(", "[") and not any(mark in text for mark in ")]") and apart < _WITHIN * line.em
        spanning = text.endswith(_TO) and apart < _WITHIN * line.em and text[:1].isdigit() and run[0].text[:1].isdigit()
        if opened or spanning or (apart < _WIDE_SPACE * line.em and is_finding(f"{text} {text_of(run)}")):
            runs[-1] = (*last, *run)
        else:
            runs.append(run)
    return runs


def _is_unit_between(run: Sequence[Token], at: int) -> bool:
    """Whether it is a unit, with a number before it or a range behind it."""
    return is_unit(run[at].text) and (at > 0 or _RANGE.fullmatch(text_of(run[1:])) is not None)


def _row(part: Sequence[tuple[Token, ...]], mark: Mark) -> dict[Role, list[Token]] | None:
    cells: dict[Role, list[Token]] = {}
    for at, run in enumerate(part):
        # Arrows stand before names as well.
        first = at == 0 and len(part) > 2 and text_of(run) in _BEFORE
        role = "flag" if first else _before_result(run, cells, mark) if "value" not in cells else _behind(run, cells)
        if role is None:
            return None
        if role == "reference" and "reference" in cells and _is_flag_so_far(cells):
            cells["flag"] = cells.pop("reference")
        cells.setdefault(role, []).extend(run)
    if "value" not in cells:
        return None
    return cells if not cells["test"][0].text[:1].isdigit() else None


def _before_result(run: Sequence[Token], cells: dict[Role, list[Token]], mark: Mark) -> Role | None:
    """What a phrase is as long as there is no result: the name, more of it, a flag, or the result."""
    text = text_of(run)
    if "test" not in cells:
        return "test" if any(c.isalpha() for c in text) and not DATE.search(text) else None
    if "flag" not in cells and text in _BEFORE:
        return "flag"
    if _is_result(text, mark):
        return "value"
    return "test" if _is_of_name(run, cells["test"]) else None


def _behind(run: Sequence[Token], cells: dict[Role, list[Token]]) -> Role | None:
    """What a phrase behind the result is: a sign of it, the range or the normal word, the unit, or a flag."""
    text = text_of(run)
    if "flag" not in cells and is_sign(text) and not is_worded(cells):
        return "flag"
    limits = _RANGE.fullmatch(text) is not None or is_word(text.strip("()"))
    if limits and ("reference" not in cells or _is_flag_so_far(cells)):
        return "reference"
    if is_unit(text) and ("unit" not in cells or "reference" in cells):
        return "reference" if "unit" in cells else "unit"
    return "flag" if "flag" not in cells and is_flag(text) else None


def _is_flag_so_far(cells: dict[Role, list[Token]]) -> bool:
    """Whether what was taken for the normal word is a flag, now that a normal word stands behind it."""
    return "flag" not in cells and is_flag(text_of(cells["reference"]))


def _is_of_name(run: Sequence[Token], name: Sequence[Token]) -> bool:
    """Whether a name goes on with it: words, also such as are units, and figures within words, where they are near."""
    text = text_of(run)
    near = run[0].x0 - name[-1].x1 < _WIDE_SPACE * run[0].height
    if is_unit(text):
        return near and text.lower() in ("ratio", "index", "score")
    inside = near and any(c.isalpha() for c in text) and not _NUMBER.fullmatch(run[0].text)
    return inside or text[:1] in "([" + ascii_letters


def _is_result(text: str, mark: Mark) -> bool:
    if is_word(text):
        return True
    found = read_result(text, mark)
    return found is not None and found.value is not None
