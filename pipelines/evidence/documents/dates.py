"""Dates as documents print them, as ISO dates; one that can be read in two ways is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

Order = Literal["day-first", "month-first"]

_MONTHS: Final = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ISO: Final = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_FIGURES: Final = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_DAY_MONTH: Final = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[-\s.]*([A-Za-z]{3,9})\.?[-\s,]*(\d{4})(?!\d)")
_MONTH_DAY: Final = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_TIME: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::\d{2})?\s*([AaPp]\.?[Mm]\.?)?")


def iso_date(printed: str, order: Order | None = None) -> str | None:
    """The first date in the text, with its time where one follows (``2024-03-01T08:30``); None where there is none
    or its day and month can be changed for each other."""
    for pattern in (_ISO, _MONTH_DAY, _DAY_MONTH, _FIGURES):
        if (match := pattern.search(printed)) is not None and (day := _day(pattern, match, order)) is not None:
            return day.isoformat() + _time(printed[match.end() :])
    return None


def order_of(texts: Iterable[str]) -> Order | None:
    """Whether the dates of a document name the day or the month first, by those that can only be one."""
    told: set[Order] = set()
    for text in texts:
        for match in _FIGURES.finditer(text):
            first, second = int(match[1]), int(match[2])
            if first > 12 >= second:
                told.add("day-first")
            elif second > 12 >= first:
                told.add("month-first")
    return told.pop() if len(told) == 1 else None


def _day(pattern: re.Pattern[str], match: re.Match[str], order: Order | None) -> date | None:
    if pattern is _ISO:
        return _date(match[1], match[2], match[3])
    if pattern is _FIGURES:
        first, second = match[1], match[2]
        if int(first) > 12 or order == "day-first" or first == second:
            first, second = second, first
        elif int(second) <= 12 and order is None:
            return None
        return _date(_century(match[3]), first, second)
    name, day = (match[1], match[2]) if pattern is _MONTH_DAY else (match[2], match[1])
    month = _MONTHS.get(name[:3].lower())
    return None if month is None else _date(match[3], str(month), day)


def _century(year: str) -> str:
    """Two figures: of this century up to the present year's, else of the last one."""
    if len(year) == 4:
        return year
    return f"20{year}" if int(year) <= date.today().year % 100 else f"19{year}"


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 1850 <= found.year <= 2150 else None


def _time(rest: str) -> str:
    match = _TIME.match(rest.lstrip(" ,T\t"))
    if match is None:
        return ""
    hour, minute, half = int(match[1]), int(match[2]), (match[3] or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"T{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""


def is_part_of(printed: str, day: str) -> bool:
    """Whether it is that day without its year, or its month: "06/01", "Oct", "October 2026", "Oct 26"."""
    year, month, date = day[:10].split("-")
    numbers = {f"{a}{mark}{b}" for a, b in ((month, date), (date, month)) for mark in "/."}
    if printed.rstrip(".") in numbers | {re.sub(r"\b0", "", number) for number in numbers}:
        return True
    said = re.fullmatch(r"([A-Za-z]{3})[a-z]*\.?(?:[\s'/-]*(\d{2,4}))?", printed)
    if said is None or said[1].lower() not in _MONTHS:
        return False
    return _MONTHS[said[1].lower()] == int(month) and year.endswith(said[2] or "")
