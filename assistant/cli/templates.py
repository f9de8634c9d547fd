"""``assistant templates``: the forms that dictated notes are filed into, and the texts that can be called for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.common import console, data_dir_option, error_console, json_option, print_json, settings_of
from pipelines.errors import BAD_INPUT, DONE, BadInput, UsageProblem

if TYPE_CHECKING:
    from pipelines.tasks.note.template import Template


@click.group("templates")
def command() -> None:
    """Note templates and macros: the shipped ones, and files of your own (docs/notes.md)."""


@command.command("list")
@json_option
@data_dir_option
@click.pass_context
def list_templates(ctx: click.Context, as_json: bool) -> int:
    """What there is: templates with their sections, and the macros of each."""
    from pipelines.tasks.note.template_file import parse_macros
    from pipelines.tasks.note.templates import load_template, own_files, read_file, templates

    folder = settings_of(ctx).templates_folder
    own = own_files(folder)
    loaded: list[Template] = []
    for name in templates(folder):
        try:
            loaded.append(load_template(name, folder))
        except BadInput as broken:
            error_console().print(f"[red]broken[/]: {broken}", soft_wrap=True)
    for name, path in own.items():
        try:
            parse_macros(name, read_file(path))
        except BadInput as broken:
            if name not in templates(folder):
                error_console().print(f"[red]broken[/]: {broken}", soft_wrap=True)
    if as_json:
        for template in loaded:
            print_json(_told(template, folder, own=template.name in own))
    else:
        _print(loaded, folder, own)
    return DONE


@command.command("check")
@click.argument("file", metavar="FILE.toml")
def check(file: str) -> int:
    """Say what is wrong with FILE.toml, one line a problem; nothing where it can be used."""
    from pipelines.tasks.note.template_file import problems_of
    from pipelines.tasks.note.templates import read_file

    path = Path(file)
    problems = problems_of(read_file(path))
    for problem in problems:
        click.echo(f"{file}:{problem.line}: {problem.text}")
    if not problems:
        click.echo(f"{path.name}: can be used", err=True)
    return BAD_INPUT if problems else DONE


@command.command("new")
@click.argument("name")
@data_dir_option
@click.pass_context
def new(ctx: click.Context, name: str) -> int:
    """Write a commented template NAME.toml into your folder, to be changed."""
    import re
    from importlib import resources

    from assistant.cli.new_file import require_new, write_new

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
        raise UsageProblem(name, "cannot be a template's name", "use small letters, digits and hyphens")
    folder = settings_of(ctx).templates_folder
    path = folder / f"{name}.toml"
    require_new(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            str(folder), f"cannot be made ({error.strerror})", "name another with ASSISTANT_TEMPLATES_DIR"
        ) from None
    text = resources.files("pipelines.tasks.note").joinpath("new_template.toml").read_text("utf-8")
    write_new(path, text.replace("NAME", name.replace("-", " ").capitalize()).encode())
    click.echo(str(path))
    click.echo(f"change it, then: assistant templates check {path}", err=True)
    return DONE


def _told(template: Template, folder: Path, *, own: bool) -> dict[str, object]:
    from pipelines.tasks.note.templates import macros_for

    return {
        "name": template.name,
        "title": template.title,
        "version": template.version,
        "sha256": template.sha256,
        "own": own,
        "sections": [
            {"key": one.key, "heading": one.heading, "required": one.required, "normals": len(one.normals)}
            for one in template.sections
        ],
        "macros": sorted({macro.name for macro in macros_for(template, folder).values()}),
    }


def _print(loaded: list[Template], folder: Path, own: dict[str, Path]) -> None:
    from rich.table import Table
    from rich.text import Text

    from pipelines.tasks.note.templates import macros_for

    table = Table()
    for heading in ("template", "sections (* required)", 'macros ("insert …")', "from"):
        table.add_column(heading, overflow="fold")
    for template in loaded:
        sections = ", ".join(f"{one.heading}{'*' if one.required else ''}" for one in template.sections)
        macros = ", ".join(sorted({macro.name for macro in macros_for(template, folder).values()}))
        place = own[template.name].name if template.name in own else "shipped"
        # Text, not markup: a heading may hold brackets.
        table.add_row(*map(Text, (f"{template.name} {template.version}", sections, macros, place)))
    console().print(table)
    click.echo(f"your own: {folder}", err=True)
