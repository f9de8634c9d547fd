"""The database file: opened with full durability, brought to the newest schema, written by one at a time."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from assistant.sessions.disk import Disk
from assistant.sessions.problems import database_errors, disk_errors
from assistant.sessions.schema import HEAD
from pipelines.errors import StorageProblem, UsageProblem

NAME = "log.db"
_POLL_SECONDS = 0.02


def refuse_url(location: str) -> None:
    """Other databases are refused by name.

    Raises:
        UsageProblem: ``location`` is a database URL, not a folder.
    """
    url = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", location)
    if url:
        raise UsageProblem(
            url[1].lower(), "this database is not supported, only SQLite in a folder is", "name a folder in --data-dir"
        )


class Database:
    """Transactions on ``folder/log.db``. Threads and processes may share it."""

    def __init__(self, folder: Path, busy_seconds: float) -> None:
        self.path = folder / NAME
        self._busy_seconds = busy_seconds
        self._engine = _engine(self.path, busy_seconds)
        self._one_writer = threading.Lock()

    def prepare(self, disk: Disk) -> None:
        """Create the file or bring it to the newest schema, whichever is needed; one process at a time.

        Raises:
            StorageProblem: read-only, full, locked, not a database, or of a schema this version does not know.
        """
        with _alone(self.path.parent, self._busy_seconds), database_errors(self.path, opening=True):
            new = not self.path.exists()
            with self._engine.connect() as connection:
                if _revision(connection) != HEAD:
                    _migrate(connection, self.path)
                    connection.commit()
            if new:
                with disk_errors(self.path.parent):
                    disk.sync_folder(self.path.parent)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot of the database."""
        with database_errors(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; on disk when the block is left."""
        with self._one_writer, database_errors(self.path), self._engine.connect() as connection:
            connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection


def _engine(path: Path, busy_seconds: float) -> Engine:
    # Statement parameters hold patient text: keep them out of error messages.
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {round(busy_seconds * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "fullfsync = ON",
            "foreign_keys = ON",
            "recursive_triggers = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


@contextmanager
def _alone(folder: Path, seconds: float) -> Iterator[None]:
    """Holds the folder's lock: two processes must not both create the database."""
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + seconds
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise StorageProblem(
                    str(folder), "is locked by another program", "end that program, or try again when it is done"
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _revision(connection: Connection) -> str | None:
    try:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
            raise
        return None
    finally:
        connection.rollback()


def migration_config() -> Any:
    """Alembic's configuration for the migrations that ship inside this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()}


def _migrate(connection: Connection, path: Path) -> None:
    from alembic import command

    found = _revision(connection)
    if found is not None and found not in known_revisions():
        raise StorageProblem(
            str(path), "was written by a newer version of the assistant", "update the assistant to open it"
        )
    if found is None and connection.execute(text("SELECT 1 FROM sqlite_master LIMIT 1")).scalar():
        raise StorageProblem(
            str(path), "is a database, but no session log", "move it away, or choose another folder with --data-dir"
        )
    connection.rollback()
    config = migration_config()
    config.attributes["connection"] = connection.execution_options(begin="BEGIN IMMEDIATE")
    command.upgrade(config, "head")


@cache
def schema_of_a_new_log() -> frozenset[tuple[str, str, str, str | None]]:
    """Type, name, table and SQL of everything that the migrations make: what an unharmed log consists of."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        _migrate(connection, Path(":memory:"))
        found = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master"))
        made = frozenset((kind, name, owner, sql) for kind, name, owner, sql in found)
    engine.dispose()
    return made
