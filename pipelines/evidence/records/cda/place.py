"""Elements of a CDA document with their places, and drafts of resources that remember where each element stood.

A place is XPath-like. A resource's address leads to its statement, sections counted in the document's order:
``ClinicalDocument#section[3]/entry[1]/act/entryRelationship[1]/observation``. Places within it go on from there
(``value/@displayName``, ``../../statusCode/@code``); ``//*[@ID="x"]`` is a piece of the narrative.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from xml.etree.ElementTree import Element as Node

from pipelines.evidence.records.json_text import Json
from pipelines.evidence.records.resource import Resource, steps

V3: Final = "{urn:hl7-org:v3}"
SDTC: Final = "{urn:hl7-org:sdtc}"
ROOT: Final = "ClinicalDocument#"

_SYSTEMS: Final[Mapping[str, str]] = {
    "2.16.840.1.113883.6.1": "http://loinc.org",
    "2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "2.16.840.1.113883.12.292": "http://hl7.org/fhir/sid/cvx",
    "2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
    "2.16.840.1.113883.6.103": "http://hl7.org/fhir/sid/icd-9-cm",
    "2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
    "2.16.840.1.113883.5.4": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "2.16.840.1.113883.5.83": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
}
_TIME: Final = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?(\d\d)?(?:\.\d+)?)?)?)?([+-]\d{4})?", re.ASCII)


def words(node: Node) -> str:
    """The text of an element, white space made plain."""
    return " ".join("".join(node.itertext()).split())


def system_of(oid: str | None) -> str | None:
    return _SYSTEMS.get(oid or "") or (f"urn:oid:{oid}" if oid else None)


def fhir_time(text: str | None) -> str | None:
    """An HL7 time stamp as FHIR writes it, as precise as it is; None for anything else."""
    match = _TIME.fullmatch((text or "").strip())
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None or day is None:
        return date
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}" + (f"{zone[:3]}:{zone[3:]}" if zone else "")


@dataclass(frozen=True)
class At:
    """An element, and its place from where its resource begins."""

    node: Node
    path: str = ""

    def all(self, name: str) -> Iterator[At]:
        """Its children of that name, counted from 1 where there are several."""
        found = self.node.findall(V3 + name)
        for n, each in enumerate(found, 1):
            index = f"[{n}]" if len(found) > 1 else ""
            yield At(each, f"{self.path}/{name}{index}".removeprefix("/"))

    def one(self, path: str) -> At | None:
        """The first element down a path of names."""
        here: At | None = self
        for name in path.split("/"):
            here = next(here.all(name), None) if here else None
        return here

    def get(self, name: str) -> str | None:
        """An attribute that is not blank."""
        value = (self.node.get(name) or "").strip()
        return value or None

    def place(self, attribute: str) -> str:
        return f"{self.path}/@{attribute}".removeprefix("/")

    def has_template(self, oid: str) -> bool:
        return any(each.get("root") == oid for each in self.node.findall(f"{V3}templateId"))


@dataclass
class Draft:
    """A resource in the making."""

    kind: str
    entry: str
    """Place of the entry (or other part of the document) from which the places of its elements are counted."""
    base: str
    """Place of the statement within the entry: what the resource is."""
    document: bytes
    narrative: Mapping[str, Node]
    raw: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def put(self, path: str, value: Json, place: str) -> None:
        """Set the element at ``path``, which stands at ``place``."""
        down = steps(path)
        last = down[-1]
        node: Any = self.raw
        for step, after in pairwise(down):
            node = _within(node, step, [] if isinstance(after, int) else {})
        if isinstance(last, int):
            _within(node, last, value)
        else:
            node[last] = value
        self.places[path] = place if place.startswith("//") else posixpath.relpath(place, self.base or ".")

    def put_time(self, path: str, at: At | None) -> None:
        value = fhir_time(at.get("value")) if at else None
        if at and value:
            self.put(path, value, at.place("value"))

    def put_code(self, path: str, at: At | None) -> bool:
        """A coded value: its name as text, then the codes that it and its translations state."""
        if at is None:
            return False
        count = 0
        for each in (at, *at.all("translation")):
            code = each.get("code")
            if code is None:
                continue
            self.put(f"{path}.coding[{count}].code", code, each.place("code"))
            if system := system_of(each.get("codeSystem")):
                self.put(f"{path}.coding[{count}].system", system, each.place("codeSystem"))
            if display := each.get("displayName"):
                self.put(f"{path}.coding[{count}].display", display, each.place("displayName"))
            count += 1
        name = self._name(at)
        if name:
            self.put(f"{path}.text", *name)
        return bool(count or name)

    def put_text(self, path: str, at: At | None) -> bool:
        """What an element says in words, or what the narrative says to which it points."""
        found = self._said(at) if at else None
        if found:
            self.put(path, *found)
        return bool(found)

    def done(self) -> Resource:
        address = f"{ROOT}{self.entry}/{self.base}".rstrip("/")
        return Resource(address, self.kind, self.document, {"resourceType": self.kind, **self.raw}, self.places)

    def _name(self, at: At) -> tuple[str, str] | None:
        if display := at.get("displayName"):
            return display, at.place("displayName")
        original = at.one("originalText")
        if original and (said := self._said(original)):
            return said
        for each in at.all("translation"):
            if display := each.get("displayName"):
                return display, each.place("displayName")
        return None

    def _said(self, at: At) -> tuple[str, str] | None:
        if text := words(at.node):
            return text, at.path
        reference = at.one("reference")
        target = self.narrative.get((reference.get("value") or "").removeprefix("#")) if reference else None
        if target is None or not (text := words(target)):
            return None
        return text, f'//*[@ID="{target.get("ID")}"]'


def _within(node: Any, step: str | int, empty: Any) -> Any:
    if isinstance(step, str):
        return node.setdefault(step, empty)
    while len(node) <= step:
        node.append(type(empty)() if isinstance(empty, list | dict) else empty)
    return node[step]
