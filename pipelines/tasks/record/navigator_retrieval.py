"""Entries of chosen names, by their dates and references: in code, what matters most first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource
from pipelines.tasks.record.navigator_facts import leads_to
from pipelines.tasks.record.navigator_manifest import Holding
from pipelines.tasks.record.period import Period, span_of
from pipelines.tasks.record.sentences import moment

ANY_TIME: Final = "any time"
LATEST: Final = "the latest of each"
#: Years that are offered, the last ones.
_YEARS: Final = 12


@dataclass(frozen=True)
class Selection:
    """What is retrieved."""

    holdings: Sequence[Holding]
    time: str
    """`ANY_TIME`, `LATEST`, or a year."""
    period: Period | None
    """The one that the question names."""


def years_of(holdings: Sequence[Holding]) -> list[str]:
    """The years in which there are such entries, the last first."""
    found = {
        span[0].year
        for holding in holdings
        for when in holding.dates
        if when is not None and (span := span_of(when.value)) is not None
    }
    return [str(year) for year in sorted(found, reverse=True)[:_YEARS]]


def retrieve(record: Record, selection: Selection) -> list[Resource]:
    """The entries of the time that is asked for, from the latest; then the latest of each name whatever its time, since
    it may hold today; then those that belong to them by reference; then, if the time was not the model's to narrow, all
    others."""
    dated = [
        (entry, when)
        for holding in selection.holdings
        for entry, when in zip(holding.entries, holding.dates, strict=True)
    ]
    dated.sort(key=lambda each: moment(each[1]), reverse=True)
    wanted = [entry for entry, when in dated if _is_wanted(when, selection)]
    latest = [holding.entries[-1] for holding in selection.holdings]
    near = [*wanted, *latest]
    led_to = [other for entry in near for other in leads_to(record, entry)]
    others = [entry for entry, _ in dated] if selection.time == ANY_TIME else []
    return list({entry.address: entry for entry in (*near, *led_to, *others)}.values())


def _is_wanted(when: Element | None, selection: Selection) -> bool:
    if selection.period is not None:
        return when is not None and selection.period.touches(when.value)
    if selection.time == ANY_TIME:
        return True
    return when is not None and re.match(re.escape(selection.time), when.value) is not None
