"""Dates of a question in one form, whatever way they are written or spoken: ``3/4/2019``, ``2005-2015``, ``march
fourth``."""

from __future__ import annotations

import re
from typing import Final

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTH: Final = "(?:" + "|".join(MONTHS) + "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
_DAY_OF: Final = {word: n for n, word in enumerate(_ORDINALS, 1)} | {"thirtieth": 30}
_ORDINAL: Final = r"(?:(?:20|30) )?(?:" + "|".join(_DAY_OF) + ")"
_AFTER_MONTH: Final = re.compile(rf"\b({MONTH}) (?:the )?({_ORDINAL})\b")
_BEFORE_MONTH: Final = re.compile(rf"\b({_ORDINAL}) (?:of )?({MONTH})\b")
_NUMERIC: Final = re.compile(r"(?<![\d/.-])(\d{1,2})([/.])(\d{1,2})\2((?:18|19|20)\d\d|\d\d)(?![\d/]|\.\d)")
_MONTH_YEAR: Final = re.compile(r"(?<![\d/.-])(0?[1-9]|1[0-2])/((?:18|19|20)\d\d)(?![\d/.-])")
_YEAR_MONTH: Final = re.compile(r"(?<![\d/.-])((?:18|19|20)\d\d)-(0[1-9]|1[0-2])(?![\d-])")
_YEARS: Final = re.compile(r"\b((?:18|19|20)\d\d)\s?(?:-|–|—)\s?((?:18|19|20)\d\d)\b")


def plain(text: str) -> str:
    """``text`` with dates of digits as ``2019-03-04`` or ``march 2019`` and spans of years as ``from … to …``.

    With slashes the month comes first, with points the day, unless only the other order is a date.
    """
    text = _NUMERIC.sub(_numeric, text)
    text = _MONTH_YEAR.sub(lambda m: f"{MONTHS[int(m[1]) - 1]} {m[2]}", text)
    text = _YEAR_MONTH.sub(lambda m: f"{MONTHS[int(m[2]) - 1]} {m[1]}", text)
    return _YEARS.sub(r"from \1 to \2", text)


def with_days(words: str) -> str:
    """Words (numbers already as digits) with ordinals beside a month as the number of the day."""
    words = _AFTER_MONTH.sub(lambda m: f"{m[1]} {_day(m[2])}", words)
    return _BEFORE_MONTH.sub(lambda m: f"{_day(m[1])} {m[2]}", words)


def _day(ordinal: str) -> int:
    tens, _, word = ordinal.rpartition(" ")
    return (int(tens) if tens else 0) + _DAY_OF[word]


def _numeric(match: re.Match[str]) -> str:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if len(match[4]) == 2:
        if match[2] == ".":
            return match[0]  # 1.2.34 may be anything
        year += 2000 if year < 50 else 1900
    month, day = (first, second) if match[2] == "/" else (second, first)
    if month > 12:
        month, day = day, month
    return f"{year}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else match[0]
