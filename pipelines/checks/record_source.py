"""What a record says, by a second reading of the text that each of its resources was read from.

Nothing of the first reading is taken over but which text a resource stands in. JSON is parsed anew, and an address must
be the one that the text itself states. In a C-CDA document the cited place is walked anew from the root.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from xml.etree.ElementTree import Element as Node

from pipelines.evidence.records.cda import statements as cda
from pipelines.evidence.records.cda.place import ROOT, V3, system_of
from pipelines.evidence.records.record import Record

Raw = dict[str, Any]

_STEP: Final = re.compile(r"([^\[\]]+)(?:\[(\d+)\])?")
_NARRATIVE: Final = re.compile(r'//\*\[@ID="(.+)"\]')
_TIME: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)?(\d\d)?(?:\.\d+)?)?([+-]\d\d)?(\d\d)?", re.ASCII)
_GENDERS: Final = {"F": "female", "M": "male", "UN": "other"}
_STATUSES: Final = (cda.ACT_STATUS, cda.RESULT_STATUS, cda.EVENT_STATUS, cda.MEDICATION_STATUS)


class SecondReading:
    """The resources of a record, read again one by one as they are asked for."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._read: dict[str, Raw | None] = {}

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Of everything that the record holds of its patient."""
        every = (*self._record.resources, self._record.patient_resource)
        return frozenset(resource.address for resource in every)

    def __contains__(self, address: str) -> bool:
        return self._record.find(address) is not None

    def raw(self, address: str) -> Raw | None:
        """A resource as its text states it (of a document that is no FHIR, as it was made of it)."""
        if address not in self._read:
            self._read[address] = self._again(address)
        return self._read[address]

    def raws(self) -> list[Raw]:
        """All of them, the patient's own included."""
        return [raw for address in sorted(self.addresses) if (raw := self.raw(address)) is not None]

    def standing(self, address: str, path: str) -> tuple[str, ...]:
        """What stands at a place of a resource, in every form in which it may be cited; empty where nothing does."""
        if address.startswith(ROOT):
            return tuple(_standing(self._document, address.removeprefix(ROOT), path)) if address in self else ()
        found = _scalar(_walk(self.raw(address), path))
        return () if found is None else (found,)

    def _again(self, address: str) -> Raw | None:
        resource = self._record.find(address)
        if resource is None:
            return None
        if resource.made is not None and address.startswith(ROOT):
            return dict(resource.made)
        raw = json.loads(bytes(resource.source), parse_float=Decimal)
        kind, _, ident = address.partition("/")
        if not isinstance(raw, dict) or (raw.get("resourceType") == kind and raw.get("id") != ident):
            return None
        return raw

    @cached_property
    def _document(self) -> Node:
        from defusedxml import ElementTree

        root: Node = ElementTree.fromstring(bytes(self._record.patient_resource.source), forbid_dtd=True)
        return root


def _walk(node: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        if step.startswith("[") and step.endswith("]"):
            at = int(step[1:-1]) if step[1:-1].isdigit() else -1
            node = node[at] if isinstance(node, list) and 0 <= at < len(node) else None
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def _scalar(node: Any) -> str | None:
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node) if isinstance(node, str | int | Decimal) else None


def _standing(root: Node, place: str, path: str) -> Iterator[str]:
    narrative = _NARRATIVE.fullmatch(path)
    if narrative:
        yield from (_text(each) for each in root.iter() if each.get("ID") == narrative[1])
        return
    steps: list[str] = []
    for step in f"{place}/{path}".split("/"):
        if step == ".." and steps:
            steps.pop()
        else:
            steps.append(step)
    attribute = steps.pop().removeprefix("@") if steps and steps[-1].startswith("@") else None
    node = _down(root, steps) if steps else None
    if node is None:
        return
    if attribute is None:
        yield _text(node)
    else:
        yield from _attribute(node, attribute, [step.partition("[")[0] for step in steps])


def _down(root: Node, steps: list[str]) -> Node | None:
    node: Node | None = root
    for n, step in enumerate(steps):
        match = _STEP.fullmatch(step)
        if node is None or match is None:
            return None
        name, index = V3 + match[1], int(match[2] or 1) - 1
        # Sections are counted through the whole document, everything else among its brothers.
        found = list(node.iter(name)) if n == 0 and match[1] == "section" else node.findall(name)
        node = found[index] if 0 <= index < len(found) else None
    return node


def _attribute(node: Node, name: str, steps: list[str]) -> Iterator[str]:
    """An attribute as it stands, and what it says in the words of FHIR."""
    value = (node.get(name) or "").strip()
    last = steps[-1]
    if name == "inclusive":
        sign = {"high": "<", "low": ">"}.get(last, "")
        yield sign if value == "false" else f"{sign}="
        return
    if not value:
        return
    yield value
    if name == "value" and (time := _time(value)):
        yield time
    if name in {"codeSystem", "root"}:
        yield system_of(value) or value
    if name == "code":
        yield from (words[value] for words in _STATUSES if last == "statusCode" and value in words)
        yield from (word for word in [cda.CLINICAL_STATUS.get(value)] if word)
        yield from (word for word in [_GENDERS.get(value)] if word and last == "administrativeGenderCode")
    if name == "value" and steps[-2:] == ["effectiveTime", "high"]:
        yield "resolved"
    if name == "negationInd" and value == "true":
        yield from ("refuted", "not-done", "not-taken", "http://snomed.info/sct")
        for negated in node.iter():
            yield from cda.NONE_KNOWN.get(negated.get("code", ""), ())


def _time(value: str) -> str | None:
    match = _TIME.fullmatch(value)
    if not match:
        return None
    year, month, day, hour, minute, second, zone, minutes = match.groups()
    date = "-".join(filter(None, (year, month, day)))
    clock = f"T{hour}:{minute or '00'}:{second or '00'}" if hour and day else ""
    return date + clock + (f"{zone}:{minutes or '00'}" if zone and clock else "")


def _text(node: Node) -> str:
    return " ".join("".join(node.itertext()).split())
