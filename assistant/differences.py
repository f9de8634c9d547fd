"""The first place where one run is not what another was, looked for in the order in which a run is made.

Times, ids and what follows from them do not count. Versions of libraries and parameters of engines do not count by
themselves either: they are circumstances, told beside a difference that they may explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from assistant.past import Asked, PastRun
from assistant.places import first_place, shown
from pipelines.models.generator import Ask
from pipelines.records import Decision, Engine, Result, RunState, Value

#: Of a Result's data: told by the question itself, or an id that follows from a time.
_TOLD_ELSEWHERE: Final = frozenset({"generation", "model", "prompt"})
_UNTOLD: Final = "not recorded"
#: What decides how recognised words are written, among the parameters of hearing.
_OF_WRITING: Final = frozenset({"lexicon", "written_forms"})


class Circumstance(Value):
    """Something about how a step was made that is not the same, and may be why its outcome is not."""

    step: str
    what: str
    then: str
    now: str


class Difference(Value):
    """What is not the same, as it was and as it is; None where there was or is nothing."""

    step: str
    """``transcript``, ``inspection``, ``decision``, ``question N (NODE)``, ``state``, ``result`` or ``checks``."""
    what: str
    then: str | None
    now: str | None
    causes: tuple[Circumstance, ...] = ()
    """The circumstances of that step that changed; where there are none, nothing that is recorded explains it."""


class _Question(NamedTuple):
    """A question of the repetition beside the one of the past run that it repeats; None where there is none."""

    step: str
    then: Asked | None
    now: Asked | None


def first_difference(then: PastRun, now: PastRun) -> Difference | None:
    """Where ``now`` first is not what ``then`` was. A run that never came to its end is compared as far as it went."""
    return next(_differences(then, now), None)


def circumstances(then: PastRun, now: PastRun) -> tuple[Circumstance, ...]:
    """All that changed in how the steps of both were made."""
    questions = (one for question in _questions(then, now) for one in _of_question(question))
    return (*_of_hearing(then, now), *questions)


def _differences(then: PastRun, now: PastRun) -> Iterator[Difference]:
    """One after the other, so that what was made of something that differs is not looked at."""
    finished = then.view.state is RunState.DONE
    if then.view.transcript is not None:
        yield from _in_transcripts(then, now)
    if then.inspection is not None:
        yield from _in_values("inspection", then.inspection, now.inspection)
    if then.decision is not None:
        yield from _in_values("decision", then.decision, now.decision)
    for question in _questions(then, now):
        if finished or question.then is not None:
            yield from _in_question(question)
    # One that waited, and goes on now that what it waited for is here, has nothing more to be held against.
    if finished or now.view.state is not RunState.DONE:
        yield from _at("state", ended=(_ending(then), _ending(now)))
        yield from _in_results(then, now)
        before, after = ([one.model_dump(mode="json") for one in run.view.checks] for run in (then, now))
        yield from _at("checks", checks=(before, after))


def _in_transcripts(then: PastRun, now: PastRun) -> Iterator[Difference]:
    before, after = then.view.transcript, now.view.transcript
    if before is None or after is None:
        yield from _lacking("transcript", before, after)
        return
    yield from _in_engines("transcript", before.engine, after.engine)
    made = _of_hearing(then, now)
    old, new = (one.model_dump(mode="json", exclude={"engine", "recording"}) for one in (before, after))
    yield from _at("transcript", made, raw=(old.pop("raw"), new.pop("raw")))
    # The same words were recognised: what decides their writing is left to explain it.
    written = tuple(one for one in made if one.what in _OF_WRITING)
    yield from _at("transcript", written, text=(old.pop("text"), new.pop("text")))
    yield from _at("transcript", made, **{name: (old[name], new[name]) for name in old})


def _in_question(question: _Question) -> Iterator[Difference]:
    if question.then is None or question.now is None:
        yield from _lacking(question.step, question.then, question.now)
        return
    before, after = question.then.exchange, question.now.exchange
    old, new = _told(before.ask), _told(after.ask)
    yield from _at(question.step, **{name: (old[name], new[name]) for name in old})
    slots = [[slot.model_dump(mode="json") for slot in one.slots] for one in (before, after)]
    yield from _at(question.step, slots=(slots[0], slots[1]))
    yield from _in_engines(question.step, before.generation.engine, after.generation.engine)
    made = _of_question(question)
    for name in ("finish_reason", "text", "chosen", "thoughts", "raw"):
        one, other = getattr(before.generation, name), getattr(after.generation, name)
        yield from _at(question.step, made, **{name: (one, other)})


def _in_engines(step: str, then: Engine, now: Engine) -> Iterator[Difference]:
    yield from _at(
        step,
        engine=(then.name, now.name),
        weights=(then.weights_sha256, now.weights_sha256),
        model=(then.model, now.model),
        revision=(then.revision, now.revision),
    )


def _in_results(then: PastRun, now: PastRun) -> Iterator[Difference]:
    before, after = then.view.result, now.view.result
    if before is None or after is None:
        yield from _lacking("result", before, after)
        return
    old, new = _dumped(before, then), _dumped(after, now)
    yield from _at("result", **{name: (old[name], new[name]) for name in old})


def _in_values(step: str, then: Value, now: Value | None) -> Iterator[Difference]:
    if now is None:
        yield from _lacking(step, then, now)
        return
    # A decision's figures are of its task: that comes first.
    first = ("task", "by") if isinstance(then, Decision) else ()
    old, new = then.model_dump(mode="json"), now.model_dump(mode="json")
    yield from _at(step, **{name: (old[name], new[name]) for name in (*first, *old)})


def _lacking(step: str, then: object, now: object) -> Iterator[Difference]:
    """One of the two has no such step."""
    if then is not now:
        yield Difference(step=step, what="whether it was made", then=then and "made", now=now and "made")


def _at(step: str, causes: tuple[Circumstance, ...] = (), **named: tuple[Any, Any]) -> Iterator[Difference]:
    """The places within a step that are not equal, the first of every named pair."""
    for name, (then, now) in named.items():
        if place := first_place(name, then, now):
            yield Difference(step=step, what=place.name, then=place.then, now=place.now, causes=causes)


def _ending(run: PastRun) -> str:
    view = run.view
    why = view.error or (view.needs and f"needs {view.needs}")
    return _without_id(f"{view.state}: {why}" if why else view.state, run)


def _dumped(result: Result, run: PastRun) -> dict[str, Any]:
    dumped = result.model_dump(mode="json")
    data = {key: value for key, value in dumped["data"].items() if key not in _TOLD_ELSEWHERE}
    return {**dumped, "data": data, "message": result.message and _without_id(result.message, run)}


def _without_id(text: str, run: PastRun) -> str:
    return text.replace(run.view.id, "RUN")


def _told(ask: Ask) -> dict[str, Any]:
    """All that the model is told; how many parts are shared with other asks is said to the engine alone."""
    return ask.model_dump(mode="json", exclude={"shared"})


def _questions(then: PastRun, now: PastRun) -> Iterator[_Question]:
    """Every question of the repetition beside the past one that asked the same, else beside the next of its node; then
    those that counted in the past run and are not asked now."""
    left = list(then.asked)
    for number, asked in enumerate(now.asked, 1):
        of_node = [one for one in left if one.node == asked.node]
        same = [one for one in of_node if _is_same(one, asked)]
        # Of one question that was asked twice, the last answer counted.
        past = same[-1] if same else next((one for one in of_node if one.final), None)
        left = [one for one in left if one is not past and one not in same]
        yield _Question(f"question {number} ({asked.node})", past, asked)
    for one in left:
        if one.final:
            yield _Question(f"question {then.asked.index(one) + 1} ({one.node})", one, None)


def _is_same(one: Asked, other: Asked) -> bool:
    asks = (_told(one.exchange.ask), _told(other.exchange.ask))
    return asks[0] == asks[1] and one.exchange.slots == other.exchange.slots


def _of_hearing(then: PastRun, now: PastRun) -> tuple[Circumstance, ...]:
    before, after = then.hearing, now.hearing
    if before is None or after is None:
        return ()
    libraries = _of_mapping("transcript", before.libraries, after.libraries)
    return (*libraries, *_of_mapping("transcript", before.parameters, after.parameters))


def _of_question(question: _Question) -> tuple[Circumstance, ...]:
    if question.then is None or question.now is None:
        return ()
    before, after = question.then.exchange.generation, question.now.exchange.generation
    libraries = _of_mapping(question.step, before.libraries, after.libraries)
    return (*libraries, *_of_mapping(question.step, before.parameters, after.parameters))


def _of_mapping(step: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Circumstance]:
    for name in sorted({*then, *now}):
        if then.get(name, _UNTOLD) != now.get(name, _UNTOLD):
            before, after = (shown(one[name]) if name in one else _UNTOLD for one in (then, now))
            yield Circumstance(step=step, what=name, then=before, now=after)
