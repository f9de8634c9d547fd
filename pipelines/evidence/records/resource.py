"""Thin typed views on FHIR R4 resources: nothing is copied, and every element is read together with its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, lru_cache

import msgspec

from pipelines.evidence.records.json_text import Json, Text, decode

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str | int, ...]:
    """``component[0].code`` as ``("component", 0, "code")``."""
    return tuple(name or int(index) for name, index in _STEP.findall(path))


def walk(node: Json, path: str) -> Json:
    """The element at ``path`` (``component[0].valueQuantity.value``), or None where there is none."""
    for step in steps(path):
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def edition(meta: Json) -> tuple[float, int]:
    """What orders the versions of one resource, by its ``meta``: when it was updated last, then its number."""
    updated = written(walk(meta, "lastUpdated"))
    number = written(walk(meta, "versionId")) or ""
    try:
        moment = datetime.fromisoformat(updated) if updated else None
        stamp = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() if moment else float("-inf")
    except (ValueError, OverflowError):
        stamp = float("-inf")
    return stamp, int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def written(value: Json) -> str | None:
    """A scalar as it stands in the record; None for what is not a scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else None


class Element(msgspec.Struct, frozen=True, gc=False):
    """A scalar of a resource and where it stands."""

    resource: str
    path: str
    value: str
    version: str | None = None
    """Of the resource, where it states one."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of a record. ``address`` is ``Type/id`` or, without a usable id, where it stands in what was given
    (``entry[N].resource``, ``Observation.ndjson[N]``, ``ClinicalDocument#section[N]/…``)."""

    address: str
    type: str
    source: Text = field(repr=False)
    """The text that it was read from: its own JSON, or the whole document that it is a part of."""
    made: Mapping[str, Json] | None = field(default=None, repr=False)
    """What was made of a part of a document that is no FHIR."""
    places: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where elements stand in the source, by path, where that is not the path itself (a C-CDA document)."""

    @cached_property
    def raw(self) -> Mapping[str, Json]:
        """All of it, decoded when it is first asked for."""
        decoded = decode(self.source, self.address) if self.made is None else self.made
        return decoded if isinstance(decoded, dict) else {}

    @cached_property
    def version(self) -> str | None:
        return written(walk(self.raw, "meta.versionId"))

    def element(self, *paths: str) -> Element | None:
        """The first of ``paths`` at which a scalar that is not blank stands."""
        raw = self.raw
        for path in paths:
            found = walk(raw, path)
            text = None if found is None else written(found)
            if text is not None and text.strip():
                place = self.places.get(path, path)
                return Element(self.address, place, text, self.version)
        return None

    def code(self, path: str) -> str | None:
        """A status: a plain code, or the first code of a CodeableConcept (older records write the plain one)."""
        found = self.element(path, f"{path}.coding[0].code")
        return found.value.lower() if found else None

    def codings(self, path: str) -> Iterator[tuple[str, str]]:
        """(system, code) of every coding of the CodeableConcept at ``path``."""
        for coding in items(walk(self.raw, f"{path}.coding")):
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                yield str(coding.get("system", "")), coding["code"]

    def names(self, path: str) -> Iterator[Element]:
        """The texts of the CodeableConcept at ``path``: its own text first, then each coding's display."""
        concept = walk(self.raw, path)
        if not isinstance(concept, dict):
            return
        if concept.get("text") is not None and (text := self.element(f"{path}.text")):
            yield text
        for n in range(len(items(concept.get("coding")))):
            if found := self.element(f"{path}.coding[{n}].display"):
                yield found

    def name(self, path: str) -> Element | None:
        """What the CodeableConcept at ``path`` is called, else its bare code."""
        if walk(self.raw, path) is None:
            return None
        return next(self.names(path), None) or self.element(f"{path}.coding[0].code")


def items(node: Json) -> list[Json]:
    """``node`` if it is a list, else nothing: odd shapes read as absent."""
    return node if isinstance(node, list) else []
