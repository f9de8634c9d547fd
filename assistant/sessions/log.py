"""The session log as the rest of the product sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson
from sqlalchemy import select

from assistant.sessions import chain, views
from assistant.sessions import similar as likeness
from assistant.sessions.chain import JSON
from assistant.sessions.database import Database, refuse_url
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore, make_folders
from assistant.sessions.ids import Ids
from assistant.sessions.journal import Journal
from assistant.sessions.lately import Lately
from assistant.sessions.problems import BUSY_SECONDS, database_errors, disk_errors
from assistant.sessions.runs import Runs
from assistant.sessions.schema import EventRow
from assistant.sessions.similar import Pictured, Similar
from assistant.sessions.verification import Progress, Verification, verify
from assistant.sessions.views import RunSummary, RunView, StepLine
from pipelines.models.consult import Exchange
from pipelines.records import Attachment, Request, Result, RunState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILES = "files"


class SessionLog:
    """Runs, what they were given and what they made, in one data folder.

    Every write is on disk when its method returns, and is sealed by an event in the same transaction. Threads and
    processes may share a log. All methods raise StorageProblem where the folder cannot take a write, and
    VerificationFailed where the end of the event chain was changed.
    """

    store: FileStore
    journal: Journal

    def __init__(self, database: Database, store: FileStore) -> None:
        ids = Ids()
        self._database = database
        self.store = store
        self._lately = Lately()
        self.journal = Journal(database, ids, self._lately)
        self._runs = Runs(database, store, ids)

    @classmethod
    def open(cls, data_dir: Path, disk: Disk | None = None, busy_seconds: float = BUSY_SECONDS) -> SessionLog:
        """Open the log in ``data_dir``, creating folder and database where they are missing.

        Args:
            busy_seconds: how long to wait for another program that holds the database.

        Raises:
            StorageProblem: the folder is read-only or full; the database is locked, not a database, or newer than
                this version.
            UsageProblem: ``data_dir`` is the URL of another database.
            VerificationFailed: the end of the event chain was changed.
        """
        refuse_url(str(data_dir))
        disk = disk or Disk()
        with disk_errors(data_dir):
            make_folders(disk, data_dir)
        store = FileStore(data_dir / FILES, disk)
        store.prepare()
        database = Database(data_dir, busy_seconds)
        try:
            database.prepare(disk)
            with database_errors(database.path, opening=True), database.reading() as connection:
                chain.tail(connection)
        except BaseException:
            database.close()
            raise
        return cls(database, store)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def session(self, label: str) -> str:
        """The id of the session with this label, which is made where it is missing."""
        return self._runs.session(label)

    def accept(
        self,
        request: Request,
        session: str,
        again: bool = False,
        state: RunState = RunState.QUEUED,
        *,
        repeats: tuple[str, str] | None = None,
    ) -> str:
        """Take in a run, queued or running at once; returns its id.

        Work that a run was accepted for already, unless that failed or was cancelled, is not accepted twice: that
        run's id is returned. With ``again`` a new attempt is made in any case.

        Args:
            repeats: of a repetition, the run that is repeated and the key of this work. The key is no request's: who
                gives the same work again finds the run that was, never its repetition.

        Raises:
            StorageProblem: a file of the request is not in the store.
        """
        return self._runs.accept(request, session, again, state, repeats)

    def runs_with_key(self, key: str) -> list[RunSummary]:
        """The attempts at one piece of work (``Request.key()``, or a repetition's own), the newest first."""
        with self._database.reading() as connection:
            return views.summaries(connection, key=key)

    def change_attachments(self, run: str, added: Sequence[Attachment] = (), without: Collection[str] = ()) -> None:
        """Give a run more attachments, or take those of the names ``without`` from it. Nothing leaves the store.

        Raises:
            StorageProblem: a file of an attachment is not in the store.
        """
        self._runs.change_attachments(run, added, without)

    def change_patient(self, run: str, patient: str) -> None:
        """Say whom a run is about, by id; what it was said to be about before is no longer said."""
        self._runs.change_patient(run, patient)

    def set_state(self, run: str, state: RunState, error: str | None = None, exit_code: int | None = None) -> None:
        """Move a run to another state; what it needed and its earlier error are no longer said."""
        self._runs.set_state(run, state, error, exit_code)

    def pause(self, run: str, result: Result, needs: str) -> None:
        """Record why a run waits. ``needs`` names what would let it go on: ``person``, ``recognizer``, ….

        Pausing a paused run in the same way again writes nothing.
        """
        self._runs.pause(run, result, needs)

    def finish(self, run: str, result_digest: str) -> None:
        """The run is done with this recorded result. Finishing it again with the same result writes nothing.

        Raises:
            LookupError: the run has recorded no such result.
        """
        self._runs.finish(run, result_digest)

    def run(self, run: str) -> RunView:
        """Everything about a run, by its id or the beginning of it.

        Raises:
            UsageProblem: no run's id begins so, or several do.
        """
        with self._database.reading() as connection:
            return views.view(connection, views.resolve(connection, run), self._lately)

    def exchanges(self, run: str) -> tuple[Exchange, ...]:
        """What a language model was asked in this run (its id) and what it said, whole, the oldest first."""
        with self._database.reading() as connection:
            return views.exchanges(connection, run)

    def steps(self, run: str) -> tuple[StepLine, ...]:
        """What the journal holds of a run (its id), the oldest first; `Journal.read` reads the values."""
        with self._database.reading() as connection:
            return views.steps(connection, run)

    def pictures_of(self, run: str) -> tuple[Pictured, ...]:
        """Where the pictures of a run (its id) lie among all pictures, as far as that was looked at."""
        with self._database.reading() as connection:
            return likeness.pictures_of(connection, run)

    def similar(
        self, vector: NDArray[np.float32], weights_sha256: str, limit: int, without: str | None = None
    ) -> tuple[Similar, ...]:
        """The pictures that lie nearest to a vector of length 1 by the weights of that hash, the nearest first.

        Args:
            without: the id of a run whose own pictures do not count.
        """
        with self._database.reading() as connection:
            return likeness.similar(connection, vector, weights_sha256, limit, without)

    def runs(self, limit: int | None = None, session: str | None = None) -> list[RunSummary]:
        """The runs of a session (its id or label) or of all, the newest first."""
        with self._database.reading() as connection:
            return views.summaries(connection, limit=limit, session=session)

    def event(self, kind: str, run: str | None, payload: dict[str, JSON]) -> None:
        """Append an event. Its payload holds ids, verdicts and states, never patient text or a hash of content.

        An event of kind ``erased`` says with ``{"rows": [[table, id], …]}`` which content rows are gone for good.
        """
        with self._database.writing() as connection:
            chain.append(connection, chain.tail(connection), kind, run, payload)

    def payloads(self, kind: str) -> tuple[dict[str, Any], ...]:
        """What the events of one kind say, the oldest first."""
        query = select(EventRow.payload).where(EventRow.kind == kind).order_by(EventRow.seq)
        with self._database.reading() as connection:
            return tuple(orjson.loads(payload) for payload in connection.execute(query).scalars())

    def verify(self, progress: Progress | None = None) -> Verification:
        """Re-derive every hash from the bytes; never raises, names the first place that does not hold."""
        return verify(self._database.path, self.store, progress)
