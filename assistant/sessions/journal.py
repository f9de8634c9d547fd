"""Implements ``pipelines.ports.Journal``: each step of a run once, its value as rows, sealed by one event."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, select

from assistant.sessions import chain
from assistant.sessions.chain import JSON
from assistant.sessions.content import fetch, store
from assistant.sessions.database import Database
from assistant.sessions.ids import Ids
from assistant.sessions.lately import Lately
from assistant.sessions.schema import StepRow
from assistant.sessions.seal import Seal
from assistant.sessions.values import Rows, model_call_row, put_together, table_of, take_apart
from pipelines.ports import Key
from pipelines.records import Decision, ModelCall, Result, Review, Value

V = TypeVar("V", bound=Value)

_STEP = "SELECT id, digest FROM steps WHERE run = :run AND node = :node AND input_hash = :input_hash"


class Step(NamedTuple):
    """A journal entry; ``seals`` is empty where it was there already."""

    id: str
    digest: str
    seals: tuple[Seal, ...]


class Journal:
    """The journal of all runs in one log. Safe under threads, other processes and a crash at any moment."""

    def __init__(self, database: Database, ids: Ids, lately: Lately) -> None:
        self._database = database
        self._ids = ids
        self._lately = lately

    def record(self, key: Key, value: Value, calls: tuple[ModelCall, ...] = ()) -> str:
        with self._database.writing() as connection:
            end = chain.tail(connection)
            step = write_step(connection, self._ids, end.seq + 1, key, value, calls)
            if step.seals:
                payload: dict[str, JSON] = {"node": key.node, **verdict(value)}
                chain.append(connection, end, "recorded", key.run, payload, step.seals)
        if step.seals:
            self._lately.keep(step.digest, value)
        return step.digest

    def recall(self, key: Key) -> str | None:
        with self._database.reading() as connection:
            found = find_step(connection, key)
        return found.digest if found else None

    def read(self, digest: str, kind: type[V]) -> V:
        """The recorded value with this digest.

        Raises:
            LookupError: no such value was recorded, or it was erased.
        """
        known = self._lately.find(digest, kind)
        if known is not None:
            return known
        query = select(StepRow.id).where(StepRow.digest == digest, StepRow.kind == kind.__name__)
        with self._database.reading() as connection:
            step = connection.execute(query.order_by(StepRow.event.desc()).limit(1)).scalar()
            if step is None:
                raise LookupError(f"no {kind.__name__} {digest} in the log")
            rows = fetch(connection, table_of(kind), step)
        value = put_together(kind, rows)
        assert isinstance(value, kind)
        self._lately.keep(digest, value)
        return value


def find_step(connection: Connection, key: Key) -> Step | None:
    found = connection.exec_driver_sql(_STEP, key._asdict()).one_or_none()
    return Step(found.id, found.digest, ()) if found else None


def write_step(
    connection: Connection, ids: Ids, event: int, key: Key, value: Value, calls: tuple[ModelCall, ...] = ()
) -> Step:
    """Write a step in the caller's transaction, unless it is there; ``event`` is the number of its event."""
    found = find_step(connection, key)
    if found:
        return found
    step, digest = ids.new(), value.digest()
    kind = type(value).__name__
    row = {"id": step, **key._asdict(), "kind": kind, "digest": digest, "event": event}
    seals = [
        store(connection, "steps", Rows(row)),
        store(connection, table_of(type(value)), take_apart(value, step)),
    ]
    for position, call in enumerate(calls):
        seals.append(store(connection, "model_calls", Rows(model_call_row(call, ids.new(), step, position))))
    return Step(step, digest, tuple(seals))


def verdict(value: Value) -> dict[str, JSON]:
    """What an event may say of a value: its kind, and names from our own lists."""
    kind: dict[str, JSON] = {"kind": type(value).__name__}
    match value:
        case Decision():
            return {**kind, "task": value.task, "by": value.by}
        case Result():
            return {**kind, "task": value.task, "status": value.status}
        case Review():
            return {**kind, "verdicts": dict(Counter(check.verdict for check in value.checks))}
        case _:
            return kind
