"""What was attached as a record -> a Source: who is in it, and what it holds of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pipelines.errors import BadInput
from pipelines.evidence.records.export import Export, is_export
from pipelines.evidence.records.json_text import REMEDY, Piece, as_utf8, bundle_pieces, decode, type_of
from pipelines.evidence.records.parts import Part, bytes_of, file_at, parts_of
from pipelines.evidence.records.shelf import Shelf
from pipelines.evidence.records.whose import Candidate, Chosen
from pipelines.ports import Store
from pipelines.records import Attachment

_LINES: Final = (".ndjson", ".jsonl")
_HELD: Final = 1 << 27
"""Bytes up to which what was given is held in memory, and held against its hash, while it is read."""
_CDA: Final = b"urn:hl7-org:v3"


class Source(Protocol):
    """A record that was given, of one patient or many."""

    @property
    def name(self) -> str:
        """File name, for errors."""
        ...

    def patients(self) -> Iterable[Candidate]:
        """Every Patient resource, one after another.

        Raises:
            BadInput: it cannot be read.
        """
        ...

    def shelf(self, chosen: Chosen) -> Shelf:
        """What it holds of one patient.

        Raises:
            BadInput: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class Bundles:
    """Resources that are all in memory."""

    name: str
    pieces: Sequence[Piece]

    def patients(self) -> Iterator[Candidate]:
        return (Candidate.of(piece, self.name) for piece in self.pieces if piece.kind == "Patient")

    def shelf(self, chosen: Chosen) -> Shelf:
        return Shelf(self.pieces, chosen, self.name)


def open_bytes(data: bytes, name: str) -> Source:
    """A record given as one file, whose bytes are here.

    Raises:
        BadInput: it is no record.
    """
    return _source(parts_of([(name, bytes_of(data))]), name)


def open_attached(attachment: Attachment, store: Store) -> Source:
    """A record as it lies in the store: a file, an archive or the files of a folder.

    Raises:
        BadInput: it is no record.
    """
    files = [(member.name, member.sha256) for member in attachment.members] or [(attachment.name, attachment.sha256)]
    if attachment.size <= _HELD:
        return _source(parts_of([(name, bytes_of(store.get(sha256))) for name, sha256 in files]), attachment.name)
    return _source(parts_of([(name, file_at(store.path(sha256))) for name, sha256 in files]), attachment.name)


def holds_resources(files: Iterable[tuple[str, Path]]) -> bool:
    """Whether any of some files, or any inside them where they are packed, begins as a FHIR resource or a CDA document.

    Raises:
        BadInput: an archive cannot be read.
    """
    parts = parts_of((name, file_at(path)) for name, path in files)
    return any(
        (head.startswith(b"{") and b'"resourceType"' in head) or (head.startswith(b"<") and _CDA in head)
        for head in (part.head for part in parts)
    )


def _source(parts: Sequence[Part], name: str) -> Source:
    heads = [part.head for part in parts]
    if len(parts) == 1:
        return _single(parts[0], heads[0], name)
    if any(head.startswith(b"<") and _CDA in head for head in heads):
        raise BadInput(name, "holds a C-CDA document among other files", "attach the document as one file")
    lines: list[Part] = []
    pieces: list[Piece] = []
    for part, head in zip(parts, heads, strict=True):
        if not head.startswith(b"{"):
            continue
        if _is_lines(part):
            lines.append(part)
        else:
            pieces += _pieces(part, f"{name}/{part.name}")
    if not lines and not pieces:
        raise BadInput(name, "holds no FHIR resource", REMEDY)
    return Export(name, lines, pieces) if lines else Bundles(name, pieces)


def _single(part: Part, head: bytes, name: str) -> Source:
    if head.startswith(b"<"):
        from pipelines.evidence.records.cda.document import open_document

        return open_document(part, name)
    if _is_lines(part):
        return Export(name, [part])
    return Bundles(name, bundle_pieces(as_utf8(_whole(part, name), name), name))


def _pieces(part: Part, name: str) -> list[Piece]:
    """The resources of a JSON file among others: a bundle's, or its one, or none."""
    data = as_utf8(_whole(part, name), name)
    kind = type_of(data)
    if kind == "Bundle":
        return bundle_pieces(data, name, f"{part.name}#")
    decode(data, name)
    return [Piece(kind, part.name, data)] if kind else []


def _is_lines(part: Part) -> bool:
    """Whether a JSON file holds one resource a line."""
    if part.name.lower().endswith(_LINES):
        return True
    with part.open() as stream:
        return is_export(stream.read(1 << 20))


def _whole(part: Part, name: str) -> bytes:
    data = part.read()
    if data is None:
        raise BadInput(name, "is more than 512 MB of JSON in one piece", "export it as NDJSON, or one patient of it")
    return data
