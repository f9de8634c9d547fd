"""Times of day: "nine thirty a m", "oh nine thirty", "half past nine", "fourteen hundred hours"."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers
from pipelines.text.tokens import Found, Tokens

_BEFORE_TIME: Final = frozenset("at by from until till to since around after before time about".split())
_HAPPENED: Final = frozenset(
    """
    seen arrived woke started began came admitted called left presented born died pronounced reviewed appointment
    scheduled due given taken returned operated discharged transferred
    """.split()
)
_PAST: Final = {"half": {"past": "30"}, "quarter": {"past": "15", "after": "15"}}


def read(tokens: Tokens, index: int) -> Found | None:
    """A time that begins with its hour."""
    return _of_24_hours(tokens, index) or _of_12_hours(tokens, index)


def read_past(tokens: Tokens, index: int) -> Found | None:
    """ "Half past nine", "quarter to ten"."""
    part = tokens[index].key
    relation = tokens.key(index + 1)
    hour = _number(tokens, index + 2, 1, 12)
    if hour is None or not tokens.free(index, hour[1]) or numbers.crowded(tokens, index + 2, hour[1]):
        return None
    if minutes := _PAST[part].get(relation):
        value = hour[0]
    elif part == "quarter" and relation == "to" and tokens.before(index) in ("a", *_BEFORE_TIME):
        value, minutes = (hour[0] + 10) % 12 + 1, "45"
    else:
        return None
    if part == "quarter" and tokens.before(index) == "a":
        # "At a quarter past nine" would leave its article behind.
        return None
    return Found(hour[1], f"{value}:{minutes}", "time")


def _of_12_hours(tokens: Tokens, index: int) -> Found | None:
    hour = _number(tokens, index, 1, 12)
    if hour is None or numbers.is_numeric(tokens.before(index)):
        return None
    time, end = str(hour[0]), hour[1]
    minutes = _minutes(tokens, end)
    if minutes:
        time, end = f"{time}:{minutes[0]}", minutes[1]
    if half := _half_of_day(tokens, end):
        if not tokens.free(index, half[1]):
            return None
        return Found(half[1], f"{time} {half[0]}", "time")
    plain = minutes and minutes[0] in ("15", "30", "45") and tokens.before(index) == "at"
    if plain and tokens[end].glue != " " and tokens.near(index - 1, _HAPPENED, back=5, ahead=0):
        return Found(end, time, "time") if tokens.free(index, end) else None
    return None


def _of_24_hours(tokens: Tokens, index: int) -> Found | None:
    key = tokens[index].key
    if key in ("oh", "o", "zero"):
        ones = numbers.ONES.get(tokens.joined(index + 1))
        hour = (ones, index + 2) if ones else None
    else:
        hour = _number(tokens, index, 10, 23)
    if hour is None or numbers.is_numeric(tokens.before(index)):
        return None
    minutes = ("00", hour[1] + 1) if tokens.key(hour[1]) == "hundred" else _minutes(tokens, hour[1])
    if minutes is None:
        return None
    end, hours = minutes[1], False
    if tokens.key(end) == "hours":
        if tokens.key(end + 1) == "of" or (hour[0] == 20 and tokens.before(index) not in _BEFORE_TIME):
            return None
        end, hours = end + 1, True
    if not hours and (hour[0] > 9 or tokens.before(index) not in _BEFORE_TIME or numbers.crowded(tokens, index, end)):
        return None
    if numbers.is_numeric(tokens.joined(end)) or not tokens.free(index, end):
        return None
    return Found(end, f"{hour[0]:02}:{minutes[0]}", "time")


def _number(tokens: Tokens, index: int, least: int, most: int) -> tuple[int, int] | None:
    """A whole number of at most two words that is no part of a longer one."""
    key = tokens[index].key
    if key in numbers.ONES or key in numbers.TEENS:
        value, end = numbers.ONES.get(key) or numbers.TEENS[key], index + 1
    elif key == "twenty":
        ones = numbers.ONES.get(tokens.joined(index + 1), 0)
        # "Twenty thirty" has its tens alone, "twenty two thirty" has not.
        value, end = 20 + ones, index + (2 if ones else 1)
    elif key.isascii() and key.isdecimal() and len(key) <= 2:
        value, end = int(key), index + 1
    else:
        return None
    return (value, end) if least <= value <= most else None


def _minutes(tokens: Tokens, index: int) -> tuple[str, int] | None:
    """Two digits of minutes, and where they end."""
    key = tokens.joined(index)
    if key in ("oh", "o"):
        ones = numbers.ONES.get(tokens.joined(index + 1))
        return (f"0{ones}", index + 2) if ones else None
    if key not in numbers.TENS and key not in numbers.TEENS:
        return None
    number = numbers.read(tokens, index)
    if number is None or not number.whole or not 10 <= number.value <= 59:
        return None
    return number.digits, number.end


def _half_of_day(tokens: Tokens, index: int) -> tuple[str, int] | None:
    """ "a m" or "p.m." at ``index`` as it is to be written, and where it ends."""
    key = tokens.key(index)
    if key in ("am", "pm"):
        return tokens.said(index), index + 1
    if key in ("a", "p") and tokens.key(index + 1) == "m" and tokens[index + 2].key != "'":
        return f"{key}m", index + 2
    dotted = [tokens[index + n].key for n in range(1, 4)] == [".", "m", "."]
    if key in ("a", "p") and dotted and all(tokens[index + n].glue == "" for n in range(1, 4)):
        # The full stop stays outside: it may end the sentence as well.
        text = tokens.text[tokens[index].start : tokens[index + 2].end]
        return text, index + 3
    return None
