"""A fetch as a run makes it: a log, a server, and nobody who waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.outbound import Outbound
from assistant.records.address import PatientAddress
from assistant.records.collected import NOT_FETCHED
from assistant.records.fetching import FetchedRecord
from assistant.records.servers import RecordServers
from assistant.sessions import SessionLog
from assistant.settings import load_settings
from tests.support.fhir_server import FaultyFhirServer
from tests.support.local_server import serve

NOW = datetime(2026, 11, 26, 11, 40, tzinfo=UTC)


@dataclass
class Fetcher:
    """Fetches, and remembers how long it was told to wait."""

    log: SessionLog
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False

    def servers(self) -> RecordServers:
        return RecordServers(
            load_settings(data_dir=self.folder, **self.settings),
            lambda: Outbound(self.log),
            progress=lambda _, share: self.shares.append(share),
            cancelled=self.cancelled,
            pause=self.waited.append,
            now=lambda: NOW,
        )

    def fetch(self, url: str) -> FetchedRecord:
        return self.servers().fetch(PatientAddress.parse(url))


def resources(fetched: FetchedRecord) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(fetched.data)["entry"]]


def addresses(fetched: FetchedRecord) -> list[str]:
    """``Type/id`` of all that is in it, in its order."""
    return [f"{one['resourceType']}/{one['id']}" for one in resources(fetched) if one.get("id") != NOT_FETCHED]


@pytest.fixture
def fetcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with SessionLog.open(tmp_path / "data") as log:
        yield Fetcher(log, tmp_path / "data")


@pytest.fixture
def server() -> Iterator[FaultyFhirServer]:
    with serve(FaultyFhirServer()) as served:
        yield served
