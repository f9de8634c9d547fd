"""Nothing acknowledged is lost when the power fails, and the test would notice if it were."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from assistant.sessions import SessionLog
from tests.sessions.a_run import exercise
from tests.sessions.simulated_disk import TapedDisk, losses, record


def a_run() -> Callable[[SessionLog], str]:
    numbers = count()
    return lambda log: exercise(log, next(numbers))


@pytest.mark.long
@pytest.mark.parametrize("seed", [None, 1])
def test_a_cut_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int | None) -> None:
    tape = record(tmp_path / "data", a_run())
    words = [operation[0] for operation in tape.operations]

    assert words.count("acknowledged") == 34
    assert words.count("write") > 100
    assert list(losses(tape, tmp_path / "data", tmp_path / "cuts", seed)) == []


class NeverSyncsFiles(TapedDisk):
    def fsync(self, descriptor: int) -> None:
        """Says it did."""


class NeverSyncsFolders(TapedDisk):
    def sync_folder(self, path: Path) -> None:
        """Says it did."""


class SyncsOnlyNewFolders(TapedDisk):
    """Forgets the folder of a file that was renamed into it."""

    def sync_folder(self, path: Path) -> None:
        if path.parent.name != "files":
            super().sync_folder(path)


class SyncsOnlyTheStore(TapedDisk):
    """Forgets the folder of the database."""

    def sync_folder(self, path: Path) -> None:
        if not (path / "log.db").exists():
            super().sync_folder(path)


@pytest.mark.parametrize("disk", [NeverSyncsFiles, NeverSyncsFolders, SyncsOnlyNewFolders, SyncsOnlyTheStore])
def test_a_store_that_does_not_sync_is_caught(tmp_path: Path, disk: type[TapedDisk]) -> None:
    tape = record(tmp_path / "data", a_run(), disk)

    assert any("is lost" in loss for loss in losses(tape, tmp_path / "data", tmp_path / "cuts"))


def test_a_database_that_does_not_sync_is_caught(tmp_path: Path) -> None:
    def careless(connection: Connection) -> None:
        connection.connection.dbapi_connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "engine_connect", careless)
    try:
        tape = record(tmp_path / "data", a_run())
    finally:
        event.remove(Engine, "engine_connect", careless)

    assert any("is lost" in loss for loss in losses(tape, tmp_path / "data", tmp_path / "cuts"))
