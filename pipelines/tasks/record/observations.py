"""Answers about measurements: the last, first, least, greatest, all, how many, how they changed, which are abnormal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element
from pipelines.records import Statement
from pipelines.tasks.record import elapsed
from pipelines.tasks.record.asked import Want
from pipelines.tasks.record.conversion import converted
from pipelines.tasks.record.measurements import Measurement
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import (
    Answer,
    absent,
    day,
    looked_up,
    not_recorded,
    number,
    plain_day,
    sentence,
)

Fact = tuple[Statement, dict[str, Any]]


@dataclass(frozen=True)
class _Shown:
    """What a value is shown with besides itself: another unit, how long ago it was."""

    unit: str | None = None
    today: date | None = None


def answer(
    record: Record,
    name: str,
    found: Sequence[Measurement],
    want: Want,
    period: Period | None,
    few: int = 0,
    unit: str | None = None,
    today: date | None = None,
) -> Answer:
    """What was asked of the measurements of one name; each kind that the name fits is answered for itself.

    Args:
        record: they are of.
        name: as asked for.
        found: the measurements that the name means, oldest first.
        want: which of them.
        period: that they have to lie in.
        few: only so many of the last ones, where all are asked for (0: all).
        unit: UCUM code of the unit asked for, where the recorded one is to be converted.
        today: where it is asked how long ago that was.
    """
    found = in_period(found, period)
    kind = f"{want}-value" if want in {"last", "first", "highest", "lowest"} else want
    if not found:
        none = not_recorded(record, "{} result", name, kind, period)
        return Answer(none.statements, none.data | {"count": 0}) if want == "count" else none
    facts = [fact for group in _groups(found) for fact in _group(record, group, want, few, _Shown(unit, today))]
    about = {"question_kind": kind, "found": True, "looked_for": name}
    data: list[dict[str, Any]] = [about | each for _, each in facts]
    first = data[0] if len(data) == 1 else about | {"candidates": data}
    return Answer(tuple(statement for statement, _ in facts), first)


def in_period(found: Sequence[Measurement], period: Period | None) -> Sequence[Measurement]:
    """Those of the period; where none lies wholly within it, those whose partial date may."""
    if period is None:
        return found
    inside = [m for m in found if m.date and period.holds(m.date.value)]
    return inside or [m for m in found if m.date and period.touches(m.date.value)]


def abnormal_answer(record: Record, found: Sequence[Measurement], name: str, period: Period | None) -> Answer:
    """The results that the record itself calls abnormal, newest first: by their flag or by their reference range."""
    found = [m for m in in_period(found, period) if not m.second]
    judged = [m for m in found if m.abnormal is not None]
    wanted = [m for m in reversed(judged) if m.abnormal]
    about = {"question_kind": "abnormal", "looked_for": name, "count": len(wanted)}
    if not wanted:
        when = f" {period.text}" if period else ""
        said = f"No {name} marked abnormal is recorded{when} in this record; {_how_many(len(judged))}."
        return Answer(absent(record, said, "abnormal", name).statements, about | {"found": False})
    statements = tuple(
        looked_up(record, f"{m.name}: {m.shown} {day(m.date)}, {_why(m)}.", (*m.elements, *_judged_by(m)))
        for m in wanted
    )
    names = list(dict.fromkeys(m.name.value for m in wanted))
    entries = [_facts(m) for m in wanted]
    return Answer(statements, about | {"found": True, "names": names, "entries": entries, **(entries[0])})


def judged_answer(
    record: Record, name: str, found: Sequence[Measurement], want: Want, period: Period | None
) -> Answer | None:
    """Whether the value asked for is normal, as the record marks it; None where it does not say."""
    found = in_period(found, period)
    if not found:
        return not_recorded(record, "{} result", name, "judged-value", period)
    if want not in {"last", "first"}:
        return None
    m = found[0 if want == "first" else -1]
    if m.abnormal is None:
        return None
    why = _why(m) if m.abnormal or m.flag else f"within its reference range ({_limits(m)})"
    statement = looked_up(record, f"{m.name}: {m.shown} {day(m.date)}, {why}.", (*m.elements, *_judged_by(m)))
    about = {"question_kind": "judged-value", "found": True, "looked_for": name, "abnormal": m.abnormal}
    return Answer((statement,), about | _facts(m))


def _how_many(judged: int) -> str:
    return f"{judged} result{'' if judged == 1 else 's'} there carr{'ies' if judged == 1 else 'y'} a flag or a range"


def _judged_by(m: Measurement) -> tuple[Element | None, ...]:
    return (m.flag,) if m.flag else (m.low, m.high)


def _why(m: Measurement) -> str:
    if m.flag:
        return f"marked {m.flag}"
    value, low = number(m.value.value), number(m.low.value) if m.low else None
    below = value is not None and low is not None and value < low
    return f"{'below' if below else 'above'} its reference range ({_limits(m)})"


def _limits(m: Measurement) -> str:
    return f"{m.low} to {m.high}" if m.low and m.high else f"from {m.low}" if m.low else f"up to {m.high}"


def _groups(found: Sequence[Measurement]) -> list[list[Measurement]]:
    """Measurements of one kind together: a pressure pair stands for its parts, other names are kept apart."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in found:
        groups.setdefault((m.name.value.lower(), str(m.unit)), []).append(m)
    return list(groups.values())


def _group(record: Record, group: list[Measurement], want: Want, few: int, shown: _Shown) -> list[Fact]:
    if want == "trend" and len(group) > 1:
        return [_trend(record, group[0], group[-1])]
    if want == "all":
        return [_one(record, m, shown=shown) for m in group[-few:]]
    if want == "count":
        many = len(group) > 1
        text = f"{group[0].name}: {len(group)} result{'s are' if many else ' is'} recorded."
        cited = [element for m in group for element in (m.name, m.date)]
        return [(looked_up(record, text, cited), {"name": group[0].name.value, "count": len(group)})]
    if want in {"highest", "lowest"}:
        valued = [(value, m) for m in group if (value := number(m.value.value)) is not None]
        if valued:
            best = (max if want == "highest" else min)(value for value, _ in valued)
            chosen = [m for value, m in valued if value == best][-1]
            return [_one(record, chosen, f"{want} recorded ", shown)]
    edge = group[0] if want == "first" else group[-1]
    tied = [m for m in group if m.moment == edge.moment]
    distinct = {(m.value.value, str(m.second)): m for m in tied}
    return [_one(record, m, shown=shown) for m in distinct.values()]


def _one(record: Record, m: Measurement, prefix: str = "", shown: _Shown = _Shown()) -> Fact:
    note = " (preliminary)" if m.preliminary else ""
    flag = f", marked {m.flag}" if m.flag and m.abnormal else ""
    cited = (*m.elements, m.flag if flag else None)
    other = converted(m, shown.unit) if shown.unit else None
    ago = elapsed.since(m.date, shown.today) if shown.today else None
    since = f"; that is {ago} before {shown.today}" if ago else ""
    text = sentence(f"{prefix}{m.name}: {m.shown} {day(m.date)}{flag}{note}{other.text if other else ''}{since}.")
    facts = _facts(m) | (ago.facts if ago else {})
    if other:
        facts |= {"recorded_value": facts["value"], "recorded_unit": facts["unit"], **other.facts}
    return looked_up(record, text, cited), facts


def _facts(m: Measurement) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": m.name.value,
        "value": _exact(m.value),
        "unit": m.unit.value if m.unit else None,
        "date": plain_day(m.date),
    }
    if m.flag:
        facts["interpretation"] = m.flag.value
    if m.second:
        parts = ("systolic", "diastolic") if m.is_pressure else ("low", "high")
        facts |= {parts[0]: _exact(m.value), parts[1]: _exact(m.second)}
    return facts


def _trend(record: Record, first: Measurement, last: Measurement) -> Fact:
    text = f"{last.name}: {first.shown} {day(first.date)} (first), {last.shown} {day(last.date)} (last)"
    facts = {
        "name": last.name.value,
        "first": _exact(first.value),
        "first_date": plain_day(first.date),
        "last": _exact(last.value),
        "last_date": plain_day(last.date),
        "unit": last.unit.value if last.unit else None,
        "change": (change := _change(first.value, last.value)) and float(change),
    }
    unit = f" {last.unit}" if last.unit else ""
    if first.is_pressure and last.is_pressure and first.second and last.second:
        lower = _change(first.second, last.second)
        facts |= {"first_diastolic": _exact(first.second), "last_diastolic": _exact(last.second)}
        facts["change_diastolic"] = lower and float(lower)
        if change and lower:
            text += f", a change of {change} and {lower}{unit}"
    elif change and not (first.second or last.second):
        text += f", a change of {change}{unit}"
    return looked_up(record, text + ".", (*first.elements, *last.elements)), facts


def _change(first: Element, last: Element) -> str | None:
    a, b = number(first.value), number(last.value)
    if a is None or b is None:
        return None
    change = b - a
    return f"{change:.0f}" if change == change.to_integral_value() else f"{change:.2f}"


def _exact(element: Element) -> float | str:
    value = number(element.value)
    return element.value if value is None else float(value)
