"""The resources of one type that count: of this patient, in their newest version, not withdrawn, each said once.

They lie in groups whose ``code`` is the same, so that a question about one analyte decodes the resources of that
analyte and no others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

import msgspec

from pipelines.evidence.records.json_text import Head, Json, Piece, decode, form_of, head_of, subjects_of
from pipelines.evidence.records.resource import Resource, edition, walk
from pipelines.evidence.records.whose import Chosen, address_of

WITHDRAWN: Final = frozenset({"entered-in-error", "cancelled"})
#: What two reports of one fact may differ in: who numbered it, when it was copied, how it is shown.
_OF_THE_COPY: Final = frozenset({"id", "meta", "text"})


class Held(msgspec.Struct, frozen=True, gc=False):
    """A resource of which only the head is decoded."""

    piece: Piece
    head: Head
    earlier: tuple[Held, ...] = ()
    """Its versions before this one: what led to them leads to it."""
    made: Resource | None = None
    """The resource itself, where it was made of something else than JSON."""

    @classmethod
    def of(cls, resource: Resource) -> Held:
        text = msgspec.json.encode(resource.raw)
        piece = Piece(resource.type, resource.address, text)
        return cls(piece, head_of(text, resource.address), (), resource)

    @property
    def address(self) -> str:
        return self.piece.place if self.made else address_of(self.piece.kind, self.head.id, self.piece.place)

    @property
    def links(self) -> Iterator[str]:
        """What leads to it: its address, its URL, its id even where that makes no address."""
        yield self.address
        if isinstance(self.head.id, str):
            yield f"{self.piece.kind}/{self.head.id}"
        if self.piece.url:
            yield self.piece.url
        for held in self.earlier:
            yield from held.links


class Alike:
    """Resources whose ``code`` is the same, word for word: what the first is called, all are called."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.numbers: list[int] = []
        """Their places among all of the type."""

    @cached_property
    def first(self) -> Resource:
        return _resource(self.held[0])

    @cached_property
    def forms(self) -> Sequence[Resource]:
        """One for each form of them, as they may differ in their components."""
        found: dict[Hashable, Held] = {}
        for held in self.held:
            found.setdefault(form_of(held.piece.text), held)
        return [_resource(held) for held in found.values()]

    @cached_property
    def all(self) -> tuple[Resource, ...]:
        """Each once, though it be said twice."""
        return tuple(resource for _, resource in self.numbered)

    @cached_property
    def numbered(self) -> Sequence[tuple[int, Resource]]:
        """Each with its place among all of the type."""
        three = zip(self.numbers, self._every, self._said, strict=True)
        return [(number, resource) for number, resource, said in three if said is resource]

    @property
    def merged(self) -> int:
        """How many say again what another one says."""
        return len(self.held) - len(self.numbered)

    def find(self, link: str) -> Resource | None:
        """The resource to which a reference leads, or the one that says the same."""
        return self._led.get(link)

    @cached_property
    def _led(self) -> dict[str, Resource]:
        pairs = zip(self.held, self._said, strict=True)
        return {link: resource for held, resource in pairs for link in held.links}

    @cached_property
    def _every(self) -> Sequence[Resource]:
        return [self.first, *map(_resource, self.held[1:])]

    @cached_property
    def _said(self) -> Sequence[Resource]:
        """For each that is held the first that says the same."""
        said: dict[bytes, Resource] = {}
        every = self._every
        return [said.setdefault(_content(each), each) for each in every] if len(every) > 1 else every


class Group:
    """Those of one type."""

    def __init__(self, held: Iterable[Held], chosen: Chosen) -> None:
        self.withdrawn = self.of_others = 0
        self._alike: dict[bytes, Alike] = {}
        known: dict[bytes, bool] = {}
        for number, each in enumerate(_newest(held)):
            head = each.head
            about = head.about
            own = known.get(about)
            if own is None:
                own = known[about] = chosen.holds(subjects_of(head, each.address))
            if not own:
                self.of_others += 1
            elif _is_withdrawn(head):
                self.withdrawn += 1
            else:
                key = bytes(head.code) + b"+" if head.component else bytes(head.code)
                alike = self._alike.get(key)
                if alike is None:
                    alike = self._alike[key] = Alike()
                alike.held.append(each)
                alike.numbers.append(number)

    @property
    def alike(self) -> tuple[Alike, ...]:
        return tuple(self._alike.values())

    @cached_property
    def kept(self) -> tuple[Resource, ...]:
        """All of them, in the order in which they were given."""
        numbered = [each for alike in self._alike.values() for each in alike.numbered]
        return tuple(resource for _, resource in sorted(numbered, key=lambda each: each[0]))

    @property
    def merged(self) -> int:
        return sum(alike.merged for alike in self._alike.values())

    def find(self, *links: str) -> Resource | None:
        """The resource to which the first of some references leads that leads anywhere."""
        return next((alike.find(link) for link in links if (alike := self._led.get(link))), None)

    @cached_property
    def _led(self) -> dict[str, Alike]:
        return {link: alike for alike in self._alike.values() for held in alike.held for link in held.links}


def _content(resource: Resource) -> bytes:
    """What a resource says, as bytes that are equal where it says the same."""
    return msgspec.json.encode({key: value for key, value in resource.raw.items() if key not in _OF_THE_COPY})


def _resource(held: Held) -> Resource:
    return held.made or Resource(held.address, held.piece.kind, held.piece.text)


def _newest(resources: Iterable[Held]) -> Iterable[Held]:
    """Each address once; of two versions of one resource the later one, and what led to either leads to it."""
    given = list(resources)
    ids = [held.head.id for held in given if type(held.head.id) is str]
    if len(ids) == len(set(ids)):
        return given
    found: dict[str, Held] = {}
    for held in given:
        before = found.setdefault(held.address, held)
        if before is not held:
            later, earlier = (held, before) if _edition(held) >= _edition(before) else (before, held)
            found[held.address] = msgspec.structs.replace(later, earlier=(*later.earlier, earlier))
    return found.values()


def _edition(held: Held) -> tuple[float, int]:
    meta: Json = decode(bytes(held.head.meta) or b"null", held.address)
    return edition(meta)


def _is_withdrawn(head: Head) -> bool:
    """By its status; of a condition or an allergy also by whether it was verified (a code; older records: a word)."""
    if isinstance(head.status, str) and head.status in WITHDRAWN:
        return True
    verified = head.verificationStatus
    if verified is None:
        return False
    said = verified if isinstance(verified, str) else walk(verified, "coding[0].code")
    return isinstance(said, str) and said in WITHDRAWN
