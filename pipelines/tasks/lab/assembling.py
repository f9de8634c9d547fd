"""The lines of a table put together: wrapped names and ranges in their row, comments under it, titles over others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.analytes import known_name
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.found import Carried, Found, Item
from pipelines.tasks.lab.titles import is_prose, is_title, labelled, title_of

_CENTRED: Final = 1.1
_OWN_LINE: Final = 0.8
"""Of the letters' height: what lies closer than this to a row is of it; lines of a page never do."""
_LEADING: Final = frozenset("by in of and or with for to per the from total free".split())


def assembled(page: int, items: list[Item], columns: Sequence[Column], carried: Carried) -> list[Found]:
    """Every item in its row, its row's comment, or as the title of what follows."""
    rows = [item for item in items if item.kind == "row"]
    for item in rows:
        item.found = Found(page, item.cells)
    _join_centred(items)
    pitch = median(b.middle - a.middle for a, b in pairwise(rows)) if len(rows) > 1 else 0.0
    found: list[Found] = []
    test = next((column for column in columns if column.role == "test"), columns[0])
    for at, item in enumerate(items):
        before = next((other for other in reversed(items[:at]) if other.kind == "row"), None)
        after = next((other for other in items[at + 1 :] if other.kind == "row"), None)
        if item.kind == "row":
            assert item.found is not None
            own = text_of(item.cells.get("panel", ()))
            carried.panel = own or carried.panel
            item.found.panel, item.found.specimen = carried.panel, carried.specimen
            found.append(item.found)
        elif item.kind == "tail":
            _add_tail(item, before, after)
        elif item.kind == "blank" and before is not None and _goes_on(before, item):
            for role, tokens in item.cells.items():
                before.cells.setdefault(role, []).extend(tokens)
            before.last = item.middle
        elif item.kind == "blank":
            blank = Found(page, item.cells, carried.panel, carried.specimen)
            found.append(blank)
        elif item.kind in ("name", "text"):
            _place_words(item, before, after, pitch, test, carried)
    for each in found:
        each.headings = {column.role: column.heading for column in columns}
        each.earlier = _earlier(each, columns)
    return found


def _join_centred(items: list[Item]) -> None:
    """Lines of one row that lie closer than lines of a page can: a name whose lines stand above and below its result.

    Where none of them is level with the result, the next ones above and below are its name.
    """
    for at, item in enumerate(items):
        if item.kind != "row":
            continue
        above = items[at - 1] if at else None
        below = items[at + 1] if at + 1 < len(items) else None
        near = _OWN_LINE if "test" in item.cells else _CENTRED
        for other in (above, below):
            if other is None or other.kind not in ("name", "blank", "tail") or is_prose(text_of(other.tokens)):
                continue
            if abs(other.middle - item.middle) < near * max(item.height, other.height):
                for role, tokens in other.cells.items():
                    own = item.cells.get(role, [])
                    item.cells[role] = tokens + own if other is above else own + tokens
                item.last = max(item.last, other.middle)
                other.kind = "used"


def _add_tail(item: Item, before: Item | None, after: Item | None) -> None:
    """A further line of a range, or of another cell beside the result."""
    near_before = before is not None and item.middle - before.last
    near_after = after is not None and after.middle - item.middle
    row = before if near_after is False or (near_before is not False and near_before <= 1.2 * near_after) else after
    if row is None or row.found is None or abs(row.last - item.middle) > 3.5 * item.height:
        return
    for role, tokens in item.cells.items():
        if role == "comment":
            row.found.comment.extend(tokens)
        elif row is before:
            row.cells.setdefault(role, []).extend(tokens)
        else:
            row.cells[role] = tokens + row.cells.get(role, [])
    row.last = max(row.last, item.middle)


def _place_words(
    item: Item, before: Item | None, after: Item | None, pitch: float, test: Column, carried: Carried
) -> None:
    line = Line(item.tokens)
    text = line.text
    above = item.middle - before.last if before else float("inf")
    below = after.middle - item.middle if after else float("inf")
    if before and before.found and item.kind == "name" and not is_prose(text):
        name = text_of(before.cells.get("test", ()))
        indented = item.tokens[0].x0 - _left(before, test) > 0.6 * item.height
        tight = above < 0.85 * min(below, pitch or above) and above < 1.8 * item.height
        if above < 2.2 * item.height and (_is_open(name) or text[0] in "([" or (text[:1].islower() and not indented)):
            _go_on(before, item)
            return
        if tight and not indented and not _is_known(name, text):
            _go_on(before, item)
            return
    title = title_of(line)
    if title is not None and is_title(title) and not (is_prose(text) and item.kind == "name"):
        indented = before is not None and item.tokens[0].x0 - _left(before, test) > 0.6 * item.height
        if not (indented and above <= below):
            carried.panel = carried.panel if after is None else title
            return
    if labelled(line):
        specimen = labelled(line).get("specimen")
        if specimen:
            carried.specimen = specimen
            return
    if before and before.found and above < 2.5 * item.height:
        before.found.comment.extend(item.tokens)
        before.last = item.middle


def _goes_on(row: Item, item: Item) -> bool:
    """Whether the name of a row cannot have ended before this line of it."""
    more = text_of(item.cells.get("test", ()))
    near = item.middle - row.last < 2.2 * item.height
    return near and (_is_open(text_of(row.cells.get("test", ()))) or more[:1].islower())


def _left(row: Item, test: Column) -> float:
    tokens = row.cells.get("test")
    return min(token.x0 for token in tokens) if tokens else test.x0


def _go_on(row: Item, item: Item) -> None:
    row.cells.setdefault("test", []).extend(item.cells.get("test", ()))
    row.last = item.middle


def _is_open(name: str) -> bool:
    """Whether a name cannot end here."""
    words = name.split()
    if name.count("(") > name.count(")") or name.count("[") > name.count("]"):
        return True
    return len(words) > 1 and (words[-1].endswith(("-", "/", ",")) or words[-1].lower() in _LEADING)


def _is_known(name: str, more: str) -> bool:
    """Whether the name is an analyte's as it is, and not with more words."""
    return known_name(name) and not known_name(f"{name} {more}")


def _earlier(found: Found, columns: Sequence[Column]) -> list[tuple[str, list[Token]]]:
    tokens = found.cells.pop("earlier", [])
    if not tokens:
        return []
    earlier = [column for column in columns if column.role == "earlier"]
    return [
        (column.heading, own)
        for column in earlier
        if (own := [token for token in tokens if column.left <= token.centre < column.right])
    ]
