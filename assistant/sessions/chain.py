"""The append-only event chain: each event hashes its own content and the event before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias, Union

from sqlalchemy import Connection, Row

from assistant.sessions.content import insert
from assistant.sessions.problems import broken
from assistant.sessions.seal import GENESIS, Seal, canonical, event_hash

JSON: TypeAlias = Union[str, int, float, bool, Sequence["JSON"], dict[str, "JSON"], None]  # noqa: UP007

# Plain SQL: these run in every transaction.
_LAST = "SELECT seq, time, kind, run, payload, prev_hash, hash FROM events ORDER BY seq DESC LIMIT 1"
_HEAD = "SELECT seq, hash FROM chain_head"
_MOVE_HEAD = "UPDATE chain_head SET seq = :seq, hash = :hash"


class Tail(NamedTuple):
    """The end of the chain: what the next event follows."""

    seq: int
    hash: str


def now() -> str:
    """UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def tail(connection: Connection) -> Tail:
    """The end of the chain, its last event held against its hash.

    Raises:
        VerificationFailed: the last event was changed or removed; nothing may be appended.
    """
    last = connection.exec_driver_sql(_LAST).one_or_none()
    heads = connection.exec_driver_sql(_HEAD).all()
    if len(heads) > 1:
        raise broken("chain_head", "holds more than one end of the chain")
    head = heads[0] if heads else None
    found = Tail(0, GENESIS) if last is None else Tail(last.seq, last.hash)
    if last is not None and not _intact(last):
        raise broken(f"events row {last.seq}", "its content does not match its hash")
    if found != (Tail(0, GENESIS) if head is None else Tail(head.seq, head.hash)):
        raise broken(f"events row {(head.seq if head else found.seq) or 1}", "the end of the chain was changed")
    return found


def _intact(event: Row[Any]) -> bool:
    """Whether an event is as it was written; damage can leave a value of any type in any column, or none."""
    try:
        return bool(
            event.hash == event_hash(event.prev_hash, event.seq, event.time, event.kind, event.run, event.payload)
        )
    except (AttributeError, TypeError):
        return False


def append(
    connection: Connection,
    end: Tail,
    kind: str,
    run: str | None,
    payload: dict[str, JSON],
    seals: Sequence[Seal] = (),
) -> None:
    """Add one event in the caller's transaction.

    Args:
        end: the chain's tail, read in the same transaction.
        payload: ids, verdicts and states; never patient text, never a plain hash of content.
        seals: one per content row that this transaction wrote.
    """
    seq, time = end.seq + 1, now()
    body = canonical({**payload, "seals": [list(seal) for seal in seals]} if seals else payload).decode()
    digest = event_hash(end.hash, seq, time, kind, run, body)
    insert(
        connection,
        "events",
        [{"seq": seq, "time": time, "kind": kind, "run": run, "payload": body, "prev_hash": end.hash, "hash": digest}],
    )
    head = {"seq": seq, "hash": digest}
    if end.seq:
        connection.exec_driver_sql(_MOVE_HEAD, head)
    else:
        insert(connection, "chain_head", [{"id": 1, **head}])
