"""Starts, continues, resumes and repeats runs: the graph plus the log."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from assistant.checkpoints import CHECKPOINTS, flush
from assistant.confirmations import RESEARCH_USE, has_confirmed
from assistant.engines import has_appeared
from assistant.intake import Given, GivenAttachment, take_in, take_in_attached
from assistant.past import past_run
from assistant.sessions import RunView, SessionLog
from assistant.sessions.problems import database_errors, disk_errors
from assistant.settings import Settings
from pipelines.errors import (
    BAD_INPUT,
    DONE,
    MODEL_NEEDED,
    OUR_FAULT,
    PERSON_NEEDED,
    Cancelled,
    ProductError,
    StorageProblem,
    UsageProblem,
    VerificationFailed,
)
from pipelines.ports import Key
from pipelines.records import ModelCall, Request, Result, RunState, Status, TaskName, Transcript
from pipelines.state import Answer, Ports, Wait

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph.state import CompiledStateGraph

    from assistant.servers import Servers
    from pipelines.models.generator import Generator
    from pipelines.speech.recognizer import Recognizer

#: The session of all runs that repeat another.
REPETITIONS: Final = "repetitions"
_AT_REST: Final = (RunState.DONE, RunState.CANCELLED)
_EXIT_CODES: Final = {
    Status.NEEDS_MODEL: MODEL_NEEDED,
    Status.NOT_SERVED: MODEL_NEEDED,
    Status.NEEDS_INPUT: PERSON_NEEDED,
    Status.NEEDS_REVIEW: PERSON_NEEDED,
}


@dataclass(frozen=True)
class Outcome:
    """One run after the runner has done what it could."""

    view: RunView
    worked: bool
    """False where there was nothing to do: done already, or still waiting for the same thing."""

    @property
    def exit_code(self) -> int:
        if self.view.state is RunState.FAILED:
            return self.view.exit_code or OUR_FAULT
        if self.view.result is None:
            return DONE
        return _EXIT_CODES.get(self.view.result.status, DONE)


class Runner:
    """Runs over one data folder; `assistant.opening` makes it.

    Args:
        settings: of the data folder, and of the engines.
        recognizer, generator: who works for the runs.
        ports_of: all that the graph is handed for a request.
        servers: fetch the records and images that are attached by their address.
    """

    def __init__(
        self,
        settings: Settings,
        log: SessionLog,
        graph: CompiledStateGraph[Any, Any, Any, Any],
        checkpoints: SqliteSaver,
        recognizer: Recognizer,
        generator: Generator,
        ports_of: Callable[[Request], Ports],
        servers: Servers,
    ) -> None:
        self.log = log
        self.recognizer: Final = recognizer
        self.generator: Final = generator
        self._settings = settings
        self._graph = graph
        self._checkpoints = checkpoints
        self._ports_of = ports_of
        self._servers = servers

    def submit(
        self, given: Given, *, again: bool = False, heard: tuple[Transcript, ModelCall] | None = None
    ) -> Outcome:
        """Take in one piece of work and bring it as far as it goes. Work that is done already is not done again.

        Args:
            again: do it anew even so, as a new run.
            heard: what was heard of this recording while it was made; it is not transcribed again.

        Raises:
            ValueError: ``heard`` is of another recording.
            BadInput: what was given cannot be used at all; nothing was started.
            StorageProblem: the log or the store cannot take a write.
        """
        try:
            request = take_in(given, self.log.store, self._servers, self._settings.templates_folder)
        except ProductError as refused:
            if refused.exit_code == BAD_INPUT:
                self.log.event("input-refused", None, {"problem": type(refused).__name__})
            raise
        with self._exclusive(request.key()):
            known = [] if again else self.log.runs_with_key(request.key())
            if known:
                if heard is not None and known[0].state not in _AT_REST:
                    self._keep_heard(known[0].id, request, *heard)
                return self._take_up(known[0].id)
            session = self.log.session(given.session or date.today().isoformat())
            run = self.log.accept(request, session, again, RunState.RUNNING)
            if heard is not None:
                self._keep_heard(run, request, *heard)
            return self._advance(run, request, None)

    def _keep_heard(self, run: str, request: Request, transcript: Transcript, call: ModelCall) -> None:
        """Record it where the graph's first node looks for it."""
        recording = request.recording.sha256 if request.recording else None
        if recording is None or transcript.recording != recording:
            raise ValueError("heard is of another recording")
        self.log.journal.record(Key(run, "transcribe", recording), transcript, (call,))

    def resume(
        self,
        run: str,
        *,
        task: TaskName | None = None,
        patient: str | None = None,
        same_patient: bool = False,
        series: int | None = None,
        attach: Sequence[GivenAttachment] = (),
        without: Collection[str] = (),
    ) -> Outcome:
        """Go on with a run: with what a person decided, or because what it waits for may be here now.

        Args:
            task: what is asked, whatever was made of the words. With this, another patient or other attachments
                everything after the transcript is done anew.
            patient: whom it is about.
            same_patient: yes to the run's question whether the evidence is about its patient.
            series: which of the volumes that the run listed is meant.
            attach: what is given for it now.
            without: names of attachments that it shall do without.

        Raises:
            BadInput: what is attached cannot be used.
            UsageProblem: there is no such run, it is done, or it has not asked that or has no such attachment.
        """
        view = self.log.run(run)
        with self._exclusive(view.key):
            if not (task or patient or same_patient or series or attach or without):
                return self._take_up(view.id)
            view = self.log.run(view.id)
            if view.state in _AT_REST:
                raise UsageProblem(f"run {view.id}", f"is {view.state}", "ask anew, as you want to have it")
            answer: Answer = {"task": task.value} if task else {}
            anew = bool(task or patient or attach or without)
            if series or anew:
                # A number that was chosen before means something else among what there is now.
                answer["series"] = series
            if same_patient:
                answer["patient_confirmed"] = self._identity_question(view)
            self._change_attachments(view, attach, without)
            if patient:
                self.log.change_patient(view.id, patient)
            self.log.set_state(view.id, RunState.RUNNING)
            return self._advance(view.id, self.log.run(view.id).request, answer, from_start=anew)

    def repeat(self, run: str, key: str, *, again: bool = False, heard: bool = False) -> Outcome:
        """Do a past run's work anew with the engines that are here now, as a run of its own: nothing that the journal
        holds of the past one is used, and what persons decided then counts as decided.

        Args:
            key: names this repetition. One of the same name that came to its end is taken instead.
            again: repeat even so.
            heard: keep what was heard then; nothing is transcribed.

        Raises:
            UsageProblem: there is no such run.
            VerificationFailed: what it was given is not there any more as it was.
        """
        past = past_run(self.log, run)
        view = past.view
        if view.request.recording is not None:
            self.log.store.checked_path(view.request.recording.file_sha256)
        with self._exclusive(key):
            known = [] if again else [one for one in self.log.runs_with_key(key) if one.state is not RunState.CANCELLED]
            if known and known[0].state is RunState.DONE:
                return Outcome(self.log.run(known[0].id), worked=False)
            if known:
                self.log.set_state(known[0].id, RunState.RUNNING)
                return self._advance(known[0].id, view.request, past.answer())
            session = self.log.session(REPETITIONS)
            new = self.log.accept(view.request, session, again, RunState.RUNNING, repeats=(view.id, key))
            if heard and view.transcript is not None and view.request.recording is not None:
                self.log.journal.record(Key(new, "transcribe", view.request.recording.sha256), view.transcript)
            return self._advance(new, view.request, past.answer())

    def _identity_question(self, view: RunView) -> str:
        """Digest of the result in which the run asks whether it is the same patient."""
        interrupts = self._graph.get_state(_config(view.id)).interrupts
        wait: Wait | None = interrupts[0].value if interrupts else None
        if wait is None or wait["at"] != "inspect":
            raise UsageProblem("--same-patient", f"run {view.id} has not asked that", "leave it out")
        return wait["result"]

    def _change_attachments(self, view: RunView, attach: Sequence[GivenAttachment], without: Collection[str]) -> None:
        names = [attachment.name for attachment in view.request.attachments]
        for name in without:
            if name not in names:
                raise UsageProblem(
                    f"--without {name}", "is no attachment of this run", f"it has: {', '.join(names) or 'none'}"
                )
        if attach or without:
            added = [one for given in attach for one in take_in_attached(given, self.log.store, self._servers)]
            self.log.change_attachments(view.id, added, without)

    def _take_up(self, run: str) -> Outcome:
        view = self.log.run(run)
        if view.state in _AT_REST or (view.state is RunState.PAUSED and not self._may_go_on(view)):
            return Outcome(view, worked=False)
        self.log.set_state(run, RunState.RUNNING)
        return self._advance(run, view.request, None)

    def _may_go_on(self, view: RunView) -> bool:
        """What it waits for has appeared, or waits for another reason now, which is then said."""
        if view.needs == RESEARCH_USE:
            return has_confirmed(self.log, RESEARCH_USE)
        if has_appeared(view.needs or "", self._settings):
            return True
        message = view.result.message if view.result else None
        return view.needs == "generator" and self.generator.available().detail not in (message or "")

    def _advance(self, run: str, request: Request, answer: Answer | None, from_start: bool = False) -> Outcome:
        """Invoke the graph from where it stands until it is done, waits or fails.

        Args:
            from_start: from its beginning, with the answers that were given before; what the journal holds for the
                same input is not done again.
        """
        from langgraph.types import Command

        config, given = _config(run), dict(answer or {})
        with database_errors(self._settings.data_dir / CHECKPOINTS):
            place = self._graph.get_state(config)
            if from_start:
                self._checkpoints.delete_thread(run)
                step: Any = {"run": run, "answer": {**place.values.get("answer", {}), **given}}
            elif place.interrupts:
                step = Command(resume={"asked_again": True, **given})
            elif place.next:
                step = None
            else:
                step = {"run": run, "answer": given}
            try:
                final = self._graph.invoke(step, config, context=self._ports_of(request), durability="sync")
            except (StorageProblem, VerificationFailed, sqlite3.Error):
                raise
            except Cancelled:
                self.log.set_state(run, RunState.CANCELLED)
                return Outcome(self.log.run(run), worked=True)
            except ProductError as problem:
                self.log.set_state(run, RunState.FAILED, error=str(problem), exit_code=problem.exit_code)
                return Outcome(self.log.run(run), worked=True)
            except Exception as fault:
                if self._settings.debug:
                    raise
                self.log.set_state(run, RunState.FAILED, error=str(_internal(run, fault)), exit_code=OUR_FAULT)
                return Outcome(self.log.run(run), worked=True)
            if "__interrupt__" in final:
                flush(self._checkpoints)
                self._pause(run, final["__interrupt__"][0].value)
            else:
                self._checkpoints.delete_thread(run)
        return Outcome(self.log.run(run), worked=True)

    def _pause(self, run: str, wait: Wait) -> None:
        self.log.pause(run, self.log.journal.read(wait["result"], Result), wait["needs"])

    @contextlib.contextmanager
    def _exclusive(self, key: str) -> Iterator[None]:
        """No other process does the same work meanwhile. The lock dies with its process."""
        from filelock import FileLock

        folder = self._settings.data_dir / "locks"
        lock = FileLock(folder / f"{key}.lock")
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _config(run: str) -> Any:
    return {"configurable": {"thread_id": run}}


def _internal(run: str, fault: Exception) -> ProductError:
    """A fault of ours as its one line. The fault's own text may hold patient text: only its type is said."""
    return ProductError(
        f"run {run}",
        f"internal error ({type(fault).__name__})",
        "try it again with ASSISTANT_DEBUG=1 and report what it prints",
    )
