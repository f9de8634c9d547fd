"""A run as the log tells it: what it came to, and what counted on its way there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.evidence.identity import identity_question
from pipelines.models.consult import Exchange
from pipelines.records import Decision, ModelCall, Result, RunState, Status
from pipelines.state import Answer, Inspection

if TYPE_CHECKING:
    from assistant.sessions import RunView, SessionLog, StepLine

_STOPS = (":wait", ":failed")


@dataclass(frozen=True)
class Asked:
    """One question to a language model.

    ``final`` is False where the run asked it before it was stopped and taken up otherwise: its answer may not have
    counted in the end.
    """

    node: str
    exchange: Exchange
    final: bool


@dataclass(frozen=True)
class PastRun:
    """A run in the log, finished or not. ``inspection`` is what its attachments turned out to be."""

    view: RunView
    inspection: Inspection | None
    asked: tuple[Asked, ...]

    @property
    def hearing(self) -> ModelCall | None:
        """The call in which its recording was heard."""
        return next((call for call in reversed(self.view.model_calls) if call.node == "transcribe"), None)

    @property
    def decision(self) -> Decision | None:
        """What it was taken for; None while it asks whom it is about."""
        question = self._question()
        result = self.view.result
        asks = self.view.state is RunState.PAUSED and result is not None and result.digest() == question
        return None if asks else self.view.decision

    @property
    def speaks(self) -> bool:
        """Whether a speech engine was asked for it."""
        return self.view.request.recording is not None and self.view.transcript is not None

    def answer(self) -> Answer:
        """What persons decided while it was paused, as the graph takes it."""
        answer: Answer = {}
        if self.decision is not None:
            if self.decision.by == "user" and self.decision.task is not None:
                answer["task"] = self.decision.task.value
            if (question := self._question()) is not None:
                answer["patient_confirmed"] = question
        if self.view.result is not None and (series := self.view.result.data.get("chosen_series")):
            answer["series"] = series
        return answer

    def _question(self) -> str | None:
        """Digest of the result that asks whether the evidence is about the run's patient, where that was asked."""
        if self.inspection is None:
            return None
        request = self.view.request
        named = [one.patient for one in self.inspection.attachments if one.patient is not None]
        question = identity_question(request.patient, named, self.inspection.stated)
        return question and Result(task=request.task, status=Status.NEEDS_INPUT, message=question).digest()


def past_run(log: SessionLog, run: str) -> PastRun:
    """A run by its id or the beginning of it.

    Raises:
        UsageProblem: there is no such run.
    """
    view = log.run(run)
    steps = log.steps(view.id)
    inspections = [step.value for step in steps if step.kind == Inspection.__name__]
    inspection = log.journal.read(inspections[-1], Inspection) if inspections else None
    return PastRun(view, inspection, tuple(_asked(log, steps)))


def _asked(log: SessionLog, steps: Sequence[StepLine]) -> Iterator[Asked]:
    stopped = [_is_stop(step) for step in steps]
    # A stop that nothing follows is where the run is: what led there counts.
    resumed = [at for at, stop in enumerate(stopped) if stop and not all(stopped[at:])]
    final = resumed[-1] + 1 if resumed else 0
    for at, step in enumerate(steps):
        if step.kind == Exchange.__name__:
            exchange = log.journal.read(step.value, Exchange)
            yield Asked(step.node.removesuffix(":ask"), exchange, at >= final)


def _is_stop(step: StepLine) -> bool:
    return step.node == "pause" or step.node.endswith(_STOPS)
