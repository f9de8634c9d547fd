"""``assistant log pairs``: exports what a model was asked and answered, to train an adapter on."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.common import data_dir_option, json_option, print_json, settings_of
from assistant.cli.progress import share_bar
from pipelines.errors import DONE
from pipelines.records import TaskName


@click.command("pairs")
@click.argument("folder", metavar="DIR")
@click.option("--task", type=click.Choice([task.value for task in TaskName]), metavar="TASK", help="Only of this task.")
@click.option("--approved", is_flag=True, help="Only answers that a person approved or signed.")
@json_option
@data_dir_option
@click.pass_context
def command(ctx: click.Context, folder: str, task: str | None, approved: bool, as_json: bool) -> int:
    """Write what a model was asked and answered into the new folder DIR, as pairs to train an adapter on. DIR then
    holds PATIENT DATA: questions, answers and pictures, as they were sent. See docs/adaptation.md."""
    from assistant.adapting.exporting import export_pairs
    from assistant.sessions import SessionLog

    with SessionLog.open(settings_of(ctx).data_dir) as log, share_bar() as progress:
        done = export_pairs(
            log,
            Path(folder).expanduser(),
            task=TaskName(task) if task else None,
            approved_only=approved,
            progress=progress,
        )
    click.echo(f"{folder} holds patient data: keep it as you keep the log, and delete it after the training", err=True)
    if as_json:
        print_json({"folder": folder, "pairs": done.pairs, "frames": done.frames, "tasks": done.tasks})
    else:
        tasks = ", ".join(f"{count} {name}" for name, count in done.tasks.items())
        click.echo(f"{folder}: {done.pairs} pairs ({tasks}), {done.frames} pictures")
    return DONE
