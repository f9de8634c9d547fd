"""Measurements: labs, vitals, scores and coded findings, the last, first, least, greatest, all, or how they changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.records import Statement
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import (
    Answer,
    day,
    looked_up,
    moment,
    not_recorded,
    number,
    plain_day,
    readable,
    sentence,
)
from pipelines.tasks.record.words import Term, same_words, tokens

Which = Literal["last", "first", "highest", "lowest", "all", "trend", "count"]
DATES = ("effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued")
SYSTOLIC, DIASTOLIC = {"8480-6"}, {"8462-4"}


@dataclass(frozen=True)
class Measurement:
    """One measured value: of an observation, or of one of its components."""

    resource: Resource
    name: Element
    value: Element
    unit: Element | None
    comparator: Element | None
    date: Element | None
    status: Element | None
    codes: frozenset[str]
    second: Element | None = None
    """The diastolic pressure, where ``value`` is the systolic one of a pair."""

    @property
    def shown(self) -> str:
        second = f"/{readable(self.second.value)}" if self.second else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.comparator or ''}{readable(self.value.value)}{second}{unit}"

    @property
    def elements(self) -> tuple[Element | None, ...]:
        status = self.status if self.preliminary else None
        return (self.name, self.comparator, self.value, self.second, self.unit, self.date, status)

    @property
    def preliminary(self) -> bool:
        return self.status is not None and self.status.value == "preliminary"


def measurements(record: Record) -> list[Measurement]:
    """Every value of every observation, oldest first; observations without a value say nothing."""
    found = [each for resource in record.of_type("Observation") for each in _of(resource)]
    return sorted(found, key=lambda m: moment(m.date))


def _of(resource: Resource) -> list[Measurement]:
    parts = [""] + [f"component[{n}]." for n in range(len(items(resource.raw.get("component"))))]
    found = [m for part in parts if (m := _measurement(resource, part))]
    upper = next((m for m in found if m.codes & SYSTOLIC), None)
    lower = next((m for m in found if m.codes & DIASTOLIC), None)
    name = resource.name("code")
    if upper and lower and name and upper is not lower and str(upper.unit) == str(lower.unit):
        codes = frozenset(code for _, code in resource.codings("code"))
        pair = Measurement(
            resource, name, upper.value, upper.unit, None, upper.date, upper.status, codes, second=lower.value
        )
        found.insert(0, pair)
    return found


def _measurement(resource: Resource, part: str) -> Measurement | None:
    name = resource.name(f"{part}code")
    value = resource.element(f"{part}valueQuantity.value")
    if value:
        unit = resource.element(f"{part}valueQuantity.unit", f"{part}valueQuantity.code")
    else:
        unit = None
        value = resource.name(f"{part}valueCodeableConcept") or resource.element(
            *(f"{part}{key}" for key in ("valueString", "valueInteger", "valueDateTime", "valueBoolean"))
        )
    if name is None or value is None:
        return None
    return Measurement(
        resource,
        name,
        value,
        unit,
        resource.element(f"{part}valueQuantity.comparator"),
        resource.element(*DATES),
        resource.element("status"),
        frozenset(code for _, code in resource.codings(f"{part}code")),
    )


def base_name(name: str) -> list[str]:
    """The words of a laboratory name without its specimen and method: ``Potassium [Moles/volume] in Blood``."""
    return tokens(re.split(r"\[|\(| in | by | of ", name, maxsplit=1)[0])


def matching(found: Sequence[Measurement], term: Term) -> list[Measurement]:
    """The measurements a term means: by code, or by a recorded name that is one of its spoken forms."""
    names = {m.name.value for m in found}
    meant = {n for n in names if {tuple(tokens(n)), tuple(base_name(n))}.intersection(term.spoken)}
    return [m for m in found if m.codes & term.codes or m.name.value in meant]


def named(found: Sequence[Measurement], phrase: Sequence[str]) -> list[Measurement]:
    """The measurements in whose recorded name every word of ``phrase`` stands."""
    return [m for m in found if same_words(phrase, tokens(m.name.value))]


def answer(record: Record, name: str, found: Sequence[Measurement], which: Which, period: Period | None) -> Answer:
    if period:
        inside = [m for m in found if m.date and period.holds(m.date.value)]
        found = inside or [m for m in found if m.date and period.touches(m.date.value)]
    kind = f"{which}-value" if which in {"last", "first", "highest", "lowest"} else which
    if not found:
        return not_recorded(record, "{} result", name, kind, period)
    statements: list[Statement] = []
    data: list[dict[str, Any]] = []
    for group in _groups(found):
        for statement, facts in _group(record, group, which):
            statements.append(statement)
            data.append({"question_kind": kind, "found": True, "looked_for": name, **facts})
    first = (
        data[0] if len(data) == 1 else {"question_kind": kind, "found": True, "looked_for": name, "candidates": data}
    )
    return Answer(tuple(statements), first)


def _groups(found: Sequence[Measurement]) -> list[list[Measurement]]:
    """Measurements of one kind together: a pressure pair stands for its parts, other names are kept apart."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in found:
        groups.setdefault((m.name.value.lower(), str(m.unit)), []).append(m)
    return list(groups.values())


def _group(record: Record, group: list[Measurement], which: Which) -> list[tuple[Statement, dict[str, Any]]]:
    if which == "trend" and len(group) > 1:
        return [_trend(record, group[0], group[-1])]
    if which == "all":
        return [_one(record, m) for m in group]
    if which == "count":
        text = f"{group[0].name}: {len(group)} results are recorded."
        cited = [element for m in group for element in (m.name, m.date)]
        return [(looked_up(record, text, cited), {"count": len(group)})]
    if which in {"highest", "lowest"}:
        valued = [(value, m) for m in group if (value := number(m.value.value)) is not None]
        if valued:
            best = (max if which == "highest" else min)(value for value, _ in valued)
            return [_one(record, [m for value, m in valued if value == best][-1], f"{which} recorded ")]
    edge = group[0] if which == "first" else group[-1]
    tied = [m for m in group if moment(m.date) == moment(edge.date)]
    distinct = {(m.value.value, str(m.second)): m for m in tied}
    return [_one(record, m) for m in distinct.values()]


def _one(record: Record, m: Measurement, prefix: str = "") -> tuple[Statement, dict[str, Any]]:
    note = " (preliminary)" if m.preliminary else ""
    text = sentence(f"{prefix}{m.name}: {m.shown} {day(m.date)}{note}.")
    facts: dict[str, Any] = {
        "name": m.name.value,
        "value": _exact(m.value),
        "unit": m.unit.value if m.unit else None,
        "date": plain_day(m.date),
    }
    if m.second:
        facts |= {"systolic": _exact(m.value), "diastolic": _exact(m.second)}
    return looked_up(record, text, m.elements), facts


def _trend(record: Record, first: Measurement, last: Measurement) -> tuple[Statement, dict[str, Any]]:
    a, b = number(first.value.value), number(last.value.value)
    text = f"{last.name}: {first.shown} {day(first.date)} (first), {last.shown} {day(last.date)} (last)"
    change: float | None = None
    if a is not None and b is not None and first.second is None and last.second is None:
        change = float(round(b - a, 2))
        text += f", a change of {round(b - a, 2):f}" + (f" {last.unit}" if last.unit else "")
    facts = {
        "name": last.name.value,
        "first": _exact(first.value),
        "first_date": plain_day(first.date),
        "last": _exact(last.value),
        "last_date": plain_day(last.date),
        "unit": last.unit.value if last.unit else None,
        "change": change,
    }
    return looked_up(record, text + ".", (*first.elements, *last.elements)), facts


def _exact(element: Element) -> float | str:
    value = number(element.value)
    return element.value if value is None else float(value)
