"""Where LangGraph keeps its place in each run: an SQLite file of its own beside the log."""

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
    """The checkpointer: strict msgpack (only plain values are ever revived), every commit on disk.

    Raises:
        StorageProblem: the file cannot be opened or written.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    file = data_dir / CHECKPOINTS
    with database_errors(file):
        connection = sqlite3.connect(file, timeout=lock_timeout, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    with closing(connection):
        yield SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
