"""A FHIR server on this machine that does what a good one never does: real HTTP, every misbehaviour on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.support.records import patient
from tests.support.serving import serving

BASE = "/fhir"
FHIR = "application/fhir+json"
#: In every answer that is none: nobody may ever see it.
SECRET = "what the record says of the patient"
Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. ``path`` is that below the base."""

    path: str
    query: str
    token: str | None
    accept: str
    media: str | None
    """Of what was sent with it."""
    form: dict[str, str]

    @property
    def place(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Reply:
    """What is answered instead."""

    status: int = 200
    body: bytes = SECRET.encode()
    media: str = FHIR
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, server: FaultyFhirServer, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(self.status)
        length = str(len(self.body))
        for name, value in (("Content-Type", self.media), *self.headers, ("Content-Length", length)):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(self.body)


Trouble = Callable[["FaultyFhirServer", BaseHTTPRequestHandler], None]
"""What is done with a request instead of answering it."""


def drop(server: FaultyFhirServer, handler: BaseHTTPRequestHandler) -> None:
    """End the connection without a word."""


def hang(server: FaultyFhirServer, handler: BaseHTTPRequestHandler) -> None:
    """Take the request and say nothing."""
    server.over.wait(30)


def outcome(status: int, code: str, **headers: str) -> Reply:
    """A refusal in FHIR's own form, which says more than anybody may see."""
    issue = [{"severity": "error", "code": code, "diagnostics": SECRET}]
    body = json.dumps({"resourceType": "OperationOutcome", "issue": issue}).encode()
    return Reply(status, body, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def resource(raw: Json) -> Reply:
    return Reply(body=json.dumps(raw).encode())


def bundle(*resources: Json, **more: Any) -> Reply:
    """One page of a search."""
    entry = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    return resource({"resourceType": "Bundle", "type": "searchset", "entry": entry, **more})


@dataclass
class FaultyFhirServer:
    """It has some resources and two search parameters; what it does first is in ``troubles``."""

    resources: list[Json] = field(default_factory=lambda: [patient()])
    version: str = "4.0.1"
    statement: Json | None = None
    """Instead of the CapabilityStatement that it would give."""
    types: tuple[str, ...] = ("Patient", "Observation", "MedicationRequest", "Medication")
    page: int = 2
    knows_as: str | None = None
    """The only name by which it finds what is a patient's."""
    next_link: Callable[[str], str] = str
    """What is made of the address of a next page."""
    token: str | None = None
    smart: Json | None = None
    """What it says of where tokens are given."""
    granted: list[Reply] = field(default_factory=list)
    """What is answered where tokens are given."""
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    """For the next requests of a path below the base."""
    requests: list[Asked] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"http://{self.host}{BASE}"

    def places(self, path: str) -> list[str]:
        """What was asked of a path."""
        return [asked.place for asked in self.requests if asked.path == path]

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "token":
            return self.granted.pop(0)
        if asked.path == ".well-known/smart-configuration":
            return Reply(404) if self.smart is None else resource(self.smart)
        if asked.path == "metadata":
            return resource(self.statement or self._capabilities())
        if self.token is not None and asked.token != self.token:
            return outcome(401, "login")
        kind, _, name = asked.path.partition("/")
        if name:
            found = [one for one in self.resources if (one["resourceType"], one["id"]) == (kind, name)]
            return resource(found[0]) if found else outcome(404, "not-found")
        return self._search(kind, asked)

    def _search(self, kind: str, asked: Asked) -> Reply:
        query = dict(parse_qsl(asked.query))
        whose = query.get("patient", query.get("subject", ""))
        known = self.knows_as in (None, whose)
        mine = [one for one in self.resources if _subject(one) == whose.removeprefix("Patient/")] if known else []
        found = [one for one in mine if one["resourceType"] == kind]
        offset = int(query.get("_offset", 0))
        more: Json = {"total": len(found)}
        if offset + self.page < len(found):
            after = urlencode({**query, "_offset": offset + self.page})
            more["link"] = [{"relation": "next", "url": self.next_link(f"{self.base}/{kind}?{after}")}]
        return bundle(*found[offset : offset + self.page], **more)

    def _capabilities(self) -> Json:
        parameters = [{"name": "patient", "type": "reference"}]
        types = [
            {"type": one, "interaction": [{"code": "search-type"}], "searchParam": parameters} for one in self.types
        ]
        rest = [{"mode": "server", "resource": types}]
        return {"resourceType": "CapabilityStatement", "fhirVersion": self.version, "rest": rest}


def _subject(one: Json) -> str:
    return str(one.get("subject", one.get("patient", {})).get("reference", "")).removeprefix("Patient/")


@contextmanager
def serve(server: FaultyFhirServer) -> Iterator[FaultyFhirServer]:
    """Answer at ``server.base`` until the block ends."""
    with serving(_handler(server), before_end=server.over.set) as server.port:
        yield server


def _handler(server: FaultyFhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keeps quiet."""

        def handle(self) -> None:
            # The client may hang up at any time.
            with suppress(OSError):
                super().handle()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

        def do_GET(self) -> None:
            self._do({})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._do({name: values[0] for name, values in parse_qs(sent).items()})

        def _do(self, form: dict[str, str]) -> None:
            self.close_connection = True
            parts = urlsplit(self.path)
            bearer = self.headers.get("Authorization")
            token = bearer.removeprefix("Bearer ") if bearer else None
            path = parts.path.removeprefix(f"{BASE}/")
            accept, media = self.headers.get("Accept", ""), self.headers.get("Content-Type")
            asked = Asked(path, parts.query, token, accept, media, form)
            server.requests.append(asked)
            waiting = server.troubles.get(path, [])
            if waiting:
                waiting.pop(0)(server, self)
            else:
                server.answer(asked)(server, self)

    return Handler
