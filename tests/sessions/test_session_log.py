"""What the session log keeps of a run, and what it says of it."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.sessions import SessionLog
from pipelines.errors import StorageProblem, UsageProblem
from pipelines.ports import Key
from pipelines.records import (
    Attachment,
    Check,
    Decision,
    Embedding,
    Engine,
    Flag,
    Kind,
    Member,
    ModelCall,
    Patient,
    RecordCitation,
    Recording,
    Request,
    Result,
    Review,
    RunState,
    Segment,
    Span,
    Statement,
    Status,
    TaskName,
    Transcript,
    TranscriptCitation,
    Value,
    Word,
)
from tests.sessions.a_run import Reading, decision, exercise, model_call, request, result, review, transcript


def test_a_run_is_told_as_it_was(log: SessionLog) -> None:
    run = exercise(log)

    view = log.run(run)

    assert view.request == request(log)
    assert view.transcript == transcript()
    assert view.decision == decision()
    assert view.result == result()
    assert list(view.result.data) == ["subjective", "objective"]
    assert view.checks == review(result()).checks
    assert view.model_calls == (model_call(),)
    assert [change.state for change in view.states] == ["queued", "running", "paused", "running", "done"]
    assert (view.state, view.exit_code, view.needs, view.error) == (RunState.DONE, 0, None, None)
    assert (view.task, view.status, view.recording) == (TaskName.DICTATION_NOTE, Status.DRAFT, "dictation.wav")
    assert view.label == "desk"


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        run = exercise(log)
        before = log.run(run)
    with SessionLog.open(tmp_path) as log:
        assert log.run(run) == before
        verification = log.verify()
    assert verification.problem is None
    assert verification.checked_events == 12
    assert verification.checked_files == 5


def test_opening_a_current_log_does_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SessionLog.open(tmp_path).close()
    for name in [name for name in sys.modules if name.startswith("alembic")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "alembic", None)

    SessionLog.open(tmp_path).close()


def test_a_step_is_recorded_once(log: SessionLog) -> None:
    run = log.accept(request(log), log.session("desk"))
    key = Key(run, "transcribe", "1" * 64)
    first = log.journal.record(key, transcript(), (model_call(),))
    checked = log.verify()

    assert log.journal.record(key, transcript(9), (model_call(),)) == first == transcript().digest()
    assert log.journal.recall(key) == first
    assert log.journal.recall(Key(run, "transcribe", "2" * 64)) is None
    assert log.verify() == checked


def test_a_value_never_recorded_is_not_read(log: SessionLog) -> None:
    with pytest.raises(LookupError):
        log.journal.read("0" * 64, Transcript)


def test_the_same_work_is_accepted_once_unless_it_was_given_up(log: SessionLog) -> None:
    desk, asked = log.session("desk"), request(log)
    first = log.accept(asked, desk)

    assert log.accept(asked, desk) == first
    second = log.accept(asked, desk, again=True)
    log.set_state(second, RunState.FAILED, error="the model file is damaged", exit_code=1)
    third = log.accept(asked, desk)

    attempts = log.runs_with_key(asked.key())
    assert [(run.id, run.attempt) for run in attempts] == [(third, 3), (second, 2), (first, 1)]
    assert (attempts[1].error, attempts[1].exit_code) == ("the model file is damaged", 1)
    assert log.verify().ok


def test_ids_are_in_the_order_of_acceptance(log: SessionLog) -> None:
    desk = log.session("desk")
    made = [log.accept(request(log, number), desk) for number in range(5)]

    assert made == sorted(made)
    assert [run.id for run in log.runs()] == made[::-1]
    assert [run.id for run in log.runs(limit=2)] == made[:2:-1]
    assert log.runs(session=log.session("elsewhere")) == log.runs(session="elsewhere") == []
    assert log.runs(session=desk) == log.runs(session="desk") == log.runs()


def test_a_session_is_made_once(log: SessionLog) -> None:
    assert log.session("desk") == log.session("desk") != log.session("ward")


def test_a_paused_run_says_what_it_needs(log: SessionLog) -> None:
    run = log.accept(request(log), log.session("desk"))
    waiting = Result(task=None, status=Status.NEEDS_MODEL, message="install one")
    log.pause(run, waiting, "recognizer")
    log.pause(run, waiting, "recognizer")

    view = log.run(run)

    assert (view.state, view.needs, view.status, view.result) == ("paused", "recognizer", "needs-model", waiting)
    assert [change.state for change in view.states] == ["queued", "paused"]
    log.set_state(run, RunState.RUNNING)
    assert log.run(run).needs is None


def test_finishing_twice_is_finishing_once(log: SessionLog) -> None:
    run = exercise(log)
    before = log.verify()

    log.finish(run, result().digest())

    assert log.verify() == before
    with pytest.raises(LookupError):
        log.finish(run, "0" * 64)


def test_a_run_is_found_by_the_beginning_of_its_id(log: SessionLog) -> None:
    desk = log.session("desk")
    run, other = (log.accept(request(log, number), desk) for number in range(2))
    shared = next(n for n in range(26) if run[n] != other[n])

    assert log.run(run[: shared + 1].lower()).id == run
    with pytest.raises(UsageProblem, match="several runs"):
        log.run(run[:shared])
    for unknown in ("", "no-such-run", run + "0", "%"):
        with pytest.raises(UsageProblem, match="no such run"):
            log.run(unknown)
    with pytest.raises(UsageProblem, match="no such run"):
        log.set_state(run[:-1], RunState.RUNNING)


def test_a_request_without_its_files_is_not_accepted(log: SessionLog) -> None:
    asked = request(log)
    lost = asked.recording.model_copy(update={"file_sha256": "f" * 64})

    with pytest.raises(StorageProblem, match="not in the file store"):
        log.accept(asked.model_copy(update={"recording": lost}), log.session("desk"))
    assert log.runs() == []


def test_events_say_nothing_about_the_patient(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        asked = request(log)
        exercise(log)
    with sqlite3.connect(tmp_path / "log.db") as connection:
        told = "\n".join(map(str, connection.execute("SELECT kind, run, payload FROM events")))
    connection.close()

    content = [transcript(), decision(), result(), review(result()), asked.recording, *asked.attachments]
    hashes = [value.digest() for value in content] + [asked.key(), asked.recording.file_sha256]
    texts = ["p-1", "Ada", "1950-01-02", "dictation.wav", "record.json", "hest", "desk", "look at", "1" * 64]
    assert not [secret for secret in texts + hashes if secret in told]


def test_events_can_only_be_appended(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        exercise(log)
    connection = sqlite3.connect(tmp_path / "log.db")
    for statement in (
        "UPDATE events SET payload = '{}' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 11",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 3",
        "INSERT INTO events SELECT 20, time, kind, run, payload, hash, hash FROM events WHERE seq = 11",
        "INSERT INTO events SELECT 12, time, kind, run, payload, prev_hash, hash FROM events WHERE seq = 11",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="events are"):
            connection.execute(statement)
    connection.close()


AUDIO = hashlib.sha256(b"audio").hexdigest()
names = st.text(max_size=8)
perhaps = st.none() | names
numbers = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
data = st.recursive(
    st.none() | st.booleans() | integers | numbers | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, data, max_size=3)
tasks = st.none() | st.sampled_from(TaskName)


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=3).map(tuple)


engines = st.builds(
    Engine, model=perhaps, revision=perhaps, weights_sha256=perhaps, note=perhaps, name=names, version=names
)
words = st.builds(
    Word, text=names, start=numbers, end=numbers, confidence=numbers, raw_start=integers, raw_end=integers
)
transcripts = st.builds(
    Transcript,
    recording=perhaps,
    raw=names,
    text=names,
    engine=engines,
    segments=several(st.builds(Segment, start=numbers, end=numbers, words=several(words))),
    spans=several(st.builds(Span, start=integers, end=integers, raw_start=integers, raw_end=integers)),
    flags=several(st.builds(Flag)),
    warnings=several(names),
    gain_db=st.none() | st.tuples(numbers, numbers),
)
decisions = st.builds(
    Decision,
    task=tasks,
    confidence=numbers,
    scores=st.dictionaries(names, numbers, max_size=3),
    inferred_kinds=several(st.sampled_from(Kind)),
    question=perhaps,
)
times = st.none() | numbers
citations = st.builds(RecordCitation) | st.builds(
    TranscriptCitation, start=integers, end=integers, audio_start=times, audio_end=times
)
results = st.builds(
    Result,
    task=tasks,
    statements=several(st.builds(Statement, section=perhaps, citations=several(citations))),
    data=objects,
    message=perhaps,
)
checks = st.builds(Check, statement=integers, statement_text=perhaps, source_text=perhaps)
reviews = st.builds(Review, checks=several(checks))
embeddings = st.builds(Embedding, frame=st.just(AUDIO))
artifacts = st.builds(Reading, findings=st.dictionaries(names, numbers, max_size=3))
calls = st.builds(
    ModelCall,
    engine=engines,
    inputs=several(names),
    seconds=numbers,
    parameters=objects,
    libraries=st.dictionaries(names, names, max_size=2),
    prompt=perhaps,
    prompt_tokens=st.none() | integers,
    output_tokens=st.none() | integers,
)
recordings = st.builds(
    Recording, file_sha256=st.just(AUDIO), rate=integers, channels=integers, seconds=numbers, warnings=several(names)
)
attachments = st.builds(
    Attachment,
    sha256=st.just(AUDIO),
    size=integers,
    members=several(st.builds(Member, sha256=st.just(AUDIO))),
    patient=st.none() | st.builds(Patient, system=perhaps, name=perhaps, birth_date=perhaps),
    warnings=several(names),
)
requests = st.builds(
    Request,
    recording=st.none() | recordings,
    text=perhaps,
    attachments=several(attachments),
    task=tasks,
    template=perhaps,
    patient=perhaps,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionLog]:
    with SessionLog.open(tmp_path_factory.mktemp("shared")) as log:
        yield log


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=transcripts | decisions | results | reviews | embeddings | artifacts)
def test_every_value_comes_back_as_it_went_in(shared: SessionLog, value: Value) -> None:
    run = shared.accept(Request(recording=None, text="hello"), shared.session("desk"))

    digest = shared.journal.record(Key(run, "node", value.digest()), value)

    found = shared.journal.read(digest, type(value))
    assert found.canonical() == value.canonical()
    assert found.digest() == digest == value.digest()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=requests, made=several(calls))
def test_every_request_and_model_call_comes_back_as_it_went_in(
    shared: SessionLog, asked: Request, made: tuple[ModelCall, ...]
) -> None:
    shared.store.put(b"audio")
    run = shared.accept(asked, shared.session("desk"), again=True)
    shared.journal.record(Key(run, "node", "1"), Reading(readable=True, findings={}), made)

    view = shared.run(run)

    assert view.request.canonical() == asked.canonical()
    assert [call.canonical() for call in view.model_calls] == [call.canonical() for call in made]


def test_the_values_that_came_back_are_sealed(shared: SessionLog) -> None:
    assert shared.verify().problem is None
