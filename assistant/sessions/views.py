"""What the log tells about runs."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Select, or_, select

from assistant.sessions.content import fetch
from assistant.sessions.lately import Lately
from assistant.sessions.schema import (
    EventRow,
    ModelCallRow,
    RecordingRow,
    ResultRow,
    ReviewRow,
    RunRow,
    SessionRow,
    StepRow,
    table,
)
from assistant.sessions.values import attachment, model_call, patient, put_together, recording, table_of
from pipelines.errors import UsageProblem
from pipelines.models.consult import Exchange
from pipelines.records import (
    Attachment,
    Check,
    Decision,
    ModelCall,
    Request,
    Result,
    Review,
    RunState,
    Status,
    TaskName,
    Transcript,
    Value,
)
from pipelines.state import Inspection


class StateChange(Value):
    time: str
    state: RunState


class StepLine(Value):
    """One entry of the journal, without its value."""

    node: str
    kind: str
    """The value's class."""
    value: str
    """Its digest."""


class RunSummary(Value):
    """One line about a run. ``task`` and ``status`` are of its latest result, else ``task`` is the one asked for."""

    id: str
    session: str
    label: str
    key: str
    """``Request.key()``; a repetition's own where the run is one."""
    attempt: int
    state: RunState
    needs: str | None
    """What would let a paused run go on."""
    task: TaskName | None
    status: Status | None
    recording: str | None
    """File name of the recording."""
    error: str | None
    exit_code: int | None
    created: str
    updated: str


class RunView(RunSummary):
    """Everything about a run; of each kind of value the latest."""

    request: Request
    attachments: tuple[Attachment, ...]
    """The request's, as they were found on inspection; before it as they were given."""
    transcript: Transcript | None
    decision: Decision | None
    result: Result | None
    checks: tuple[Check, ...]
    """Made on this very result."""
    model_calls: tuple[ModelCall, ...]
    states: tuple[StateChange, ...]
    repeats: str | None = None
    """The run that this one is a repetition of."""


def run_row(connection: Connection, run: str) -> RowMapping:
    """A run's row.

    Raises:
        UsageProblem: there is no such run.
    """
    found = connection.execute(select(table("runs")).where(RunRow.id == run)).mappings().one_or_none()
    if found is None:
        raise _no_such_run(run)
    return found


def resolve(connection: Connection, name: str) -> str:
    """A run's id from the beginning of it.

    Raises:
        UsageProblem: none begins so, or several.
    """
    begin = name.strip().upper()
    found = connection.execute(
        select(RunRow.id).where(RunRow.id >= begin, RunRow.id < begin + "~").order_by(RunRow.id).limit(2)
    ).scalars()
    match list(found):
        case [run]:
            return run
        case [first, *_] if begin and first != begin:
            raise UsageProblem(name, "several runs begin so", "write more of the id; `assistant log list` shows it")
        case [first, *_] if begin:
            return first
    raise _no_such_run(name)


def summaries(
    connection: Connection, *, limit: int | None = None, session: str | None = None, key: str | None = None
) -> list[RunSummary]:
    """Runs, the newest first."""
    query = _SUMMARY.order_by(RunRow.event.desc()).limit(limit)
    if session is not None:
        query = query.where(or_(RunRow.session == session, SessionRow.label == session))
    if key is not None:
        query = query.where(RunRow.work == key)
    return [RunSummary.model_validate(_summary(row)) for row in connection.execute(query).mappings()]


def view(connection: Connection, run: str, lately: Lately) -> RunView:
    """Everything about the run with this id."""
    summary = _summary(connection.execute(_SUMMARY.where(RunRow.id == run)).mappings().one())
    result_step = _result_step(connection, run)
    result = _value(connection, Result, result_step, lately)
    if result:
        summary |= {"task": result.task, "status": result.status}
    events = select(EventRow.time, EventRow.payload).where(EventRow.run == run, EventRow.kind == "state")
    told = connection.execute(events.order_by(EventRow.seq)).all()
    states = [StateChange(time=time, state=_state(payload)) for time, payload in told]
    request = _request(connection, run)
    return RunView(
        **summary,
        request=request,
        attachments=_inspected(connection, run, request, lately),
        transcript=_value(connection, Transcript, _latest(connection, run, Transcript), lately),
        decision=_value(connection, Decision, _latest(connection, run, Decision), lately),
        result=result,
        checks=_checks(connection, run, result_step, lately),
        model_calls=_model_calls(connection, run),
        states=tuple(states),
        repeats=orjson.loads(told[0].payload).get("repeats") if told else None,
    )


def exchanges(connection: Connection, run: str) -> tuple[Exchange, ...]:
    """What a language model was asked in this run and what it said, whole, the oldest first."""
    query = select(StepRow.id).where(StepRow.run == run, StepRow.kind == Exchange.__name__).order_by(StepRow.event)
    steps = connection.execute(query).scalars().all()
    found = [put_together(Exchange, fetch(connection, table_of(Exchange), step)) for step in steps]
    return tuple(exchange for exchange in found if isinstance(exchange, Exchange))


def steps(connection: Connection, run: str) -> tuple[StepLine, ...]:
    """What the journal holds of a run, the oldest first."""
    query = select(StepRow.node, StepRow.kind, StepRow.digest).where(StepRow.run == run).order_by(StepRow.event)
    return tuple(StepLine(node=one.node, kind=one.kind, value=one.digest) for one in connection.execute(query))


_SUMMARY: Select[Any] = (
    select(
        *(column for column in table("runs").c if column.name not in {"seal_key", "recording"}),
        SessionRow.label,
        RecordingRow.name.label("recording"),
        ResultRow.task.label("result_task"),
        ResultRow.status,
    )
    .join(SessionRow, SessionRow.id == RunRow.session)
    .outerjoin(RecordingRow, RecordingRow.id == RunRow.recording)
    .outerjoin(ResultRow, ResultRow.id == RunRow.result)
)


def _no_such_run(name: str) -> UsageProblem:
    return UsageProblem(name or "run", "no such run in the log", "`assistant log list` names the runs")


def _summary(row: RowMapping) -> dict[str, Any]:
    return {
        **{name: row[name] for name in RunSummary.model_fields if name in row},
        "key": row["work"],
        "task": row["result_task"] or row["task"],
    }


def _state(payload: str) -> RunState:
    return RunState(orjson.loads(payload)["state"])


def _request(connection: Connection, run: str) -> Request:
    row, children = fetch(connection, "runs", run)
    attachments = []
    for one in children["run_attachments"]:
        rows = fetch(connection, "attachments", one["attachment"])
        named = rows.row["patient"]
        attachments.append(attachment(rows, patient(fetch(connection, "patients", named).row) if named else None))
    return Request(
        recording=recording(fetch(connection, "recordings", row["recording"]).row) if row["recording"] else None,
        text=row["text"],
        attachments=tuple(attachments),
        task=row["task"],
        template=row["template"],
        patient=fetch(connection, "patients", row["patient"]).row["identifier"] if row["patient"] else None,
    )


def _inspected(connection: Connection, run: str, request: Request, lately: Lately) -> tuple[Attachment, ...]:
    """As the latest inspection found them, if it was of these and no others."""
    if not request.attachments:
        return ()
    inspection = _value(connection, Inspection, _latest(connection, run, Inspection), lately)
    found: tuple[Attachment, ...] = inspection.attachments if inspection else ()
    same = [one.sha256 for one in found] == [one.sha256 for one in request.attachments]
    return found if same else request.attachments


def _latest(connection: Connection, run: str, kind: type[Value]) -> str | None:
    query = select(StepRow.id).where(StepRow.run == run, StepRow.kind == kind.__name__)
    return connection.execute(query.order_by(StepRow.event.desc()).limit(1)).scalar()


def _result_step(connection: Connection, run: str) -> str | None:
    """A run at rest has the result it was paused or finished with, one that failed only a failed one (what it waited
    for before, or what was withheld, is not its result), and one under way its latest."""
    row = run_row(connection, run)
    if row["state"] in {RunState.PAUSED, RunState.DONE} and row["result"]:
        named: str = row["result"]
        return named
    latest = _latest(connection, run, Result)
    if row["state"] == RunState.FAILED and latest is not None:
        status = connection.execute(select(ResultRow.status).where(ResultRow.id == latest)).scalar_one()
        return latest if status == Status.FAILED else None
    return latest


def _value(connection: Connection, kind: type[Any], step: str | None, lately: Lately) -> Any:
    if step is None:
        return None
    digest = connection.execute(select(StepRow.digest).where(StepRow.id == step)).scalar_one()
    known = lately.find(digest, kind)
    return known if known is not None else put_together(kind, fetch(connection, table_of(kind), step))


def _checks(connection: Connection, run: str, result_step: str | None, lately: Lately) -> tuple[Check, ...]:
    query = (
        select(ReviewRow.id)
        .join(StepRow, StepRow.id == ReviewRow.id)
        .where(
            StepRow.run == run,
            ReviewRow.result == select(StepRow.digest).where(StepRow.id == result_step).scalar_subquery(),
        )
        .order_by(StepRow.event.desc())
        .limit(1)
    )
    review = _value(connection, Review, connection.execute(query).scalar(), lately)
    return review.checks if review else ()


def _model_calls(connection: Connection, run: str) -> tuple[ModelCall, ...]:
    query = (
        select(table("model_calls"))
        .join(StepRow, StepRow.id == ModelCallRow.step)
        .where(StepRow.run == run)
        .order_by(StepRow.event, ModelCallRow.position)
    )
    return tuple(model_call({**row}) for row in connection.execute(query).mappings())
