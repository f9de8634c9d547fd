"""Where LangGraph keeps its place in each run: an SQLite file of its own beside the log.

The log is what must survive a power cut, and it is synced at every commit. A place that is lost with the power costs
nothing but a few steps: the nodes find in the journal what they had done. So the checkpoints are written at once, and
survive the end of the process, but they are synced only where a run comes to rest and waits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.sessions.problems import database_errors

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver


CHECKPOINTS: Final = "checkpoints.db"


@contextmanager
def open_checkpoints(data_dir: Path, lock_timeout: float) -> Iterator[SqliteSaver]:
    """The checkpointer: strict msgpack (only plain values are ever revived).

    Raises:
        StorageProblem: the file cannot be opened or written.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    file = data_dir / CHECKPOINTS
    with database_errors(file):
        connection = sqlite3.connect(file, timeout=lock_timeout, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    with closing(connection):
        yield SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))


def flush(checkpoints: SqliteSaver) -> None:
    """Put everything written so far on disk."""
    with checkpoints.lock:
        checkpoints.conn.execute("PRAGMA wal_checkpoint(FULL)")
