"""Nothing acknowledged is lost when the power fails, and the test would notice if it were."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path

import pytest
from a_run import exercise
from simulated_disk import TapedDisk, losses, record
from sqlalchemy import Engine, event


def a_run() -> object:
    numbers = count()
    return lambda log: exercise(log, next(numbers))


@pytest.mark.long
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_cut_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int | None) -> None:
    tape = record(tmp_path / "data", a_run())
    words = [operation[0] for operation in tape.operations]

    assert words.count("acknowledged") == 30
    assert words.count("write") > 100
    assert list(losses(tape, tmp_path / "data", tmp_path / "cuts", seed)) == []


class NeverSyncsFiles(TapedDisk):
    def fsync(self, descriptor: int) -> None:
        """Says it did."""


class NeverSyncsFolders(TapedDisk):
    def sync_folder(self, path: Path) -> None:
        """Says it did."""


@pytest.mark.parametrize("disk", [NeverSyncsFiles, NeverSyncsFolders])
def test_a_store_that_does_not_sync_is_caught(tmp_path: Path, disk: type[TapedDisk]) -> None:
    tape = record(tmp_path / "data", a_run(), disk)

    assert list(islice(losses(tape, tmp_path / "data", tmp_path / "cuts"), 1))


def test_a_database_that_does_not_sync_is_caught(tmp_path: Path) -> None:
    def careless(connection: object) -> None:
        connection.connection.dbapi_connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "engine_connect", careless)
    try:
        tape = record(tmp_path / "data", a_run())
    finally:
        event.remove(Engine, "engine_connect", careless)

    assert list(islice(losses(tape, tmp_path / "data", tmp_path / "cuts"), 1))
