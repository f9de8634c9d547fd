"""Who the patients of a record are, which of them is meant, and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.errors import BadInput, PersonNeeded
from pipelines.evidence.records.json_text import Json, Piece, decode
from pipelines.evidence.records.resource import Resource, edition, items, walk, written
from pipelines.records import Patient

_SHOWN: Final = 5
#: What FHIR allows as an id: nothing else is shown in an error line or made part of an address.
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def address_of(kind: str, ident: Json, place: str) -> str:
    """``Type/id``, or the place in what was given where the id is none that FHIR allows."""
    return f"{kind}/{ident}" if is_id(ident) else place


def is_id(ident: Json) -> bool:
    return isinstance(ident, str) and _ID.fullmatch(ident) is not None and ident not in {".", ".."}


def plain(reference: str) -> str:
    """A reference without its version."""
    return reference.rstrip("/").split("/_history/", maxsplit=1)[0].removesuffix("/_history")


def short(reference: str) -> str:
    """The last two segments of a reference: ``Type/id``."""
    return "/".join(reference.rsplit("/", 2)[-2:])


@dataclass(frozen=True)
class Candidate:
    """One Patient resource and the URL of its entry."""

    resource: Resource
    url: str | None = None

    @classmethod
    def of(cls, piece: Piece, name: str) -> Candidate:
        """
        Raises:
            BadInput: it cannot be read.
        """
        raw = decode(piece.text, name, piece.place)
        return cls(Resource(address_of("Patient", raw.get("id"), piece.place), "Patient", piece.text, raw), piece.url)

    @property
    def id(self) -> str:
        return _id(self.resource)

    @property
    def identifiers(self) -> set[tuple[str, str]]:
        """(system, value) of each identifier."""
        return {
            (str(each.get("system", "")), each["value"])
            for each in items(self.resource.raw.get("identifier"))
            if isinstance(each, dict) and isinstance(each.get("value"), str)
        }

    @property
    def known_as(self) -> set[str]:
        own = self.resource.raw.get("id")
        return {self.id, *(value for _, value in self.identifiers), *([own] if isinstance(own, str) else [])}

    @property
    def references(self) -> set[str]:
        own = self.resource.raw.get("id")
        return {self.resource.address, *([f"Patient/{own}"] if isinstance(own, str) else []), *filter(None, [self.url])}


@dataclass(frozen=True)
class Chosen:
    """The patient meant, and what tells them from the others."""

    candidate: Candidate
    own: frozenset[str]
    """References that lead to them."""
    others: frozenset[str]
    """URLs that lead to other patients of the record."""
    alone: bool

    @property
    def patient(self) -> Patient:
        return identity(self.candidate.resource)

    def holds(self, subjects: Iterable[Json]) -> bool:
        """Whether a resource is about the patient, by what it names as its subject under any of the names that FHIR
        has for it. What names none belongs to whoever refers to it."""
        for subject in subjects:
            if subject is None:
                continue
            if isinstance(subject, dict):
                return self._is(subject)
            if isinstance(subject, list) and (named := [each for each in subject if isinstance(each, dict)]):
                return any(self._is(each) for each in named)
        return True

    def _is(self, subject: dict[str, Json]) -> bool:
        reference = subject.get("reference")
        if isinstance(reference, str):
            if reference in self.own:
                return True
            to = plain(reference)
            if to in self.own or to in self.others:
                return to in self.own
            return short(to) in self.own
        identifier = subject.get("identifier")
        if isinstance(identifier, dict):
            wanted = (str(identifier.get("system", "")), written(identifier.get("value")))
            return wanted in self.candidate.identifiers
        return self.alone


def choose(candidates: Iterable[Candidate], name: str, patient: str | None, *, or_only: bool = False) -> Chosen:
    """The patient who is meant.

    Args:
        candidates: every Patient resource; of one that comes again the later version counts.
        name: file name, for errors.
        patient: resource id or identifier value; needed only where there are several.
        or_only: take the only patient of the record even if it is not ``patient``.

    Raises:
        BadInput: no patient.
        PersonNeeded: several and none chosen, or ``patient`` is none of them.
    """
    one: Candidate | None = None
    last: Candidate | None = None
    known: dict[str, str] = {}  # an export may hold a hundred thousand: no more than their names is kept
    elsewhere: set[str] = set()
    for each in candidates:
        known[each.resource.address] = each.id
        elsewhere |= {each.url} if each.url else set()
        last = _later(last, each)
        if patient is not None and patient in each.known_as:
            one = _later(one, each)
    if last is None:
        raise BadInput(name, "holds no Patient", "give a record that includes the Patient resource")
    if one is None and len(known) == 1 and (patient is None or or_only):
        one = last
    if one is None:
        ids = _listed(known.values())
        if patient is None or or_only:
            raise PersonNeeded(name, f"holds {len(known)} patients ({ids})", "choose one with --patient ID")
        raise PersonNeeded(name, f"does not hold patient {patient} but {ids}", "give the right record or --patient ID")
    return Chosen(one, frozenset(one.references), frozenset(elsewhere - one.references), len(known) == 1)


def _later(one: Candidate | None, other: Candidate) -> Candidate:
    again = one is not None and one.resource.address == other.resource.address
    return (
        one
        if one and again and edition(one.resource.raw.get("meta")) > edition(other.resource.raw.get("meta"))
        else other
    )


def identity(patient: Resource) -> Patient:
    """By the resource's own id; with a system only where that is one of the patient's identifiers as well."""
    own = _id(patient)
    numbers = range(len(items(patient.raw.get("identifier"))))
    systems = (
        patient.element(f"identifier[{n}].system")
        for n in numbers
        if walk(patient.raw, f"identifier[{n}].value") == own
    )
    system = next(systems, None)
    birth = patient.element("birthDate")
    return Patient(
        id=own,
        system=system.value if system else None,
        name=next(_human_names(patient), None),
        birth_date=birth.value if birth else None,
    )


def _id(patient: Resource) -> str:
    own = patient.raw.get("id")
    return own if isinstance(own, str) and is_id(own) else patient.address


def _listed(ids: Iterable[str]) -> str:
    every = list(ids)
    shown = [each if is_id(each) else "one without a usable id" for each in every[:_SHOWN]]
    return ", ".join(shown) + (", …" if len(every) > _SHOWN else "")


def _human_names(patient: Resource) -> Iterator[str]:
    for raw in items(patient.raw.get("name")):
        if not isinstance(raw, dict) or raw.get("use") == "old":
            continue
        if isinstance(raw.get("text"), str):
            yield str(raw["text"])
        parts = [*items(raw.get("given")), raw.get("family")]
        text = " ".join(part for part in parts if isinstance(part, str))
        if text:
            yield text
