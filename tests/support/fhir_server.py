"""A FHIR server on this machine that does what a good one never does: real HTTP, every misbehaviour on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.support.local_server import SECRET, Exchange, LocalServer, Reply, Trouble
from tests.support.records import patient

BASE = "/fhir"
FHIR = "application/fhir+json"
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


def outcome(status: int, code: str, **headers: str) -> Reply:
    """A refusal in FHIR's own form, which says more than anybody may see."""
    issue = [{"severity": "error", "code": code, "diagnostics": SECRET}]
    body = json.dumps({"resourceType": "OperationOutcome", "issue": issue}).encode()
    return Reply(status, body, FHIR, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def resource(raw: Json) -> Reply:
    return Reply(200, json.dumps(raw).encode(), FHIR)


def bundle(*resources: Json, **more: Any) -> Reply:
    """One page of a search."""
    entry = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    return resource({"resourceType": "Bundle", "type": "searchset", "entry": entry, **more})


@dataclass
class FaultyFhirServer(LocalServer[Asked]):
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

    @property
    def base(self) -> str:
        return f"http://{self.host}{BASE}"

    def places(self, path: str) -> list[str]:
        """What was asked of a path."""
        return [asked.place for asked in self.requests if asked.path == path]

    def read(self, exchange: Exchange) -> Asked:
        parts = urlsplit(exchange.path)
        return Asked(
            path=parts.path.removeprefix(f"{BASE}/"),
            query=parts.query,
            token=exchange.bearer,
            accept=exchange.headers.get("Accept", ""),
            media=exchange.headers.get("Content-Type"),
            form={name: values[0] for name, values in parse_qs(exchange.body().decode()).items()},
        )

    def trouble(self, request: Asked) -> Trouble | None:
        waiting = self.troubles.get(request.path)
        return waiting.pop(0) if waiting else None

    def answer(self, exchange: Exchange, request: Asked) -> None:
        self._reply(request)(self, exchange, request)

    def _reply(self, asked: Asked) -> Reply:
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
