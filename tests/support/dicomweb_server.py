"""A DICOMweb archive on this machine that does what a good one never does: real HTTP, every misbehaviour on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydicom import Dataset, dcmread

from assistant.imaging.address import SCHEME
from tests.support.local_server import Exchange, LocalServer, Reply, Trouble

BASE = "/dicom-web"
DICOM_JSON = "application/dicom+json"
BOUNDARY = "a-boundary-of-this-test"
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "PatientID", "PatientName")
_LEVELS = {
    "studies": ("StudyInstanceUID", _STUDY),
    "series": ("SeriesInstanceUID", (*_STUDY, "SeriesInstanceUID", "Modality")),
    "instances": ("SOPInstanceUID", (*_STUDY, "SeriesInstanceUID", "Modality", "SOPInstanceUID")),
}


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. ``path`` is that below the base."""

    path: str
    query: dict[str, str]
    token: str | None
    accept: str


def multipart(bodies: Iterable[bytes], media: str = "application/dicom", end: bytes | None = None) -> Reply:
    """Images as an archive sends them; ``end`` instead of the last boundary."""
    head = f"--{BOUNDARY}\r\nContent-Type: {media}\r\n\r\n".encode()
    body = b"".join(head + each + b"\r\n" for each in bodies) + (f"--{BOUNDARY}--\r\n".encode() if end is None else end)
    return Reply(200, body, f'multipart/related; type="{media}"; boundary={BOUNDARY}')


def listed(*objects: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(200, json.dumps(objects).encode(), DICOM_JSON, headers)


@dataclass
class FaultyArchive(LocalServer[Asked]):
    """It has some files; what it does first is in ``troubles``."""

    files: list[Path] = field(default_factory=list)
    token: str | None = None
    page: int | None = None
    """So many at once at most; it says that there are more."""
    heeds_offset: bool = True
    heeds_query: bool = True
    says: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What is made of each object that it lists."""
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    """For the next requests of a path below the base; those of ``accept`` under that of the request."""

    def address(self, path: str) -> str:
        """As a user attaches it."""
        return f"{SCHEME}http://{self.host}{BASE}/{path}"

    @property
    def base(self) -> str:
        return f"http://{self.host}{BASE}"

    def read(self, exchange: Exchange) -> Asked:
        parts = urlsplit(exchange.path)
        query = dict(parse_qsl(parts.query))
        return Asked(parts.path.removeprefix(f"{BASE}/"), query, exchange.bearer, exchange.headers.get("Accept", ""))

    def trouble(self, request: Asked) -> Trouble | None:
        waiting = self.troubles.get(request.path)
        return waiting.pop(0) if waiting else None

    def answer(self, exchange: Exchange, request: Asked) -> None:
        self.reply(request)(self, exchange, request)

    def images(self, path: str) -> list[bytes]:
        """The files of a study, series or image, as they are."""
        return [file.read_bytes() for file, header in self._found(path)]

    def reply(self, asked: Asked) -> Reply:
        """What it answers where nothing goes wrong."""
        if self.token is not None and asked.token != self.token:
            return Reply(401)
        steps = asked.path.split("/")
        if len(steps) % 2:
            return self._list(asked, steps)
        found = self.images(asked.path)
        return multipart(found) if found else Reply(404)

    def _list(self, asked: Asked, steps: list[str]) -> Reply:
        key, shown = _LEVELS[steps[-1]]
        each: dict[str, dict[str, Any]] = {}
        for _, header in self._found("/".join(steps[:-1])):
            if self.heeds_query and not self._fits(header, asked.query):
                continue
            some = Dataset()
            for keyword in shown:
                if keyword in header:
                    setattr(some, keyword, header.get(keyword))
            each[str(header.get(key))] = self.says(json.loads(some.to_json()))
        start = int(asked.query.get("offset", 0)) if self.heeds_offset else 0
        end = start + min(int(asked.query.get("limit", 1 << 20)), self.page or 1 << 20)
        more = (("Warning", '299 dicom-web "There are additional results that can be requested"'),)
        return listed(*list(each.values())[start:end], headers=more if end < len(each) else ())

    def _fits(self, header: Dataset, query: dict[str, str]) -> bool:
        asked = {name: query[name] for name in ("PatientID", "SeriesInstanceUID", "SOPInstanceUID") if name in query}
        return all(str(header.get(name)) == value for name, value in asked.items())

    def _found(self, path: str) -> list[tuple[Path, Dataset]]:
        steps = path.split("/") if path else []
        wanted = {_LEVELS[kind][0]: uid for kind, uid in zip(steps[::2], steps[1::2], strict=True)}
        headers = [(file, dcmread(file, stop_before_pixels=True)) for file in self.files]
        return [one for one in headers if all(str(one[1].get(key)) == uid for key, uid in wanted.items())]
