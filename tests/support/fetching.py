"""A fetch from a server as a run makes it: a log, and nobody who waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from assistant.asking import Means
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from assistant.settings import load_settings

NOW = datetime(2026, 11, 26, 21, 5, tzinfo=UTC)


@dataclass
class Fetching:
    """What a fetch has, and how long it was told to wait."""

    log: SessionLog
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False
    told: Callable[[float], None] = lambda _: None
    """Of each share done."""

    def means(self) -> Means:
        def progress(_: str, share: float) -> None:
            self.shares.append(share)
            self.told(share)

        return Means(
            load_settings(data_dir=self.folder, **self.settings),
            lambda: Outbound(self.log),
            progress=progress,
            cancelled=self.cancelled,
            pause=self.waited.append,
            now=lambda: NOW,
        )


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def keep(monkeypatch: pytest.MonkeyPatch, user: str, secret: str) -> None:
    """What ``keyring set clinical-assistant USER`` does, for as long as the test lasts."""

    class Kept(NoKeyring):
        def get_password(self, service: str, username: str) -> str | None:
            return secret if (service, username) == ("clinical-assistant", user) else None

    monkeypatch.setattr(keyring, "get_password", Kept().get_password)
