"""Periods as they are spoken: ``in 2019``, ``between january and june 2020``, ``in the last six months``."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pipelines.tasks.record.spoken_dates import MONTH, MONTHS
from pipelines.tasks.record.words import Words

_DAY: Final = r"\d{1,2}(?: (?:st|nd|rd|th))?"
_YEAR: Final = r"(?:18|19|20)\d\d"
_DATE: Final = (
    rf"(?:{_YEAR} \d{{1,2}} \d{{1,2}}|(?:the )?{_DAY} (?:of )?{MONTH} (?:of )?{_YEAR}|{MONTH} {_DAY} {_YEAR}"
    rf"|{MONTH} (?:of )?{_YEAR}|{_YEAR}|{MONTH})"
)
_BETWEEN: Final = re.compile(
    rf"\b(?:(?:between|from|in|during) )?(?:the years? )?(?P<a>{_DATE}) "
    rf"(?:and|to|through|thru|until|till|up to|versus|vs) (?:the year )?(?P<b>{_DATE})(?: inclusive)?\b"
)
#: "the A1c in 2015 with that in 2020": the two ends, however far apart they stand.
_ENDS: Final = re.compile(
    rf"\b(?:in|from|on) (?P<a>{_DATE}) "
    rf"(?:and|to|with|versus|vs|than|against|compared to|compared with|relative to|as against)(?= )"
    rf"(?P<between>(?: \S+)*?) (?:(?:in|from|on|that of) )?(?P<b>{_DATE})\b"
)
_ONE: Final = re.compile(
    r"\b(?:(?P<how>(?:ever )?since|after|following|before|until|till|up to|by|prior to|in|during|on|for|of|from|as of"
    rf"|dated|at|through|throughout|within|over) )?(?:the )?(?:calendar )?(?:year |month of )?(?P<a>{_DATE})"
    r"(?: or (?P<or>later|earlier))?\b"
)
_DECADE: Final = re.compile(r"\b(?:(?:in|during|from) )?(?:the )?(?P<decade>(?:18|19|20)\d0) s\b")
_PAST: Final = re.compile(
    r"\b(?:(?:in|over|within|during|for) )?(?:the |these |this )?(?:last|past|previous|preceding) "
    r"(?:(?P<n>\d{1,3}|couple of|few) )?(?P<unit>day|week|month|year)s?\b"
)
_THIS: Final = re.compile(
    r"\b(?:in |during |so far )?(?P<which>this year|this month|this calendar year|year to date|today|yesterday)\b"
)


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included, and how a sentence says so."""

    first: date
    last: date
    text: str
    after: str | None = None
    """The instant, as written, of an event that the period comes after: of that day only what is later counts."""
    before: str | None = None
    """The same for a period that comes before an event."""

    def holds(self, written: str | None) -> bool:
        """Whether all of a date as FHIR writes it (year, month, day or instant; local date) lies within."""
        span = span_of(written)
        if span is None or written is None:
            return False
        if self.first <= span[0] and span[1] <= self.last:
            return True
        at, event = instant_of(written), instant_of(self.after or self.before)
        if at is None or event is None or at == event:
            return False
        return (at > event) is (self.after is not None) and abs((at - event).total_seconds()) < 86_400

    def touches(self, written: str | None) -> bool:
        """Whether a date that is known only in part might lie within."""
        span = span_of(written)
        return span is not None and span[0] <= self.last and span[1] >= self.first


def around(written: str, before: bool) -> Period | None:
    """What lies before, or after, a date as FHIR writes it; None for what is not a date."""
    span = span_of(written)
    if span is None:
        return None
    if before:
        return Period(
            date.min, max(span[0], date.min + timedelta(1)) - timedelta(1), f"before {span[0]}", before=written
        )
    day_after = min(span[1], date.max - timedelta(1)) + timedelta(1)
    return Period(day_after, date.max, f"since {day_after}", after=written)


def instant_of(written: str | None) -> datetime | None:
    """A FHIR instant with its time zone; None where either is not known."""
    if written is None or "T" not in written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else None


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
    match = words.take_pattern(_BETWEEN)
    if match is None and (match := words.take_pattern(_ENDS, keep="between")) is None:
        return _single(words, today)
    second = _read(match["b"])
    first = _read(match["a"], second[0].year if second else 0)
    if first and second and second[1] < first[0]:
        first, second = second, first
    return Period(first[0], second[1], f"from {first[0]} to {second[1]}") if first and second else None


def _single(words: Words, today: date) -> Period | None:
    if match := words.take_pattern(_PAST):
        number, unit = match["n"] or "1", match["unit"]
        if unit == "year" and not match["n"] and match.group() in {"last year", "in last year", "during last year"}:
            return Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31), f"in {today.year - 1}")
        if not number.isdigit():
            return None
        first_day = _back(today, int(number), unit)
        return Period(first_day, today, f"from {first_day} to {today}")
    if match := words.take_pattern(_THIS):
        return _this(match["which"], today)
    if match := words.take_pattern(_DECADE):
        first = int(match["decade"])
        return Period(date(first, 1, 1), date(first + 9, 12, 31), f"from {first}-01-01 to {first + 9}-12-31")
    if match := words.take_pattern(_ONE):
        span = _read(match["a"])
        how = {"later": "since", "earlier": "until"}.get(
            match["or"] or "", (match["how"] or "in").removeprefix("ever ")
        )
        return _one(how, span) if span else None
    return None


def _one(how: str, span: tuple[date, date]) -> Period:
    if how in {"since", "after", "following"}:
        start = span[0] if how == "since" else min(span[1], date.max - timedelta(1)) + timedelta(1)
        return Period(start, date.max, f"since {start}")
    if how in {"before", "prior to"}:
        return Period(date.min, span[0] - timedelta(1), f"before {span[0]}")
    if how in {"until", "till", "up to", "by"}:
        end = min(span[1], date.max - timedelta(1)) + timedelta(1)
        return Period(date.min, end - timedelta(1), f"before {end}")
    if span[0] == span[1]:
        return Period(*span, f"on {span[0]}")
    whole_year = span[0].month != span[1].month
    return Period(*span, f"in {span[0].year:04d}" if whole_year else f"in {span[0]:%Y-%m}")


def _this(which: str, today: date) -> Period:
    if which in {"this year", "this calendar year", "year to date"}:
        return Period(date(today.year, 1, 1), date(today.year, 12, 31), f"in {today.year}")
    if which == "this month":
        return Period(*(_days(today.year, today.month) or (today, today)), f"in {today:%Y-%m}")
    day = today if which == "today" else today - timedelta(1)
    return Period(day, day, f"on {day}")


def _back(today: date, number: int, unit: str) -> date:
    number = min(number, 200)
    if unit in {"day", "week"}:
        return today - timedelta(number * (7 if unit == "week" else 1))
    return months_later(today, -number * (12 if unit == "year" else 1))


def months_later(day: date, months: int) -> date:
    """The same day of another month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _read(text: str, year: int = 0) -> tuple[date, date] | None:
    month = day = 0
    parts = [part for part in text.split() if part not in {"of", "the", "st", "nd", "rd", "th"}]
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return _days(int(parts[0]), int(parts[1]), int(parts[2]))
    for part in parts:
        if not part.isdigit():
            month = next(n for n, name in enumerate(MONTHS, 1) if name.startswith(part[:3]))
        elif len(part) == 4:
            year = int(part)
        else:
            day = int(part)
    return _days(year, month, day) if year else None
