"""Visits and stays: how many in a period, which, the last one, why, with whom, and how long ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.tasks.record import elapsed
from pipelines.tasks.record.entries import reasons
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import Answer, day, looked_up, moment, none_recorded, plain_day, within

Sort = Literal["encounter", "admission", "emergency visit", "outpatient visit", "virtual visit", "home visit"]
Want = Literal["count", "list", "last", "first", "elapsed", "why", "who"]
_CODES: Final[dict[Sort, frozenset[str]]] = {
    "admission": frozenset({"IMP", "ACUTE", "NONAC", "inpatient"}),
    "emergency visit": frozenset({"EMER", "emergency"}),
    "outpatient visit": frozenset({"AMB", "outpatient", "ambulatory"}),
    "virtual visit": frozenset({"VR", "virtual"}),
    "home visit": frozenset({"HH", "home"}),
}
_NOT_STARTED: Final = frozenset({"planned", "cancelled", "entered-in-error", "proposed", "waitlist", "booked"})
_KINDS: Final = {"count": "encounter-count", "list": "encounters", "last": "last-encounter", "first": "first-encounter"}


def begun(record: Record) -> list[tuple[Resource, Element | None]]:
    """The encounters that were begun, each with when, the earliest first."""
    return sorted(_dated(record, "encounter", ()), key=lambda each: moment(each[1]))


def stays(record: Record, sort: Sort) -> Iterator[tuple[Element | None, Element | None]]:
    """(what it was, when it began) of the encounters of a sort."""
    for resource, start in _dated(record, sort, ()):
        yield resource.name("type[0]") or resource.element("class.code", "class"), start


def encounter_names(record: Record) -> list[str]:
    return [str(name) for resource in record.of_type("Encounter") for name in resource.names("type[0]")]


def encounter_answer(
    record: Record, sort: Sort, want: Want, period: Period | None, today: date, names: tuple[str, ...] = ()
) -> Answer:
    """Encounters that began in the period, by the local date as written; only those of the names, where there are
    some."""
    found = sorted(within(_dated(record, sort, names), period), key=lambda each: moment(each[1]))
    kind = _KINDS.get(want, f"encounter-{want}")
    facts = {"question_kind": kind, "found": bool(found), "looked_for": f"{sort}s", "count": len(found)}
    if not found:
        answer = none_recorded(record, f"{sort}s".capitalize(), kind, period)
        return Answer(answer.statements, answer.data | {"count": 0})
    if want in {"last", "first", "elapsed", "why", "who"}:
        resource, start = found[0 if want == "first" else -1]
        text, cited = _line(resource, start)
        more: tuple[Element | None, ...] = ()
        if ago := elapsed.since(start, today) if want == "elapsed" else None:
            text, facts = f"{text.removesuffix('.')}; that is {ago} before {today}.", facts | ago.facts
        if want in {"why", "who"}:
            more = tuple(reasons(record, resource) if want == "why" else _seen_by(record, resource))
            label = "reason" if want == "why" else "seen by"
            said = f"{label}: {', '.join(map(str, more))}" if more else f"{label} not recorded"
            text = f"{text.removesuffix('.')}; {said}."
            facts |= {"found": bool(more), "names": [str(each) for each in more]}
        statement = looked_up(
            record, f"{'First' if want == 'first' else 'Last'} recorded {sort}: {text}", (*cited, *more)
        )
        place = {"name": cited[0].value if cited[0] else None} if want not in {"why", "who"} else {}
        return Answer((statement,), facts | {"date": plain_day(start)} | place)
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


def _dated(record: Record, sort: Sort, names: tuple[str, ...]) -> list[tuple[Resource, Element | None]]:
    return [
        (resource, resource.element("period.start"))
        for resource in record.of_type("Encounter")
        if resource.code("status") not in _NOT_STARTED
        and _is(resource, sort)
        and (not names or any(str(name) in names for name in resource.names("type[0]")))
    ]


def _seen_by(record: Record, resource: Resource) -> list[Element]:
    found = []
    for n in range(len(items(resource.raw.get("participant")))):
        named = resource.element(f"participant[{n}].individual.display")
        target = None if named else record.resolve(resource, f"participant[{n}].individual")
        if target and not target[1]:
            named = target[0].element("name[0].text", "name[0].family")
        if named:
            found.append(named)
    return found


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
