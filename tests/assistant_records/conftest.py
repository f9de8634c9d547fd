"""A fetch as a run makes it: a log, a server, and nobody who waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.records.address import PatientAddress
from assistant.records.collected import NOT_FETCHED
from assistant.records.fetching import FetchedRecord
from assistant.records.servers import RecordServers
from assistant.sessions import SessionLog
from tests.support.fetching import Fetching, without_proxies
from tests.support.fhir_server import FaultyFhirServer
from tests.support.local_server import serve


class Fetcher(Fetching):
    """Fetches records."""

    def servers(self) -> RecordServers:
        return RecordServers(self.means())

    def fetch(self, url: str) -> FetchedRecord:
        return self.servers().fetch(PatientAddress.parse(url))


def resources(fetched: FetchedRecord) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(fetched.data)["entry"]]


def addresses(fetched: FetchedRecord) -> list[str]:
    """``Type/id`` of all that is in it, in its order."""
    return [f"{one['resourceType']}/{one['id']}" for one in resources(fetched) if one.get("id") != NOT_FETCHED]


@pytest.fixture
def fetcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    without_proxies(monkeypatch)
    with SessionLog.open(tmp_path / "data") as log:
        yield Fetcher(log, tmp_path / "data")


@pytest.fixture
def server() -> Iterator[FaultyFhirServer]:
    with serve(FaultyFhirServer()) as served:
        yield served
