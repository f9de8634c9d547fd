"""Content rows in and out of the database, each with its seal."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from assistant.sessions.schema import CHILDREN, table
from assistant.sessions.seal import Seal, new_key, row_hmac
from assistant.sessions.values import Columns, Rows


def store(connection: Connection, name: str, rows: Rows) -> Seal:
    """Insert a new content row with its children."""
    row = {**rows.row, "seal_key": new_key()}
    connection.execute(insert(table(name)), row)
    for child in CHILDREN[name]:
        if rows.children.get(child):
            connection.execute(insert(table(child)), rows.children[child])
    return Seal(name, row["id"], row_hmac(name, row, rows.children))


def change(connection: Connection, name: str, row_id: str, columns: Columns) -> Seal:
    """Change columns of a content row; its children stay."""
    row, children = fetch(connection, name, row_id)
    target = table(name)
    connection.execute(update(target).where(target.c.id == row_id), columns)
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


@cache
def _by_id(name: str) -> Select[Any]:
    target = table(name)
    return select(target).where(target.c.id == bindparam("id"))


@cache
def _by_parent(name: str) -> Select[Any]:
    target = table(name)
    return select(target).where(next(iter(target.c)) == bindparam("parent")).order_by(*target.primary_key)
