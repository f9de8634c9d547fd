"""Entries of a record that are listed or looked for by name: conditions, medications, allergies, vaccinations,
procedures. What is not recorded is called "none recorded", which never says that there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import (
    Answer,
    absent,
    day,
    looked_up,
    moment,
    none_recorded,
    not_recorded,
    plain_day,
    sentence,
    within,
)
from pipelines.tasks.record.words import Term, same_words, tokens

ACTIVE: Final = frozenset({"active", "recurrence", "relapse"})
ENDED: Final = frozenset({"resolved", "inactive", "remission", "stopped", "completed", "on-hold", "ended", "not-taken"})
_REFUTED: Final = frozenset({"refuted", "entered-in-error"})
#: SNOMED CT codes that state an absence: no known allergy, and none to drugs, food, environment, latex.
NONE_KNOWN: Final = frozenset({"716186003", "409137002", "429625007", "428607008", "716184000"})


@dataclass(frozen=True)
class Entry:
    resource: Resource
    names: tuple[Element, ...]
    status: Element | None
    date: Element | None

    @property
    def active(self) -> bool:
        return self.status is None or self.status.value.lower() in ACTIVE

    @property
    def elements(self) -> tuple[Element | None, ...]:
        return (self.names[0], self.status, self.date)


def conditions(record: Record) -> list[Entry]:
    found = []
    for resource in record.of_type("Condition"):
        names = tuple(_names(resource, "code"))
        if not names or resource.code("verificationStatus") in _REFUTED:
            continue
        status = resource.element("clinicalStatus.coding[0].code", "clinicalStatus")
        ended = resource.element("abatementDateTime", "abatementPeriod.start")
        if status is None and ended is not None:
            status = ended
        date = resource.element("onsetDateTime", "onsetPeriod.start", "recordedDate")
        found.append(Entry(resource, names, status, date))
    return _ordered(found)


def medications(record: Record) -> list[Entry]:
    found = []
    for resource in record.of_type("MedicationRequest", "MedicationStatement"):
        names = tuple(_medication_names(record, resource))
        if not names or resource.code("intent") in {"proposal"} or resource.raw.get("doNotPerform") is True:
            continue
        date = resource.element("authoredOn", "effectivePeriod.start", "effectiveDateTime", "dateAsserted")
        status = resource.element("status")
        if status is not None and status.value in {"not-taken", "draft"}:
            continue
        found.append(Entry(resource, names, status, date))
    return _ordered(found)


def allergies(record: Record) -> list[Entry]:
    found = []
    for resource in record.of_type("AllergyIntolerance"):
        names = tuple(_names(resource, "code"))
        reactions = range(len(items(resource.raw.get("reaction"))))
        substances = tuple(name for n in reactions for name in resource.names(f"reaction[{n}].substance"))
        if not names + substances or resource.code("verificationStatus") in _REFUTED:
            continue
        status = resource.element("clinicalStatus.coding[0].code", "clinicalStatus")
        date = resource.element("onsetDateTime", "recordedDate")
        found.append(Entry(resource, names + substances, status, date))
    return _ordered(found)


def vaccinations(record: Record) -> list[Entry]:
    return _ordered(
        Entry(r, names, None, r.element("occurrenceDateTime", "occurrenceString"))
        for r in record.of_type("Immunization")
        if (names := tuple(_names(r, "vaccineCode"))) and r.code("status") != "not-done"
    )


def procedures(record: Record) -> list[Entry]:
    return _ordered(
        Entry(r, names, None, r.element("performedDateTime", "performedPeriod.start"))
        for r in record.of_type("Procedure")
        if (names := tuple(_names(r, "code"))) and r.code("status") not in {"not-done", "preparation"}
    )


def _names(resource: Resource, path: str) -> Iterator[Element]:
    found = list(resource.names(path))
    bare = resource.name(path)
    yield from found or ([bare] if bare else [])


def _medication_names(record: Record, resource: Resource) -> Iterator[Element]:
    yield from _names(resource, "medicationCodeableConcept")
    target = record.resolve(resource, "medicationReference")
    if target:
        holder, path = target
        yield from _names(holder, f"{path}.code" if path else "code")
    else:
        display = resource.element("medicationReference.display")
        if display:
            yield display


def _ordered(entries: Iterator[Entry] | Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: moment(e.date))


def match(entries: Sequence[Entry], wanted: Sequence[Term], phrase: Sequence[str]) -> list[Entry]:
    """Entries whose recorded names mean one of the terms, or hold every word of ``phrase``."""

    def means(entry: Entry) -> bool:
        names = [tokens(name.value) for name in entry.names]
        looked = [list(words) for term in wanted for words in term.named] or ([list(phrase)] if phrase else [])
        return any(same_words(words, name) for words in looked for name in names)

    return [entry for entry in entries if means(entry)]


def listed(
    record: Record, entries: Sequence[Entry], kind: str, label: str, text: Callable[[Entry], str], nothing: str
) -> Answer:
    """One sentence an entry, equal names once (their latest entry)."""
    if not entries:
        return none_recorded(record, nothing, kind)
    latest = {entry.names[0].value.lower(): entry for entry in entries}
    kept = [entry for entry in entries if latest[entry.names[0].value.lower()] is entry]
    return Answer(
        tuple(looked_up(record, text(entry), entry.elements) for entry in kept),
        {
            "question_kind": kind,
            "found": True,
            "looked_for": label,
            "names": [entry.names[0].value for entry in kept],
            "entries": [
                {
                    "name": entry.names[0].value,
                    "status": entry.status.value if entry.status else None,
                    "date": plain_day(entry.date),
                }
                for entry in kept
            ],
        },
    )


def line(noun: str, verb: str) -> Callable[[Entry], str]:
    """ "Medication: NAME, active, ordered on DATE.", leaving out what is not known."""

    def text(entry: Entry) -> str:
        status = f", {entry.status.value.split('T')[0]}" if entry.status else ", status not recorded"
        return f"{noun}: {entry.names[0]}{status}, {verb} {day(entry.date)}."

    return text


def allergy_answer(record: Record, phrase: Sequence[str], wanted: Sequence[Term]) -> Answer:
    entries = [entry for entry in allergies(record) if entry.active]
    if not entries:
        return none_recorded(record, "Allergies", "allergies")
    absence = [e for e in entries if {code for _, code in e.resource.codings("code")} & NONE_KNOWN]
    stated = [entry for entry in entries if entry not in absence]
    if not stated:
        return listed(
            record, absence, "allergies", "allergies", lambda e: f"Recorded as: {e.names[0]}{_status(e)}.", ""
        )
    if not phrase and not wanted:
        return listed(record, stated, "allergies", "allergies", lambda e: f"Allergy: {e.names[0]}{_status(e)}.", "")
    found = match(stated, wanted, phrase)
    looked_for = " ".join(phrase) or wanted[0].name
    if not found:
        names = list(dict.fromkeys(entry.names[0] for entry in entries))
        return not_recorded(record, "allergy to {}", looked_for, "allergy-to", cited=names)
    return listed(record, found, "allergy-to", looked_for, lambda e: f"Allergy: {e.names[0]}{_status(e)}.", "")


def _status(entry: Entry) -> str:
    return f", {entry.status}" if entry.status else ""


def vaccination_answer(
    record: Record, phrase: Sequence[str], wanted: Sequence[Term], period: Period | None, everything: bool
) -> Answer:
    """The last vaccination of the kind and how many there are; all of them where a list is asked for."""
    entries = vaccinations(record)
    specific = bool(phrase or wanted)
    name = " ".join(phrase) or " and ".join(term.name for term in wanted)
    found = match(entries, wanted, phrase) if specific else entries
    return _events(record, found, specific, name, "vaccination", "{} vaccination", period, everything)


def procedure_answer(record: Record, phrase: Sequence[str], period: Period | None, everything: bool) -> Answer:
    entries = procedures(record)
    found = match(entries, (), phrase) if phrase else entries
    return _events(record, found, bool(phrase), " ".join(phrase), "procedure", "procedure named {}", period, everything)


def _events(
    record: Record,
    found: Sequence[Entry],
    specific: bool,
    name: str,
    kind: str,
    noun: str,
    period: Period | None,
    everything: bool,
) -> Answer:
    kept = {resource.address for resource, _ in within([(e.resource, e.date) for e in found], period)}
    found = [entry for entry in found if entry.resource.address in kept]
    if not found:
        if specific:
            return not_recorded(record, noun, name, kind, period)
        return none_recorded(record, f"{kind}s".capitalize(), kind, period)
    last = found[-1]
    facts = {
        "question_kind": kind,
        "found": True,
        "looked_for": name or f"{kind}s",
        "last_date": plain_day(last.date),
        "count": len(found),
    }
    if everything:
        statements = tuple(
            looked_up(record, f"{kind.capitalize()}: {e.names[0]} {day(e.date)}.", (e.names[0], e.date)) for e in found
        )
        return Answer(statements, facts | {"names": [e.names[0].value for e in found]})
    when = f" {period.text}" if period else ""
    latest = looked_up(
        record,
        sentence(f"last {name + ' ' if name else ''}{kind}: {last.names[0]} {day(last.date)}."),
        (last.names[0], last.date),
    )
    many = len(found) > 1
    count = looked_up(
        record,
        f"{len(found)} {name + ' ' if name else ''}{kind}{'s are' if many else ' is'} recorded{when}.",
        [element for entry in found for element in (entry.date or entry.names[0],)],
    )
    return Answer((latest, count), facts)


def family_answer(record: Record) -> Answer:
    entries = [
        (relation, name)
        for resource in record.of_type("FamilyMemberHistory")
        if (relation := resource.name("relationship")) is not None
        for n in range(len(items(resource.raw.get("condition"))))
        if (name := resource.name(f"condition[{n}].code")) is not None
    ]
    if not entries:
        return absent(record, "Family history: none recorded in this record.", "family-history", "family history")
    return Answer(
        tuple(looked_up(record, f"Family history: {who}, {what}.", (who, what)) for who, what in entries),
        {
            "question_kind": "family-history",
            "found": True,
            "entries": [{"relation": who.value, "condition": what.value} for who, what in entries],
        },
    )
