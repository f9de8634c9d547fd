"""A bulk export (NDJSON, one resource a line) of any size: only one patient's lines are ever held.

A block of lines is searched for the patient's id before any line of it is looked at, which goes at the speed of
memory; only lines that name the patient are decoded. What those refer to (medications, practitioners, places) is
fetched in a second reading of the files that may hold it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.records.json_text import LARGEST, Piece, head_of, name_of, subjects_of, type_at, type_of
from pipelines.evidence.records.parts import Part
from pipelines.evidence.records.shelf import Shelf
from pipelines.evidence.records.whose import Candidate, Chosen, plain, short

_REFERENCE: Final = re.compile(rb'"reference"\s*:\s*"([^"#\\]+)"')
#: References may lead on: from a medication request to a role, from there to a practitioner.
_STEPS: Final = 3


@dataclass(frozen=True)
class Export:
    """The lines of an export, and resources that were given beside it as bundles or files of their own."""

    name: str
    lines: Sequence[Part]
    beside: Sequence[Piece] = ()

    def patients(self) -> Iterator[Candidate]:
        for piece in self.beside:
            if piece.kind == "Patient":
                yield Candidate.of(piece, self.name)
        named = [part for part in self.lines if _type_named(part) == "Patient"]
        for part in named or self.lines:
            for piece in _lines_with(part, [b'"Patient"']):
                if piece.kind == "Patient":
                    yield Candidate.of(piece, self.name)

    def shelf(self, chosen: Chosen) -> Shelf:
        """
        Raises:
            BadInput: a line that names the patient cannot be read, or they fill the memory.
        """
        own = [*self.beside, *self._own(chosen)]
        have = {address for piece in own if (address := name_of(piece.text))}
        wanted = _references(own) - have
        for _ in range(_STEPS):
            found = list(self._fetched(wanted)) if wanted else []
            own += found
            have |= wanted
            wanted = _references(found) - have
        return Shelf(own, chosen, self.name)

    def _own(self, chosen: Chosen) -> Iterator[Piece]:
        candidate = chosen.candidate
        size = 0
        for part in self.lines:
            for piece in _lines_with(part, _needles(candidate)):
                head = head_of(piece.text, self.name, piece.place)
                subjects = subjects_of(head, self.name, piece.place)
                # Lines that only happen to hold the id somewhere are left: they come if they are referred to.
                if not any(isinstance(each, dict | list) for each in subjects) or not chosen.holds(subjects):
                    continue
                size += len(piece.text)
                if size > LARGEST:
                    raise BadInput(self.name, "holds more than 512 MB about one patient", "export a part of it")
                yield piece

    def _fetched(self, wanted: set[str]) -> Iterator[Piece]:
        types = {each.partition("/")[0] for each in wanted}
        for part in self.lines:
            kind = _type_named(part)
            if kind is not None and kind not in types:
                continue
            for piece in _lines_with(part, [b'"resourceType"']):
                if piece.kind in types and name_of(piece.text) in wanted:
                    yield piece


def is_export(data: bytes) -> bool:
    """Whether a text that is no single JSON value begins with a resource on one line."""
    first, newline, rest = data.partition(b"\n")
    return bool(newline) and first.rstrip().endswith(b"}") and type_of(first) is not None and bool(rest[:1024].strip())


def _needles(candidate: Candidate) -> list[bytes]:
    """How a line can name the patient: by id or by an identifier, as JSON may write either."""
    own = candidate.resource.raw.get("id")
    texts = {each for each in (own, *(value for _, value in candidate.identifiers)) if isinstance(each, str) and each}
    return sorted({json.dumps(text, ensure_ascii=ascii)[1:-1].encode() for text in texts for ascii in (True, False)})


def _references(pieces: Sequence[Piece]) -> set[str]:
    """``Type/id`` of what the pieces refer to, patients left out."""
    found = {short(plain(match.decode())) for piece in pieces for match in _REFERENCE.findall(piece.text)}
    return {each for each in found if "/" in each and not each.startswith("Patient/")}


def _type_named(part: Part) -> str | None:
    """The one resource type of a file, where its name says what its first line is, as in an export."""
    kind = type_at(part.head)
    return kind if kind and re.search(rf"(?:^|[^A-Za-z]){kind}(?:[^A-Za-z]|$)", part.name) else None


def _lines_with(part: Part, needles: Sequence[bytes]) -> Iterator[Piece]:
    """The lines that hold one of ``needles`` and state a resource type."""
    number = 1
    for block in part.blocks():
        spans = set()
        for needle in needles:
            at = block.find(needle)
            while at >= 0:
                end = block.find(b"\n", at)
                end = len(block) if end < 0 else end
                spans.add((block.rfind(b"\n", 0, at) + 1, end))
                at = block.find(needle, end)
        counted = 0
        for start, end in sorted(spans):
            number += block.count(b"\n", counted, start)
            counted = start
            text = block[start:end].strip().removeprefix(b"\xef\xbb\xbf")
            if kind := type_of(text):
                yield Piece(kind, f"{part.name}[{number}]", text)
        number += block.count(b"\n", counted)
