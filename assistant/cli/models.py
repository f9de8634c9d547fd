"""``assistant models``: the engines."""

from __future__ import annotations

import click

from assistant.cli.common import console, data_dir_option, json_option, print_json, settings_of


@click.group("models")
def command() -> None:
    """Show the engines and whether they can work here."""


@command.command("list")
@json_option
@data_dir_option
@click.pass_context
def list_engines(ctx: click.Context, as_json: bool) -> int:
    """Every engine by name: what it does, whether it can work here, and how to get it if not."""
    from assistant.engines import engine_table

    engines = engine_table(settings_of(ctx))
    if as_json:
        for engine in engines:
            print_json(engine.model_dump(mode="json"))
        return 0
    from rich.table import Table

    table = Table(show_lines=True)
    for heading in ("engine", "does", "ready", "detail"):
        table.add_column(heading)
    for engine in engines:
        ready = "[green]yes[/]" if engine.availability.ready else "[yellow]no[/]"
        detail = "\n".join(filter(None, (engine.availability.detail, engine.availability.remedy)))
        table.add_row(engine.name, engine.does, ready, detail)
    console().print(table)
    return 0
