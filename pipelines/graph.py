"""The way through the house: transcribe, inspect, route, one task, check, record.

A node that cannot go on names what it waits for and hands over to ``pause``, which does nothing but interrupt:
LangGraph runs an interrupted node again from its top, so that node must have no side effects. Every other node first
asks the journal whether its work is already recorded, so that a run cut off anywhere is taken up without doing
anything twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import BadInput, ModelNeeded, NoAnswer, PersonNeeded, ProductError
from pipelines.evidence.identity import identity_question
from pipelines.models.consult import Consultant
from pipelines.ports import Key
from pipelines.records import (
    Attachment,
    Decision,
    Engine,
    Result,
    Review,
    Span,
    Status,
    TaskName,
    Transcript,
)
from pipelines.state import Inspection, Ports, RunState, Wait
from pipelines.tasks.task import Task, TaskInput

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.runtime import Runtime

    from pipelines.routing.router import TieBreaker

NOT_SERVED: Final = "not-served"


def transcribe(state: RunState, ports: Ports) -> RunState:
    """Recording (or typed text) -> Transcript."""
    request = ports.request
    heard = request.recording.sha256 if request.recording else hashlib.sha256((request.text or "").encode()).hexdigest()
    key = Key(state["run"], "transcribe", heard)
    known = ports.journal.recall(key)
    if known is not None:
        return {"transcript": known}
    if request.recording is None:
        return {"transcript": ports.journal.record(key, typed_transcript(request.text or ""))}

    from pipelines.speech.transcribe import transcribe as transcribe_recording

    try:
        transcript, call = transcribe_recording(
            request.recording,
            ports.store.path(request.recording.file_sha256),
            ports.recognizer,
            lambda share: ports.progress("transcribe", share),
            ports.writing,
        )
    except ModelNeeded as missing:
        return _wait(
            state,
            ports,
            "transcribe",
            "recognizer",
            Result(task=request.task, status=Status.NEEDS_MODEL, message=str(missing)),
        )
    return {"transcript": ports.journal.record(key, transcript, (call,))}


def inspect(state: RunState, ports: Ports) -> RunState:
    """Attachments -> what they are and whom they are about. Another patient than the run's is a person's decision."""
    request = ports.request
    if not request.attachments:
        return {}
    key = Key(state["run"], "inspect", request.key())
    known = ports.journal.recall(key)
    if known is None:
        try:
            words = ports.journal.read(state["transcript"], Transcript).text
            known = ports.journal.record(key, _inspected(ports, state["run"], words))
        except PersonNeeded as several:
            return _wait(state, ports, "inspect", "person", _whom(request.task, several, state["run"]))
    found = ports.journal.read(known, Inspection)
    named = [one.patient for one in found.used if one.patient is not None]
    question = identity_question(request.patient, named, found.stated)
    if question is None:
        return {"inspection": known}
    asked = Result(task=request.task, status=Status.NEEDS_INPUT, message=question)
    if state.get("answer", {}).get("patient_confirmed") == asked.digest():
        return {"inspection": known}
    return {"inspection": known} | _wait(state, ports, "inspect", "person", asked)


def _inspected(ports: Ports, run: str, words: str) -> Inspection:
    """All attachments looked at, and whom the words say that they are about. One that cannot be read is left out, as
    long as others can.

    Raises:
        BadInput: none of them can be read.
        PersonNeeded: it is not said whom of several patients the run is about.
    """
    from pipelines.documents import with_patient
    from pipelines.evidence.inspect import inspect_attachment, stated_patient
    from pipelines.recognition import recognised

    given, found = ports.request.attachments, list[Attachment]()
    unread: dict[str, BadInput] = {}
    for one in given:
        try:
            found.append(with_patient(inspect_attachment(one, ports.store, ports.request.patient), ports, run))
        except BadInput as problem:
            unread[one.sha256] = problem
    if not found:
        raise next(iter(unread.values()))
    # A model is asked about pictures only when all is read that can be.
    known = {one.sha256: one for one in recognised(found, ports, run)}
    attachments = (known.get(one.sha256) or _left_out(one, unread[one.sha256]) for one in given)
    stated = stated_patient(words, known.values(), ports.store)
    return Inspection(attachments=tuple(attachments), unread=tuple(unread), stated=stated)


def _left_out(attachment: Attachment, problem: BadInput) -> Attachment:
    why = f"is not used, it {problem.problem}: {problem.remedy}"
    return attachment.model_copy(update={"warnings": (*attachment.warnings, why)})


def route(state: RunState, ports: Ports) -> RunState:
    """Transcript and attachment kinds -> a Task, or a question back to the user."""
    request = ports.request
    transcript = ports.journal.read(state["transcript"], Transcript)
    attachments = _attachments(state, ports)
    chosen = state.get("answer", {}).get("task") or request.task
    key = Key(state["run"], "route", _digest(state["transcript"], state.get("inspection", ""), chosen or ""))
    known = ports.journal.recall(key)
    if known is None:
        from pipelines.routing import guesses

        known = ports.journal.record(
            key,
            (
                guesses.chosen(TaskName(chosen), attachments)
                if chosen
                else guesses.decide(ports.router, transcript.text, attachments, _tie_breaker(state, ports))
            ),
        )
    decision = ports.journal.read(known, Decision)
    if decision.task is None:
        return {"decision": known} | _wait(
            state, ports, "route", "person", Result(task=None, status=Status.NEEDS_INPUT, message=decision.question)
        )
    return {"decision": known, "task": decision.task.value}


def perform(state: RunState, ports: Ports, name: TaskName) -> RunState:
    """The task itself: Transcript and evidence -> Result."""
    series = state.get("answer", {}).get("series")
    told = (
        state["transcript"],
        state.get("inspection", ""),
        state["decision"],
        name,
        *([str(series)] if series else ()),
    )
    key = Key(state["run"], name, _digest(*told))
    known = ports.journal.recall(key)
    if known is not None:
        return {"result": known}
    task, given = ports.tasks[name], _task_input(state, ports)
    try:
        # Without a model there is nothing to confirm yet: that is said first.
        if ports.generator.available().ready and not ports.research_use() and task.shows_images(given):
            return _wait(state, ports, name, "research-use", _confirm_first(name, state["run"]))
        result = task.perform(given)
    except ModelNeeded as missing:
        result = Result(task=name, status=Status.NEEDS_MODEL, message=str(missing))
    if result.status is Status.NEEDS_MODEL:
        message = f"{result.message}. Everything is kept; then: assistant resume {state['run']}"
        result = result.model_copy(update={"message": message})
    if said := tuple(_without(result, task, given)):
        result = result.model_copy(update={"message": " ".join(filter(None, (*said, result.message)))})
    if result.status is Status.NEEDS_MODEL:
        return _wait(state, ports, name, "generator", result)
    if result.status is Status.NEEDS_INPUT:
        return _wait(state, ports, name, "person", result)
    if result.status is Status.FAILED:
        ports.journal.record(Key(state["run"], f"{name}:failed", result.digest()), result)
        raise NoAnswer(
            f"run {state['run']}",
            result.message or "no answer",
            "ask anew in other words, or give it a larger budget in an own prompt file (docs/models.md) and resume",
        )
    return {"result": ports.journal.record(key, result)}


def _without(result: Result, task: Task, given: TaskInput) -> Iterator[str]:
    """What the result rests on none of, though it was given, as whole sentences."""
    yield from (f"{one.name} {one.warnings[-1]}." for one in given.left_out)
    # A question back says itself what is there that it does not ask for.
    if result.status in (Status.DRAFT, Status.NEEDS_MODEL):
        used = {one.sha256 for one in task.uses(given)}
        if unused := [f"{one.name} ({one.kind})" for one in given.attachments if one.sha256 not in used]:
            yield f"Not used for this: {', '.join(unused)}."


def not_served(state: RunState, ports: Ports) -> RunState:
    """No node serves this task yet: keep everything, say so, and stay resumable."""
    return _wait(
        state,
        ports,
        NOT_SERVED,
        f"task:{state['task']}",
        Result(
            task=TaskName(state["task"]),
            status=Status.NOT_SERVED,
            message=f"{state['task']} is not served by this version; the input is kept: "
            f"after an upgrade, assistant resume {state['run']}",
        ),
    )


def check(state: RunState, ports: Ports) -> RunState:
    """Hold each statement against what it cites. A result that contradicts its sources is withheld."""
    key = Key(state["run"], "check", state["result"])
    known = ports.journal.recall(key)
    if known is None:
        result = ports.journal.read(state["result"], Result)
        checks = ports.tasks[TaskName(state["task"])].check(result, _task_input(state, ports))
        known = ports.journal.record(key, Review(result=state["result"], checks=checks))
    if any(c.verdict == "contradicted" for c in ports.journal.read(known, Review).checks):
        raise ProductError(
            f"run {state['run']}",
            "its result does not match its sources and is withheld",
            "please report it with the output of: assistant doctor",
        )
    return {}


def record(state: RunState, ports: Ports) -> RunState:
    """The result stands: acknowledged in the log."""
    ports.finish(state["run"], state["result"])
    return {}


def pause(state: RunState) -> RunState:
    """Wait for a person or a model. Nothing else may happen here."""
    from langgraph.types import interrupt

    answer = interrupt(state["wait"])
    return {"answer": {**state.get("answer", {}), **answer}}


def build(
    tasks: tuple[TaskName, ...], checkpointer: BaseCheckpointSaver[str]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph with a node for each of ``tasks``; the others end as ``not-served``.

    Invoke with ``durability="sync"``, ``context=Ports(...)`` and the run's id as ``thread_id``.
    """
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(RunState, context_schema=Ports)
    graph.add_node("transcribe", _with_ports(transcribe))
    graph.add_node("inspect", _with_ports(inspect))
    graph.add_node("route", _with_ports(route))
    graph.add_node(NOT_SERVED, _with_ports(not_served))
    for task in tasks:
        graph.add_node(task.value, _with_ports(partial(perform, name=task)))
    graph.add_node("check", _with_ports(check))
    graph.add_node("record", _with_ports(record))
    graph.add_node("pause", pause)

    def chosen_task(state: RunState) -> str:
        return state["task"] if state["task"] in tasks else NOT_SERVED

    def taken_up_at(state: RunState) -> str:
        wait = state["wait"]
        assert wait is not None
        return chosen_task(state) if wait["at"] == NOT_SERVED else wait["at"]

    def unless_waiting(then: Callable[[RunState], str]) -> Callable[[RunState], str]:
        return lambda state: "pause" if state.get("wait") else then(state)

    served = [task.value for task in tasks]
    graph.add_edge(START, "transcribe")
    graph.add_conditional_edges("transcribe", unless_waiting(lambda _: "inspect"), ["inspect", "pause"])
    graph.add_conditional_edges("inspect", unless_waiting(lambda _: "route"), ["route", "pause"])
    graph.add_conditional_edges("route", unless_waiting(chosen_task), [*served, NOT_SERVED, "pause"])
    graph.add_edge(NOT_SERVED, "pause")
    for name in served:
        graph.add_conditional_edges(name, unless_waiting(lambda _: "check"), ["check", "pause"])
    graph.add_conditional_edges("pause", taken_up_at, ["transcribe", "inspect", "route", *served, NOT_SERVED])
    graph.add_edge("check", "record")
    graph.add_edge("record", END)
    return graph.compile(checkpointer=checkpointer)


def typed_transcript(text: str) -> Transcript:
    """A request typed instead of spoken, written as it was typed."""
    whole = (Span(start=0, end=len(text), raw_start=0, raw_end=len(text)),) if text else ()
    return Transcript(recording=None, raw=text, text=text, engine=Engine(name="typed", version="1"), spans=whole)


def _task_input(state: RunState, ports: Ports) -> TaskInput:
    request = ports.request
    return TaskInput(
        transcript=ports.journal.read(state["transcript"], Transcript),
        attachments=ports.journal.read(state["decision"], Decision).named(_attachments(state, ports)),
        template=request.template,
        patient=request.patient,
        store=ports.store,
        consultant=_consultant(state, ports, state["task"]),
        filing=ports.filing,
        prompts=ports.prompts,
        templates=ports.templates,
        draft=ports.draft,
        series=state.get("answer", {}).get("series"),
        left_out=_inspection(state, ports).left_out,
    )


def _consultant(state: RunState, ports: Ports, node: str) -> Consultant:
    return Consultant(
        ports.generator,
        ports.journal,
        ports.store,
        state["run"],
        node,
        progress=ports.progress,
        cancelled=ports.cancelled,
        text=ports.text,
    )


def _tie_breaker(state: RunState, ports: Ports) -> TieBreaker | None:
    """The generator, where one is there that can be held to a choice."""
    if not ports.generator.available().ready or not ports.generator.capabilities().choices:
        return None
    from pipelines.routing.tie_break import GeneratorTieBreaker

    return GeneratorTieBreaker(_consultant(state, ports, "route"), ports.prompts)


def _whom(task: TaskName | None, several: PersonNeeded, run: str) -> Result:
    """The question whom the run is about, where the evidence leaves that open."""
    message = f"{several.subject}: {several.problem}. Choose one: assistant resume {run} --patient ID"
    return Result(task=task, status=Status.NEEDS_INPUT, message=message)


def _confirm_first(name: TaskName, run: str) -> Result:
    return Result(
        task=name,
        status=Status.NEEDS_INPUT,
        message="Image results are for research and development, not for diagnosis. Confirm that once with "
        f"`assistant confirm research-use`, then: assistant resume {run}",
    )


def _attachments(state: RunState, ports: Ports) -> tuple[Attachment, ...]:
    """Those that can be used."""
    return _inspection(state, ports).used


def _inspection(state: RunState, ports: Ports) -> Inspection:
    digest = state.get("inspection")
    return ports.journal.read(digest, Inspection) if digest else Inspection(attachments=())


def _wait(state: RunState, ports: Ports, at: str, needs: str, result: Result) -> RunState:
    """Keep the result that says what is missing, and ask for the pause."""
    digest = ports.journal.record(Key(state["run"], f"{at}:wait", result.digest()), result)
    # Plain strings: checkpoints hold no types of ours.
    return {"wait": Wait(at=str(at), needs=needs, result=digest)}


def _with_ports(node: Callable[[RunState, Ports], RunState]) -> Callable[..., RunState]:
    """Adapt a node to LangGraph's runtime context; a node that goes on clears an earlier wait."""
    from langgraph.runtime import Runtime as LangGraphRuntime

    def run(state: RunState, runtime: Runtime[Ports]) -> RunState:
        return {"wait": None, **node(state, runtime.context)}

    run.__annotations__["runtime"] = LangGraphRuntime[Ports]
    return run


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
