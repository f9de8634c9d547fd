"""Numbers by themselves: counts, numbers of records and telephones, "times three", "minus two".

"One" is a pronoun unless it counts a unit of time or a drug, and what could be ordinary speech stays in words.
"""

from __future__ import annotations

from typing import Final

from pipelines.text import doses, numbers, units
from pipelines.text.nouns import COUNTED, LABELS, TIMES
from pipelines.text.numbers import Number
from pipelines.text.tokens import Found, Tokens

_IDENTIFIERS: Final = frozenset(
    """
    number mrn phone telephone mobile cell id identification identifier extension account accession code zip record
    pager fax nhs chi hospital dial call bleep ending identity
    """.split()
)
_LONG_RUN: Final = 7
_VITALS: Final = frozenset(
    """
    pulse rate hr systolic diastolic pressure weight sugar sugars glucose sodium cholesterol ldl hdl triglycerides
    saturation bpm heart
    """.split()
)
_DAY_COUNTED: Final = frozenset("for in after every within over per about than of".split())
_IDIOMS: Final = frozenset({"catch", "cloud", "factor", "factors", "point"})
_LEFT: Final = frozenset({("in", "one"), ("to", "quarter"), ("past", "quarter"), ("past", "half")})
_NO_MULTIPLICATION: Final = frozenset(
    """
    at many several few all other multiple some these those of the hard no any both good bad prior previous old modern
    difficult different recent in
    """.split()
)


def read(tokens: Tokens, index: int) -> Found | None:
    """A number that begins at ``index``."""
    if found := _digits(tokens, index):
        return found
    if _is_name(tokens, index):
        return None
    number = numbers.read(tokens, index)
    pair = numbers.read_pair(tokens, index)
    if pair and tokens.near(index, _VITALS, back=4, ahead=0) and tokens.joined(pair.end) not in TIMES:
        number = pair
    if number is None or number.numeral or not tokens.free(index, number.end):
        return None
    if numbers.crowded(tokens, index, number.end) or not _is_count(tokens, index, number):
        return None
    # What is wrong with it as a dose is wrong with the number alone as well.
    if units.read(tokens, number.end):
        return None
    digits = numbers.grouped(number.digits)
    return Found(number.end, f"{digits} {number.scale}" if number.scale else digits, "number")


def read_times(tokens: Tokens, index: int) -> Found | None:
    """ "Oriented times three", "cough times two weeks"."""
    before = tokens.before(index)
    number = numbers.read(tokens, index + 1) if tokens.key(index + 1) else None
    if number is None or not number.whole or not before.isalpha() or before in _NO_MULTIPLICATION:
        return None
    if numbers.is_numeric(before) or not tokens.free(index, number.end) or number.value > 99:
        return None
    if tokens.joined(number.end) in TIMES:
        # "Times thirty year history" is no number of times.
        whole = tokens[number.end + 1].glue != " " or tokens[number.end].key.endswith("s")
        return Found(number.end, f"x {number.digits}", "number") if whole else None
    if before == "oriented" or tokens[number.end].glue != " ":
        return Found(number.end, f"x{number.digits}", "number")
    return None


def read_minus(tokens: Tokens, index: int) -> Found | None:
    """ "Minus two point five", with or without a unit."""
    before = tokens.before(index)
    if not tokens.key(index + 1) or numbers.is_numeric(before) or before in ("or", "plus", "and") or len(before) == 1:
        return None
    if measured := doses.read(tokens, index + 1):
        return measured._replace(text=f"-{measured.text}") if measured.kind in ("dose", "unit") else None
    number = numbers.read(tokens, index + 1)
    if number is None or number.scale or not tokens.free(index, number.end):
        return None
    if numbers.is_numeric(tokens.joined(number.end)) or units.read(tokens, number.end):
        return None
    return Found(number.end, f"-{number.digits}", "number")


def _digits(tokens: Tokens, index: int) -> Found | None:
    """The number of a record or a telephone, said digit by digit."""
    if numbers.is_numeric(tokens.before(index)):
        return None
    digits, at = "", index
    while (digit := numbers.digit(tokens, at)) is not None and (at == index or tokens.joined(at)):
        digits, at = digits + digit, at + 1
    named = len(digits) >= 3 and tokens.near(index, _IDENTIFIERS, back=6, ahead=0)
    if not named and len(digits) < _LONG_RUN:
        return None
    if numbers.is_numeric(tokens.joined(at)) or not tokens.free(index, at):
        return None
    return None if tokens.key(at) in ("point", "over") else Found(at, digits, "number")


def _is_name(tokens: Tokens, index: int) -> bool:
    """Whether a capital in mid-sentence says that the word is part of a name ("Seven Oaks")."""
    return tokens.said(index)[:1].isupper() and not tokens.opens_sentence(index)


def _is_count(tokens: Tokens, index: int, number: Number) -> bool:
    before, after = tokens.before(index), tokens.key(number.end)
    if before in _IDIOMS or tokens[index].key in ("zero", "point"):
        return tokens[index].key == "zero" and "." in number.digits and before not in _IDIOMS
    if number.digits == "1" and number.end == index + 1 and not number.scale:
        counted = after in COUNTED or (after == "day" and before in _DAY_COUNTED)
        labelled = before in LABELS and tokens.before(index - 1) not in ("from", "since", "that", "which")
        return counted or labelled or _begins_range(tokens, number)
    if before in ("a", "an") and number.value <= 10:
        return False
    # "No one in four families", "a quarter to nine", "at times two nurses".
    if before == "times" or (
        (before, tokens[index - 2].key) in _LEFT and not numbers.is_numeric(tokens.before(index - 2))
    ):
        return False
    # "A day or two", "one or two".
    if before == "or" and not numbers.is_numeric(tokens[index - 2].key):
        return False
    # "Two and two".
    if (before == "and" and _is_same(tokens, index - 2, number)) or (
        after == "and" and _is_same(tokens, number.end + 1, number)
    ):
        return False
    return after not in ("something", "odd", "ish")


def _is_same(tokens: Tokens, index: int, number: Number) -> bool:
    other = numbers.read(tokens, index)
    return other is not None and other.value == number.value


def _begins_range(tokens: Tokens, number: Number) -> bool:
    """ "One or two days": the number after it will be written in figures."""
    if tokens.key(number.end) not in ("or", "to"):
        return False
    second = numbers.read(tokens, number.end + 1) if tokens.key(number.end + 1) in numbers.STARTS else None
    if second is None or second.numeral or second.value < 2 or not second.whole:
        return False
    return not numbers.crowded(tokens, number.end + 1, second.end) and tokens.free(number.end + 1, second.end)
