"""Entries of a record that are listed or looked for by name: conditions, medications, allergies, vaccinations,
procedures, reports and plans, each with its status, when it began and when it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.tasks.record.period import Period, span_of
from pipelines.tasks.record.sentences import moment
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
    ended: Element | None = None

    @property
    def name(self) -> Element:
        """What the entry is called first of all."""
        return self.names[0]

    @property
    def active(self) -> bool:
        return self.status is None or self.status.value.lower() in ACTIVE

    @property
    def elements(self) -> tuple[Element | None, ...]:
        return (self.name, self.status, self.date, self.ended)

    def during(self, period: Period) -> bool | None:
        """Whether it went on in the period; None where that cannot be told: begun before, over since, end unknown."""
        begun = span_of(self.date.value) if self.date else None
        ended = span_of(self.ended.value) if self.ended else None
        if begun is None or begun[0] > period.last:
            return False
        if ended is not None:
            return ended[1] >= period.first
        return True if self.active or begun[1] >= period.first else None

    def began_in(self, period: Period) -> bool:
        return self.date is not None and period.holds(self.date.value)


def conditions(record: Record) -> list[Entry]:
    found = []
    for resource in record.of_type("Condition"):
        names = tuple(_names(resource, "code"))
        if not names or resource.code("verificationStatus") in _REFUTED:
            continue
        status = resource.element("clinicalStatus.coding[0].code", "clinicalStatus")
        ended = resource.element("abatementDateTime", "abatementPeriod.end", "abatementPeriod.start")
        if status is None and ended is not None:
            status, ended = ended, None
        date = resource.element("onsetDateTime", "onsetPeriod.start", "recordedDate")
        found.append(Entry(resource, names, status, date, ended))
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
        ended = resource.element("effectivePeriod.end", "dosageInstruction[0].timing.repeat.boundsPeriod.end")
        found.append(Entry(resource, names, status, date, ended))
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


def others(record: Record) -> list[Entry]:
    """Reports, pictures and plans: what else may be asked for by its name."""
    found = []
    for resource in record.of_type("DiagnosticReport", "ImagingStudy", "CarePlan", "Goal", "ServiceRequest"):
        described = resource.element("description", "description.text", "title")
        names = (*_names(resource, "code"), *_names(resource, "category[0]"), *((described,) if described else ()))
        if resource.type in {"DiagnosticReport", "ServiceRequest"}:
            names = tuple(_names(resource, "code"))
        date = resource.element("effectiveDateTime", "effectivePeriod.start", "started", "period.start", "authoredOn")
        if names:
            found.append(Entry(resource, names, resource.element("status", "lifecycleStatus"), date))
    return _ordered(found)


def reasons(record: Record, resource: Resource) -> list[Element]:
    """Why something was ordered or done: the names of the conditions and codes that it gives as its reason."""
    found: list[Element] = []
    for n in range(len(items(resource.raw.get("reasonReference")))):
        target = record.resolve(resource, f"reasonReference[{n}]")
        named = None
        if target:
            holder, path = target
            named = holder.name(f"{path}.code" if path else "code")
        named = named or resource.element(f"reasonReference[{n}].display")
        if named:
            found.append(named)
    for n in range(len(items(resource.raw.get("reasonCode")))):
        named = resource.name(f"reasonCode[{n}]")
        if named:
            found.append(named)
    return found


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


def same_names(names: Sequence[str], phrase: Sequence[str]) -> list[str]:
    """The names that hold every word of ``phrase``."""
    return [name for name in dict.fromkeys(names) if same_words(phrase, tokens(name))]
