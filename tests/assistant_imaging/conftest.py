"""Images as a run takes them: a log, a store, an archive, and nobody who waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.imaging.address import ImagesAddress
from assistant.imaging.archives import ImageArchives
from assistant.sessions import SessionLog
from pipelines.records import Attachment, Kind
from tests.support.fetching import Fetching, without_proxies


class Taker(Fetching):
    """Takes images in."""

    def archives(self) -> ImageArchives:
        return ImageArchives(self.means())

    def take(self, address: str, kind: Kind | None = None) -> tuple[Attachment, ...]:
        return self.archives().take(ImagesAddress.parse(address), kind, self.log.store)

    def kept(self) -> int:
        """Files in the store, and those on their way there."""
        return sum(path.is_file() for name in ("files", "fetching") for path in (self.folder / name).rglob("*"))


@pytest.fixture
def taker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taker]:
    without_proxies(monkeypatch)
    with SessionLog.open(tmp_path / "data") as log:
        yield Taker(log, tmp_path / "data")
