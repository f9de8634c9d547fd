"""``assistant doctor``: what is wrong here and what fixes it."""

from __future__ import annotations

import click

from assistant.cli.common import console, engine_options, print_json, settings_of
from assistant.plain import escaped
from pipelines.errors import DONE, OUR_FAULT


@click.command("doctor")
@engine_options
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Show what is installed, what is missing, and what fixes it. Exit code 1 when something needed is missing."""
    from assistant.doctor import examine

    findings = tuple(examine(settings_of(ctx)))
    if as_json:
        for finding in findings:
            print_json(finding.model_dump(mode="json"))
    else:
        out = console()
        for finding in findings:
            mark = "[green]ok     [/]" if finding.ok else "[red]missing[/]" if finding.needed else "[yellow]without[/]"
            out.print(f"{mark} [bold]{escaped(finding.name)}[/]: {escaped(finding.detail)}", soft_wrap=True)
            if finding.remedy:
                out.print(f"        -> {escaped(finding.remedy)}", soft_wrap=True)
    return DONE if all(f.ok or not f.needed for f in findings) else OUR_FAULT
