"""``assistant log pairs``: what a model was asked and answered, out of the log into a folder to train an adapter on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from assistant.sessions import SessionLog
from assistant.sessions.problems import disk_errors
from assistant.sessions.views import RunView
from pipelines.errors import BadInput, UsageProblem
from pipelines.models.adapting.pairs import Pair, write_pairs
from pipelines.models.consult import Exchange
from pipelines.records import RunState, Status, TaskName

Progress = Callable[[str, float], None]

#: The names of the columns are part of what `assistant models adapt` reads; this is for whoever finds the folder.
_README: Final = """\
This folder holds patient data: what clinicians asked, the pictures that they showed, and the answers.
`assistant log pairs` wrote it. Keep it as you keep the session log, and delete it when the training is done:
nobody will do that for you. An adapter that was trained on it can give parts of it away again.

pairs.jsonl  one pair a line: run, task, the ask as it was sent, the answer, whether a person approved it, the engine
frames/      the exact pictures that were sent, by SHA-256
"""
#: Results that a person stands for.
_APPROVED: Final = frozenset({Status.APPROVED, Status.SIGNED})
_OTHERS: Final = frozenset({Status.DRAFT, Status.NEEDS_REVIEW})


class Exported(NamedTuple):
    """What came of an export."""

    folder: Path
    pairs: int
    frames: int
    tasks: dict[str, int]
    """Pairs by task."""


def export_pairs(
    log: SessionLog,
    folder: Path,
    *,
    task: TaskName | None = None,
    approved_only: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write the pairs of the log's finished runs into the new folder ``folder``, readable for its owner alone.

    A pair is the one call that a run's result was made of: its ask part by part as it was sent, and its answer. Filed
    notes count where a model filed them: the sentences, and a section for each. What was cut, rejected or corrected is
    left out: a correction is no answer to the words of the ask.

    Args:
        task: only of this one.
        approved_only: only what a person approved or signed.
        log: takes the event ``pairs-exported``, without which nothing is written.

    Raises:
        UsageProblem: the folder is there, or the log holds no such pairs.
        BadInput, StorageProblem: it cannot be written.
        VerificationFailed: a picture in the store is not what it was.
    """
    if os.path.lexists(folder):
        raise UsageProblem(str(folder), "is there already", "name a new folder")
    if not folder.parent.is_dir():
        raise BadInput(str(folder.parent), "there is no such folder", "make it, or name another")
    pairs = tuple(_pairs(log, task, approved_only, progress or _unheard))
    if not pairs:
        kind = "approved " if approved_only else ""
        raise UsageProblem(
            "log", f"holds no {kind}answers of a model{f' to {task.value}' if task else ''}", "see: assistant log list"
        )
    frames = {frame: log.store.get(frame) for pair in pairs for frame in pair.ask.frames}
    tasks = {name.value: n for name in TaskName if (n := sum(pair.task is name for pair in pairs))}
    staged = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    with disk_errors(folder.parent):
        staged.mkdir(mode=0o700)
        try:
            write_pairs(staged, pairs, frames)
            (staged / "README.txt").write_text(_README)
            log.event(
                "pairs-exported",
                None,
                {
                    "pairs": len(pairs),
                    "runs": sorted({pair.run for pair in pairs}),
                    "tasks": dict(tasks),
                    "approved_only": approved_only,
                },
            )
            staged.rename(folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Exported(folder, len(pairs), len(frames), tasks)


def _pairs(log: SessionLog, task: TaskName | None, approved_only: bool, progress: Progress) -> Iterator[Pair]:
    runs = [run for run in log.runs() if run.state is RunState.DONE and (task is None or run.task is task)]
    for done, summary in enumerate(reversed(runs), start=1):
        view = log.run(summary.id)
        pair = _pair(view, log.exchanges(view.id))
        if pair is not None and (pair.standing == "approved" or not approved_only):
            yield pair
        progress("reading the log", done / len(runs))


def _pair(view: RunView, exchanges: tuple[Exchange, ...]) -> Pair | None:
    """The pair of one run; None where no model made its result, or what it made does not stand."""
    result = view.result
    if result is None or result.task is None or result.status not in _APPROVED | _OTHERS:
        return None
    if any(statement.origin == "corrected" for statement in result.statements):
        return None
    exchange = _made_it(result.data.get("generation"), result.task, exchanges)
    if exchange is None or exchange.generation.finish_reason != "stop" or not exchange.generation.text:
        return None
    return Pair(
        run=view.id,
        task=result.task,
        ask=exchange.ask,
        answer=exchange.generation.text,
        standing="approved" if result.status in _APPROVED else "generated",
        engine=exchange.generation.engine,
    )


def _made_it(generation: object, task: TaskName, exchanges: tuple[Exchange, ...]) -> Exchange | None:
    """The call that the result names, or the one that filed the note."""
    for exchange in reversed(exchanges):
        named = exchange.generation.digest() == generation
        filed = task is TaskName.DICTATION_NOTE and bool(exchange.slots) and exchange.ask.prompt.startswith("filing@")
        if named or filed:
            return exchange
    return None


def _unheard(*_: object) -> None:
    return None
