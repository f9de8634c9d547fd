"""``assistant demo``: the samples through the main job."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.common import console, engine_options, error_console, settings_of
from assistant.cli.output import Refused, print_table, summary
from assistant.cli.replay import MANIFEST, run_batch
from pipelines.errors import MODEL_NEEDED, PERSON_NEEDED, UsageProblem, batch_exit_code


@click.command("demo")
@click.option("--samples", metavar="DIR", default="samples", show_default=True, help="Where the samples lie.")
@engine_options
@click.pass_context
def command(ctx: click.Context, samples: str, as_json: bool) -> int:
    """Run the samples and show what came of them. Runs that wait for a model or a person are no failure here."""
    from assistant.engines import who_works
    from assistant.manifest import read_manifest
    from pipelines.errors import BadInput

    manifest = Path(samples) / MANIFEST
    if not manifest.is_file():
        raise UsageProblem(samples, "holds no samples", "run this in the project's folder, or name it with --samples")
    work = [Refused(line.subject, line) if isinstance(line, BadInput) else line for line in read_manifest(manifest)]
    settings = settings_of(ctx)
    outcomes = run_batch(settings, list(work), again=False, as_json=as_json)
    if not as_json:
        out = console()
        print_table(outcomes, out)
        out.print(
            f"The log lies in {settings.data_dir}. Look at it: assistant --data-dir {settings.data_dir} log list",
            soft_wrap=True,
        )
        out.print(f"{who_works(settings)}. For research and development, not for diagnosis.", soft_wrap=True)
    error_console().print(summary(outcomes))
    codes = [o.problem.exit_code if isinstance(o, Refused) else o.exit_code for o in outcomes]
    return batch_exit_code([code for code in codes if code not in (MODEL_NEEDED, PERSON_NEEDED)])
