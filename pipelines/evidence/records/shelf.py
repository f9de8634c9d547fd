"""What a record holds of one patient, by type, each type read when it is first asked for.

Most questions need one or two types of a record that holds twenty; bills are often half of its bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from pipelines.evidence.records.group import Group, Held
from pipelines.evidence.records.json_text import Piece, decode, heads_of
from pipelines.evidence.records.resource import Resource
from pipelines.evidence.records.versions import TELLING, refuse_shape, refuse_type
from pipelines.evidence.records.whose import Chosen, plain, short


class Shelf:
    """The pieces of a record, sorted."""

    def __init__(self, pieces: Iterable[Piece], chosen: Chosen, name: str) -> None:
        """
        Raises:
            BadInput: it is of another FHIR version.
        """
        self._name, self._chosen = name, chosen
        self._pieces: dict[str, list[Piece]] = defaultdict(list)
        self._groups: dict[str, Group] = {}
        for piece in pieces:
            self._pieces[piece.kind].append(piece)
        self._pieces.pop("Patient", None)
        for kind in self._pieces:
            refuse_type(kind, name)
        for kind in TELLING:  # one of each tells the version before anything is answered; the others in verify
            for piece in self._pieces.get(kind, [])[:1]:
                refuse_shape(kind, decode(piece.text, name, piece.place), name)

    @classmethod
    def of(cls, resources: Iterable[Resource], chosen: Chosen, name: str) -> Shelf:
        """A shelf of resources that were made of something else than JSON."""
        shelf = cls((), chosen, name)
        by_type: dict[str, list[Held]] = {}
        for resource in resources:
            by_type.setdefault(resource.type, []).append(Held.of(resource))
        shelf._groups = {kind: Group(held, chosen) for kind, held in by_type.items()}
        return shelf

    @property
    def types(self) -> tuple[str, ...]:
        """The types of what was given, in the order of their first resource, Patient left out."""
        return tuple(self._pieces or self._groups)

    def group(self, kind: str) -> Group:
        """
        Raises:
            BadInput: one of them cannot be read.
        """
        found = self._groups.get(kind)
        if found is None:
            pieces = self._pieces.get(kind, [])
            found = Group(map(Held, pieces, heads_of(pieces, self._name)), self._chosen)
            if kind in self._pieces:
                self._groups[kind] = found
        return found

    def follow(self, reference: str) -> Resource | None:
        """Where a reference from one resource to another leads, among what is kept."""
        to = plain(reference)
        kind = self._kinds.get(to) or to.rpartition("/")[0].rpartition("/")[2]
        return self.group(kind).find(to, short(to))

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """Types of resources by the URL of their entry."""
        return {piece.url: kind for kind, pieces in self._pieces.items() for piece in pieces if piece.url}

    def verify(self) -> None:
        """Decode everything that is kept, so that nothing that cannot be read is met later.

        Raises:
            BadInput: something cannot be read, or is of another FHIR version.
        """
        for kind in self.types:
            for resource in self.group(kind).kept:
                refuse_shape(kind, resource.raw, self._name)
