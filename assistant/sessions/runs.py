"""The writes of a run's life: accepted, moved from state to state, paused, finished. One transaction each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, delete, select

from assistant.sessions import chain
from assistant.sessions.chain import JSON
from assistant.sessions.content import change, fetch, insert, store
from assistant.sessions.database import Database
from assistant.sessions.files import FileStore
from assistant.sessions.ids import Ids
from assistant.sessions.journal import verdict, write_step
from assistant.sessions.schema import RunRow, SessionRow, StepRow, table
from assistant.sessions.seal import Seal
from assistant.sessions.values import Columns, Rows, attachment_rows, patient_row, recording_row
from assistant.sessions.views import run_row
from pipelines.errors import StorageProblem
from pipelines.ports import Key
from pipelines.records import Attachment, Patient, Recording, Request, Result, RunState, Value

#: States after which the same request is new work.
_GIVEN_UP = (RunState.FAILED, RunState.CANCELLED)


class Runs:
    """Writes runs; reading them is in ``views``."""

    def __init__(self, database: Database, files: FileStore, ids: Ids) -> None:
        self._database = database
        self._files = files
        self._ids = ids

    def session(self, label: str) -> str:
        with self._database.writing() as connection:
            found = connection.execute(select(SessionRow.id).where(SessionRow.label == label)).scalar()
            if found:
                return found
            end = chain.tail(connection)
            row = {"id": self._ids.new(), "label": label, "started": chain.now()}
            seal = store(connection, "sessions", Rows(row))
            chain.append(connection, end, "session", None, {}, [seal])
        return row["id"]

    def accept(
        self, request: Request, session: str, again: bool, state: RunState, repeats: tuple[str, str] | None = None
    ) -> str:
        self._require_files(_files(request))
        of, key = repeats or (None, request.key())
        with self._database.writing() as connection:
            earlier = connection.execute(
                select(RunRow.id, RunRow.state).where(RunRow.work == key).order_by(RunRow.event.desc())
            ).all()
            if earlier and not again and earlier[0].state not in _GIVEN_UP:
                newest: str = earlier[0].id
                return newest
            end = chain.tail(connection)
            rows, seals = self._rows(connection, request)
            time = chain.now()
            rows.row.update(session=session, event=end.seq + 1, work=key, attempt=len(earlier) + 1)
            rows.row.update(state=state, created=time, updated=time)
            seals.append(store(connection, "runs", rows))
            run: str = rows.row["id"]
            payload: dict[str, JSON] = {"state": state, "attempt": len(earlier) + 1}
            if of is not None:
                payload["repeats"] = of
            chain.append(connection, end, "state", run, payload, seals)
        return run

    def change_attachments(self, run: str, added: Sequence[Attachment], without: Collection[str]) -> None:
        self._require_files(
            (attachment.name, digest) for attachment in added for digest in attachment_files(attachment)
        )
        with self._database.writing() as connection:
            run_row(connection, run)
            end = chain.tail(connection)
            seals: list[Seal] = []
            before = [link["attachment"] for link in fetch(connection, "runs", run).children["run_attachments"]]
            kept = [one for one in before if fetch(connection, "attachments", one).row["name"] not in without]
            after = list(dict.fromkeys((*kept, *(self._attachment(connection, one, seals) for one in added))))
            if after == before:
                return
            links = table("run_attachments")
            connection.execute(delete(links).where(links.c.run == run))
            if after:
                insert(connection, "run_attachments", _links(run, after))
            seals.append(change(connection, "runs", run, {"updated": chain.now()}))
            payload: dict[str, JSON] = {"before": len(before), "after": len(after)}
            chain.append(connection, end, "attachments", run, payload, seals)

    def change_patient(self, run: str, patient: str) -> None:
        with self._database.writing() as connection:
            row = run_row(connection, run)
            end = chain.tail(connection)
            seals: list[Seal] = []
            meant = self._patient(connection, Patient(id=patient), seals)
            if meant == row["patient"]:
                return
            seals.append(change(connection, "runs", run, {"patient": meant, "updated": chain.now()}))
            chain.append(connection, end, "patient", run, {}, seals)

    def set_state(self, run: str, state: RunState, error: str | None, exit_code: int | None) -> None:
        with self._database.writing() as connection:
            run_row(connection, run)
            end = chain.tail(connection)
            payload: dict[str, JSON] = {"state": state, "exit_code": exit_code}
            columns = {"state": state, "needs": None, "error": error, "exit_code": exit_code}
            self._move(connection, end, run, columns, payload, ())

    def pause(self, run: str, result: Result, needs: str) -> None:
        # The digest identifies the pause; the input of a person or an engine is what it waits for.
        key = Key(run, "pause", result.digest())
        with self._database.writing() as connection:
            row = run_row(connection, run)
            end = chain.tail(connection)
            step = write_step(connection, self._ids, end.seq + 1, key, result)
            if (row["state"], row["needs"], row["result"]) == (RunState.PAUSED, needs, step.id):
                return
            payload: dict[str, JSON] = {"state": RunState.PAUSED, "needs": needs, **verdict(result)}
            columns = {"state": RunState.PAUSED, "needs": needs, "error": None, "exit_code": None, "result": step.id}
            self._move(connection, end, run, columns, payload, step.seals)

    def finish(self, run: str, result_digest: str) -> None:
        with self._database.writing() as connection:
            row = run_row(connection, run)
            step = connection.execute(
                select(StepRow.id)
                .where(StepRow.run == run, StepRow.kind == "Result", StepRow.digest == result_digest)
                .order_by(StepRow.event.desc())
                .limit(1)
            ).scalar()
            if step is None:
                raise LookupError(f"run {run} has no result {result_digest}")
            if (row["state"], row["result"]) == (RunState.DONE, step):
                return
            end = chain.tail(connection)
            columns = {"state": RunState.DONE, "needs": None, "error": None, "exit_code": 0, "result": step}
            self._move(connection, end, run, columns, {"state": RunState.DONE, "exit_code": 0}, ())

    def _move(
        self,
        connection: Connection,
        end: chain.Tail,
        run: str,
        columns: Mapping[str, str | int | None],
        payload: dict[str, JSON],
        seals: tuple[Seal, ...],
    ) -> None:
        seal = change(connection, "runs", run, {**columns, "updated": chain.now()})
        chain.append(connection, end, "state", run, payload, (*seals, seal))

    def _require_files(self, wanted: Iterable[tuple[str, str]]) -> None:
        """A run is accepted only when what it was given (names and digests) lies in the store."""
        for name, digest in wanted:
            if not self._files.has(digest):
                raise StorageProblem(name, "its bytes are not in the file store", "store them before the run")

    def _rows(self, connection: Connection, request: Request) -> tuple[Rows, list[Seal]]:
        """The run's row as far as the request tells it, after what it refers to is written."""
        seals: list[Seal] = []
        patient = Patient(id=request.patient) if request.patient is not None else None
        attachments = [self._attachment(connection, one, seals) for one in request.attachments]
        run = self._ids.new()
        row = {
            "id": run,
            "recording": self._recording(connection, request.recording, seals),
            "text": request.text,
            "task": request.task,
            "template": request.template,
            "patient": self._patient(connection, patient, seals),
        }
        return Rows(row, {"run_attachments": _links(run, attachments)}), seals

    def _patient(self, connection: Connection, value: Patient | None, seals: list[Seal]) -> str | None:
        if value is None:
            return None
        found = _known(connection, "patients", value)
        return found or _new(connection, "patients", Rows(patient_row(value, self._ids.new())), seals)

    def _recording(self, connection: Connection, value: Recording | None, seals: list[Seal]) -> str | None:
        if value is None:
            return None
        found = _known(connection, "recordings", value)
        return found or _new(connection, "recordings", Rows(recording_row(value, self._ids.new())), seals)

    def _attachment(self, connection: Connection, value: Attachment, seals: list[Seal]) -> str:
        found = _known(connection, "attachments", value)
        if found:
            return found
        patient = self._patient(connection, value.patient, seals)
        return _new(connection, "attachments", attachment_rows(value, self._ids.new(), patient), seals)


def _files(request: Request) -> Iterator[tuple[str, str]]:
    if request.recording:
        yield request.recording.name, request.recording.file_sha256
    for one in request.attachments:
        yield from ((one.name, digest) for digest in attachment_files(one))


def _links(run: str, attachments: Sequence[str]) -> list[Columns]:
    return [{"run": run, "position": n, "attachment": one} for n, one in enumerate(attachments)]


def attachment_files(attachment: Attachment) -> list[str]:
    """The names in the file store of what an attachment consists of."""
    return [member.sha256 for member in attachment.members] or [attachment.sha256]


def _known(connection: Connection, name: str, value: Value) -> str | None:
    target = table(name)
    return connection.execute(select(target.c.id).where(target.c.digest == value.digest())).scalar()


def _new(connection: Connection, name: str, rows: Rows, seals: list[Seal]) -> str:
    seals.append(store(connection, name, rows))
    row_id: str = rows.row["id"]
    return row_id
