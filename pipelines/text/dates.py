"""Dates from 1900 to 2099 as they are said. The order of day and month stays the speaker's.

"March third twenty twenty five" is March 3, 2025; "the third of March" is 3 March.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipelines.text import numbers, units
from pipelines.text.nouns import FUNCTION_WORDS, TIMES
from pipelines.text.tokens import Found, Tokens

MONTHS: Final = dict(
    zip(
        "january february march april may june july august september october november december".split(),
        (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
        strict=True,
    )
)
#: What a date may begin with, besides a month.
STARTS: Final = frozenset({"the", *numbers.ORDINALS, "twenty", "thirty"})
# "They march first", "he may second that".
_ALSO_VERBS: Final = frozenset({"march", "may"})
_BEFORE_DATE: Final = frozenset(
    "on of since until till by from before after dated to through in and between last next this around about".split()
)
_BEFORE_MONTH: Final = _BEFORE_DATE | frozenset({"early", "late", "mid", "during", "for"})
_BEFORE_YEAR: Final = frozenset(
    "in since until till from before after year circa around during early late spring summer autumn winter by".split()
)


class Year(NamedTuple):
    end: int
    text: str
    bare: bool = False
    """"Two thousand" alone, which may also be a count."""


def read_year(tokens: Tokens, index: int) -> Year | None:
    """The year from 1900 to 2099 that is said from ``index`` on."""
    key = tokens[index].key
    found: Year | None = None
    if len(key) == 4 and key.isascii() and key.isdecimal():
        found = Year(index + 1, key)
    elif key == "nineteen" and tokens.joined(index + 1) == "hundred":
        number = numbers.read(tokens, index)
        found = Year(number.end, number.digits) if number and number.whole else None
    elif key in ("nineteen", "twenty"):
        century = "19" if key == "nineteen" else "20"
        rest = _two_digits(tokens, index + 1)
        found = Year(rest[1], f"{century}{rest[0]:02}") if rest else None
    elif key == "two" and tokens.joined(index + 1) == "thousand":
        number = numbers.read(tokens, index)
        if number and number.whole:
            found = Year(number.end, number.digits, number.end == index + 2)
    if found is None or not 1900 <= int(found.text) <= 2099:
        return None
    follows = tokens.joined(found.end)
    if numbers.is_numeric(follows) or follows in TIMES or follows in units.STARTS or follows == "point":
        return None
    return found


def read_by_month(tokens: Tokens, index: int) -> Found | None:
    """ "March third", "march third twenty twenty five", "march twenty twenty five"."""
    month = tokens[index].key
    before = tokens.before(index)
    day = _ordinal(tokens, index + 2 if tokens.key(index + 1) == "the" else index + 1)
    if day and 1 <= day[0] <= MONTHS[month]:
        year = _year_after(tokens, day[1])
        if month in _ALSO_VERBS and year is None and before not in _BEFORE_DATE:
            return None
        return _dated(tokens, index, day[1], f"{month.capitalize()} {day[0]}", year, ", ")
    if not tokens.key(index + 1):
        return None
    counted = numbers.read(tokens, index + 1)
    if counted and counted.whole and 1 <= counted.value <= MONTHS[month]:
        year = _year_after(tokens, counted.end)
        if year:
            return _dated(tokens, index, counted.end, f"{month.capitalize()} {counted.digits}", year, ", ")
    # "June twenty twenty five" after "on" may be a day with half a year.
    year = read_year(tokens, index + 1)
    if year is None or before == "on" or (month in _ALSO_VERBS and before not in _BEFORE_MONTH):
        return None
    if year.bare and not _is_complete(tokens, year.end):
        return None
    return _dated(tokens, index, index + 1, month.capitalize(), year, " ")


def read_by_day(tokens: Tokens, index: int) -> Found | None:
    """ "The third of march", "third of march nineteen eighty"."""
    start = index + 1 if tokens[index].key == "the" else index
    if start == index and (tokens.before(index) in ("the", "a", "one") or numbers.is_numeric(tokens.before(index))):
        return None
    day = _ordinal(tokens, start)
    if day is None or tokens.key(day[1]) != "of":
        return None
    month = tokens.key(day[1] + 1)
    if not 1 <= day[0] <= MONTHS.get(month, 0):
        return None
    return _dated(tokens, index, day[1] + 2, f"{day[0]} {month.capitalize()}", _year_after(tokens, day[1] + 2), " ")


def read_in_figures(tokens: Tokens, index: int) -> Found | None:
    """ "Three slash fourteen slash twenty twenty five"."""
    first = numbers.read(tokens, index)
    if first is None or tokens.key(first.end) != "slash":
        return None
    second = numbers.read(tokens, first.end + 1)
    if second is None or tokens.key(second.end) != "slash" or not (first.whole and second.whole):
        return None
    year = read_year(tokens, second.end + 1)
    small, large = sorted((first.value, second.value))
    if year is None or not (1 <= small <= 12 and large <= 31) or not tokens.free(index, year.end):
        return None
    return Found(year.end, f"{first.digits}/{second.digits}/{year.text}", "date")


def read_alone(tokens: Tokens, index: int) -> Found | None:
    """ "In nineteen ninety eight"."""
    if tokens.before(index) not in _BEFORE_YEAR:
        return None
    year = read_year(tokens, index)
    if year is None or not tokens.free(index, year.end) or not _is_complete(tokens, year.end):
        return None
    return Found(year.end, year.text, "date")


def _dated(tokens: Tokens, start: int, end: int, day: str, year: Year | None, between: str) -> Found | None:
    if year:
        end, day = year.end, f"{day}{between}{year.text}"
    # "March third" with another number, a unit or "a m" behind it is anybody's guess.
    after = tokens.joined(end)
    if numbers.is_numeric(after) or after in units.STARTS or after in TIMES or after == "point":
        return None
    if tokens.key(end + 1) == "m":
        return None
    if not tokens.free(start, end):
        return None
    return Found(end, day, "date")


def _is_complete(tokens: Tokens, end: int) -> bool:
    """Whether what ends here need not be the count of something that follows."""
    return tokens[end].glue != " " or tokens[end].key in FUNCTION_WORDS


def _year_after(tokens: Tokens, index: int) -> Year | None:
    at = index + 1 if tokens[index].key == "," and tokens[index].glue == "" else index
    year = read_year(tokens, at) if tokens.key(at) else None
    return year if year and _is_complete(tokens, year.end) else None


def _two_digits(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """The last two digits of a year ("eighty five", "oh five"), and where they end."""
    key = tokens.joined(index)
    if key in ("oh", "o"):
        ones = numbers.ONES.get(tokens.joined(index + 1))
        return (ones, index + 2) if ones else None
    number = numbers.read(tokens, index) if key in numbers.STARTS else None
    if number and number.whole and 10 <= number.value <= 99:
        return int(number.value), number.end
    return None


def _ordinal(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """The day that an ordinal up to thirty first says, and where it ends."""
    key = tokens[index].key
    if tokens[index].glue not in (" ", "-", "\n"):
        return None
    if (tens := numbers.TENS.get(key)) and (ones := numbers.ORDINALS.get(tokens.joined(index + 1), 10)) < 10:
        return tens + ones, index + 2
    return (numbers.ORDINALS[key], index + 1) if key in numbers.ORDINALS else None
