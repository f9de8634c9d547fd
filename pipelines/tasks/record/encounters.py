"""Visits and stays: how many in a period, which, and the last one."""

from __future__ import annotations

from typing import Final, Literal

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import Answer, day, looked_up, moment, none_recorded, plain_day, within

Sort = Literal["encounter", "admission", "emergency visit"]
Want = Literal["count", "list", "last", "first"]
_CODES: Final[dict[Sort, frozenset[str]]] = {
    "admission": frozenset({"IMP", "ACUTE", "NONAC", "inpatient"}),
    "emergency visit": frozenset({"EMER", "emergency"}),
}
_NOT_STARTED: Final = frozenset({"planned", "cancelled", "entered-in-error"})


def encounter_answer(record: Record, sort: Sort, want: Want, period: Period | None) -> Answer:
    """Encounters that began in the period, by the local date as written."""
    dated = [
        (resource, resource.element("period.start"))
        for resource in record.of_type("Encounter")
        if resource.code("status") not in _NOT_STARTED and _is(resource, sort)
    ]
    found = sorted(within(dated, period), key=lambda each: moment(each[1]))
    kind = {"count": "encounter-count", "list": "encounters", "last": "last-encounter", "first": "first-encounter"}[
        want
    ]
    facts = {"question_kind": kind, "found": bool(found), "looked_for": f"{sort}s", "count": len(found)}
    if not found:
        answer = none_recorded(record, f"{sort}s".capitalize(), kind, period)
        return Answer(answer.statements, answer.data | {"count": 0})
    if want in {"last", "first"}:
        resource, start = found[-1 if want == "last" else 0]
        text, cited = _line(resource, start)
        statement = looked_up(record, f"{want.capitalize()} recorded {sort}: {text}", cited)
        return Answer((statement,), facts | {"date": plain_day(start), "name": cited[0].value if cited[0] else None})
    when = f" {period.text}" if period else ""
    count = looked_up(
        record,
        f"{len(found)} {sort}{'s are' if len(found) > 1 else ' is'} recorded{when}.",
        [start or resource.element("status", "class.code", "id") for resource, start in found],
    )
    if want == "count":
        return Answer((count,), facts)
    lines = [_line(resource, start) for resource, start in found]
    listed = tuple(looked_up(record, f"{sort.capitalize()}: {text}", cited) for text, cited in lines)
    return Answer((count, *listed), facts | {"dates": [plain_day(start) for _, start in found]})


def _is(resource: Resource, sort: Sort) -> bool:
    if sort == "encounter":
        return True
    found = resource.element("class.code", "class")
    return found is not None and found.value in _CODES[sort]


def _line(resource: Resource, start: Element | None) -> tuple[str, tuple[Element | None, ...]]:
    name = resource.name("type[0]")
    place = resource.element("class.code", "class")
    end = resource.element("period.end")
    whole = f"{name or (f'class {place}' if place else 'type not recorded')} {day(start)}"
    if end and start and plain_day(end) != plain_day(start):
        return f"{whole} until {plain_day(end)}.", (name or place, start, end)
    return f"{whole}.", (name or place, start)
