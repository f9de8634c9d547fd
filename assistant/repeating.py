"""Repeats a past run from its log and says whether it came out the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, Protocol

from assistant.differences import Circumstance, Difference, circumstances, first_difference
from assistant.past import PastRun, past_run
from pipelines.errors import DONE, VERIFICATION_FAILED, ModelNeeded
from pipelines.records import Availability, RunState, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.runner import Runner
    from assistant.settings import Settings

#: Of the event that says how a repetition came out.
REPEATED = "run-repeated"


class Repetition(Value):
    """A past run and its repetition, held against each other."""

    run: str
    repetition: str
    """The run that the repetition is in the log."""
    outcome: Literal["identical", "differs"]
    state: RunState
    """Of the past run: one that is not ``done`` was compared as far as it went."""
    now: RunState
    """Of the repetition."""
    difference: Difference | None
    """The first one."""
    circumstances: tuple[Circumstance, ...]
    """What changed in how it was made, whether or not it made a difference."""
    statements: int
    """Of the past run's result."""
    same_statements: int
    """So many of them stand in the repetition's result as they were."""

    @property
    def exit_code(self) -> int:
        return DONE if self.outcome == "identical" else VERIFICATION_FAILED


class _Engine(Protocol):
    @property
    def name(self) -> str: ...

    def available(self) -> Availability: ...


def repeat(runner: Runner, settings: Settings, run: str) -> Repetition:
    """Do a past run's work anew with the engines that are here now, and hold it against what it was.

    The repetition is a run of its own in the log, and an event says how it came out.

    Raises:
        ModelNeeded: an engine that made the run is not here; nothing was started.
        UsageProblem: there is no such run.
        VerificationFailed: what the run was given is not there any more as it was.
    """
    from assistant.engines import generator_named, recognizer_named

    past = past_run(runner.log, run)
    transcript = past.view.transcript
    if past.speaks and transcript is not None:
        _require(past, transcript.engine.name, runner.recognizer, lambda name: recognizer_named(name, settings))
    for name in {asked.exchange.generation.engine.name for asked in past.asked if asked.final}:
        _require(past, name, runner.generator, lambda name: generator_named(name, settings))
    anew = runner.repeat(past.view.id, _key(past), again=True)
    now = past_run(runner.log, anew.view.id)
    difference = first_difference(past, now)
    outcome: Literal["identical", "differs"] = "differs" if difference else "identical"
    runner.log.event(REPEATED, now.view.id, {"of": past.view.id, "by": now.view.id, "outcome": outcome})
    then_said, now_said = (list(_statements(one)) for one in (past, now))
    return Repetition(
        run=past.view.id,
        repetition=now.view.id,
        outcome=outcome,
        state=past.view.state,
        now=now.view.state,
        difference=difference,
        circumstances=circumstances(past, now),
        statements=len(then_said),
        same_statements=sum(one in now_said for one in then_said),
    )


def _require(past: PastRun, name: str, here: _Engine, named: Callable[[str], _Engine | None]) -> None:
    """What made the run must be here. Where the settings name another engine the repetition shows what that changes."""
    engine = here if here.name == name else named(name)
    if engine is None:
        raise ModelNeeded(
            f"run {past.view.id}",
            f"was made by {name}, which this version does not have",
            f"hold it against another engine: assistant compare {past.view.id} --with ENGINE",
        )
    at = engine.available()
    if not at.ready:
        raise ModelNeeded(
            f"run {past.view.id}",
            f"was made by {name}, which is not ready here ({at.detail})",
            at.remedy or "see: assistant models list",
        )


def _statements(run: PastRun) -> tuple[str, ...]:
    return tuple(one.text for one in run.view.result.statements) if run.view.result else ()


def _key(past: PastRun) -> str:
    return hashlib.sha256(f"repetition of {past.view.id}".encode()).hexdigest()
