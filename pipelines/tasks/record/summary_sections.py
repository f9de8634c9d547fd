"""The sections of a summary: problems, medications, allergies, results, vital signs, encounters, and what is open.

What is not recorded is called so, and never "none". What a section has no room for is counted in its last line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.records import Statement
from pipelines.tasks.record.encounters import begun
from pipelines.tasks.record.entries import (
    NONE_KNOWN,
    Entry,
    allergies,
    conditions,
    medications,
    procedures,
    vaccinations,
)
from pipelines.tasks.record.family import family_answer
from pipelines.tasks.record.measurements import DIASTOLIC, SYSTOLIC, Measurement, measurements
from pipelines.tasks.record.person import person_answer
from pipelines.tasks.record.sentences import (
    day,
    looked_up,
    moment,
    none_recorded,
    number,
    plain_day,
    readable,
    sentence,
)
from pipelines.tasks.record.words import same_words, tokens

#: Lines of a list that a reader takes in; the latest are shown.
_MOST: Final = 8
_MOST_RESULTS: Final = 24
#: LOINC codes of vital signs (hl7.org/fhir/R4/observation-vitalsigns.html) and of habits, where no category says so.
_VITAL: Final = frozenset(
    "85353-1 9279-1 8867-4 2708-6 59408-5 8310-5 8331-1 8302-2 9843-4 29463-7 3141-9 39156-5 85354-9 55284-4"
    " 8480-6 8462-4".split()
)
_HABITS: Final = frozenset("72166-2 11367-0 11331-6 11366-2".split())
_UNCONFIRMED: Final = frozenset({"unconfirmed", "provisional", "differential"})
_UNDERWAY: Final = frozenset({"active", "on-hold", "proposed", "planned", "accepted", "draft"})


@dataclass(frozen=True)
class Line:
    """One statement, with the measurements behind it where they make a trend."""

    statement: Statement
    series: tuple[Measurement, ...] = ()


def sections(record: Record, today: date) -> Iterator[tuple[str, list[Line]]]:
    """Title and lines of every section, in order; those without lines have nothing that a reader would miss."""
    measured = _by_name(measurements(record))
    vital = [group for group in measured if _is_of(group[0], "vital-signs") or group[0].codes & _VITAL]
    habits = [
        g for g in measured if g not in vital and (_is_of(g[0], "social-history", "survey") or g[0].codes & _HABITS)
    ]
    others = [group for group in measured if group not in vital and group not in habits]
    yield "Patient", _plain(person_answer(record, ["name", "age", "sex"], today).statements)
    yield "Problems", _problems(record)
    yield "Medications", _medications(record)
    yield "Allergies", _allergies(record)
    # What sort a measurement is of is often not stated: only that there is none at all can be said for sure.
    yield "Results", _results(record, others) if measured else _none(record, "Results")
    yield "Vital signs", _results(record, vital)
    yield "Habits and questionnaires", _results(record, habits, _MOST)
    yield "Encounters", _encounters(record)
    yield "Procedures", _events(record, procedures(record), "procedure")
    yield "Vaccinations", _events(record, vaccinations(record), "vaccination")
    yield "Family history", _plain(family_answer(record, (), (), ()).statements)
    yield "Open", _open(record, measured)


def _plain(statements: Sequence[Statement]) -> list[Line]:
    return [Line(statement) for statement in statements]


def _problems(record: Record) -> list[Line]:
    found = _once(conditions(record))
    active = [entry for entry in found if entry.active]
    past = [entry for entry in found if not entry.active]
    nothing = "Active conditions" if found else "Conditions"
    return [
        *(_entries(record, active, _line("Condition", "onset")) or _none(record, nothing)),
        *_entries(record, past, _line("Past condition", "onset")),
    ]


def _medications(record: Record) -> list[Line]:
    found = _once(medications(record))
    active = [entry for entry in found if entry.active]
    past = [entry for entry in found if not entry.active]
    nothing = "Active medications" if found else "Medications"
    # All that a patient takes is shown, however much it is.
    shown = [_looked_up(record, entry, _line("Medication", "ordered")) for entry in reversed(active)]
    return [
        *(shown or _none(record, nothing)),
        *_entries(record, past, _line("Past medication", "ordered")),
    ]


def _allergies(record: Record) -> list[Line]:
    """What is stated; that none is known only where nothing else is."""
    found = [entry for entry in _once(allergies(record)) if entry.active]
    known = [e for e in found if not {code for _, code in e.resource.codings("code")} & NONE_KNOWN]
    noun = "Allergy" if known else "Recorded as"
    return [_looked_up(record, entry, _line(noun, "noted")) for entry in known or found] or _none(record, "Allergies")


def _results(record: Record, groups: Sequence[Sequence[Measurement]], most: int = _MOST_RESULTS) -> list[Line]:
    """By name; those with the latest values where there are too many."""
    latest = sorted(groups, key=lambda group: moment(group[-1].date), reverse=True)
    shown = sorted(latest[:most], key=lambda group: group[-1].name.value.lower())
    lines = [_result(record, group) for group in shown]
    if left := latest[most:]:
        names = [group[-1].name for group in left]
        text = f"Also recorded: {'; '.join(map(str, names))}."
        lines.append(Line(looked_up(record, text, names)))
    return lines


def _result(record: Record, group: Sequence[Measurement]) -> Line:
    """The last value and, where there is an earlier and other one, the first and how far they are apart."""
    first, last = group[0], group[-1]
    note = ", preliminary" if last.preliminary else ""
    if moment(first.date) == moment(last.date) or first.shown == last.shown:
        text = f"{last.name}: {last.shown} {day(last.date)}{note}{_flagged(last)}."
        return Line(looked_up(record, sentence(text), [*last.elements, *_flag(last)]), tuple(group))
    values = [number(each.value.value) for each in (first, last)]
    text = f"{last.name}: {first.shown} {day(first.date)} (first), {last.shown} {day(last.date)} (last){note}"
    if values[0] is not None and values[1] is not None and first.second is None and last.second is None:
        text += f", a change of {readable(f'{values[1] - values[0]:f}')}" + (f" {last.unit}" if last.unit else "")
    cited = [*first.elements, *last.elements, *_flag(last)]
    return Line(looked_up(record, sentence(f"{text}{_flagged(last)}."), cited), tuple(group))


def _encounters(record: Record) -> list[Line]:
    dated = begun(record)
    if not dated:
        return _none(record, "Encounters")
    lines = [_encounter(record, resource, start) for resource, start in reversed(dated[-_MOST:])]
    if len(dated) > _MOST:
        text = f"{len(dated)} encounters are recorded."
        cited = [start or resource.element("status", "class.code", "id") for resource, start in dated]
        lines.append(Line(looked_up(record, text, cited)))
    return lines


def _encounter(record: Record, resource: Resource, start: Element | None) -> Line:
    name = resource.name("type[0]") or resource.element("class.code", "class")
    end = resource.element("period.end")
    last = f" until {plain_day(end)}" if end and start and plain_day(end) != plain_day(start) else ""
    text = f"Encounter: {name or 'type not recorded'} {day(start)}{last}."
    return Line(looked_up(record, text, (name, start, end if last else None)))


def _events(record: Record, found: Sequence[Entry], kind: str) -> list[Line]:
    """The latest of each name."""
    if not found:
        return _none(record, f"{kind.capitalize()}s")
    return _entries(record, _once(found), lambda entry: f"{kind.capitalize()}: {entry.name} {day(entry.date)}.")


def _entries(record: Record, found: Sequence[Entry], text: Callable[[Entry], str]) -> list[Line]:
    """The latest first; of what there is no room for, the names."""
    lines = [_looked_up(record, entry, text) for entry in reversed(found[-_MOST:])]
    if left := found[:-_MOST]:
        names = [entry.name for entry in left]
        said = f"Also recorded: {'; '.join(map(str, names))}."
        lines.append(Line(looked_up(record, said, names)))
    return lines


def _looked_up(record: Record, entry: Entry, text: Callable[[Entry], str]) -> Line:
    said = text(entry)
    return Line(looked_up(record, said, [each for each in entry.elements if each is not None and _is_said(each, said)]))


def _is_said(element: Element, text: str) -> bool:
    return (plain_day(element) or "").lower() in text.lower()


def _line(noun: str, verb: str) -> Callable[[Entry], str]:
    """ "Condition: NAME, active, onset on DATE.", with its end where that is known."""

    def text(entry: Entry) -> str:
        status = f", {plain_day(entry.status)}" if entry.status else ", status not recorded"
        ended = f", ended {day(entry.ended)}" if entry.ended else ""
        return f"{noun}: {entry.name}{status}, {verb} {day(entry.date)}{ended}."

    return text


def _once(found: Sequence[Entry]) -> list[Entry]:
    """Equal names once: their latest entry, and one that is active before one that is not."""
    latest: dict[str, Entry] = {}
    for entry in sorted(found, key=lambda each: each.active):
        latest[entry.name.value.lower()] = entry
    return sorted(latest.values(), key=lambda each: moment(each.date))


def _none(record: Record, what: str) -> list[Line]:
    return _plain(none_recorded(record, what, "summary").statements)


def _by_name(found: Sequence[Measurement]) -> list[list[Measurement]]:
    """Oldest first; a pair of pressures stands for its parts."""
    paired = {one.resource.address for one in found if one.is_pressure}
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for one in found:
        if one.resource.address in paired and not one.is_pressure and one.codes & (SYSTOLIC | DIASTOLIC):
            continue
        groups.setdefault((one.name.value.lower(), str(one.unit)), []).append(one)
    return list(groups.values())


def _is_of(measured: Measurement, *categories: str) -> bool:
    return any(
        code in categories
        for n in range(len(items(measured.resource.raw.get("category"))))
        for _, code in measured.resource.codings(f"category[{n}]")
    )


def _flag(measured: Measurement) -> list[Element]:
    return [measured.flag] if measured.flag is not None and measured.abnormal else []


def _flagged(measured: Measurement) -> str:
    return f", flagged {measured.flag}" if _flag(measured) else ""


# What the record leaves open: each line is an entry that says so itself.


def _open(record: Record, measured: Sequence[Sequence[Measurement]]) -> list[Line]:
    return [
        *_conflicts(record),
        *(_open_result(record, group[-1]) for group in measured if _flag(group[-1]) or group[-1].preliminary),
        *_unconfirmed(record),
        *_last(_underway(record, "ServiceRequest", "Order", ("code",), ("authoredOn",))),
        *_last(_underway(record, "CarePlan", "Care plan", ("category[0]", "category[1]"), ("period.start",))),
        *_last(_underway(record, "Goal", "Goal", ("description",), ("startDate",))),
    ]


def _last(lines: Iterator[Line]) -> list[Line]:
    return list(lines)[-_MOST:]


def _conflicts(record: Record) -> Iterator[Line]:
    """An active medication that has the name of an active allergy in its own."""
    taken = [entry for entry in _once(medications(record)) if entry.active]
    for allergy in _once([entry for entry in allergies(record) if entry.active]):
        substances = [word for word in tokens(allergy.name.value) if word not in {"allergy", "to", "substance"}]
        for entry in taken:
            if substances and same_words(substances, tokens(entry.name.value)):
                text = f"Allergy: {allergy.name}; medication: {entry.name}, ordered {day(entry.date)}."
                yield Line(looked_up(record, text, (allergy.name, entry.name, entry.date)))


def _open_result(record: Record, last: Measurement) -> Line:
    note = ", preliminary" if last.preliminary else ""
    text = f"Latest {last.name}: {last.shown} {day(last.date)}{note}{_flagged(last)}."
    return Line(looked_up(record, text, [*last.elements, *_flag(last)]))


def _unconfirmed(record: Record) -> Iterator[Line]:
    for entry in conditions(record):
        said = entry.resource.element("verificationStatus.coding[0].code", "verificationStatus")
        if said is not None and said.value.lower() in _UNCONFIRMED:
            text = f"Condition: {entry.name}, {said}, onset {day(entry.date)}."
            yield Line(looked_up(record, text, (entry.name, said, entry.date)))


def _underway(record: Record, kind: str, noun: str, names: tuple[str, ...], dates: tuple[str, ...]) -> Iterator[Line]:
    for resource in sorted(record.of_type(kind), key=lambda each: moment(each.element(*dates))):
        status = resource.element("status", "lifecycleStatus")
        name = next((found for path in names if (found := resource.name(path))), None)
        if name is not None and status is not None and status.value.lower() in _UNDERWAY:
            when = resource.element(*dates)
            text = f"{noun}: {name}, {status}, {day(when) if when else '(date not recorded)'}."
            yield Line(looked_up(record, text, (name, status, when)))
