"""``assistant log``: what the session log holds, and whether it still holds true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.common import console, data_dir_option, error_console, json_option, print_json, settings_of
from assistant.cli.log_pairs import command as pairs
from assistant.cli.output import call_objects, print_calls, print_run, run_object
from assistant.plain import escaped
from pipelines.errors import DONE, VERIFICATION_FAILED, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.likeness import Alike
    from assistant.sessions import SessionLog
    from pipelines.records import Transcript

#: Words that are closer are marked as one.
_PAUSE_SECONDS: Final = 0.2


@click.group("log")
def command() -> None:
    """Look into the session log and verify it."""


command.add_command(pairs)


@command.command("list")
@click.option("--session", metavar="LABEL", help="Only the runs of this session.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the newest.")
@json_option
@data_dir_option
@click.pass_context
def list_runs(ctx: click.Context, session: str | None, limit: int | None, as_json: bool) -> int:
    """The runs, newest first."""
    with _open(ctx) as log:
        runs = log.runs(limit=limit, session=session)
    if as_json:
        for run in runs:
            print_json(run.model_dump(mode="json"))
        return DONE
    from rich.table import Table

    table = Table()
    for heading in ("run", "when", "session", "recording", "task", "status"):
        table.add_column(heading, no_wrap=heading in ("run", "when"), overflow="fold")
    for run in runs:
        when = run.created[5:16].replace("T", " ")
        table.add_row(run.id, when, run.label, run.recording or "", run.task or "", run.status or run.state)
    console().print(table)
    return DONE


@command.command("show")
@click.argument("run")
@click.option("--trace", is_flag=True, help="Unfold what a model thought before it answered.")
@json_option
@data_dir_option
@click.pass_context
def show_run(ctx: click.Context, run: str, trace: bool, as_json: bool) -> int:
    """One run in full: what was said, the route, every statement with its source and the verdict on it."""
    with _open(ctx) as log:
        view = log.run(run)
        exchanges = log.exchanges(view.id)
    if as_json:
        print_json({**run_object(view), "model_calls": call_objects(view.model_calls, exchanges)})
    else:
        print_run(view, console(), trace=trace)
        print_calls(view, console())
    return DONE


@command.command("picture")
@click.argument("run")
@click.argument("file", metavar="FILE.png")
@click.option("--mel", is_flag=True, help="The mel spectrogram instead of the waveform.")
@json_option
@data_dir_option
@click.pass_context
def picture(ctx: click.Context, run: str, file: str, mel: bool, as_json: bool) -> int:
    """Draw the waveform of RUN's recording into the new file FILE.png. Where words were heard is marked; none of them
    is written into the picture."""
    from assistant.cli.new_file import require_new, write_new
    from pipelines.speech.pictures import sound_png

    path = Path(file)
    if path.suffix.lower() != ".png":
        raise UsageProblem(file, "is not named as a PNG file", "give a name that ends with .png")
    require_new(path)
    with _open(ctx) as log:
        view = log.run(run)
        recording = view.request.recording
        if recording is None:
            raise UsageProblem(view.id, "was typed and has no recording", "`assistant log list` shows which runs have")
        spoken = _spoken(view.transcript) if view.transcript else ()
        data = sound_png(log.store.checked_path(recording.file_sha256), recording.name, mel=mel, speech=spoken)
    write_new(path, data)
    kind = "mel" if mel else "waveform"
    if as_json:
        print_json({"run": view.id, "recording": recording.name, "picture": kind, "file": file})
    else:
        click.echo(f"{file}: {'mel spectrogram' if mel else kind} of {view.id}")
    return DONE


@command.command("similar")
@click.argument("like", metavar="PICTURE|RUN")
@click.option("--limit", type=click.IntRange(min=1, max=1000), default=5, show_default=True, help="At most so many.")
@json_option
@data_dir_option
@click.pass_context
def similar(ctx: click.Context, like: str, limit: int, as_json: bool) -> int:
    """Earlier pictures that look like the one in the file PICTURE, or like those of RUN, the most alike first.

    Pictures are compared by MedSigLIP: those that runs were given while it was installed. That pictures look alike says
    nothing about what is on them.
    """
    from assistant.likeness import like_file, like_run

    alike: tuple[Alike, ...]
    with _open(ctx) as log:
        if Path(like).exists() or Path(like).suffix or Path(like).name != like:
            from assistant.engines import classifier_of
            from assistant.quiet import silence_libraries

            settings = settings_of(ctx)
            silence_libraries(settings)
            alike = (like_file(log, Path(like).expanduser(), classifier_of(settings), limit),)
        else:
            alike = like_run(log, like, limit)
    if as_json:
        for one in alike:
            for found in one.found:
                print_json({"picture": one.picture, **found.model_dump(mode="json")})
    else:
        for one in alike:
            _print_alike(one)
    return DONE


@command.command("verify")
@json_option
@data_dir_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> int:
    """Derive every hash again from the bytes; names the first row or file that does not hold."""
    with _open(ctx) as log, error_console().status("verifying") as line:
        found = log.verify(lambda what, count: line.update(f"verifying: {count:,} {what}"))
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif found.ok:
        console().print(
            f"[green]verified[/]: {found.checked_events} events, {found.checked_rows} rows, {found.checked_files} files"
        )
    else:
        error_console().print(f"[red]does not hold[/]: {found.problem}", soft_wrap=True)
    return DONE if found.ok else VERIFICATION_FAILED


def _print_alike(alike: Alike) -> None:
    from rich.table import Table

    if not alike.found:
        console().print(f"{escaped(alike.picture)}: no other picture was looked at by the same weights")
        return
    table = Table(title=f"like {escaped(alike.picture)}", title_justify="left")
    for heading in ("similarity", "run", "when", "attachment"):
        table.add_column(heading, no_wrap=heading != "attachment", overflow="fold")
    for found in alike.found:
        when = found.when[:16].replace("T", " ")
        table.add_row(f"{found.similarity:.3f}", found.run, when, escaped(found.attachment or "erased"))
    console().print(table)


def _spoken(transcript: Transcript) -> Sequence[tuple[float, float]]:
    """Where words were heard, in seconds."""
    spans: list[tuple[float, float]] = []
    for word in (word for segment in transcript.segments for word in segment.words):
        if spans and word.start - spans[-1][1] < _PAUSE_SECONDS:
            spans[-1] = (spans[-1][0], max(spans[-1][1], word.end))
        else:
            spans.append((word.start, word.end))
    return spans


def _open(ctx: click.Context) -> SessionLog:
    from assistant.sessions import SessionLog

    settings = settings_of(ctx)
    return SessionLog.open(settings.data_dir)
