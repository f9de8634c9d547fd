"""What the log says of a request before the request is made."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.sessions import SessionLog
from tests.support.local_server import LocalServer


def arrived_at_each_event(
    log: SessionLog, server: LocalServer[Any], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, int]]:
    """The host of each event that is written from now on, and how many requests the server had when it was."""
    seen: list[tuple[str, int]] = []
    write = log.event

    def noted(kind: str, run: str | None, payload: dict[str, Any]) -> None:
        seen.append((payload["host"], len(server.requests)))
        write(kind, run, payload)

    monkeypatch.setattr(log, "event", noted)
    return seen
