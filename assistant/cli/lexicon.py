"""``assistant lexicon``: the terms that are expected, looked for, and replaced."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.common import console, data_dir_option, json_option, print_json, settings_of
from pipelines.errors import DONE, BadInput, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.text.lexicon import Entry

_SHOWN: Final = 5


@click.group("lexicon")
def command() -> None:
    """Terms that are expected in speech and looked for among what was misheard (docs/lexicon.md)."""


@command.command("add")
@click.argument("phrase")
@click.option("--sounds-like", multiple=True, metavar="WORDS", help="How it is heard or misheard; repeatable.")
@click.option("--category", default="term", metavar="NAME", help="drug, condition, anatomy, procedure, test, …")
@click.option("--replace-with", metavar="TEXT", help="Write this instead, wherever the phrase or its sound is heard.")
@data_dir_option
@click.pass_context
def add(ctx: click.Context, phrase: str, sounds_like: tuple[str, ...], category: str, replace_with: str | None) -> int:
    """Add PHRASE, or more to your entry of it."""
    from assistant.lexicon.entries import own_entry

    entry = own_entry(phrase, sounds_like, category, replace_with)
    _warn_of_everyday([entry])
    _add(ctx, [entry])
    return DONE


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="The built-in entries as well.")
@click.option("--category", metavar="NAME", help="Only these.")
@json_option
@data_dir_option
@click.pass_context
def list_entries(ctx: click.Context, everything: bool, category: str | None, as_json: bool) -> int:
    """Your entries."""
    from assistant.lexicon import OwnLexicon, load_lexicon
    from pipelines.text.lexicon import CATEGORIES

    if category is not None and category not in CATEGORIES:
        raise UsageProblem(f"--category {category}", "is not known", f"use one of {', '.join(CATEGORIES)}")
    folder = settings_of(ctx).data_dir
    found = load_lexicon(folder).entries if everything else OwnLexicon(folder).entries()
    entries = [entry for entry in found if category in (None, entry.category)]
    if as_json:
        for entry in entries:
            print_json(
                {
                    "phrase": entry.phrase,
                    "sounds_like": entry.sounds_like,
                    "category": entry.category,
                    "replacement": entry.replacement,
                    "own": entry.own,
                }
            )
        return DONE
    if not entries and not everything:
        click.echo("no entries of your own; --all shows the built-in ones", err=True)
        return DONE
    _print(entries)
    return DONE


@command.command("import")
@click.argument("file", metavar="FILE.csv")
@data_dir_option
@click.pass_context
def import_(ctx: click.Context, file: str) -> int:
    """Add the rows of FILE.csv: phrase, sounds_like (several with ; between), category, replacement."""
    from assistant.lexicon.table import MOST_BYTES, read_table

    path = Path(file)
    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(file, f"cannot be read ({error.strerror})", "name a CSV file") from None
    entries = read_table(data, path.name)
    _warn_of_everyday(entries)
    _add(ctx, entries)
    return DONE


@command.command("export")
@click.argument("file", metavar="[FILE.csv]", required=False)
@data_dir_option
@click.pass_context
def export(ctx: click.Context, file: str | None) -> int:
    """Write your entries to FILE.csv, or to stdout."""
    from assistant.lexicon import OwnLexicon
    from assistant.lexicon.table import write_table

    data = write_table(OwnLexicon(settings_of(ctx).data_dir).entries())
    if file is None:
        sys.stdout.buffer.write(data)
        return DONE
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise BadInput(file, f"cannot be written ({error.strerror})", "name another file") from None
    return DONE


@command.command("remove")
@click.argument("phrase")
@data_dir_option
@click.pass_context
def remove(ctx: click.Context, phrase: str) -> int:
    """Remove your entry of PHRASE."""
    from assistant.lexicon import OwnLexicon
    from assistant.sessions import SessionLog

    settings = settings_of(ctx)
    with SessionLog.open(settings.data_dir, busy_seconds=settings.lock_timeout) as log:
        OwnLexicon(settings.data_dir, busy_seconds=settings.lock_timeout).remove(log, phrase)
    return DONE


def _add(ctx: click.Context, entries: Sequence[Entry]) -> None:
    from assistant.lexicon import OwnLexicon
    from assistant.sessions import SessionLog

    settings = settings_of(ctx)
    with SessionLog.open(settings.data_dir, busy_seconds=settings.lock_timeout) as log:
        added, merged = OwnLexicon(settings.data_dir, busy_seconds=settings.lock_timeout).add(log, entries)
    again = f", {merged} merged with an entry of the same phrase" if merged else ""
    click.echo(f"{added} added{again}", err=True)


def _warn_of_everyday(entries: Sequence[Entry]) -> None:
    """A replacement of an everyday word changes nearly every note."""
    from pipelines.text.ordinary import is_everyday

    said = [text for entry in entries if entry.replacement for text in (entry.phrase, *entry.sounds_like)]
    everyday = sorted({text.lower() for text in said if is_everyday(text)})
    if everyday:
        shown = ", ".join(everyday[:_SHOWN]) + (", …" if len(everyday) > _SHOWN else "")
        click.echo(f"warning: everyday words will be replaced wherever they are said: {shown}", err=True)


def _print(entries: Sequence[Entry]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("phrase", "sounds like", "category", "replaced by"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        cells = (entry.phrase, "; ".join(entry.sounds_like), entry.category, entry.replacement or "")
        # Text, not markup: ":smile:" is what somebody says.
        table.add_row(*map(Text, cells))
    console().print(table)
