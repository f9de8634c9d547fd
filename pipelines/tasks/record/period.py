"""Periods as they are spoken: ``in 2019``, ``between january and june 2020``, ``in the last six months``."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pipelines.tasks.record.words import Words

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH: Final = "(?:" + "|".join(_MONTHS) + "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DAY: Final = r"\d{1,2}(?: (?:st|nd|rd|th))?"
_YEAR: Final = r"(?:18|19|20)\d\d"
_DATE: Final = (
    rf"(?:{_YEAR} \d{{1,2}} \d{{1,2}}|(?:the )?{_DAY} (?:of )?{_MONTH} (?:of )?{_YEAR}|{_MONTH} {_DAY} {_YEAR}"
    rf"|{_MONTH} (?:of )?{_YEAR}|{_YEAR}|{_MONTH})"
)
_BETWEEN: Final = re.compile(
    rf"\b(?:(?:between|from) )?(?P<a>{_DATE}) (?:and|to|through|until|till) (?P<b>{_DATE})(?: inclusive)?\b"
)
_ONE: Final = re.compile(
    rf"\b(?:(?P<how>since|after|before|until|prior to|in|during|on|for|of|from) )?(?P<a>{_DATE})\b"
)
_PAST: Final = re.compile(
    r"\b(?:(?:in|over|within|during|for) )?(?:the )?(?:last|past) (?:(?P<n>\d{1,3}) )?(?P<unit>day|week|month|year)s?\b"
)
_THIS: Final = re.compile(r"\b(?:in |during )?(?P<which>this year|this month|today|yesterday)\b")


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included, and how a sentence says so."""

    first: date
    last: date
    text: str

    def holds(self, written: str | None) -> bool:
        """Whether all of a date as FHIR writes it (year, month, day or instant; local date) lies within."""
        span = span_of(written)
        return span is not None and self.first <= span[0] and span[1] <= self.last

    def touches(self, written: str | None) -> bool:
        """Whether a date that is known only in part might lie within."""
        span = span_of(written)
        return span is not None and span[0] <= self.last and span[1] >= self.first


def span_of(written: str | None) -> tuple[date, date] | None:
    """First and last day that a FHIR date may mean; None for what is not a date."""
    match = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?=$|T)", written or "", re.ASCII)
    if not match:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    return _days(year, month, day)


def _days(year: int, month: int = 0, day: int = 0) -> tuple[date, date] | None:
    try:
        last_month = month or 12
        return date(year, month or 1, day or 1), date(year, last_month, day or monthrange(year, last_month)[1])
    except ValueError:
        return None


def take_period(words: Words, today: date) -> Period | None:
    """Take the period a question names, if any. A month without a year is not understood, and stays."""
    if match := words.take_pattern(_BETWEEN):
        second = _read(match["b"])
        first = _read(match["a"], second[0].year if second else 0)
        if first and second and first[0] <= second[1]:
            return Period(first[0], second[1], f"from {first[0]} to {second[1]}")
        return None
    if match := words.take_pattern(_PAST):
        number, unit = int(match["n"] or 1), match["unit"]
        if unit == "year" and not match["n"] and match.group().startswith(("last year", "in last year")):
            return Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31), f"in {today.year - 1}")
        first_day = _back(today, number, unit)
        return Period(first_day, today, f"from {first_day} to {today}")
    if match := words.take_pattern(_THIS):
        return _this(match["which"], today)
    if match := words.take_pattern(_ONE):
        span = _read(match["a"])
        return _one(match["how"] or "in", span) if span else None
    return None


def _one(how: str, span: tuple[date, date]) -> Period:
    if how in {"since", "after"}:
        start = span[0] if how == "since" else min(span[1], date.max - timedelta(1)) + timedelta(1)
        return Period(start, date.max, f"since {start}")
    if how in {"before", "until", "prior to"}:
        return Period(date.min, span[0] - timedelta(1), f"before {span[0]}")
    if span[0] == span[1]:
        return Period(*span, f"on {span[0]}")
    whole_year = span[0].month != span[1].month
    return Period(*span, f"in {span[0].year:04d}" if whole_year else f"in {span[0]:%Y-%m}")


def _this(which: str, today: date) -> Period:
    if which == "this year":
        return Period(date(today.year, 1, 1), date(today.year, 12, 31), f"in {today.year}")
    if which == "this month":
        return Period(*(_days(today.year, today.month) or (today, today)), f"in {today:%Y-%m}")
    day = today if which == "today" else today - timedelta(1)
    return Period(day, day, f"on {day}")


def _back(today: date, number: int, unit: str) -> date:
    number = min(number, 200)
    if unit in {"day", "week"}:
        return today - timedelta(number * (7 if unit == "week" else 1))
    months = today.year * 12 + today.month - 1 - number * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _read(text: str, year: int = 0) -> tuple[date, date] | None:
    month = day = 0
    parts = [part for part in text.split() if part not in {"of", "the", "st", "nd", "rd", "th"}]
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return _days(int(parts[0]), int(parts[1]), int(parts[2]))
    for part in parts:
        if not part.isdigit():
            month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(part[:3]))
        elif len(part) == 4:
            year = int(part)
        else:
            day = int(part)
    return _days(year, month, day) if year else None
