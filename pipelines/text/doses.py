"""Numbers with units: doses, values, ranges and dimensions.

As the rules against dosing errors ask: a zero before a bare decimal point, none after a whole dose, thousands with a
comma, ranges with "to", units and micrograms in letters that cannot be misread.
"""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers, units
from pipelines.text.numbers import Number
from pipelines.text.tokens import Found, Tokens

_BY: Final = frozenset({"by", "x", "×"})
_TO: Final = frozenset({"to", "or"})
_PIECES: Final = frozenset(
    "tablets tabs capsules caps pills patches vials ampoules ampules doses puffs lozenges suppositories sachets".split()
)
# "At this point five milligrams": here "point" is a word, not a decimal point.
_POINTED_AT: Final = frozenset(
    "this that some which what one the a any every each another trigger pressure end starting entry care data time"
    " no set freezing boiling tipping turning view focal".split()
)


def read(tokens: Tokens, index: int) -> Found | None:
    """A dose, value, range or dimension with its unit."""
    first = _quantity(tokens, index)
    if first is None:
        return None
    if found := _dimension(tokens, index, first):
        return found
    if tokens.key(first.end) in _TO and (second := _quantity(tokens, first.end + 1)):
        unit = units.read(tokens, second.end)
        if unit and not _is_doubtful(tokens, index, first.end, first, unit):
            if _is_doubtful(tokens, first.end + 1, second.end, second, unit) or not tokens.free(index, unit.end):
                return None
            text = f"{_written(tokens, index, first, unit)} {tokens.said(first.end)} "
            text += f"{_written(tokens, first.end + 1, second, unit)}{unit.text}"
            return Found(unit.end, text, "range")
        return None
    unit = units.read(tokens, first.end)
    if unit is None or not tokens.free(index, unit.end) or _is_doubtful(tokens, index, first.end, first, unit):
        return None
    return Found(unit.end, _written(tokens, index, first, unit) + unit.text, "dose" if unit.dose else "unit")


def _quantity(tokens: Tokens, index: int) -> Number | None:
    """The number from ``index`` on, however it is said, where a unit will have to follow."""
    if tokens[index].key == "point" and tokens.before(index) in _POINTED_AT:
        return None
    return numbers.read_pair(tokens, index) or numbers.read(tokens, index)


def _dimension(tokens: Tokens, index: int, first: Number) -> Found | None:
    parts = [(index, first)]
    while len(parts) < 3 and tokens.key(parts[-1][1].end) in _BY:
        start = parts[-1][1].end + 1
        following = numbers.read(tokens, start)
        if following is None or tokens.key(start) == "":
            return None
        parts.append((start, following))
    last = parts[-1][1]
    unit = units.read(tokens, last.end) if len(parts) > 1 else None
    if unit is None or unit.dose or not tokens.free(index, unit.end):
        return None
    if any(number.pair or numbers.crowded(tokens, start, number.end) for start, number in parts):
        return None
    text = " x ".join(_written(tokens, start, number, unit) for start, number in parts)
    return Found(unit.end, text + unit.text, "dimension")


def _is_doubtful(tokens: Tokens, start: int, end: int, number: Number, unit: units.Unit) -> bool:
    """Whether it could be two numbers, or not the number it seems to be."""
    if numbers.crowded(tokens, start, end):
        return True
    # "Five twenty" is a combination of two strengths as often as a number, and so is one with a decimal point.
    if number.pair and unit.dose and ("." in number.digits or number.digits[0] == "5"):
        return True
    if number.pair and tokens.before(start) in _BY:
        return True
    return (number.pair or number.cut) and unit.singular and tokens.key(unit.end) in _PIECES


def _written(tokens: Tokens, index: int, number: Number, unit: units.Unit) -> str:
    digits = number.digits
    if unit.dose and "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    if number.numeral:
        # Separators stay as the recogniser wrote them.
        return tokens.said(index) if digits == number.digits else digits
    digits = numbers.grouped(digits, 1_000 if unit.dose else 10_000)
    return f"{digits} {number.scale}" if number.scale else digits
