"""``assistant resume``: a paused run goes on."""

from __future__ import annotations

import click

from assistant.cli.common import engine_options, say_who_works, settings_of
from assistant.cli.output import report
from assistant.cli.progress import share_bar
from assistant.cli.replay import task_of


@click.command("resume")
@click.argument("run")
@click.option("--task", metavar="TASK", help="What is asked, where that was unclear or taken wrongly.")
@click.option("--patient", metavar="ID", help="Whom it is about, by a number that the record has for them.")
@click.option(
    "--same-patient", is_flag=True, help="Your answer where the evidence names another patient: it is the same."
)
@click.option("--series", type=click.IntRange(min=1), metavar="N", help="Which of the volumes, slides or films listed.")
@click.option("--attach", multiple=True, metavar="[KIND=]PATH", help="What it shall have as well; repeatable.")
@click.option("--without", multiple=True, metavar="NAME", help="An attachment that it shall do without; repeatable.")
@engine_options
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    task: str | None,
    patient: str | None,
    same_patient: bool,
    series: int | None,
    attach: tuple[str, ...],
    without: tuple[str, ...],
    as_json: bool,
) -> int:
    """Go on with RUN: with your answer, or because what it waited for is here now. Nothing is transcribed again."""
    from assistant.intake import GivenAttachment
    from assistant.opening import open_runner

    settings = settings_of(ctx)
    say_who_works(settings)
    with share_bar() as progress, open_runner(settings, progress, text=progress.text) as runner:
        outcome = runner.resume(
            run,
            task=task_of(task),
            patient=patient,
            same_patient=same_patient,
            series=series,
            attach=tuple(GivenAttachment.parse(one) for one in attach),
            without=without,
        )
    report(outcome, as_json=as_json)
    return outcome.exit_code
