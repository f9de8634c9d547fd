"""Holds the whole log against its seals: every event, row and file, from the bytes as they are now."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from assistant.sessions.database import schema_of_a_new_log
from assistant.sessions.files import FileStore, hash_file
from assistant.sessions.problems import broken
from assistant.sessions.schema import CHILDREN, HEAD, table
from assistant.sessions.seal import GENESIS, event_hash, row_hmac
from pipelines.errors import ProductError
from pipelines.records import Value

#: Called with what is being checked (``events``, ``rows``, ``files``) and how many of it are done.
Progress: TypeAlias = Callable[[str, int], None]

_STORED_NAME: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")
_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_REFERENCES: Final = (
    ("recordings", "SELECT id, file_sha256 FROM recordings"),
    (
        "attachments",
        "SELECT id, sha256 FROM attachments a"
        " WHERE NOT EXISTS (SELECT 1 FROM attachment_members m WHERE m.attachment = a.id)",
    ),
    ("attachments", "SELECT attachment, sha256 FROM attachment_members"),
    ("results", "SELECT DISTINCT result, frame FROM citations WHERE frame IS NOT NULL"),
    (
        "results",
        "SELECT r.id, json_extract(p.value, '$.sha256') FROM results r, json_each(r.data, '$.plots') p",
    ),
    (
        "results",
        "SELECT r.id, json_extract(f.value, '$.sha256') FROM results r, json_each(r.data, '$.frames') f",
    ),
    (
        "results",
        "SELECT id, json_extract(data, '$.contact_sheet') FROM results"
        " WHERE json_extract(data, '$.contact_sheet') IS NOT NULL",
    ),
    (
        "results",
        "SELECT r.id, json_extract(o.value, '$.sha256') FROM results r, json_each(r.data, '$.overlays') o",
    ),
    (
        "results",
        "SELECT r.id, json_extract(s.value, '$.picture')"
        " FROM results r, json_each(r.data, '$.reports') e, json_each(e.value, '$.shown') s",
    ),
    (
        "results",
        "SELECT r.id, json_extract(e.value, '$.document') FROM results r, json_each(r.data, '$.reports') e",
    ),
    (
        "results",
        "SELECT r.id, json_extract(d.value, '$.text_sha256') FROM results r, json_each(r.data, '$.documents') d",
    ),
    ("embeddings", "SELECT id, frame FROM embeddings"),
)


class Verification(Value):
    """What was checked before the first problem, if there is one."""

    ok: bool
    checked_events: int
    checked_rows: int
    checked_files: int
    problem: str | None = None
    """The place and what is wrong with it: ``transcripts row 01J…: …``, ``events row 17: …``, ``files/ab/cdef…: …``."""


def verify(database: Path, store: FileStore, progress: Progress | None = None) -> Verification:
    """Re-derive every hash of a log; raises nothing."""
    checking = _Checking(progress or _quiet)
    problem = None
    try:
        checking.everything(database, store)
    except ProductError as error:
        problem = f"{error.subject}: {error.problem}"
    except (sqlite3.Error, OSError, ValueError, TypeError, LookupError) as error:
        # The text of some of these errors quotes content.
        problem = f"{checking.place}: cannot be read ({type(error).__name__})"
    return Verification(
        ok=problem is None,
        checked_events=checking.events,
        checked_rows=checking.rows,
        checked_files=checking.files,
        problem=problem,
    )


def _quiet(_what: str, _done: int) -> None:
    """No one is watching."""


class _Checking:
    """One verification under way. ``seals`` maps table and row to the newest seal that no erasure took back."""

    def __init__(self, progress: Progress) -> None:
        self.events = self.rows = self.files = 0
        self.place = "log.db"
        self._progress = progress
        self._seals: dict[tuple[str, str], str] = {}

    def everything(self, database: Path, store: FileStore) -> None:
        uri = f"{database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            # Broken UTF-8 must be found as such, not stop the reading.
            connection.text_factory = lambda data: data.decode(errors="surrogateescape")
            connection.execute("BEGIN")
            self._schema(connection)
            self._chain(connection)
            for name in CHILDREN:
                self._table(connection, name)
            for name, row in self._seals:
                raise broken(f"{name} row {row}", "is missing")
            self._stored_files(connection, database.parent, store)
            self.place = "log.db"
            [verdict] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise broken("log.db", "its pages or indexes are damaged")

    def _schema(self, connection: sqlite3.Connection) -> None:
        self.place = "alembic_version"
        if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(HEAD,)]:
            raise broken("alembic_version", "is not the version of this schema")
        self.place = "log.db schema"
        found = set(connection.execute(_SCHEMA))
        for kind, name, *_ in sorted(found ^ schema_of_a_new_log(), key=str):
            raise broken(f"log.db schema, {kind} {name}", "is missing, changed or added")

    def _chain(self, connection: sqlite3.Connection) -> None:
        hash_ = GENESIS
        for row in _all(connection, "events", "seq"):
            self.place = f"events row {self.events + 1}"
            if row["seq"] != self.events + 1:
                raise broken(self.place, "is missing")
            derived = event_hash(hash_, row["seq"], row["time"], row["kind"], row["run"], row["payload"])
            if row["prev_hash"] != hash_ or row["hash"] != derived:
                raise broken(self.place, "its content does not match its hash")
            hash_ = derived
            self._take_seals(row["kind"], orjson.loads(row["payload"]))
            self.events += 1
            self._progress("events", self.events)
        self.place = f"events row {self.events + 1}"
        head = connection.execute("SELECT id, seq, hash FROM chain_head").fetchall()
        if head != ([(1, self.events, hash_)] if self.events else []):
            raise broken(self.place, "is missing, or the end of the chain was changed")

    def _take_seals(self, kind: str, payload: dict[str, Any]) -> None:
        for name, row, digest in payload.get("seals", ()):
            self._seals[name, row] = digest
        if kind == "erased":
            for name, row in payload["rows"]:
                self._seals.pop((name, row), None)

    def _table(self, connection: sqlite3.Connection, name: str) -> None:
        self.place = name
        children = {child: _Owned(connection, name, child) for child in CHILDREN[name]}
        for row in _all(connection, name, "id"):
            self.place = f"{name} row {row['id']}"
            sealed = self._seals.pop((name, row["id"]), None)
            if sealed is None:
                raise broken(self.place, "no event has sealed it")
            if sealed != row_hmac(name, row, {child: owned.of(row["id"]) for child, owned in children.items()}):
                raise broken(self.place, "its content does not match its seal")
            self.rows += 1
            self._progress("rows", self.rows)
        for owned in children.values():
            owned.end()

    def _stored_files(self, connection: sqlite3.Connection, folder: Path, store: FileStore) -> None:
        self.place = "files"
        for path in store.names():
            self.place = path.relative_to(folder).as_posix()
            if not _STORED_NAME.fullmatch(f"{path.parent.name}/{path.name}"):
                raise broken(self.place, "does not belong to the store")
            if hash_file(path) != path.parent.name + path.name:
                raise broken(self.place, "its bytes are not what was stored")
            self.files += 1
            self._progress("files", self.files)
        for name, query in _REFERENCES:
            for row, sha256 in connection.execute(query):
                if not store.has(sha256):
                    raise broken(store.place(sha256), f"is missing ({name} row {row} refers to it)")


class _Owned:
    """The rows of one child table, handed out parent by parent in the order of the parents' ids."""

    def __init__(self, connection: sqlite3.Connection, owner: str, name: str) -> None:
        keys = [column.name for column in table(name).primary_key]
        self._owner, self._name, self._parent = owner, name, keys[0]
        self._rows = _all(connection, name, *keys)
        self._next = next(self._rows, None)

    def of(self, parent: str) -> list[dict[str, Any]]:
        """The rows of this parent, which comes after all parents asked for before."""
        found = []
        while self._next is not None and self._next[self._parent] <= parent:
            if self._next[self._parent] != parent:
                self.end()
            found.append(self._next)
            self._next = next(self._rows, None)
        return found

    def end(self) -> None:
        """No parent follows: neither may a row."""
        if self._next is not None:
            raise broken(f"{self._owner} row {self._next[self._parent]}", f"is missing, its {self._name} are not")


def _all(connection: sqlite3.Connection, name: str, *keys: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{name}" ORDER BY {", ".join(keys)}')
    columns: Iterable[str] = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(columns, row, strict=True))
