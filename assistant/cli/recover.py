"""``assistant recover``: dictations that were left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.common import console, engine_options, error_console, print_json, say_who_works, settings_of
from assistant.plain import escaped
from pipelines.errors import DONE, ProductError, UsageProblem, batch_exit_code

if TYPE_CHECKING:
    from assistant.microphone.recovery import LeftTake, Summary
    from assistant.runner import Outcome
    from assistant.settings import Settings


@click.command("recover")
@click.argument("takes", nargs=-1, metavar="[ID]...")
@click.option("--list", "only_list", is_flag=True, help="Show what is there and do nothing.")
@click.option("--discard", metavar="ID", help="Take one away for good.")
@click.option("--no-run", is_flag=True, help="Bring them into the log only; `assistant resume` goes on.")
@click.option("--without-attachments", is_flag=True, help="Leave out attached files that are not there any more.")
@engine_options
@click.pass_context
def command(
    ctx: click.Context,
    takes: tuple[str, ...],
    only_list: bool,
    discard: str | None,
    no_run: bool,
    without_attachments: bool,
    as_json: bool,
) -> int:
    """Take in dictations that a crash, a full disk or a locked log left behind. All of them but cancelled ones, or
    those with these IDs. Their sound is safe in the log before any of it is recognised."""
    settings = settings_of(ctx)
    lefts = _left(settings)
    if discard is not None:
        _discard(settings, _one(lefts, discard))
        return DONE
    if only_list:
        _print_list(lefts, as_json=as_json)
        return DONE
    chosen = [_one(lefts, name) for name in takes] or [left for left in lefts if not _cancelled(left)]
    if not chosen:
        cancelled = f"; {len(lefts)} cancelled: see --list" if lefts else ""
        click.echo(f"nothing to recover{cancelled}", err=True)
        return DONE
    runs, codes = take_in_all(settings, chosen, as_json=as_json and no_run, without_files=without_attachments)
    outcomes = [] if no_run else finish(settings, runs, as_json=as_json)
    return batch_exit_code([*codes, *(outcome.exit_code for outcome in outcomes)])


def take_in_all(
    settings: Settings, chosen: Sequence[LeftTake], *, as_json: bool, without_files: bool = False
) -> tuple[list[str], list[int]]:
    """Every take into the store and the log; one that cannot be does not stop the others. Returns the runs, and the
    exit codes of those that stay."""
    from assistant.microphone.bringing_in import bring_in
    from assistant.microphone.places import write_ahead_folders
    from assistant.sessions import Disk, SessionLog

    runs, codes = [], []
    folder = write_ahead_folders(settings.data_dir)[0]
    with SessionLog.open(settings.data_dir, busy_seconds=settings.lock_timeout) as log:
        for left in chosen:
            run, problem = None, None
            try:
                run = bring_in(left, log, folder, Disk(), without_files=without_files)
            except ProductError as refused:
                problem = f"{refused}; the recording stays: {left.files[0]}"
                codes.append(refused.exit_code)
                click.echo(f"assistant: {problem}", err=True)
            if run is not None:
                runs.append(run)
            recording = log.run(run).request.recording if run else None
            seconds = recording.seconds if recording else 0.0
            if as_json:
                print_json({"take": left.take, "run": run, "seconds": seconds, "error": problem})
            elif problem is None:
                said = f"{seconds:.1f} s, safe in the log as run {run}" if run else "nothing was recorded"
                click.echo(f"recording {left.take}: {said}", err=True)
    return runs, codes


def finish(settings: Settings, runs: Sequence[str], *, as_json: bool) -> list[Outcome]:
    """Recognise and go on with runs that were taken in."""
    from assistant.cli.output import outcome_object, print_table
    from assistant.cli.progress import batch_bar
    from assistant.opening import open_runner

    if not runs:
        return []
    say_who_works(settings)
    outcomes = []
    with batch_bar(len(runs)) as (step, within), open_runner(settings, within) as runner:
        for run in runs:
            step(run)
            outcomes.append(runner.resume(run))
            if outcomes[-1].view.error:
                click.echo(f"assistant: {outcomes[-1].view.error}", err=True)
            if as_json:
                print_json(outcome_object(outcomes[-1]))
    if not as_json:
        print_table(outcomes, console())
    return outcomes


def offer(settings: Settings, *, ask: bool) -> None:
    """Say in one line that recordings are left behind; where somebody can be asked, take them in if they want it."""
    lefts = [left for left in _left(settings) if not _cancelled(left)]
    if not lefts:
        return
    what = "1 recording was" if len(lefts) == 1 else f"{len(lefts)} recordings were"
    if not ask:
        click.echo(f"{what} left behind by a crash: `assistant recover` takes them in", err=True)
    elif click.confirm(f"{what} left behind by a crash. Take in now?", default=True, err=True):
        runs, _ = take_in_all(settings, lefts, as_json=False)
        for run in runs:
            click.echo(f"`assistant resume {run}` goes on with it", err=True)


def _left(settings: Settings) -> list[LeftTake]:
    from assistant.microphone.places import write_ahead_folders
    from assistant.microphone.recovery import left_takes
    from assistant.sessions import Disk

    return left_takes(write_ahead_folders(settings.data_dir), Disk())


def _one(lefts: Sequence[LeftTake], name: str) -> LeftTake:
    from assistant.microphone.bringing_in import wanted

    found = wanted(lefts, name)
    if len(found) != 1:
        problem = "fits several recordings" if found else "no recording that was left behind has this id"
        raise UsageProblem(name, problem, "see `assistant recover --list`")
    return found[0]


def _cancelled(left: LeftTake) -> bool:
    from assistant.microphone.recovery import ending_of
    from assistant.microphone.take import Ending

    return ending_of(left.files) is Ending.CANCELLED


def _summary(left: LeftTake) -> Summary:
    from assistant.microphone.recovery import summarise

    return summarise(left.files)


def _discard(settings: Settings, left: LeftTake) -> None:
    from assistant.microphone.bringing_in import discard
    from assistant.sessions import Disk, SessionLog

    with SessionLog.open(settings.data_dir, busy_seconds=settings.lock_timeout) as log:
        gone = discard(left, log, Disk())
    click.echo(f"recording {left.take}: {'discarded' if gone else 'another process has it'}", err=True)


def _print_list(lefts: Sequence[LeftTake], *, as_json: bool) -> None:
    from rich.table import Table

    from assistant.microphone.bringing_in import why

    objects: list[dict[str, Any]] = []
    for left in lefts:
        summary = _summary(left)
        sounding = summary.sounding
        objects.append(
            {
                "take": left.take,
                "when": summary.begin.when if summary.begin else None,
                "seconds": round(sounding.seconds, 3),
                "why": why(sounding.ending),
                "warnings": list(sounding.warnings()),
                "files": [str(path) for path in left.files],
            }
        )
    if as_json:
        for one in objects:
            print_json(one)
        return
    if not objects:
        error_console().print("nothing was left behind")
        return
    table = Table("id", "begun", "length", "what happened")
    for one in objects:
        happened = "; ".join((one["why"], *one["warnings"]))
        table.add_row(one["take"], one["when"] or "unknown", f"{one['seconds']:.1f} s", escaped(happened))
    console().print(table)
