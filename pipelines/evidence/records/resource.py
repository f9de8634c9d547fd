"""Thin typed views on FHIR R4 resources: nothing is copied, and every element is read together with its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = Any
"""What ``json.loads`` makes, decimals as ``Decimal`` so that 6.10 stays 6.10."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def walk(node: Json, path: str) -> Json:
    """The element at ``path`` (``component[0].valueQuantity.value``), or None where there is none."""
    for name, index in _STEP.findall(path):
        if name:
            node = node.get(name) if isinstance(node, dict) else None
        else:
            node = node[int(index)] if isinstance(node, list) and int(index) < len(node) else None
    return node


def written(value: Json) -> str | None:
    """A scalar as it stands in the record; None for what is not a scalar."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | Decimal():
            return str(value)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Element:
    """A scalar of a resource and where it stands."""

    resource: str
    path: str
    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource of a record. ``address`` is ``Type/id`` or, without an id, ``entry[N].resource``."""

    address: str
    raw: Mapping[str, Json]

    @property
    def type(self) -> str:
        return str(self.raw["resourceType"])

    def element(self, *paths: str) -> Element | None:
        """The first of ``paths`` at which a scalar that is not blank stands."""
        for path in paths:
            text = written(walk(self.raw, path))
            if text is not None and text.strip():
                return Element(self.address, path, text)
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
        count = len(items(walk(self.raw, f"{path}.coding")))
        for place in (f"{path}.text", *(f"{path}.coding[{n}].display" for n in range(count))):
            found = self.element(place)
            if found:
                yield found

    def name(self, path: str) -> Element | None:
        """What the CodeableConcept at ``path`` is called, else its bare code."""
        return next(self.names(path), None) or self.element(f"{path}.coding[0].code")


def items(node: Json) -> list[Json]:
    """``node`` if it is a list, else nothing: odd shapes read as absent."""
    return node if isinstance(node, list) else []
