"""``assistant export``: a run's result for other programs and other people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.common import data_dir_option, json_option, print_json, settings_of
from pipelines.errors import DONE, UsageProblem

if TYPE_CHECKING:
    from assistant.exports.exporting import Format

_FORMATS: Final = ("markdown", "docx", "pdf", "fhir", "csv", "dicom-sr", "png")


@click.command("export")
@click.argument("run")
@click.argument("file", required=False)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    help="The format; without it the end of FILE's name tells (.md, .docx, .pdf, .json, .csv, .dcm, .png).",
)
@json_option
@data_dir_option
@click.pass_context
def command(ctx: click.Context, run: str, file: str | None, format_name: str | None, as_json: bool) -> int:
    """Write the result of RUN into the new file FILE, or to stdout where the format is text: every statement with its
    source and the verdict on it; as .png its pictures. What is written is PATIENT DATA. See docs/exports.md."""
    from assistant.cli.new_file import require_new, write_new
    from assistant.exports.exporting import Format, export, record_export
    from assistant.sessions import SessionLog

    path = Path(file).expanduser() if file and file != "-" else None
    chosen = Format(format_name) if format_name else _by_name(path)
    if path is None and not chosen.is_text:
        raise UsageProblem(f"--format {chosen}", "is no text to print", "name a new FILE for it")
    if path is None and as_json:
        raise UsageProblem("--json", "tells about a file, and none is named", "name a new FILE, or leave out --json")
    if path is not None:
        require_new(path)
    with SessionLog.open(settings_of(ctx).data_dir) as log:
        made = export(log, run, chosen)
        if path is None:
            record_export(log, made, "stdout")
            sys.stdout.buffer.write(made.data)
            sys.stdout.buffer.flush()
            return DONE
        write_new(path, made.data, before=lambda: record_export(log, made, "file"))
    if as_json:
        print_json({"run": made.run, "format": chosen, "status": made.status, "file": file, "bytes": len(made.data)})
    else:
        click.echo(f"{file}: {made.run} ({made.status}) as {chosen}, {len(made.data):,} bytes; it holds patient data")
    return DONE


def _by_name(path: Path | None) -> Format:
    from assistant.exports.exporting import SUFFIXES

    for format_, suffixes in SUFFIXES.items():
        if path is not None and path.suffix.lower() in suffixes:
            return format_
    raise UsageProblem(str(path) if path else "--format", "says no format", f"give --format {'|'.join(_FORMATS)}")
