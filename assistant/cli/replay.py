"""``assistant replay``: recordings in, runs out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.common import (
    console,
    engine_options,
    error_console,
    print_json,
    say_who_works,
    settings_of,
    work_options,
)
from assistant.cli.output import Refused, outcome_object, print_table, summary
from assistant.cli.progress import batch_bar
from pipelines.errors import BadInput, UsageProblem, batch_exit_code

if TYPE_CHECKING:
    from assistant.intake import Given
    from assistant.runner import Outcome
    from assistant.settings import Settings

MANIFEST = "manifest.jsonl"


@click.command("replay")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--manifest", metavar="FILE.jsonl", help="Work from the lines of a manifest.")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="Repeat this past run from its log; repeatable.")
@work_options
@engine_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    attach: tuple[str, ...],
    patient: str | None,
    task: str | None,
    template: str | None,
    session: str | None,
    manifest: str | None,
    runs: tuple[str, ...],
    again: bool,
    as_json: bool,
) -> int:
    """Run recordings: files, folders (a manifest.jsonl in one is obeyed), or a manifest.

    What is done already is skipped: the same samples with the same attachments, task, template and patient. Paused
    runs are tried again when what they waited for has appeared.

    With --run a past run is done anew from what the log keeps of it, and held against what it was: identical, or the
    first difference with what may explain it (exit code 6).
    """
    from assistant.intake import GivenAttachment

    if runs:
        if paths or manifest or attach or any((patient, task, template, session, again)):
            raise UsageProblem("--run", "takes what it needs from the log", "leave out everything else")
        from assistant.cli.repetitions import repeat_runs

        settings = settings_of(ctx)
        say_who_works(settings)
        return repeat_runs(settings, runs, as_json=as_json)

    common: dict[str, Any] = {
        "attachments": tuple(GivenAttachment.parse(a) for a in attach),
        "task": task_of(task),
        "template": template,
        "patient": patient,
        "session": session,
    }
    work = list(_work(paths, manifest, common))
    if not work:
        raise UsageProblem("replay", "nothing to replay", "name recordings, folders or --manifest FILE.jsonl")
    settings = settings_of(ctx)
    say_who_works(settings)
    outcomes = run_batch(settings, work, again=again, as_json=as_json)
    if not as_json:
        print_table(outcomes, console())
    error_console().print(summary(outcomes))
    return batch_exit_code([o.problem.exit_code if isinstance(o, Refused) else o.exit_code for o in outcomes])


def run_batch(
    settings: Settings, work: list[Given | Refused], *, again: bool, as_json: bool
) -> list[Outcome | Refused]:
    """Each piece of work in turn; one that is refused does not stop the others. Progress goes to stderr."""
    from assistant.opening import open_runner

    outcomes: list[Outcome | Refused] = []
    with batch_bar(len(work)) as (step, within), open_runner(settings, within) as runner:
        for given in work:
            if isinstance(given, Refused):
                outcome: Outcome | Refused = given
            else:
                step(given.audio.name if given.audio else "text")
                try:
                    outcome = runner.submit(given, again=again)
                except BadInput as problem:
                    outcome = Refused(str(given.audio or "text"), problem)
            outcomes.append(outcome)
            problem_line = str(outcome.problem) if isinstance(outcome, Refused) else outcome.view.error
            if problem_line:
                click.echo(f"assistant: {problem_line}", err=True)
            if as_json:
                print_json(outcome_object(outcome))
    return outcomes


def task_of(name: str | None) -> Any:
    """The task of that name.

    Raises:
        UsageProblem: there is none.
    """
    from pipelines.records import TaskName

    if name is None:
        return None
    if name not in set(TaskName):
        raise UsageProblem(f"--task {name}", "there is no such task", f"use one of {', '.join(TaskName)}")
    return TaskName(name)


def _work(paths: tuple[str, ...], manifest: str | None, common: dict[str, Any]) -> Iterator[Given | Refused]:
    from assistant.intake import Given, recordings_in

    if manifest is not None:
        yield from _manifest_work(Path(manifest), common)
    for name in paths:
        path = Path(name)
        try:
            if not path.is_dir():
                yield Given(audio=path, **common)
            elif (path / MANIFEST).is_file():
                yield from _manifest_work(path / MANIFEST, common)
            else:
                for recording in recordings_in(path):
                    yield Given(audio=recording, **common)
        except BadInput as problem:
            yield Refused(name, problem)


def _manifest_work(manifest: Path, common: dict[str, Any]) -> Iterator[Given | Refused]:
    """A line's own fields come before the command line's."""
    from assistant.manifest import read_manifest

    for line in read_manifest(manifest):
        if isinstance(line, BadInput):
            yield Refused(line.subject, line)
        else:
            yield replace(line, **{name: value for name, value in common.items() if not getattr(line, name)})
