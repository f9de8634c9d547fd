"""Disks that are full, read-only, locked or hold something else; and processes that share a log."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import multiprocessing
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assistant.sessions import Disk, SessionLog
from assistant.sessions.database import known_revisions
from assistant.sessions.schema import HEAD, Base
from pipelines.errors import ProductError, StorageProblem, UsageProblem, VerificationFailed
from pipelines.ports import Key
from tests.sessions.a_run import exercise, exercise_many, request, transcript
from tests.sessions.simulated_disk import Tape, missing, promises_of, witness
from tests.sessions.sqlite_shim import Sqlite


class FailingDisk(Disk):
    """Refuses its n-th operation and all after it."""

    def __init__(self, operations: int, code: int) -> None:
        self.left = operations
        self.code = code

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(self.code, os.strerror(self.code))

    def make_folder(self, path: Path) -> None:
        self._count()
        super().make_folder(path)

    def create(self, path: Path) -> int:
        self._count()
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        if self.left <= 0:
            super().write(descriptor, data[: len(data) // 2])
        self._count()
        super().write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._count()
        super().fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._count()
        super().rename(source, target)

    def sync_folder(self, path: Path) -> None:
        self._count()
        super().sync_folder(path)


def run_until_refused(folder: Path, tape: Tape, disk: Disk | None = None) -> StorageProblem | None:
    try:
        with SessionLog.open(folder, disk) as log:
            witness(log, tape)
            exercise(log)
    except StorageProblem as error:
        return error
    return None


def test_a_full_disk_loses_nothing_acknowledged_by_the_store(tmp_path: Path) -> None:
    refused = 0
    for operations in range(200):
        folder, tape = tmp_path / str(operations) / "data", Tape()
        folder.parent.mkdir()
        error = run_until_refused(folder, tape, FailingDisk(operations, errno.ENOSPC))
        if error is None:
            break
        refused += 1
        assert "the disk is full; free some space" in str(error)
        assert list(missing(folder, promises_of(tape))) == []
        assert list((folder / "files" / "incoming").iterdir()) == []
    assert refused == operations > 25


class FullSqlite(Sqlite):
    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def refuses(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.long
def test_a_full_disk_loses_nothing_acknowledged_by_the_database(tmp_path: Path) -> None:
    refused = 0
    for writes in range(0, 1000, 7):
        folder, tape = tmp_path / str(writes), Tape()
        with FullSqlite(writes) as sqlite:
            error = run_until_refused(folder, tape)
        if error:
            refused += 1
            assert "log.db: the disk is full; free some space" in str(error)
        assert list(missing(folder, promises_of(tape))) == []
        if sqlite.left >= 0:
            break
    assert refused > 15


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_read_only_folder_is_refused_in_one_line(tmp_path: Path, code: int) -> None:
    SessionLog.open(tmp_path).close()

    with pytest.raises(StorageProblem, match=r"read-only|may not be written") as refused:
        SessionLog.open(tmp_path, FailingDisk(0, code))
    assert "--data-dir" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    for folder in (tmp_path / "data", tmp_path / "data" / "inner"):
        with pytest.raises(StorageProblem, match="is not a folder"):
            SessionLog.open(folder)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"These are my notes. " * 99, "is not a database"), (b"SQLite format 3\0" + b"\xff" * 999, "")],
)
def test_something_else_named_like_the_database_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "log.db").write_bytes(content)

    with pytest.raises(StorageProblem, match=rf"log\.db: .*{problem}"):
        SessionLog.open(tmp_path)
    assert (tmp_path / "log.db").read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("CREATE TABLE recipes (name)")

    with pytest.raises(StorageProblem, match="no session log"):
        SessionLog.open(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    SessionLog.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StorageProblem, match="newer version"):
        SessionLog.open(tmp_path)


@pytest.mark.parametrize("url", ["postgresql://clinic/log", "mysql+pymysql://clinic/log"])
def test_other_databases_are_refused_by_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageProblem, match=url.partition(":")[0].replace("+", r"\+")):
        SessionLog.open(Path(url))


def test_a_locked_database_is_said_to_be_locked(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path, busy_seconds=0.05) as log:
        desk = log.session("desk")
        with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageProblem, match="is locked by another program"):
                log.accept(request(log), desk)
        assert log.accept(request(log), desk)
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageProblem, match="is locked by another program"):
            SessionLog.open(tmp_path, busy_seconds=0.05)


def test_a_folder_that_another_process_is_opening_is_locked(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(StorageProblem, match="is locked by another program"):
            SessionLog.open(tmp_path, busy_seconds=0.05)
    finally:
        os.close(descriptor)


def test_errors_do_not_quote_what_was_written(log: SessionLog) -> None:
    key = Key("no such run", "transcribe", "1" * 64)
    with pytest.raises(Exception, match="FOREIGN KEY") as failed:
        log.journal.record(key, transcript())
    assert not isinstance(failed.value, ProductError)
    assert "hest" not in str(failed.value)
    assert log.verify().ok


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=exercise_many, args=(tmp_path / "data", 0, 12)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    with SessionLog.open(tmp_path / "data") as log:
        assert log.verify().problem is None
        assert len(log.runs()) == 12
        assert {run.attempt for run in log.runs()} == {1}


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    SessionLog.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        for name, table in Base.metadata.tables.items():
            found = [row[1:4] for row in connection.execute(f"PRAGMA table_info({name})")]
            dialect = {"Exact": "ANY", "LargeBinary": "BLOB"}
            assert found == [
                (column.name, dialect.get(type(column.type).__name__, str(column.type)), int(not column.nullable))
                for column in table.columns
            ]
    assert HEAD in known_revisions()


def test_a_stored_file_is_whole_and_read_only(log: SessionLog, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(b"x" * 3_000_000)

    name = log.store.put_file(given)

    assert name == hashlib.sha256(given.read_bytes()).hexdigest() == log.store.put(given.read_bytes())
    assert log.store.path(name).stat().st_mode & 0o777 == 0o400
    assert log.store.get(name) == given.read_bytes()


def test_a_good_file_is_not_written_again_and_a_bad_one_is(log: SessionLog) -> None:
    name = log.store.put(b"audio")
    path = log.store.path(name)
    inode = path.stat().st_ino
    log.store.put(b"audio")
    assert path.stat().st_ino == inode

    path.chmod(0o600)
    path.write_bytes(b"audit")
    with pytest.raises(VerificationFailed, match="not what was stored"):
        log.store.get(name)
    log.store.put(b"audio")
    assert log.store.get(name) == b"audio"


def test_a_missing_file_is_named(log: SessionLog) -> None:
    with pytest.raises(VerificationFailed, match="files/ab/" + "ab" * 31):
        log.store.get("ab" * 32)
    with pytest.raises(StorageProblem, match="no-such-file"):
        log.store.put_file(Path("no-such-file"))


def test_what_a_crash_left_is_cleared_but_not_what_is_being_written(tmp_path: Path) -> None:
    SessionLog.open(tmp_path).close()
    incoming = tmp_path / "files" / "incoming"
    (incoming / "left").write_bytes(b"half")
    descriptor = Disk().create(incoming / "alive")
    try:
        with SessionLog.open(tmp_path) as log:
            assert [path.name for path in incoming.iterdir()] == ["alive"]
            assert log.verify().ok
    finally:
        os.close(descriptor)
