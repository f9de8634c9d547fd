"""Canonical bytes of rows and events, and the hashes over them.

A content row is named in an event by an HMAC under the random key that lies in the row: whoever has the row can check
it, and once it is erased the event tells nothing about what it said.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

#: What the first event follows.
GENESIS: Final = "0" * 64

Row = Mapping[str, Any]


class Seal(NamedTuple):
    """Names a content row and what it said: the entry of an event's ``seals``."""

    table: str
    row: str
    hmac: str


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def new_key() -> bytes:
    return secrets.token_bytes(32)


def row_hmac(table: str, row: Row, children: Mapping[str, Sequence[Row]]) -> str:
    """HMAC-SHA-256 of a content row with its children, each child table in the order of its primary key.

    Columns that are NULL are left out, so that a migration may add a column without breaking older seals.

    Raises:
        TypeError: a column holds what no column of the schema can (bytes, broken UTF-8).
    """
    content = {name: value for name, value in row.items() if value is not None and name != "seal_key"}
    owned = {
        child: [{name: value for name, value in one.items() if value is not None} for one in rows]
        for child, rows in children.items()
        if rows
    }
    return hmac.digest(row["seal_key"], canonical([table, content, owned]), "sha256").hex()


def event_hash(prev_hash: str, seq: int, time: str, kind: str, run: str | None, payload: str) -> str:
    """SHA-256 over the hash of the event before and this event's canonical content."""
    return hashlib.sha256(prev_hash.encode() + canonical([seq, time, kind, run, payload])).hexdigest()
