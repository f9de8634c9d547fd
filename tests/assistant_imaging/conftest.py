"""Images as a run takes them: a log, a store, an archive, and nobody who waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.imaging.address import ImagesAddress
from assistant.imaging.archives import ImageArchives
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from assistant.settings import load_settings
from pipelines.records import Attachment, Kind

NOW = datetime(2026, 11, 26, 21, 5, tzinfo=UTC)


@dataclass
class Taker:
    """Takes images in, and remembers how long it was told to wait."""

    log: SessionLog
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False
    told: Callable[[float], None] = lambda _: None
    """Of each share done."""

    def archives(self) -> ImageArchives:
        def progress(_: str, share: float) -> None:
            self.shares.append(share)
            self.told(share)

        return ImageArchives(
            load_settings(data_dir=self.folder, **self.settings),
            lambda: Outbound(self.log),
            progress=progress,
            cancelled=self.cancelled,
            pause=self.waited.append,
            now=lambda: NOW,
        )

    def take(self, address: str, kind: Kind | None = None) -> tuple[Attachment, ...]:
        return self.archives().take(ImagesAddress.parse(address), kind, self.log.store)

    def kept(self) -> int:
        """Files in the store, and those on their way there."""
        return sum(path.is_file() for name in ("files", "fetching") for path in (self.folder / name).rglob("*"))


@pytest.fixture
def taker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taker]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with SessionLog.open(tmp_path / "data") as log:
        yield Taker(log, tmp_path / "data")
