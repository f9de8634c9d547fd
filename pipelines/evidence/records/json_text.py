"""JSON as it stands in records: decoded at once or only cut into its resources, decimals kept as they are written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec

from pipelines.errors import BadInput

REMEDY: Final = "give a FHIR R4 Bundle or bulk export as JSON, or a C-CDA document"
LARGEST: Final = 1 << 29
"""Bytes that are held in memory at most: of bundles, or of one patient's part of an export."""

_UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeError)
_PART: Final = 1 << 20
_TYPE: Final = re.compile(rb'\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,60})"')


Text = bytes | msgspec.Raw
"""Of JSON in UTF-8, by itself or as a part of a longer one."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """The text of one resource, not decoded yet, and where it stands in what was given."""

    kind: str
    """Its resource type."""
    place: str
    text: Text
    url: str | None = None
    """``fullUrl`` of its entry in a bundle."""


Json = Any
"""What a JSON reader makes, decimals as ``Decimal`` so that 6.10 stays 6.10."""


_NOTHING: Final = msgspec.Raw()


class Head(msgspec.Struct, gc=False, rename={"subject_for": "for"}):
    """What of a resource tells whose it is and whether it counts, before the rest of it is decoded."""

    id: Any = None
    meta: msgspec.Raw = _NOTHING
    status: Any = None
    verificationStatus: Any = None
    subject: msgspec.Raw = _NOTHING
    patient: msgspec.Raw = _NOTHING
    beneficiary: msgspec.Raw = _NOTHING
    subject_for: msgspec.Raw = _NOTHING
    code: msgspec.Raw = _NOTHING
    component: msgspec.Raw = _NOTHING

    @property
    def about(self) -> bytes:
        """What names its subject, under each of the names that FHIR has for that, as it is written: in nearly all
        resources of a record the same."""
        return b"\0".join(self.subjects)

    @property
    def subjects(self) -> tuple[msgspec.Raw, ...]:
        return self.subject, self.patient, self.beneficiary, self.subject_for


class _Names(msgspec.Struct, gc=False):
    resourceType: Any = None
    id: Any = None


class _Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = _NOTHING
    fullUrl: Any = None


class _Bundle(msgspec.Struct):
    resourceType: Any = None
    entry: list[_Entry] = msgspec.field(default_factory=list)


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape, float_hook=Decimal)


def decode(text: Text, name: str, place: str = "") -> Json:
    """The whole of a JSON text.

    Raises:
        BadInput: it is none, or nested too deeply; ``place`` says where in the file ``name``.
    """
    try:
        return _decoder(Any).decode(text)
    except _UNREADABLE as error:
        raise _refusal(error, name, place) from None


def head_of(text: Text, name: str, place: str = "") -> Head:
    """The head of a resource; all of it is looked through.

    Raises:
        BadInput: as for :func:`decode`.
    """
    try:
        head: Head = _decoder(Head).decode(text)
    except _UNREADABLE as error:
        raise _refusal(error, name, place) from None
    return head


def heads_of(pieces: Sequence[Piece], name: str) -> list[Head]:
    """The heads of many resources.

    Raises:
        BadInput: as for :func:`decode`.
    """
    read = _decoder(Head).decode
    try:
        return [read(piece.text) for piece in pieces]
    except _UNREADABLE:
        return [head_of(piece.text, name, piece.place) for piece in pieces]


def subjects_of(head: Head, name: str, place: str = "") -> tuple[Json, ...]:
    """What it names as its subject, decoded.

    Raises:
        BadInput: as for :func:`decode`.
    """
    return tuple(decode(text or b"null", name, place) for text in head.subjects)


def _refusal(error: Exception, name: str, place: str) -> BadInput:
    where = f"{place} " if place else ""
    if isinstance(error, RecursionError):
        return BadInput(name, f"{where}is JSON nested too deeply", REMEDY)
    broken = "holds broken Unicode" if isinstance(error, UnicodeError) else "is not JSON"
    return BadInput(name, f"{where}{broken}", REMEDY)


def form_of(text: Text) -> Hashable:
    """Which elements a resource has, at its top and in its components, and the codes of these: what is the same in all
    observations that measure the same. What the elements hold is not decoded."""
    try:
        top = _decoder(dict[str, msgspec.Raw]).decode(text)
        components = _decoder(list[dict[str, msgspec.Raw]]).decode(top.get("component", b"[]"))
    except _UNREADABLE:
        return bytes(text)
    return tuple(top), *((bytes(each.get("code", b"")), tuple(each)) for each in components)


def type_at(text: Text) -> str | None:
    """The resource type with which a JSON text begins, as nearly all do."""
    match = _TYPE.match(text)
    return match[1].decode() if match else None


def type_of(text: Text) -> str | None:
    """The resource type that a JSON object states; None for anything else."""
    match = _TYPE.match(text)
    if match:
        return match[1].decode()
    found = getattr(_names(text), "resourceType", None)
    return found if isinstance(found, str) and found.isascii() and found.isalpha() and len(found) <= 60 else None


def name_of(text: Text) -> str | None:
    """``Type/id`` as a resource states them."""
    names = _names(text)
    return f"{names.resourceType}/{names.id}" if names is not None and isinstance(names.id, str) else None


def _names(text: Text) -> _Names | None:
    try:
        found: _Names = _decoder(_Names).decode(text)
    except _UNREADABLE:
        return None
    return found


def as_utf8(data: bytes, name: str) -> bytes:
    """JSON text in UTF-8 without a byte order mark.

    Raises:
        BadInput: it is not text.
    """
    marked = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}.get(data[:2])
    try:
        if marked:
            return data.decode(marked).encode()
        data = data.removeprefix(b"\xef\xbb\xbf")
        if not data.isascii():
            # What is only cut into pieces is not looked at as text; a part at a time, for text takes more room.
            decoder = codecs.getincrementaldecoder("utf-8")()
            for start in range(0, len(data), _PART):
                decoder.decode(data[start : start + _PART])
            decoder.decode(b"", final=True)
    except UnicodeError:
        raise BadInput(name, "is not JSON", REMEDY) from None
    return data


def bundle_pieces(data: bytes, name: str, inside: str = "") -> list[Piece]:
    """The resources of a bundle, each as its text.

    Args:
        data: the bundle, in UTF-8.
        name: of the file, for errors.
        inside: its place in a folder or archive, which goes before each piece's own.

    Raises:
        BadInput: not a bundle.
    """
    try:
        bundle = _decoder(_Bundle).decode(data)
        entries: Iterable[tuple[int, _Entry]] = enumerate(bundle.entry)
    except (msgspec.DecodeError, RecursionError):
        bundle = decode(data, name)  # what is no JSON at all is refused here; the rest is only of an odd shape
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise _no_bundle(bundle, name) from None
        entries = _odd_entries(data)
    else:
        if bundle.resourceType != "Bundle":
            raise _no_bundle(decode(data, name), name)
    pieces = []
    for n, entry in entries:
        text, url = entry.resource, entry.fullUrl
        known = _TYPE.match(text)
        kind = known[1].decode() if known else type_of(text)
        if kind is not None:
            pieces.append(
                Piece(kind, f"{inside}entry[{n}].resource", text, url if isinstance(url, str) and url else None)
            )
    return pieces


def _odd_entries(data: bytes) -> Iterator[tuple[int, _Entry]]:
    """The entries that have the shape of one, among others that have not."""
    try:
        raw = _decoder(dict[str, msgspec.Raw]).decode(data).get("entry", b"[]")
        each = _decoder(list[msgspec.Raw]).decode(raw)
    except msgspec.DecodeError:
        return
    for n, one in enumerate(each):
        try:
            yield n, _decoder(_Entry).decode(one)
        except msgspec.DecodeError:
            continue


def _no_bundle(found: Json, name: str) -> BadInput:
    if not isinstance(found, dict):
        return BadInput(name, "is JSON but not a FHIR resource", REMEDY)
    kind = found.get("resourceType")
    known = isinstance(kind, str) and kind.isalpha() and kind.isascii() and len(kind) < 40
    return BadInput(name, f"{f'is a FHIR {kind}' if known else 'is JSON'}, not a Bundle", REMEDY)
