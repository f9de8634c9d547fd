"""Content rows in and out of the database, each with its seal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, select, update

from assistant.sessions.schema import CHILDREN, table
from assistant.sessions.seal import Seal, new_key, row_hmac
from assistant.sessions.values import Columns, Rows


def store(connection: Connection, name: str, rows: Rows) -> Seal:
    """Insert a new content row with its children."""
    row = {**rows.row, "seal_key": new_key()}
    insert(connection, name, [row])
    for child in CHILDREN[name]:
        if rows.children.get(child):
            insert(connection, child, rows.children[child])
    return Seal(name, row["id"], row_hmac(name, row, rows.children))


def change(connection: Connection, name: str, row_id: str, columns: Columns) -> Seal:
    """Change columns of a content row; its children stay."""
    row, children = fetch(connection, name, row_id)
    connection.execute(_change(name), {"this": row_id, **columns})
    return Seal(name, row_id, row_hmac(name, {**row, **columns}, children))


def fetch(connection: Connection, name: str, row_id: str) -> Rows:
    """A content row with its children.

    Raises:
        LookupError: it is not there.
    """
    row = connection.execute(_by_id(name), {"id": row_id}).mappings().one_or_none()
    if row is None:
        raise LookupError(f"{name} row {row_id} is not in the log")
    children = {
        child: [dict(one) for one in connection.execute(_by_parent(child), {"parent": row_id}).mappings()]
        for child in CHILDREN[name]
    }
    return Rows(dict(row), children)


def insert(connection: Connection, name: str, rows: Sequence[Columns]) -> None:
    """Insert rows of equal columns. Straight to the driver: composing the statement would cost more than running it."""
    connection.exec_driver_sql(_insert(name, tuple(rows[0])), [dict(row) for row in rows])


@cache
def _insert(name: str, columns: tuple[str, ...]) -> str:
    known = table(name).c
    listed = ", ".join(f'"{known[column].name}"' for column in columns)
    return f"INSERT INTO {name} ({listed}) VALUES ({', '.join(f':{column}' for column in columns)})"


# Built once, for the same reason.
@cache
def _change(name: str) -> Update:
    target = table(name)
    return update(target).where(target.c.id == bindparam("this"))


@cache
def _by_id(name: str) -> Select[Any]:
    target = table(name)
    return select(target).where(target.c.id == bindparam("id"))


@cache
def _by_parent(name: str) -> Select[Any]:
    target = table(name)
    return select(target).where(next(iter(target.c)) == bindparam("parent")).order_by(*target.primary_key)
