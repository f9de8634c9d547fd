"""``assistant models``: the engines and the models behind them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.adapt import command as adapt
from assistant.cli.common import (
    adapter_option,
    console,
    data_dir_option,
    engine_options,
    json_option,
    print_json,
    settings_of,
)
from assistant.cli.progress import bytes_bar, held_share_bar, share_bar
from assistant.plain import escaped

if TYPE_CHECKING:
    from assistant.models.checking import CheckReport
    from assistant.models.preparing import Prepared
    from assistant.models.terms import Terms
    from pipelines.weights.catalogue import KnownModel
    from pipelines.weights.passport import Passport


@click.group("models")
def command() -> None:
    """Show, pull, import, prepare, check, adapt and remove the models."""


command.add_command(adapt)


@command.command("list")
@click.option("--markdown", is_flag=True, help="What each engine can do, as the table of the README.")
@engine_options
@click.pass_context
def list_engines(ctx: click.Context, markdown: bool, as_json: bool) -> int:
    """Every engine by name: what it does, whether it can work here, and how to get it if not."""
    from assistant.engines import engine_table, who_works

    if markdown:
        from assistant.engines_table import markdown as table_of_engines

        click.echo(table_of_engines())
        return 0
    settings = settings_of(ctx)
    engines = engine_table(settings)
    if as_json:
        for engine in engines:
            print_json(engine.model_dump(mode="json"))
        return 0
    from rich.table import Table

    table = Table(show_lines=True)
    for heading in ("engine", "does", "ready", "detail"):
        table.add_column(heading, overflow="fold")
    for engine in engines:
        ready = "[green]yes[/]" if engine.availability.ready else "[yellow]no[/]"
        detail = "\n".join(filter(None, (engine.availability.detail, engine.availability.remedy)))
        table.add_row(engine.name, engine.does, ready, escaped(detail))
    out = console()
    out.print(table)
    out.print(who_works(settings), soft_wrap=True)
    return 0


@command.command("pull")
@click.argument("name")
@click.option("--accept-licence", is_flag=True, help="You have read the model's terms and accept them.")
@click.option(
    "--from",
    "source",
    metavar="DIR",
    help="Where it lies on this machine, instead of the hub: its folder, one with several models, or a hub cache.",
)
@json_option
@data_dir_option
@click.pass_context
def pull(ctx: click.Context, name: str, accept_licence: bool, source: str | None, as_json: bool) -> int:
    """Fetch the model NAME from its hub, at the pinned revision. Goes on where an earlier pull stopped.

    HF_ENDPOINT names another hub; HF_TOKEN or `hf auth login` your token. Without network: --from DIR, a folder that
    was fetched on another machine; DIR stays as it is.
    """
    from assistant.models.carrying import carry_in
    from assistant.models.pulling import pull as pull_model
    from assistant.outbound import Outbound
    from assistant.sessions import SessionLog

    settings, model = settings_of(ctx), _known(name)

    def ask(terms: Terms) -> bool:
        click.echo(terms.shown(), err=True)
        return accept_licence or (sys.stdin.isatty() and click.confirm("Do you accept these terms?", err=True))

    if source is not None:
        place = Path(source).expanduser()
        with SessionLog.open(settings.data_dir) as log, held_share_bar() as (hold, progress):
            carried = carry_in(model, place, settings.models_dir, log, accept=hold(ask), progress=progress)
        if carried.already:
            click.echo(f"{name} was installed from the same files before: nothing to do", err=True)
        _say_installed(carried.passport, settings.models_dir / name, as_json=as_json)
        return 0

    with SessionLog.open(settings.data_dir) as log, bytes_bar() as (bar, progress):

        def accept(terms: Terms) -> bool:
            bar.stop()
            accepted = ask(terms)
            bar.start()
            return accepted

        passport = pull_model(model, settings.models_dir, log, Outbound(log), accept=accept, progress=progress)
    _say_installed(passport, settings.models_dir / model.name, as_json=as_json)
    return 0


@command.command("import")
@click.argument("folder", metavar="DIR")
@click.option("--as", "name", metavar="NAME", help="Which model it is, where its files fit several.")
@json_option
@data_dir_option
@click.pass_context
def import_(ctx: click.Context, folder: str, name: str | None, as_json: bool) -> int:
    """Take in the model that lies in the folder DIR: MedASR, MedGemma or MedSigLIP, as the hub lays it out. DIR
    stays as it is."""
    from assistant.models.importing import import_folder
    from assistant.sessions import SessionLog

    settings = settings_of(ctx)
    model = _known(name) if name else None
    with SessionLog.open(settings.data_dir) as log, share_bar() as progress:
        passport, already = import_folder(Path(folder).expanduser(), settings.models_dir, log, progress, model)
    if already:
        click.echo(f"{passport.model} was installed from the same files before: nothing to do", err=True)
    _say_installed(passport, settings.models_dir / passport.model, as_json=as_json)
    return 0


@command.command("prepare")
@click.argument("name")
@click.option("--int8", is_flag=True, help="In int8 as well; it works once it was measured on your recordings.")
@json_option
@data_dir_option
@click.pass_context
def prepare(ctx: click.Context, name: str, int8: bool, as_json: bool) -> int:
    """Write the model NAME (medasr) down in the form that runs fastest on a processor, and hold that against the
    original. Once is enough; the weights stay as they are."""
    from assistant.engines import model_folder
    from assistant.models.preparing import prepare as prepare_model
    from assistant.quiet import silence_libraries
    from assistant.sessions import SessionLog
    from pipelines.errors import UsageProblem
    from pipelines.weights.catalogue import MEDASR, MEDGEMMAS

    settings = settings_of(ctx)
    if name in {model.name for model in MEDGEMMAS}:
        raise UsageProblem(
            name, "has nothing to prepare: it is quantised while it is read", "set ASSISTANT_QUANTIZE=int8 or 4bit"
        )
    if name != MEDASR.name:
        raise UsageProblem(name, "is no model that can be prepared", f"use {MEDASR.name}")
    silence_libraries(settings)
    folder = model_folder(name, settings)
    folder.require()
    with SessionLog.open(settings.data_dir) as log, share_bar() as progress:
        prepared = prepare_model(
            folder, settings.models_dir, log, int8=int8, threads=settings.threads, progress=progress
        )
    if prepared.already:
        click.echo(f"{name} was prepared from the same weights before: nothing to do", err=True)
    _say_prepared(name, prepared, as_json=as_json)
    return 0


@command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@data_dir_option
@click.pass_context
def remove(ctx: click.Context, name: str, yes: bool, as_json: bool) -> int:
    """Delete the model NAME from the models folder, what was prepared from it, and what unfinished pulls left. A folder
    of yours that a setting names is never touched."""
    from assistant.engines import model_folder
    from assistant.models.removing import look
    from assistant.models.removing import remove as remove_model
    from assistant.sessions import SessionLog
    from pipelines.errors import UsageProblem

    settings = settings_of(ctx)
    folder = model_folder(_known(name).name, settings)
    going = look(folder, settings.models_dir)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageProblem(
                name, f"would go, with {going.size / 1e6:,.1f} MB", "say --yes where nobody can be asked"
            )
        where = ", ".join(str(path) for path in going.folders)
        if not click.confirm(f"Delete {name} ({going.size / 1e6:,.1f} MB: {where})?", err=True):
            return 0
    with SessionLog.open(settings.data_dir) as log:
        gone = remove_model(folder, settings.models_dir, log)
    if as_json:
        print_json({"model": name, "removed": [str(path) for path in gone.folders], "bytes": gone.size})
    else:
        click.echo(f"{name}: {gone.size / 1e6:,.1f} MB deleted")
    return 0


@command.command("check")
@click.argument("name")
@adapter_option
@json_option
@data_dir_option
@click.pass_context
def check(ctx: click.Context, name: str, as_json: bool) -> int:
    """Load the engine NAME, let it hear one fixed clip, or answer one fixed prompt about one fixed picture or tell what
    that is, and show speed and memory. Every byte of its files is held against its SHA-256."""
    from assistant.engines import SERVER, classifier_named, generator_named, model_folder, recognizer_named
    from assistant.models.checking import check_classifier, check_generator, check_recognizer
    from assistant.quiet import silence_libraries
    from assistant.sessions import SessionLog
    from pipelines.errors import UsageProblem
    from pipelines.weights.catalogue import KNOWN_MODELS

    settings = settings_of(ctx)
    silence_libraries(settings)
    model = next((known for known in KNOWN_MODELS.values() if name in (known.name, known.runs_as)), None)
    folder = model_folder(model.name, settings) if model is not None else None
    if model is not None and model.runs_as is not None:
        name = model.runs_as
    with share_bar() as progress:
        if (recognizer := recognizer_named(name, settings)) is not None:
            report = check_recognizer(recognizer, folder, progress)
        elif (generator := generator_named(name, settings)) is not None and (folder is not None or name == SERVER):
            report = check_generator(generator, folder, progress)
        elif (classifier := classifier_named(name, settings)) is not None and folder is not None:
            report = check_classifier(classifier, folder, progress)
        else:
            raise UsageProblem(name, "is no engine", "assistant models list shows them")
    with SessionLog.open(settings.data_dir) as log:
        log.event(
            "model-checked",
            None,
            {
                "engine": report.engine.name,
                "weights_sha256": report.engine.weights_sha256,
                "ok": report.ok,
                "seconds": report.seconds,
            },
        )
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print_report(report)
    return 0


def _known(name: str) -> KnownModel:
    from pipelines.errors import UsageProblem
    from pipelines.weights.catalogue import KNOWN_MODELS

    if name not in KNOWN_MODELS:
        raise UsageProblem(name, "is no model that can be pulled", f"use one of {', '.join(KNOWN_MODELS)}")
    return KNOWN_MODELS[name]


def _say_installed(passport: Passport, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({**passport.model_dump(mode="json"), "folder": str(folder)})
        return
    size = sum(file.size for file in passport.files.values())
    click.echo(f"{passport.model}: {len(passport.files)} files, {size / 1e6:,.1f} MB, in {folder}")
    for name, file in passport.files.items():
        click.echo(f"  {file.sha256}  {name}")
    click.echo(f"Try it: assistant models check {passport.model}")


def _say_prepared(name: str, prepared: Prepared, *, as_json: bool) -> None:
    manifest = prepared.manifest
    if as_json:
        shown = manifest.model_dump(mode="json", exclude={"pieces"})
        print_json({"model": name, **shown, "folder": str(prepared.place), "already": prepared.already})
        return
    size = sum(file.size for file in manifest.files.values())
    click.echo(f"{name}: {len(manifest.files)} files, {size / 1e6:,.1f} MB, in {prepared.place}")
    for form, parity in manifest.parity.items():
        click.echo(
            f"  {form}: logits within {parity.largest_difference:.1e} of the original's, "
            f"the likeliest piece equal in {parity.equal_best:.1%} of {parity.rows} rows"
        )
    if "int8" in manifest.parity:
        click.echo(
            "Measure int8 before you use it: assistant evaluate speech --data YOUR-RECORDINGS --engine medasr-int8"
        )
    click.echo(f"Try it: assistant models check {name}")


def _print_report(report: CheckReport) -> None:
    from rich.table import Table

    rows = {
        "engine": f"{report.engine.name} {report.engine.version}: {report.engine.model}",
        "weights": report.engine.weights_sha256 or "known to the server alone",
        "files": _files(report),
        "on": f"{report.device}, {report.dtype}",
        "loaded in": f"{report.load_seconds:.1f} s",
        "ran for": f"{report.seconds:.2f} s",
        "speed": _speed(report),
        "memory": _memory(report),
        "expected": report.expected,
        "came": report.came or "nothing",
    }
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, escaped(value))
    out = console()
    out.print(table)
    if not report.ok:
        out.print("[yellow]What came is not what was expected: these weights run, but do not do their work.[/]")


def _files(report: CheckReport) -> str:
    if not report.files and report.engine.weights_sha256 is None:
        return "none here"
    if not report.files:
        return "held against their SHA-256 by the engine itself"
    standing = "all as they were installed" if report.compared else "given by you, with nothing to compare them with"
    return f"{len(report.files)} read, {standing}"


def _speed(report: CheckReport) -> str:
    if report.real_time_factor is not None:
        return f"{report.real_time_factor:.3f} s per second of sound"
    if report.output_tokens is None:
        return f"{report.seconds:.2f} s for one picture"
    return (
        f"{report.tokens_per_second or 0:.1f} tokens/s "
        f"({report.output_tokens} after a prompt of {report.prompt_tokens})"
    )


def _memory(report: CheckReport) -> str:
    needed = f", {report.needed_bytes / 1e9:.1f} GB estimated" if report.needed_bytes is not None else ""
    return f"{report.peak_memory_bytes / 1e9:.1f} GB at most{needed}, {report.free_bytes / 1e9:.1f} GB were free"
