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
from pipelines.tasks.lab.misread import spaced
from pipelines.tasks.lab.titles import begins_small, is_panelish, is_prose, is_title, labelled, title_of
from pipelines.tasks.lab.units import is_unit

_CENTRED: Final = 1.1
_OWN_LINE: Final = 0.8
"""Of the letters' height: what lies closer than this to a row is of it; lines of a page never do."""
_SMALL: Final = 0.86
"""Of the letters of a name: print as small under it says how it was measured."""
_FEWEST_METHODS: Final = 4
_MOST_ROWS: Final = 0.5
"""Of a table's rows: where so many have a line of words under them, these are methods."""
_LARGER: Final = 1.15
"""Of the usual height of methods: in print as large as this stands no method."""
_NEARER: Final = 0.85
_NEXT_LINE: Final = 2.0
"""Of the letters' height."""
_SENTENCE: Final = 8
"""Words."""
_FURTHER: Final = 6.0
"""Of the letters' height: further right begins no second line of a remark."""
_INDENTED: Final = 0.6
_LEVEL: Final = 0.2
_UNENDED: Final = (" &", " and", "/", ",")
"""With these no panel's name ends."""
_OUTDENTED: Final = 0.4
"""Of the letters' height."""
_JOINING: Final = frozenset("by in of and or with for to per the from".split())
_LEADING: Final = _JOINING | {"total", "free"}


def assembled(page: int, items: list[Item], columns: Sequence[Column], carried: Carried) -> list[Found]:
    """Every item in its row, its row's comment, or as the title of what follows."""
    rows = [item for item in items if item.kind == "row"]
    for item in rows:
        item.found = Found(page, item.cells)
    _note_methods(items)
    _join_centred(items)
    pitch = median(b.middle - a.middle for a, b in pairwise(rows)) if len(rows) > 1 else 0.0
    found: list[Found] = []
    test = next((column for column in columns if column.role == "test"), columns[0])
    remark: Item | None = None
    for at, item in enumerate(items):
        before = next((other for other in reversed(items[:at]) if other.kind == "row"), None)
        after = next((other for other in items[at + 1 :] if other.kind == "row"), None)
        if before is not None and before.found is not None and remark is not None and _talks_on(remark, item):
            before.found.comment.extend(item.tokens)
            before.last, remark = item.middle, item
            continue
        remark = None
        if item.kind == "row":
            found.append(_in_panel(item, carried, found))
        elif item.kind == "title":
            if after is not None:
                carried.head(title_of(Line(item.tokens)), item.tokens[0].x0)
        elif _is_of_row(item, before, after):
            continue
        elif item.kind == "blank":
            found.append(Found(page, item.cells, carried.panel, carried.specimen))
        elif item.kind in ("name", "text") and _place_words(item, before, after, pitch, test, carried, found):
            remark = item
    for each in found:
        each.headings = {column.role: column.heading for column in columns}
        each.earlier = _earlier(each, columns)
    return found


def _in_panel(item: Item, carried: Carried, found: Sequence[Found]) -> Found:
    assert item.found is not None
    own = text_of(item.cells.get("panel", ()))
    if not own and _is_outside(item, carried):
        carried.head(None)
    carried.panel = _whole_panel(own, carried.panel, found)
    item.found.panel, item.found.specimen = carried.panel, carried.specimen
    return item.found


def _is_of_row(item: Item, before: Item | None, after: Item | None) -> bool:
    """Whether it is a further line of a row's cells or, in small print, of what is said of it; then it is put there."""
    if item.kind in ("name", "blank", "text") and before is not None and _is_small(item, before):
        assert before.found is not None
        before.found.comment.extend(item.tokens if item.kind == "text" else item.cells.pop("test"))
        if item.cells and item.kind != "text":
            _add_tail(item, before, None)
        before.last = max(before.last, item.middle)
    elif item.kind == "tail":
        _add_tail(item, before, after)
    elif item.kind == "blank" and before is not None and _goes_on(before, item):
        for role, tokens in item.cells.items():
            before.cells.setdefault(role, []).extend(tokens)
        before.last = item.middle
    else:
        return False
    return True


def _note_methods(items: list[Item]) -> None:
    """Where nearly every row has one line of words under its name, they say how it was measured, and head nothing."""
    under = [
        (row, item)
        for row, item in pairwise(items)
        if row.kind == "row"
        and item.kind == "name"
        and "test" in row.cells
        and not _may_go_on(row.cells["test"], item.tokens)
        and abs(item.tokens[0].x0 - row.cells["test"][0].x0) < 2 * _OUTDENTED * row.height
        and item.middle - row.middle < _NEXT_LINE * row.height
    ]
    rows = [item for item in items if item.kind == "row"]
    fewest = max(_FEWEST_METHODS, _MOST_ROWS * len(rows))
    bracketed = [(row, item) for row, item in under if _is_bracketed(text_of(item.tokens))]
    if len(bracketed) >= fewest:
        under = bracketed
    else:
        usual = median(item.height for _, item in under) if under else 0.0
        under = [(row, item) for row, item in under if item.height < _LARGER * usual]
        # Titles stand over rows, so that none follows the last one.
        if len(under) < fewest or under[-1][0] is not rows[-1]:
            return
    for row, item in under:
        assert row.found is not None
        row.found.comment.extend(item.tokens)
        row.last = item.middle
        item.kind = "used"


def _is_outside(row: Item, carried: Carried) -> bool:
    """Whether a row begins where the panel's title does, whose own rows begin further right."""
    name = row.cells.get("test")
    if carried.title_x0 is None or not name:
        return False
    right = name[0].x0 - carried.title_x0
    if carried.rows_indented is None:
        carried.rows_indented = right > _INDENTED * row.height
    return carried.rows_indented and abs(right) < _LEVEL * row.height


def _is_bracketed(text: str) -> bool:
    return text[0] in "([" and text[-1] in ")]"


def _whole_panel(own: str, above: str | None, found: Sequence[Found]) -> str | None:
    """The panel of a row; a name that cannot have ended in the row above goes on in this one, in its own column."""
    if not own or above is None or not above.endswith(_UNENDED):
        return own or above
    whole = f"{above} {own}"
    for row in reversed(found):
        if row.panel != above:
            break
        row.panel = whole
    return whole


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
            if other is below and _is_small(other, item):
                continue
            if other is above and _is_title_over(other, item, below):
                continue
            if other is below and _is_known(text_of(item.cells.get("test", ())), text_of(other.tokens)):
                continue
            if "reference" in other.cells and "reference" in item.cells and other.kind == "blank":
                # It is a row of its own, without a result.
                continue
            if abs(other.middle - item.middle) < near * max(item.height, other.height):
                for role, tokens in other.cells.items():
                    own = item.cells.get(role, [])
                    item.cells[role] = tokens + own if other is above else own + tokens
                item.last = max(item.last, other.middle)
                other.kind = "used"


def _may_go_on(name: Sequence[Token], more: Sequence[Token]) -> bool:
    """Whether words in smaller print may be the name's next line."""
    text = text_of(more)
    # All in brackets it is a method: "(Photometry)".
    return begins_small(text) or (text[:1] in "([" and text[-1:] not in ")]") or _is_cut(text_of(name))


def _is_small(item: Item, row: Item) -> bool:
    """Whether it stands under the row's name in print as small as that of remarks."""
    name, own = row.cells.get("test"), item.cells.get("test")
    if not name or not own or item.middle - row.last > 1.6 * row.height or _may_go_on(name, own):
        return False
    return median(t.height for t in own) < _SMALL * median(t.height for t in name)


def _is_title_over(item: Item, row: Item, below: Item | None) -> bool:
    """Whether it is called as panels are, and begins left of the row's name, which may hang below its result."""
    name = row.cells.get("test") or (below.cells.get("test") if below is not None and below.kind == "name" else None)
    if not name or not is_panelish(text_of(item.tokens)):
        return False
    return name[0].x0 - item.tokens[0].x0 > _OUTDENTED * item.height


def _add_tail(item: Item, before: Item | None, after: Item | None) -> None:
    """A further line of a range, or of another cell beside the result."""
    near_before = before is not None and item.middle - before.last
    near_after = after is not None and after.middle - item.middle
    row = before if near_after is False or (near_before is not False and near_before <= 1.2 * near_after) else after
    if row is None or row.found is None or abs(row.last - item.middle) > 3.5 * item.height:
        return
    unit = row.cells.get("unit", [])
    if "reference" in item.cells and "unit" in item.cells and is_unit(text_of(unit)):
        # The unit is whole: these words say for whom the range behind them is.
        item.cells["reference"] = item.cells.pop("unit") + item.cells["reference"]
    for role, tokens in item.cells.items():
        if role == "comment":
            row.found.comment.extend(tokens)
        elif row is before:
            row.cells.setdefault(role, []).extend(tokens)
        else:
            row.cells[role] = tokens + row.cells.get(role, [])
    row.last = max(row.last, item.middle)


def _place_words(
    item: Item,
    before: Item | None,
    after: Item | None,
    pitch: float,
    test: Column,
    carried: Carried,
    found: Sequence[Found],
) -> bool:
    """Words as what they are: a name that goes on, a title, a label, or a remark, of which it tells."""
    line = Line(item.tokens)
    text = line.text
    above = item.middle - before.last if before else float("inf")
    below = after.middle - item.middle if after else float("inf")
    if before and before.found and item.kind == "name" and not is_prose(text):
        name = text_of(before.cells.get("test", ()))
        indented = item.tokens[0].x0 - _left(before, test) > _INDENTED * item.height
        outdented = _left(before, test) - item.tokens[0].x0 > _OUTDENTED * item.height
        tight = above < 0.85 * min(below, pitch or above) and above < 1.8 * item.height
        if above < 2.2 * item.height and (_is_open(name) or text[0] in "([" or (begins_small(text) and not indented)):
            _go_on(before, item)
            return False
        if tight and not indented and not outdented and not _is_known(name, text):
            _go_on(before, item)
            return False
    title = None if _explains(text, above, below) else title_of(line)
    if title is not None and is_title(title) and not (is_prose(text) and item.kind == "name"):
        indented = before is not None and item.tokens[0].x0 - _left(before, test) > _INDENTED * item.height
        if not (indented and above <= below):
            if after is not None:
                carried.head(_whole_panel(title, carried.panel, found), item.tokens[0].x0)
            return False
    if labelled(line):
        specimen = labelled(line).get("specimen")
        if specimen:
            carried.specimen = specimen
            return False
    if before and before.found and above < 2.5 * item.height:
        before.found.comment.extend(item.tokens)
        before.last = item.middle
        return True
    return False


def _explains(text: str, above: float, below: float) -> bool:
    """Whether words that are nearer to the row above than to the next one say what is measured there."""
    _, *others = text.split()
    return above < _NEARER * below and len(others) > 1 and not is_panelish(text) and all(map(str.islower, others))


def _talks_on(remark: Item, item: Item) -> bool:
    """Whether a sentence in the line above cannot have ended there."""
    said = text_of(remark.tokens)
    if item.kind in ("row", "title", "used") or len(said.split()) < _SENTENCE or said.endswith((".", "!", "?")):
        return False
    level = abs(item.tokens[0].x0 - remark.tokens[0].x0) < _FURTHER * item.height
    return level and item.middle - remark.middle < _NEXT_LINE * max(item.height, remark.height)


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
    if _in_brackets(name):
        return True
    return len(words) > 1 and (words[-1].endswith(("-", "/", ",")) or words[-1].lower() in _LEADING)


def _is_cut(name: str) -> bool:
    """Whether a name cannot end here, in whatever print it goes on."""
    return _in_brackets(name) or name.rsplit(maxsplit=1)[-1].lower() in _JOINING


def _in_brackets(name: str) -> bool:
    return name.count("(") > name.count(")") or name.count("[") > name.count("]")


def _is_known(name: str, more: str) -> bool:
    """Whether the name is an analyte's as it is, and not with more words."""
    return known_name(spaced(name)) and not known_name(f"{name} {more}")


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
