"""``assistant ask``: a typed request."""

from __future__ import annotations

import click

from assistant.cli.common import data_dir_option, json_option, settings_of
from assistant.cli.output import report
from assistant.cli.replay import task_of


@click.command("ask")
@click.argument("text")
@click.option(
    "--attach", multiple=True, metavar="[KIND=]PATH", help="A file, folder or zip that goes with it; repeatable."
)
@click.option("--patient", metavar="ID", help="Whom the run is about.")
@click.option("--task", metavar="TASK", help="The task, instead of asking the words.")
@click.option("--template", metavar="NAME", help="The note template: a shipped name or a file.")
@click.option("--session", metavar="LABEL", help="The session the run belongs to (today's date by default).")
@click.option("--again", is_flag=True, help="Do it anew even where it is done already.")
@json_option
@data_dir_option
@click.pass_context
def command(
    ctx: click.Context,
    text: str,
    attach: tuple[str, ...],
    patient: str | None,
    task: str | None,
    template: str | None,
    session: str | None,
    again: bool,
    as_json: bool,
) -> int:
    """Run a typed request: what follows is the same as for a spoken one."""
    from assistant.intake import Given, GivenAttachment
    from assistant.runner import open_runner

    given = Given(
        text=text,
        attachments=tuple(GivenAttachment.parse(a) for a in attach),
        task=task_of(task),
        template=template,
        patient=patient,
        session=session,
    )
    with open_runner(settings_of(ctx)) as runner:
        outcome = runner.submit(given, again=again)
    report(outcome, as_json=as_json)
    return outcome.exit_code
