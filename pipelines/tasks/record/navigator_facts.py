"""Entries of a record as lines for a model, each behind its address, with the elements that the line is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items, walk
from pipelines.tasks.cited import Fact
from pipelines.tasks.record.measurements import DIASTOLIC, SYSTOLIC, Measurement, measurements
from pipelines.tasks.record.navigator_forms import FORMS, Part
from pipelines.tasks.record.period import span_of
from pipelines.tasks.record.person import age
from pipelines.tasks.record.sentences import looked_up, plain_day

#: So much of a free text is told; its address leads to the rest.
_LONGEST: Final = 240
#: Identifiers longer than this are told by their beginning, as long as that is nobody else's.
_SHORT_ID: Final = 12


class Facts:
    """Makes lines of entries; what belongs to all of them is worked out once.

    Args:
        record: one patient's.
        today: what the patient's age is reckoned to.
    """

    def __init__(self, record: Record, today: date) -> None:
        self._record = record
        self._today = today
        self._handles = short_addresses(
            resource.address for resource in (*record.of_type(*FORMS), record.patient_resource)
        )
        self._measured: dict[str, list[Measurement]] = {}
        for one in measurements(record):
            self._measured.setdefault(one.resource.address, []).append(one)

    def of(self, resource: Resource) -> Fact:
        """The line about one entry."""
        return self._fact(resource, *(self._observation(resource) or self._entry(resource)))

    def patient(self) -> Fact:
        """The line about the patient: sex, birth and age; a name helps no answer."""
        patient = self._record.patient_resource
        sex, born, died = (patient.element(path) for path in ("gender", "birthDate", "deceasedDateTime"))
        texts = [str(sex)] if sex else []
        if born:
            end = span_of(died.value) if died else None
            until = end[0] if end else self._today
            span = span_of(born.value)
            known = span is not None and span[0] == span[1]
            texts.append(f"born {born}" + (f", age {age(span[0], until)} on {until}" if known and span else ""))
        if died:
            texts.append(f"died {plain_day(died)}")
        return self._fact(
            patient, f"Patient: {', '.join(texts) or 'sex and birth date not recorded'}", (sex, born, died)
        )

    def _fact(self, resource: Resource, text: str, elements: Iterable[Element | None]) -> Fact:
        cited = looked_up(self._record, text, elements).citations
        return Fact(self._handles[resource.address], " ".join(text.split()), cited)

    def _observation(self, resource: Resource) -> tuple[str, list[Element | None]] | None:
        """Its values as lookup tells them; None where it is no observation, or has no value."""
        found = self._measured.get(resource.address, [])
        pairs = [one for one in found if one.is_pressure]
        # A pair of pressures stands for its two parts.
        parts_of_pairs = SYSTOLIC | DIASTOLIC if pairs else frozenset()
        shown = [one for one in found if one.is_pressure or not one.codes & parts_of_pairs]
        if not shown:
            return None
        whole = name_of(self._record, resource)
        values = [f"{one.shown}" if one.name == whole else f"{one.name} {one.shown}" for one in shown]
        when = next((one.date for one in shown if one.date), None)
        parts, elements = _parts(self._record, resource, FORMS["Observation"].parts)
        parts = [part for part in parts if part not in {"status final", "status amended", "status corrected"}]
        low, high = (resource.element(f"referenceRange[0].{end}.value") for end in ("low", "high"))
        if low or high:
            parts.append(
                f"reference range {f'{low} to {high}' if low and high else f'from {low}' if low else f'to {high}'}"
            )
        text = f"{_day(when)} {whole or 'measurement'}: {'; '.join(values)}" + "".join(f"; {part}" for part in parts)
        return text, [whole, when, *(element for one in shown for element in one.elements), *elements, low, high]

    def _entry(self, resource: Resource) -> tuple[str, list[Element | None]]:
        form = FORMS[resource.type]
        name, when = name_of(self._record, resource), resource.element(*form.dates)
        parts, elements = _parts(self._record, resource, form.parts)
        parts = [part for part in parts if part not in {"verification confirmed", f"until {_day(when)}"}]
        text = f"{_day(when)} {_cut(str(name)) if name else 'name not recorded'}"
        return f"{text}{''.join(f'; {part}' for part in parts)}", [name, when, *elements]


def name_of(record: Record, resource: Resource) -> Element | None:
    """What an entry is called."""
    found = (element for part in FORMS[resource.type].name for element in _elements(record, resource, part))
    return next(found, None)


def leads_to(record: Record, resource: Resource) -> Iterator[Resource]:
    """The entries of the same patient that belong to this one by its references."""
    for pattern in FORMS[resource.type].leads_to:
        for path in _expanded(resource, pattern):
            target = record.resolve(resource, path)
            if target is not None and not target[1] and target[0].type in FORMS:
                yield target[0]


def short_addresses(addresses: Iterable[str]) -> Mapping[str, str]:
    """A name for each address that is short and nobody else's: long identifiers by the beginning that tells them
    apart, ``Observation/3831a684``."""
    found = sorted(set(addresses))
    short: dict[str, str] = {}
    for before, address, after in zip(["", *found], found, [*found[1:], ""], strict=False):
        kind, _, ident = address.partition("/")
        if not ident:
            short[address] = re.sub(r"\W+", "-", address).strip("-")
            continue
        length = min(len(ident), 8) if len(ident) > _SHORT_ID else len(ident)
        while length < len(ident) and any(other.startswith(f"{kind}/{ident[:length]}") for other in (before, after)):
            length += 1
        short[address] = f"{kind}/{ident[:length]}"
    return short


def _parts(record: Record, resource: Resource, parts: Iterable[Part]) -> tuple[list[str], list[Element | None]]:
    texts: list[str] = []
    elements: list[Element | None] = []
    for part in parts:
        found = list(_elements(record, resource, part))
        if found:
            said = ", ".join(dict.fromkeys(_cut(_when(element.value)) for element in found))
            texts.append(f"{part.label} {said}".strip())
            elements += found
    return texts, elements


def _elements(record: Record, resource: Resource, part: Part) -> Iterator[Element]:
    for pattern in part.paths:
        found = [
            element
            for path in _expanded(resource, pattern)
            if (element := _element(record, resource, path, part)) is not None
        ]
        if found:
            yield from found
            return


def _element(record: Record, resource: Resource, path: str, part: Part) -> Element | None:
    if part.sort == "value":
        return resource.element(path)
    if part.sort == "name":
        return resource.name(path)
    target = record.resolve(resource, path)
    if target is None:
        return resource.element(f"{path}.display")
    holder, within = target
    if within or holder.type not in FORMS:
        return holder.name(f"{within}.code" if within else "code") or resource.element(f"{path}.display")
    return name_of(record, holder)


def _expanded(resource: Resource, pattern: str) -> Iterator[str]:
    """The paths that a pattern stands for: one for each of a list."""
    before, mark, after = pattern.partition("[]")
    if not mark:
        yield pattern
        return
    for n in range(len(items(walk(resource.raw, before)))):
        yield from _expanded(resource, f"{before}[{n}]{after}")


def _day(element: Element | None) -> str:
    return (plain_day(element) or "") if element else "(date not recorded)"


def _when(text: str) -> str:
    """A date without its hour; other texts as they are."""
    return text.split("T", maxsplit=1)[0] if re.match(r"\d{4}-\d\d-\d\dT", text, re.ASCII) else text


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST].rsplit(' ', 1)[0]} …"
