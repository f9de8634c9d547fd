"""The measured values of a record: of observations and their components, with unit, date, flag and reference range."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, overload

from pipelines.evidence.records.group import Alike
from pipelines.evidence.records.json_text import Json
from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.tasks.record.sentences import moment, number, readable
from pipelines.tasks.record.words import Term, same_words, tokens

DATES: Final = ("effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued")
SYSTOLIC: Final = frozenset({"8480-6"})
DIASTOLIC: Final = frozenset({"8462-4"})
#: Codes of HL7's ObservationInterpretation that call a result abnormal.
ABNORMAL: Final = frozenset(
    {"A", "AA", "H", "HH", "HU", "L", "LL", "LU", "<", ">", "POS", "DET", "R", "I", "SUR", "HX", "LX"}
)
_PLAIN_VALUES: Final = (
    ("valueString", ""), ("valueInteger", ""), ("valueDateTime", ""), ("valueTime", ""), ("valueBoolean", ""),
    ("valuePeriod", ".start"),
)  # fmt: skip


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
    flag: Element | None = None
    """What the laboratory called the value (``H``)."""
    low: Element | None = None
    high: Element | None = None
    """Limits of the reference range, where they are in the unit of the value."""
    second: Element | None = None
    """The diastolic pressure, where ``value`` is the systolic one of a pair; the end of a range; a denominator."""
    joint: str = "/"
    """What stands between the two."""

    @cached_property
    def moment(self) -> tuple[int, float]:
        """What orders measurements by their date."""
        return moment(self.date)

    @property
    def shown(self) -> str:
        second = f"{self.joint}{readable(self.second.value)}" if self.second else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.comparator or ''}{readable(self.value.value)}{second}{unit}"

    @property
    def elements(self) -> tuple[Element | None, ...]:
        status = self.status if self.preliminary else None
        return (self.name, self.comparator, self.value, self.second, self.unit, self.date, status)

    @property
    def preliminary(self) -> bool:
        return self.status is not None and self.status.value == "preliminary"

    @property
    def is_pressure(self) -> bool:
        return self.second is not None and self.joint == "/"

    @property
    def abnormal(self) -> bool | None:
        """As the record says: by its flag, else by the reference range; None where it has neither."""
        if self.flag:
            return self.flag.value.upper() in ABNORMAL
        value = number(self.value.value)
        limits = [number(limit.value) if limit else None for limit in (self.low, self.high)]
        if value is None or limits == [None, None] or self.second or self.comparator:
            return None
        return (limits[0] is not None and value < limits[0]) or (limits[1] is not None and value > limits[1])


class Measurements(Sequence[Measurement]):
    """Every value of every observation, oldest first; observations without a value say nothing.

    Observations that are coded alike are called alike: those of a name are made when that name is looked for, all of
    them when they are looked through.
    """

    def __init__(self, record: Record) -> None:
        self._coded = [_Coded(alike) for alike in record.alike("Observation")]

    @cached_property
    def names(self) -> dict[str, None]:
        """What they are called, each once."""
        return dict.fromkeys(name for coded in self._coded for name, _ in coded.called)

    def called(self, name: str) -> list[Measurement]:
        return self.where(lambda other, _: other == name)

    def where(self, meant: Callable[[str, frozenset[str]], bool]) -> list[Measurement]:
        """Those whose name and codes are meant."""
        coded = [each for each in self._coded if any(meant(name, codes) for name, codes in each.called)]
        found = [m for each in coded for m in each.all if meant(m[1].name.value, m[1].codes)]
        return [m for _, m in sorted(found, key=lambda each: (each[1].moment, each[0]))]

    @cached_property
    def _all(self) -> list[Measurement]:
        return self.where(lambda *_: True)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> Measurement: ...
    @overload
    def __getitem__(self, index: slice) -> list[Measurement]: ...
    def __getitem__(self, index: int | slice) -> Measurement | list[Measurement]:
        return self._all[index]


class _Coded:
    """The measurements of observations that are coded alike."""

    def __init__(self, alike: Alike) -> None:
        self._alike = alike

    @cached_property
    def called(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """(name, codes) of each."""
        if "component" in self._alike.first.raw:  # each has its own, but most have the same
            every = [m for resource in self._alike.forms for m in _of(resource)]
        else:
            every = _of(self._alike.first) or next(filter(None, map(_of, self._alike.all)), [])
        return tuple(dict.fromkeys((m.name.value, m.codes) for m in every))

    @cached_property
    def all(self) -> list[tuple[int, Measurement]]:
        """With the place of each one's observation in the record."""
        return [(number, each) for number, resource in self._alike.numbered for each in _of(resource)]


def measurements(record: Record) -> Measurements:
    return record.once(Measurements)


@dataclass(frozen=True)
class _Part:
    """What may hold a value: an observation, or one of its components."""

    resource: Resource
    place: str
    """What paths within it begin with: nothing, or ``component[0].``."""
    raw: Mapping[str, Json]

    def element(self, key: str, *paths: str) -> Element | None:
        """The first of ``paths`` under ``key`` at which a scalar stands. Most keys are not there at all."""
        if key not in self.raw:
            return None
        return self.resource.element(*(f"{self.place}{key}{path}" for path in paths))

    def name(self, key: str) -> Element | None:
        return self.resource.name(f"{self.place}{key}") if key in self.raw else None


def _of(resource: Resource) -> list[Measurement]:
    components = enumerate(items(resource.raw.get("component")))
    parts = [_Part(resource, f"component[{n}].", raw) for n, raw in components if isinstance(raw, dict)]
    found = [m for part in (_Part(resource, "", resource.raw), *parts) if (m := _measurement(part))]
    upper = next((m for m in found if m.codes & SYSTOLIC), None)
    lower = next((m for m in found if m.codes & DIASTOLIC), None)
    if not upper or not lower or upper is lower or str(upper.unit) != str(lower.unit):
        return found
    if name := resource.name("code"):
        codes = frozenset(code for _, code in resource.codings("code"))
        pair = Measurement(
            resource, name, upper.value, upper.unit, None, upper.date, upper.status, codes, second=lower.value
        )
        found.insert(0, pair)
    return found


def _measurement(part: _Part) -> Measurement | None:
    name = part.name("code")
    value, second, unit, joint = _value(part)
    if name is None or value is None:
        return None
    resource = part.resource
    low, high = _limits(part, unit)
    return Measurement(
        resource,
        name,
        value,
        unit,
        part.element("valueQuantity", ".comparator"),
        resource.element(*DATES),
        resource.element("status"),
        frozenset(code for _, code in resource.codings(f"{part.place}code")),
        part.element("interpretation", "[0].coding[0].code", ".coding[0].code"),
        low,
        high,
        second,
        joint,
    )


def _limits(part: _Part, unit: Element | None) -> tuple[Element | None, Element | None]:
    """The ends of the reference range, where they are in the unit of the value."""
    key = "referenceRange"
    if key not in part.raw:
        return None, None
    ends = ("[0].low", "[0].high")
    units = {str(e) for end in ends if (e := part.element(key, f"{end}.unit", f"{end}.code"))}
    if not units <= {str(unit)}:
        return None, None
    low, high = (part.element(key, f"{end}.value") for end in ends)
    return low, high


def _value(part: _Part) -> tuple[Element | None, Element | None, Element | None, str]:
    """(value, its second half, unit, what stands between): of a quantity, a range, a ratio, a code or a text."""
    for key, first, other, joint in (
        ("valueQuantity", "value", None, "/"),
        ("valueRange", "low.value", "high.value", " to "),
        ("valueRatio", "numerator.value", "denominator.value", ":"),
    ):
        value = part.element(key, f".{first}")
        second = part.element(key, f".{other}") if other else None
        if value and (second or other is None):
            held = "." + first.removesuffix("value")
            return value, second, part.element(key, f"{held}unit", f"{held}code"), joint
    plain = (part.element(key, path) for key, path in _PLAIN_VALUES)
    return part.name("valueCodeableConcept") or next(filter(None, plain), None), None, None, "/"


def base_name(name: str) -> list[str]:
    """The words of a laboratory name without its specimen and method: ``Potassium [Moles/volume] in Blood``."""
    return tokens(re.split(r"\[|\(| in | by | of ", name, maxsplit=1)[0])


def means(term: Term, codes: frozenset[str], name: str) -> bool:
    """Whether a code or a recorded name is what the term means."""
    return bool(codes & term.codes) or not {tuple(tokens(name)), tuple(base_name(name))}.isdisjoint(term.spoken)


def matching(found: Measurements, term: Term) -> list[Measurement]:
    """The measurements a term means: by code, or by a recorded name that is one of its spoken forms."""
    return found.where(lambda name, codes: means(term, codes, name))


def named(found: Sequence[Measurement], phrase: Sequence[str]) -> list[Measurement]:
    """The measurements in whose recorded name every word of ``phrase`` stands, and makes up a good part of it: one
    word out of a question of a survey is not its name."""
    return [m for m in found if same_words(phrase, tokens(m.name.value)) and 4 * len(phrase) >= _length(m.name.value)]


def _length(name: str) -> int:
    return len(tokens(name)) if "?" in name else min(len(tokens(name)), len(base_name(name)) or 1)


def without_value(record: Record, term: Term) -> list[tuple[Element, Element, Element | None]]:
    """(name, reason, date) of the observations of the term that say why they hold no value, oldest first."""
    found = []
    for alike in record.alike("Observation"):
        name, codes = alike.first.name("code"), frozenset(code for _, code in alike.first.codings("code"))
        if not name or not means(term, codes, name.value):
            continue
        for resource in alike.all:
            if (reason := resource.name("dataAbsentReason")) is None:
                continue
            called = resource.name("code")
            if called and _value(_Part(resource, "", resource.raw))[0] is None:
                found.append((called, reason, resource.element(*DATES)))
    return sorted(found, key=lambda each: moment(each[2]))
