"""One patient's record: a FHIR R4 bundle, a bulk export or a C-CDA document, each resource with its address.

Only what belongs to that patient and was not withdrawn is kept: a resource that names another subject, or is marked
entered-in-error or cancelled, never answers a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from pipelines.evidence.records.group import Alike, Group
from pipelines.evidence.records.resource import Resource, items, walk
from pipelines.evidence.records.shelf import Shelf
from pipelines.evidence.records.sources import Source, open_attached, open_bytes
from pipelines.evidence.records.whose import choose
from pipelines.ports import Store
from pipelines.records import Attachment, Patient

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Record:
    """One patient's record. ``attachment`` is the SHA-256 that citations name."""

    attachment: str
    name: str
    patient: Patient
    patient_resource: Resource
    known_as: frozenset[str]
    """Ids by which the patient may be named: of the resource, and of every identifier."""
    shelf: Shelf = field(repr=False)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        return tuple(resource for kind in types for resource in self.shelf.group(kind).kept)

    def alike(self, kind: str) -> tuple[Alike, ...]:
        """The resources of a type in groups whose ``code`` is the same word for word, those with components apart: what
        the first of a group is called, all of it are, and only what is looked at is decoded."""
        return self.shelf.group(kind).alike

    @property
    def types(self) -> tuple[str, ...]:
        """The types of which it holds something, Patient left out."""
        return tuple(kind for kind in self.shelf.types if self.shelf.group(kind).kept)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All of them, type by type, Patient left out."""
        return self.of_type(*self.shelf.types)

    def find(self, address: str) -> Resource | None:
        """The resource with this address, the patient's own included."""
        if address == self.patient_resource.address:
            return self.patient_resource
        found = self.shelf.group(address.partition("/")[0]).find(address)
        if found is not None and found.address == address:
            return found
        return self._by_place.get(address)

    def resolve(self, holder: Resource, path: str) -> tuple[Resource, str] | None:
        """Where the Reference at ``path`` of ``holder`` leads: the resource that holds the target and the path of
        the target within it (``contained[0]``, or empty for a resource of its own)."""
        reference = walk(holder.raw, f"{path}.reference")
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            for n, contained in enumerate(items(holder.raw.get("contained"))):
                if isinstance(contained, dict) and contained.get("id") in (reference[1:], reference):
                    return holder, f"contained[{n}]"
            return None
        target = self.shelf.follow(reference)
        return (target, "") if target else None

    @cached_property
    def withdrawn(self) -> Mapping[str, int]:
        """How many entries of each type were left out, for they are marked entered-in-error or cancelled."""
        return self._counted(lambda group: group.withdrawn)

    @cached_property
    def merged(self) -> Mapping[str, int]:
        """How many entries of each type said again what another one says, and are not counted twice."""
        return self._counted(lambda group: group.merged)

    @property
    def left_out(self) -> int:
        """Resources of this patient that were withdrawn, and resources of other subjects among those that were read."""
        return sum(self.withdrawn.values()) + sum(self.shelf.group(kind).of_others for kind in self.shelf.types)

    def once(self, make: Callable[[Record], T]) -> T:
        """What ``make`` makes of the record, made at the first asking and kept with it."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    @cached_property
    def _made(self) -> dict[Callable[[Record], Any], Any]:
        return {}

    @cached_property
    def _by_place(self) -> dict[str, Resource]:
        """Those without a usable id."""
        return {each.address: each for each in self.resources if not each.address.startswith(f"{each.type}/")}

    def _counted(self, number: Callable[[Group], int]) -> Mapping[str, int]:
        return Counter({kind: n for kind in self.shelf.types if (n := number(self.shelf.group(kind)))})


def read_record(data: bytes, name: str, attachment: str, patient: str | None = None) -> Record:
    """Read a record that was given as one file.

    Args:
        data: the file's bytes.
        name: file name, for errors.
        attachment: the attachment's SHA-256, for citations.
        patient: resource id or identifier value of the patient meant; needed only where there are several.

    Raises:
        BadInput: not a readable record, or no patient in it.
        PersonNeeded: it holds several and none is chosen, or ``patient`` is none of them.
    """
    return _record(open_bytes(data, name), attachment, patient)


def read_attached(attachment: Attachment, store: Store, patient: str | None, *, or_only: bool = False) -> Record:
    """Read a record that was attached, as one file, an archive or a folder; a large export is never held whole.

    Args:
        patient: as for :func:`read_record`.
        or_only: take the only patient of the record even if it is not ``patient``.

    Raises:
        BadInput, PersonNeeded: as for :func:`read_record`.
    """
    return _record(open_attached(attachment, store), attachment.sha256, patient, or_only=or_only)


def is_patient(data: bytes, name: str, patient: str) -> bool:
    """Whether ``patient`` is the resource id or any identifier value of someone in the record."""
    return any(patient in each.known_as for each in open_bytes(data, name).patients())


def _record(source: Source, attachment: str, patient: str | None, *, or_only: bool = False) -> Record:
    chosen = choose(source.patients(), source.name, patient, or_only=or_only)
    one = chosen.candidate
    return Record(attachment, source.name, chosen.patient, one.resource, frozenset(one.known_as), source.shelf(chosen))
