"""One byte changed, a row taken away or put in, a file touched: ``verify`` finds it and names the place."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from assistant.sessions import SessionLog
from assistant.sessions.schema import CHILDREN, Base
from pipelines.errors import ProductError, VerificationFailed
from tests.sessions.a_run import exercise

OWNER = {child: parent for parent, children in CHILDREN.items() for child in children}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    with SessionLog.open(folder) as log:
        for number in range(2):
            exercise(log, number)
        assert log.verify().ok
    return folder


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    return copy(sealed, tmp_path / "copy")


def copy(folder: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return shutil.copytree(folder, target)


@contextmanager
def intruder(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection for which no trigger and no foreign key holds."""
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def problem(folder: Path) -> str | None:
    try:
        with SessionLog.open(folder) as log:
            return log.verify().problem
    except ProductError as error:
        return str(error)


def other(value: object) -> object:
    match value:
        case str():
            return ("x" if value[:1] != "x" else "y") + value[1:]
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case int() | float():
            return value + 1
    return "was null"


@pytest.mark.parametrize("table", sorted(set(Base.metadata.tables) | {"alembic_version"}))
def test_a_change_in_any_column_is_found(sealed: Path, tmp_path: Path, table: str) -> None:
    named = {"chain_head": "events row", "alembic_version": "log.db", "events": "events row"}.get(
        table, f"{OWNER.get(table, table)} row"
    )
    with closing(sqlite3.connect(sealed / "log.db")) as connection:
        cursor = connection.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid DESC LIMIT 1")
        columns = [column[0] for column in cursor.description][1:]
        rowid, *values = cursor.fetchone()
    assert columns
    for column, value in zip(columns, values, strict=True):
        folder = copy(sealed, tmp_path / "copy")
        try:
            with intruder(folder) as connection:
                connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (other(value), rowid))
        except sqlite3.IntegrityError:
            continue  # SQLite itself refuses, e.g. a NULL integer made text
        assert named in (problem(folder) or "nothing"), column


def test_a_hash_that_damage_made_null_in_the_last_event_is_found(folder: Path) -> None:
    database = folder / "log.db"
    with closing(sqlite3.connect(database)) as connection:
        last, time = connection.execute("SELECT seq, time FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    data = database.read_bytes()
    # In a record's header stand the types of its columns: two texts of 64 characters become NULL and one of 128.
    header = data.index(b"\x81\x0d\x81\x0d" + time.encode())
    database.write_bytes(data[:header] + b"\x80\x00\x82\x0d" + data[header + 4 :])

    assert f"events row {last}" in (problem(folder) or "nothing")


@pytest.mark.parametrize("table", sorted(set(Base.metadata.tables) - {"events", "chain_head"}))
def test_a_row_taken_away_or_put_in_is_found(sealed: Path, tmp_path: Path, table: str) -> None:
    named = f"{OWNER.get(table, table)} row"
    folder = copy(sealed, tmp_path / "copy")
    with intruder(folder) as connection:
        connection.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
    assert named in (problem(folder) or "nothing")

    folder = copy(sealed, tmp_path / "copy")
    with intruder(folder) as connection:
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1")
        row = dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))
        for key in ("id", "position", "digest", "label", "input_hash", "parent"):
            if key in row:
                row[key] = row[key] + 7 if isinstance(row[key], int) else f"Z{row[key]}"
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))
    assert named in (problem(folder) or "nothing")


def test_a_child_of_no_row_is_found(folder: Path) -> None:
    with intruder(folder) as connection:
        connection.execute("INSERT INTO flags VALUES ('ZZZ', 0, 'number', 'look')")

    assert problem(folder) == "transcripts row ZZZ: is missing, its flags are not"


def test_a_last_event_taken_away_is_found_and_nothing_is_appended(folder: Path) -> None:
    with SessionLog.open(folder) as log:
        log.event("confirmed", None, {"what": "research-use"})
        last = log.verify().checked_events
        with intruder(folder) as connection:
            connection.execute("DELETE FROM events WHERE seq = ?", (last,))

        assert f"events row {last}" in (log.verify().problem or "nothing")
        with pytest.raises(VerificationFailed, match=f"events row {last}"):
            log.event("confirmed", None, {})
    with pytest.raises(VerificationFailed, match=f"events row {last}"):
        SessionLog.open(folder)


@pytest.mark.parametrize("table", ["events", "words", "transcripts"])
def test_two_rows_that_changed_places_are_found(folder: Path, table: str) -> None:
    content = {"events": "payload", "words": "text", "transcripts": "text"}[table]
    with intruder(folder) as connection:
        [(first, one), (second, two)] = (
            connection.execute(
                f"SELECT rowid, {content} FROM {table} GROUP BY {content} ORDER BY rowid LIMIT 2"
            ).fetchall()
            if table != "transcripts"
            else connection.execute("SELECT rowid, seal_key FROM transcripts")
        )
        column = "seal_key" if table == "transcripts" else content
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (two, first))
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (one, second))

    assert f"{OWNER.get(table, table)} row" in (problem(folder) or "nothing")


def test_a_trigger_taken_away_is_found(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        connection.execute("DROP TRIGGER events_are_not_changed")

    assert problem(folder) == "log.db schema, trigger events_are_not_changed: is missing, changed or added"


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "files").glob("??/*"))


def test_a_byte_changed_in_a_stored_file_is_found(folder: Path) -> None:
    for path in stored(folder):
        data = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert problem(folder) == f"files/{path.parent.name}/{path.name}: its bytes are not what was stored"
        path.write_bytes(data)
    assert problem(folder) is None


def test_a_file_taken_away_is_found(folder: Path) -> None:
    for path in stored(folder):
        away = path.rename(folder / "away")
        assert f"files/{path.parent.name}/{path.name}: is missing" in (problem(folder) or "nothing")
        away.rename(path)


@pytest.mark.parametrize("name", ["notes.txt", "ab/notes.txt", "ab/" + "0" * 61, "0" * 64])
def test_a_file_that_does_not_belong_there_is_found(folder: Path, name: str) -> None:
    path = folder / "files" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")

    assert problem(folder) == f"files/{name}: does not belong to the store"


def test_an_erased_row_is_not_a_problem_but_one_that_came_back_is(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        row = connection.execute("SELECT * FROM decisions LIMIT 1").fetchone()
        connection.execute("DELETE FROM decisions WHERE id = ?", (row[0],))
        connection.commit()
    assert problem(folder) == f"decisions row {row[0]}: is missing"

    with SessionLog.open(folder) as log:
        log.event("erased", None, {"rows": [["decisions", row[0]]]})
    assert problem(folder) is None

    with closing(sqlite3.connect(folder / "log.db")) as connection:
        connection.execute(f"INSERT INTO decisions VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
    assert problem(folder) == f"decisions row {row[0]}: no event has sealed it"


@pytest.mark.long
def test_a_flipped_byte_of_the_database_file_is_found_or_means_nothing(sealed: Path, tmp_path: Path) -> None:
    def content(folder: Path) -> list[str]:
        with closing(sqlite3.connect(folder / "log.db")) as connection:
            return list(connection.iterdump())

    before, found = content(sealed), 0
    meant = [place for place, byte in enumerate((sealed / "log.db").read_bytes()) if byte]
    luck = random.Random(7)
    for _ in range(150):
        folder = copy(sealed, tmp_path / "copy")
        with (folder / "log.db").open("r+b") as file:
            position = luck.choice(meant)
            file.seek(position)
            byte = file.read(1)[0]
            file.seek(position)
            file.write(bytes([byte ^ 1 << luck.randrange(8)]))
        if problem(folder):
            found += 1
        else:
            assert content(folder) == before, f"byte {position}"
    assert found > 100
