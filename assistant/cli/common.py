"""What the command groups share: settings, options, reading JSON-ready values."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def data_dir_option(function: F) -> F:
    """``--data-dir`` after the command as well as before it."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.ensure_object(dict)["data_dir"] = value

    return click.option(
        "--data-dir", metavar="DIR", expose_value=False, callback=remember, help="Where the session log lies."
    )(function)


def adapter_option(function: F) -> F:
    """``--adapter``: what is laid on MedGemma."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.find_root().ensure_object(dict)["adapter"] = value

    return click.option(
        "--adapter",
        metavar="DIR",
        expose_value=False,
        callback=remember,
        help="A folder with a LoRA adapter to lay on MedGemma.",
    )(function)


def profile_option(function: F) -> F:
    """``--profile``: which engines do the work; and ``--adapter`` beside it."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.find_root().ensure_object(dict)["profile"] = value

    return click.option(
        "--profile",
        metavar="NAME",
        expose_value=False,
        callback=remember,
        help="The engines: auto (what is installed), embedded, medgemma, or engines by name with commas.",
    )(adapter_option(function))


def work_options(function: F) -> F:
    """What goes with a piece of work, spoken or typed."""
    options = (
        click.option(
            "--attach",
            multiple=True,
            metavar="[KIND=]PATH",
            help="What goes with it: a file, folder or zip, a patient's address on a FHIR server, or "
            "dicomweb+ and that of a study in an archive; repeatable.",
        ),
        click.option("--patient", metavar="ID", help="Whom it is about."),
        click.option("--task", metavar="TASK", help="The task, instead of asking the words."),
        click.option("--template", metavar="NAME", help="The note template: a shipped name or a .toml file."),
        click.option("--session", metavar="LABEL", help="The session it belongs to (today's date by default)."),
        click.option("--again", is_flag=True, help="Do it anew even where it is done already."),
    )
    for option in reversed(options):
        function = option(function)
    return function


json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output on stdout.")


def engine_options(function: F) -> F:
    """What every command takes that has engines at work: ``--profile``, ``--adapter``, ``--json``, ``--data-dir``."""
    return profile_option(json_option(data_dir_option(function)))


def settings_of(ctx: click.Context) -> Settings:
    """The settings with this command line on top."""
    from assistant.settings import load_settings

    given: dict[str, str | None] = ctx.find_root().obj or {}
    data_dir = given.get("data_dir")
    adapter = given.get("adapter")
    return load_settings(
        data_dir=Path(data_dir).expanduser() if data_dir else None,
        profile=given.get("profile"),
        adapter=Path(adapter).expanduser() if adapter else None,
    )


def say_who_works(settings: Settings) -> None:
    """One line on stderr about the engines that the profile took."""
    from assistant.engines import who_works

    click.echo(who_works(settings), err=True)


def print_json(value: Any) -> None:
    """One JSON object on one line of stdout."""
    import orjson

    click.echo(orjson.dumps(value).decode())


_WIDTH_ELSEWHERE = 120
"""Columns of a table that goes to a file or a pipe."""


def console() -> Console:
    """For tables on stdout; plain text where stdout is no terminal."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)


def error_console() -> Console:
    """For progress and warnings on stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)
