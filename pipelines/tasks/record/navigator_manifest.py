"""What a record holds, before anything of it is read: kinds of entries, their names with codes, numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource
from pipelines.tasks.record.navigator_facts import name_of
from pipelines.tasks.record.navigator_forms import FORMS
from pipelines.tasks.record.sentences import moment, plain_day

_LONGEST_NAME: Final = 90
_SYSTEMS: Final = {"loinc.org": "LOINC", "snomed.info": "SNOMED", "rxnorm": "RxNorm", "icd-10": "ICD-10", "cvx": "CVX"}


@dataclass(frozen=True)
class Holding:
    """All entries of one kind and one name, oldest first."""

    type: str
    name: str
    """One line, told apart from the others of its kind by more than its signs: it is offered as a choice."""
    codes: tuple[str, ...]
    entries: tuple[Resource, ...]
    dates: tuple[Element | None, ...]

    @property
    def line(self) -> str:
        codes = f" [{', '.join(self.codes)}]" if self.codes else ""
        days = [day for each in self.dates if (day := plain_day(each))]
        when = f", {days[0]}" if len(set(days)) == 1 else f", {days[0]} to {days[-1]}" if days else ""
        many = len(self.entries)
        return f"- {self.name}{codes}: {many} entr{'ies' if many > 1 else 'y'}{when}"


@dataclass(frozen=True)
class Manifest:
    """By kind, what is held of it."""

    holdings: Mapping[str, tuple[Holding, ...]]
    most: int = 80
    """Names of one kind that are listed, those of the most entries; the others can still be had by "all of them"."""

    @property
    def types(self) -> tuple[str, ...]:
        """What a question can be about: every kind that is held, and those whose absence a lookup can state."""
        return tuple(name for name, form in FORMS.items() if name in self.holdings or form.noun)

    @cached_property
    def text(self) -> str:
        """As a model is told it."""
        return "\n".join(line for name in self.types for line in self._lines(name))

    def of(self, type_: str) -> tuple[Holding, ...]:
        return self.holdings.get(type_, ())

    def shown(self, type_: str) -> tuple[Holding, ...]:
        """Those whose names are listed."""
        by_number = sorted(self.of(type_), key=lambda holding: -len(holding.entries))[: self.most]
        return tuple(holding for holding in self.of(type_) if holding in by_number)

    def _lines(self, type_: str) -> Iterator[str]:
        held, shown = self.of(type_), self.shown(type_)
        count = sum(len(holding.entries) for holding in held)
        many = f"{count} entr{'ies' if count > 1 else 'y'}" if count else "none recorded"
        yield f"{type_} ({FORMS[type_].holds}): {many}"
        yield from (holding.line for holding in shown)
        if len(shown) < len(held):
            yield f"- and {len(held) - len(shown)} more names"


def manifest_of(record: Record) -> Manifest:
    """Count what the record holds of every kind that a question may be about."""
    return Manifest({name: held for name in FORMS if (held := tuple(_holdings(record, name)))})


def _holdings(record: Record, type_: str) -> Iterator[Holding]:
    groups: dict[str, list[tuple[Resource, Element | None]]] = {}
    names: dict[str, str] = {}
    for resource in record.of_type(type_):
        found = name_of(record, resource)
        name = _one_line(found.value) if found else ""
        key = re.sub(r"[\W_]+", "", name.lower()) or "?"
        names.setdefault(key, name or "name not recorded")
        groups.setdefault(key, []).append((resource, resource.element(*FORMS[type_].dates)))
    for key in sorted(groups, key=lambda each: names[each].lower()):
        dated = sorted(groups[key], key=lambda each: moment(each[1]))
        entries = tuple(resource for resource, _ in dated)
        yield Holding(type_, names[key], _codes(entries), entries, tuple(when for _, when in dated))


def _codes(entries: Sequence[Resource]) -> tuple[str, ...]:
    found = (
        f"{_system(system)}{code}"
        for entry in entries[:20]
        for path in ("code", "vaccineCode", "medicationCodeableConcept")
        for system, code in entry.codings(path)
    )
    return tuple(dict.fromkeys(map(_one_line, found)))[:2]


def _system(uri: str) -> str:
    return next((f"{name} " for part, name in _SYSTEMS.items() if part in uri.lower()), "")


def _one_line(text: str) -> str:
    """Without what could be taken for a mark of the chat's form, and no longer than a name needs to be."""
    plain = " ".join(re.sub(r"[<>|]", " ", text).split())
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME].rsplit(' ', 1)[0]} …"
