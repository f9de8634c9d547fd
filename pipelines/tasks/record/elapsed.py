"""How long ago something was, or how long it has lasted: in years, months and days of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.evidence.records.resource import Element
from pipelines.tasks.record.period import months_later, span_of


@dataclass(frozen=True)
class Elapsed:
    """The time from one day to a later one."""

    years: int
    months: int
    days: int
    whole: int
    """All of it in days."""

    def __str__(self) -> str:
        parts = [(self.years, "year"), (self.months, "month"), (self.days, "day")]
        said = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts if n] or ["0 days"]
        return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "elapsed_days": self.whole,
            "elapsed_months": self.years * 12 + self.months,
            "elapsed_years": self.years,
            "elapsed": str(self),
        }


def between(first: date, last: date) -> Elapsed:
    """From ``first`` to ``last``, which is not before it."""
    months = (last.year - first.year) * 12 + last.month - first.month
    if months_later(first, months) > last:
        months -= 1
    return Elapsed(months // 12, months % 12, (last - months_later(first, months)).days, (last - first).days)


def since(written: Element | None, today: date) -> Elapsed | None:
    """From a date as FHIR writes it until today; None where its day is not known, or lies in the future."""
    span = span_of(written.value) if written else None
    if span is None or span[0] != span[1] or span[0] > today:
        return None
    return between(span[0], today)
