"""What has come of a record so far, as bytes, and the bundle that it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import orjson

from assistant.records.address import PatientAddress
from assistant.records.written import Json, write

#: The id of the OperationOutcome in the bundle that says what is not there, an issue for each type.
NOT_FETCHED: Final = "not-fetched"
#: Of the whole record, as it is written.
MOST_BYTES: Final = 512 << 20


class TooMuch(Exception):
    """It is more than can be kept."""


class Collected:
    """Resources of one server, each once: the version that came last counts.

    Args:
        most_bytes: of all together.
    """

    def __init__(self, address: PatientAddress, most_bytes: int = MOST_BYTES) -> None:
        self._address = address
        self.most_bytes = most_bytes
        self._kept: dict[tuple[str, str], bytes] = {}
        self._size = 0
        self._drugs: dict[str, None] = {}
        self._outcomes: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        return self._size

    def add(self, resource: Json) -> bool:
        """Keep a resource; whether it is new.

        Raises:
            TooMuch: there is no room for it.
            NotWritable: it cannot be kept.
        """
        data = write(resource)
        name = resource.get("id")
        key = (resource["resourceType"], name if isinstance(name, str) else f"#{hashlib.sha256(data).hexdigest()}")
        before = self._kept.get(key)
        self._size += len(data) - len(before or b"")
        if self._size > self.most_bytes:
            raise TooMuch
        self._kept[key] = data
        reference = resource.get("medicationReference")
        if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
            self._drugs[reference["reference"]] = None
        return before is None

    def say(self, code: str, text: str, kind: str) -> None:
        """State within the record what of a type is not here.

        Args:
            code: of FHIR's issue types.
        """
        self._outcomes.append({"severity": "warning", "code": code, "diagnostics": text, "expression": [kind]})

    def drugs_missing(self) -> Iterator[str]:
        """``Medication/ID`` of each drug that is named and not here, and that this server should have."""
        for reference in list(self._drugs):
            url = self._address.server.followed(reference, self._address.server.below(""))
            if url is None or reference.startswith("#"):
                continue
            path = url.removeprefix(f"{self._address.server.base}/").split("/_history/")[0]
            kind, _, name = path.partition("/")
            if kind == "Medication" and name and "/" not in name and (kind, name) not in self._kept:
                yield path

    def bundle(self) -> bytes:
        """A FHIR Bundle of all: the same bytes for the same content, in whatever order it came."""
        entries: list[dict[str, Any]] = []
        for (kind, name), data in sorted(self._kept.items()):
            at = {} if name.startswith("#") else {"fullUrl": self._address.server.below(f"{kind}/{name}")}
            entries.append({**at, "resource": orjson.Fragment(data)})
        if self._outcomes:
            said = {"resourceType": "OperationOutcome", "id": NOT_FETCHED, "issue": self._outcomes}
            entries.append({"resource": said})
        link = [{"relation": "self", "url": self._address.url}]
        return orjson.dumps({"resourceType": "Bundle", "type": "collection", "link": link, "entry": entries})
