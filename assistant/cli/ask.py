"""``assistant ask``: a typed request."""

from __future__ import annotations

import click

from assistant.cli.common import engine_options, say_who_works, settings_of, work_options
from assistant.cli.output import report
from assistant.cli.progress import share_bar
from assistant.cli.replay import task_of


@click.command("ask")
@click.argument("text")
@work_options
@engine_options
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
    from assistant.opening import open_runner

    given = Given(
        text=text,
        attachments=tuple(GivenAttachment.parse(a) for a in attach),
        task=task_of(task),
        template=template,
        patient=patient,
        session=session,
    )
    settings = settings_of(ctx)
    say_who_works(settings)
    with share_bar() as progress, open_runner(settings, progress, text=progress.text) as runner:
        outcome = runner.submit(given, again=again)
    report(outcome, as_json=as_json)
    return outcome.exit_code
