"""``assistant compare``: past runs with another model or other prompts, side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.common import (
    adapter_option,
    console,
    data_dir_option,
    error_console,
    json_option,
    print_json,
    say_who_works,
    settings_of,
)
from assistant.cli.progress import batch_bar
from assistant.cli.replay import task_of
from pipelines.errors import BadInput, UsageProblem, VerificationFailed, batch_exit_code

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.comparing import Comparison
    from assistant.sessions import SessionLog
    from pipelines.records import TaskName

_HTML_WIDTH = 150


@click.command("compare")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--with", "engine", metavar="ENGINE", help="A speech or language engine, or a profile for both.")
@click.option("--prompts", metavar="DIR", help="Your prompt files, used instead of the shipped ones of the same names.")
@adapter_option
@click.option("--session", metavar="LABEL", help="The runs of this session, instead of RUN.")
@click.option("--task", metavar="TASK", help="The runs of this task.")
@click.option("--since", metavar="YYYY-MM-DD", help="The runs since this day.")
@click.option("--again", is_flag=True, help="Ask anew even where the same comparison was made before.")
@click.option("--all", "whole", is_flag=True, help="Show the statements that are the same as well.")
@click.option("--html", metavar="FILE.html", help="Write what is shown into this new file as well.")
@json_option
@data_dir_option
@click.pass_context
def command(
    ctx: click.Context,
    runs: tuple[str, ...],
    engine: str | None,
    prompts: str | None,
    session: str | None,
    task: str | None,
    since: str | None,
    again: bool,
    whole: bool,
    html: str | None,
    as_json: bool,
) -> int:
    """Repeat past runs with another model or other prompts and show what changed, statement by statement.

    Changed numbers, units, negations and sides are marked with "!". A recording is heard anew only with another speech
    engine. Differences are no error; past runs stay as they are.
    """
    from assistant.cli.new_file import require_new
    from assistant.comparing import compare, exit_code
    from assistant.opening import open_runner
    from assistant.otherwise import settings_with
    from assistant.sessions import SessionLog

    given = settings_of(ctx)
    if engine is None and prompts is None and given.adapter is None:
        raise UsageProblem("compare", "with what is not said", "name --with ENGINE, --prompts DIR or --adapter DIR")
    page = Path(html) if html else None
    if page is not None:
        require_new(page)
    since_day, of_task = _day(since), task_of(task)
    settings, hear = settings_with(given, engine, Path(prompts).expanduser() if prompts else None)
    say_who_works(settings)
    found: list[Comparison] = []
    refused: list[int] = []
    with SessionLog.open(settings.data_dir) as log:
        chosen = _selected(log, runs, session, of_task, since_day)
    with batch_bar(len(chosen)) as (step, within), open_runner(settings, within) as runner:
        for run in chosen:
            step(run)
            try:
                comparison = compare(runner, settings, run, hear=hear, again=again)
            except (BadInput, VerificationFailed) as problem:
                click.echo(f"assistant: {problem}", err=True)
                refused.append(problem.exit_code)
                continue
            found.append(comparison)
            if as_json:
                print_json(_object(comparison))
    _show(found, as_json=as_json, whole=whole, page=page)
    return batch_exit_code([exit_code(found), *refused])


def _selected(
    log: SessionLog, runs: tuple[str, ...], session: str | None, task: TaskName | None, since: date | None
) -> list[str]:
    """The runs that are named, else those of the log that were not made by a repetition, the oldest first.

    Raises:
        UsageProblem: no run is named or chosen, or both, or one is not there.
    """
    from assistant.runner import REPETITIONS

    chosen = session is not None or task is not None or since is not None
    if runs and chosen:
        raise UsageProblem("compare", "runs are named and chosen", "leave out --session, --task and --since")
    if runs:
        return list(dict.fromkeys(log.run(run).id for run in runs))
    if not chosen:
        raise UsageProblem(
            "compare", "no run is named", "name runs of `assistant log list`, or --task, --since, --session"
        )
    found = [
        run.id
        for run in reversed(log.runs())
        if run.label != REPETITIONS
        and session in (None, run.label)
        and task in (None, run.task)
        and (since is None or date.fromisoformat(run.created[:10]) >= since)
    ]
    if not found:
        raise UsageProblem("compare", "no run is chosen so", "assistant log list shows what there is")
    return found


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise UsageProblem(f"--since {given}", "is no day", "write it as 2026-03-31") from None


def _object(one: Comparison) -> dict[str, Any]:
    """One line of ``compare --json``."""
    from assistant.alignment import KINDS

    counts = {kind: one.count(kind) for kind in KINDS}
    verdict = {"identical": one.identical, "waits": one.waits, "alerts": one.alerts, "counts": counts}
    return {**one.model_dump(mode="json"), **verdict}


def _show(found: list[Comparison], *, as_json: bool, whole: bool, page: Path | None) -> None:
    from assistant.cli.side_by_side import summary_line

    if not as_json:
        _print(found, console(), whole=whole)
    if page is not None:
        import io

        from rich.console import Console

        from assistant.cli.new_file import write_new

        paper = Console(
            record=True, file=io.StringIO(), force_terminal=True, width=_HTML_WIDTH, highlight=False, emoji=False
        )
        _print(found, paper, whole=whole)
        write_new(page, paper.export_html(inline_styles=True).encode())
    error_console().print(summary_line(found))


def _print(found: list[Comparison], to: Console, *, whole: bool) -> None:
    from assistant.cli.side_by_side import print_comparison, print_summary

    for one in found:
        print_comparison(one, to, whole=whole)
    print_summary(found, to)
