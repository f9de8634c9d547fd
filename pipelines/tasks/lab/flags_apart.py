"""Flags that stand in the cells of other columns: beside the result, the unit or the range."""

from __future__ import annotations

import re
from typing import Final

from pipelines.evidence.documents.lines import Token, text_of
from pipelines.tasks.lab.flags import is_flag, is_sign, is_word
from pipelines.tasks.lab.found import Found
from pipelines.tasks.lab.heading_words import Role
from pipelines.tasks.lab.numbers import MEASURE
from pipelines.tasks.lab.units import is_unit

_CODE: Final = re.compile(r"[(\[]?\*?(?:HH|LL|H|L|A|\*+|↑+|↓+)[)\]]?")
_ARROWS: Final = re.compile(r"[↑↓⇈⇊▲▼]{1,2}")
_STARS: Final = re.compile(r"\*{1,2}")
_GRADES: Final = frozenset("1234")
"""With a plus close behind they are results: "2 +"."""
_BEHIND: Final[tuple[Role, ...]] = ("value", "reference")
_BEFORE: Final[tuple[Role, ...]] = ("unit", "reference")


def part_flags(found: Found) -> None:
    """A flag without a heading stands behind the result or the range, or before the unit or the range, with more room
    beside it than a space takes. In the flags' own column other words may stand."""
    own = found.cells.pop("flag", [])
    if own and not (is_flag(text_of(own)) or is_sign(text_of(own))):
        # "Final" beside it, or alone, is no flag.
        found.cells.setdefault("other", []).extend(token for token in own if not is_flag(token.text))
        own = [token for token in own if is_flag(token.text)]
    if own:
        found.cells["flag"] = own
    value = found.cells.get("value", [])
    if len(value) > 1 and "flag" not in found.cells and _STARS.fullmatch(value[0].text):
        found.cells["flag"] = [value.pop(0)]
    name = found.cells.get("test", [])
    if len(name) > 1 and "flag" not in found.cells and _ARROWS.fullmatch(name[0].text):
        found.cells["flag"] = [name.pop(0)]
    if len(name) > 1 and "flag" not in found.cells and _STARS.fullmatch(name[-1].text) and _is_apart(*name[-2:]):
        found.cells["flag"] = [name.pop()]
    for role in _BEHIND:
        tokens = found.cells.get(role, [])
        if len(tokens) > 1 and "flag" not in found.cells and _ends_in_flag(tokens, role):
            found.cells["flag"] = [tokens.pop()]
    for role in _BEFORE:
        tokens = found.cells.get(role, [])
        if tokens and "flag" not in found.cells and _begins_with_flag(tokens, role):
            found.cells["flag"] = [tokens.pop(0)]
            if not tokens:
                del found.cells[role]


def _is_apart(left: Token, right: Token) -> bool:
    return right.x0 - left.x1 > 1.5 * right.height


def _ends_in_flag(tokens: list[Token], role: Role) -> bool:
    last, before = tokens[-1], tokens[-2]
    apart = last.x0 - before.x1 > 0.5 * last.height
    if role == "value" and is_sign(last.text):
        grade = last.text == "+" and before.text in _GRADES
        return (apart or (len(tokens) == 2 and not grade)) and MEASURE.fullmatch(before.text) is not None
    worded = role == "value" and is_word(text_of(tokens[:-1]))
    closed = worded or before.text[-1:].isdigit() or before.text[-1:] in ")]" or last.text[:1] in "(["
    return is_flag(last.text) and (apart or (closed and len(last.text.strip("()[]")) <= 2))


def _begins_with_flag(tokens: list[Token], role: Role) -> bool:
    first = tokens[0]
    if len(tokens) == 1:
        return role == "unit" and is_sign(first.text)
    apart = tokens[1].x0 - first.x1 > 0.5 * first.height
    return apart and (is_sign(first.text) or _CODE.fullmatch(first.text) is not None)


def unit_and_flag(rest: str) -> tuple[str, str]:
    """A unit and a flag that stand in one cell."""
    words = rest.split()
    for cut in range(len(words), -1, -1):
        unit, flag = " ".join(words[:cut]), " ".join(words[cut:])
        if (not unit or is_unit(unit)) and (not flag or is_flag(flag)):
            return unit, flag
    if words and is_flag(words[0]) and is_unit(" ".join(words[1:])):
        return " ".join(words[1:]), words[0]
    return rest, ""
