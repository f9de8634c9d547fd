"""Repeats a past run with another model or other prompts, and lays both results side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from assistant.alerts import Alert, alerts_of
from assistant.alignment import KINDS, Kind, Row, align
from assistant.differences import Circumstance, circumstances
from assistant.otherwise import comparison_key
from assistant.past import PastRun, past_run
from assistant.places import first_place
from assistant.wording import Piece, word_changes, word_pieces
from pipelines.errors import DONE, MODEL_NEEDED, OUR_FAULT
from pipelines.records import Engine, RunState, TaskName, Value

if TYPE_CHECKING:
    from assistant.runner import Runner
    from assistant.sessions.chain import JSON
    from assistant.settings import Settings

#: Of the event that says how a comparison came out.
COMPARED: Final = "run-compared"
#: Of a Result's data: shown in other places, or an id.
_SHOWN_ELSEWHERE: Final = frozenset(
    {"generation", "model", "prompt", "answer", "sections", "finish_reason", "thoughts"}
)


class Side(Value):
    """One run of the two: who worked on it and what it took."""

    run: str
    state: RunState
    needs: str | None
    error: str | None
    exit_code: int | None
    task: TaskName | None
    speech: Engine | None
    """Who heard it; None where nothing was heard."""
    language: Engine | None
    """Who was asked last; None where no language model was."""
    prompts: tuple[str, ...]
    """``name@version sha256`` of each, in the order in which they were used."""
    finish_reasons: tuple[str, ...]
    """Of every question to a language model."""
    prompt_tokens: int
    output_tokens: int
    seconds: float
    """In which models worked: answering, and hearing where that was done in both."""


class Heard(Value):
    """A transcript that is not the same, word by word."""

    pieces: tuple[Piece, ...]
    changed_words: int
    """Words that came, went or gave way to others; capitals do not count."""
    alerts: tuple[Alert, ...]


class DataChange(Value):
    """A part of the result's data that is not the same."""

    what: str
    before: str
    after: str


class Comparison(Value):
    """A past run and the same work done otherwise."""

    created: str
    """When the past run was."""
    recording: str | None
    """Name of its recording."""
    before: Side
    after: Side
    from_before: bool
    """Whether the same comparison was made earlier, and nothing was asked anew."""
    heard: Heard | None
    """None where the transcript is the same."""
    rows: tuple[Row, ...]
    """Empty where the repetition did not come to a result."""
    data: tuple[DataChange, ...]
    circumstances: tuple[Circumstance, ...]
    """What else changed in how it was made."""

    @property
    def identical(self) -> bool:
        """The same transcript, task, statements and data."""
        same = self.before.task == self.after.task and self.count("same") == len(self.rows)
        return same and self.finished and self.heard is None and not self.data

    @property
    def finished(self) -> bool:
        return self.after.state is RunState.DONE

    @property
    def waits(self) -> bool:
        """Whether the repetition waits for a model or a person, where the past run did not wait."""
        return self.after.state is RunState.PAUSED and self.before.state is not RunState.PAUSED

    @property
    def alerts(self) -> int:
        heard = len(self.heard.alerts) if self.heard else 0
        return heard + sum(len(row.alerts) for row in self.rows)

    def count(self, kind: Kind) -> int:
        return sum(row.kind == kind for row in self.rows)


def compare(runner: Runner, settings: Settings, run: str, *, hear: bool, again: bool = False) -> Comparison:
    """Repeat a past run with the engines and prompts of ``runner`` and lay it beside what it was.

    The repetition is a run of its own in the log; the same comparison of the same run is made once.

    Args:
        settings: those of ``runner``.
        hear: recordings are heard anew; else the transcript stays as it was.
        again: make it anew even so.

    Raises:
        UsageProblem: there is no such run.
        VerificationFailed: what the run was given is not there any more as it was.
    """
    past = past_run(runner.log, run)
    outcome = runner.repeat(
        past.view.id, comparison_key(runner, settings, past, hear=hear), again=again, heard=not hear
    )
    comparison = held_against(past, past_run(runner.log, outcome.view.id), from_before=not outcome.worked)
    if outcome.worked:
        event: dict[str, JSON] = {"of": past.view.id, "by": outcome.view.id, "alerts": comparison.alerts}
        runner.log.event(COMPARED, outcome.view.id, event | {kind: comparison.count(kind) for kind in KINDS})
    return comparison


def held_against(before: PastRun, after: PastRun, *, from_before: bool = False) -> Comparison:
    """Two runs of the same work side by side."""
    recording = before.view.request.recording
    finished = after.view.state is RunState.DONE
    both_heard = before.hearing is not None and after.hearing is not None
    old, new = (run.view.result for run in (before, after))
    return Comparison(
        created=before.view.created,
        recording=recording.name if recording else None,
        before=_side(before, both_heard),
        after=_side(after, both_heard),
        from_before=from_before,
        heard=_heard(before, after),
        rows=align(old.statements if old else (), new.statements if new else ()) if finished else (),
        data=tuple(_data(old.data if old else {}, new.data if new else {})) if finished else (),
        circumstances=circumstances(before, after),
    )


def exit_code(comparisons: Sequence[Comparison]) -> int:
    """Differences are what was asked for, and no error. A fault of ours is, and a model that is missing is said."""
    codes = {_exit_code(one) for one in comparisons}
    return next((code for code in (OUR_FAULT, MODEL_NEEDED) if code in codes), DONE)


def _exit_code(one: Comparison) -> int:
    after = one.after
    if one.waits and (after.needs or "").startswith(("generator", "recognizer")):
        return MODEL_NEEDED
    # That a model came to no answer is what the comparison found out.
    answered = after.finish_reasons[-1:] in ((), ("stop",))
    return OUR_FAULT if after.state is RunState.FAILED and after.exit_code == OUR_FAULT and answered else DONE


def _side(run: PastRun, with_hearing: bool) -> Side:
    view = run.view
    counted = [asked for asked in run.asked if asked.final]
    generations = [asked.exchange.generation for asked in counted]
    hearing = run.hearing.seconds if with_hearing and run.hearing else 0.0
    return Side(
        run=view.id,
        state=view.state,
        needs=view.needs,
        error=view.error,
        exit_code=view.exit_code,
        task=run.decision.task if run.decision else view.request.task,
        speech=view.transcript.engine if view.transcript and run.speaks else None,
        language=generations[-1].engine if generations else None,
        prompts=tuple(dict.fromkeys(asked.exchange.ask.prompt for asked in counted)),
        finish_reasons=tuple(generation.finish_reason for generation in generations),
        prompt_tokens=sum(generation.prompt_tokens for generation in generations),
        output_tokens=sum(generation.output_tokens for generation in generations),
        seconds=sum(generation.seconds for generation in generations) + hearing,
    )


def _heard(before: PastRun, after: PastRun) -> Heard | None:
    old, new = (run.view.transcript.text if run.view.transcript else "" for run in (before, after))
    if old == new or after.view.transcript is None:
        return None
    changes = word_changes(old, new)
    return Heard(
        pieces=word_pieces(old, new),
        changed_words=sum(max(len(change.before), len(change.after)) for change in changes),
        alerts=alerts_of(old, new),
    )


def _data(before: dict[str, Any], after: dict[str, Any]) -> Iterator[DataChange]:
    for key in dict.fromkeys((*before, *after)):
        old, new = ({key: data[key]} if key in data else {} for data in (before, after))
        place = first_place("data", old, new)
        if place is not None and key not in _SHOWN_ELSEWHERE:
            yield DataChange(what=place.name, before=place.then, after=place.now)
