"""``assistant evaluate``: files in, figures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.common import console, data_dir_option, error_console, json_option, print_json, settings_of
from assistant.cli.progress import share_bar
from assistant.plain import escaped
from pipelines.errors import DONE, VERIFICATION_FAILED, UsageProblem

if TYPE_CHECKING:
    from assistant.settings import Settings
    from pipelines.evaluation.speech import SpeechCase
    from pipelines.speech.live import Writing

Figures = dict[str, Any]

_INT8 = "medasr-int8"
_SHOWN_APART = frozenset(
    {"failures", "engines", "confusion", "by_condition", "by_kind", "by_field", "by_category", "fp32"}
)


@click.group("evaluate")
def command() -> None:
    """Measure a skill on a file of cases (formats: docs/evaluation.md)."""


def _skill(name: str, short_help: str) -> Callable[[Callable[..., Figures]], click.Command]:
    """One ``evaluate`` command around a function that turns a data path and an engine name into figures."""

    def make(measure: Callable[..., Figures]) -> click.Command:
        @command.command(name, help=measure.__doc__, short_help=short_help)
        @click.option("--data", required=True, metavar="FILE|DIR", help="The cases.")
        @click.option("--engine", metavar="NAME", help="The engine to measure, instead of the one in the settings.")
        @click.option("--baseline", metavar="FILE", help="Write the figures, or compare with those written before.")
        @json_option
        @data_dir_option
        @click.pass_context
        def run(ctx: click.Context, data: str, engine: str | None, baseline: str | None, as_json: bool) -> int:
            from pipelines.evaluation.baseline import compare_or_write

            figures = measure(ctx, Path(data), engine)
            worse = compare_or_write(Path(baseline), figures) if baseline else ()
            if as_json:
                print_json(figures)
            else:
                _print_figures(figures)
            for line in worse:
                error_console().print(f"[red]worse than the baseline[/]: {line}")
            return VERIFICATION_FAILED if worse else DONE

        return run

    return make


@_skill("routing", "Which task a request is sent to.")
def routing(_: click.Context, data: Path, engine: str | None) -> Figures:
    """Which task a request is sent to: lines of {"id", "text", "attachments", "task"}."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.routing import evaluate
    from pipelines.routing import Router

    _only_engine(engine, "words")
    return evaluate(read_cases(data), Router.load())


@_skill("formatting", "Spoken commands to written text.")
def formatting(_: click.Context, data: Path, engine: str | None) -> Figures:
    """Spoken commands to written text: lines of {"id", "raw", "expected", "flags"}."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.formatting import evaluate

    _only_engine(engine, "commands")
    return evaluate(read_cases(data))


@_skill("notes", "Dictation filed into a template.")
def notes(_: click.Context, data: Path, engine: str | None) -> Figures:
    """Dictation filed into a template: lines of {"id", "transcript", "template", "expected"}."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.notes import evaluate

    _only_engine(engine, "filing")
    return evaluate(read_cases(data))


@_skill("lab-reports", "Laboratory reports read as rows.")
def lab_reports(_: click.Context, data: Path, engine: str | None) -> Figures:
    """Laboratory reports read as rows: a folder with NAME.truth.json beside NAME.pdf, .png or .jpg."""
    from pipelines.evaluation.lab_reports import Reading, evaluate
    from pipelines.evidence.documents.picture_reader import PictureReader
    from pipelines.evidence.documents.reading import read_document
    from pipelines.tasks.lab.reading import read_report

    _only_engine(engine, "rapidocr")
    reader = PictureReader()

    def read(file: bytes, name: str) -> Reading:
        document = read_document(file, name, reader=reader)
        written = all(page.source == "text-layer" for page in document.pages)
        return Reading(read_report(document.pages), "text" if written else "image", document.engines)

    with share_bar() as progress:
        return evaluate(data, read, partial(progress, "reading"))


@_skill("localization", "Anatomy marked on chest films.")
def localization(ctx: click.Context, data: Path, engine: str | None) -> Figures:
    """Anatomy marked on chest films: lines of {"image", "label", "box"}, the box as [x0, y0, x1, y1] in pixels."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.localization import evaluate

    return _by_generator(ctx, engine, partial(evaluate, read_cases(data)))


@_skill("images", "Questions about images.")
def images(ctx: click.Context, data: Path, engine: str | None) -> Figures:
    """Questions about images: lines of {"image": [...], "question", "answer", "kind"}, the kind being closed, open or
    labels."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.images import evaluate

    return _by_generator(ctx, engine, partial(evaluate, read_cases(data)))


@_skill("record-questions", "Questions that a patient's record answers.")
def record_questions(_: click.Context, data: Path, engine: str | None) -> Figures:
    """Questions that a patient's record answers: lines of {"id", "patient_file", "patient_id", "category", "question",
    "answer", "match"}."""
    from pipelines.evaluation.data import read_cases
    from pipelines.evaluation.record_questions import ENGINE, evaluate

    _only_engine(engine, ENGINE)
    return evaluate(read_cases(data))


@_skill("speech", "Words heard right.")
def speech(ctx: click.Context, data: Path, engine: str | None) -> Figures:
    """Words heard right: lines of {"audio", "text", "written", "drugs", "terms", "condition"}, or a folder with
    transcripts.json beside the recordings."""
    from assistant.engines import recognizer_of, writing_of
    from assistant.quiet import silence_libraries
    from pipelines.evaluation.speech import evaluate, read_cases

    settings = settings_of(ctx)
    silence_libraries(settings)
    if engine:
        settings = settings.model_copy(update={"recognizer": engine})
    cases, writing = read_cases(data), writing_of(settings)
    with share_bar() as progress:
        if engine == _INT8:
            return _int8(settings, cases, writing, progress)
        return evaluate(cases, recognizer_of(settings), writing, partial(progress, "hearing"))


def _int8(settings: Settings, cases: Sequence[SpeechCase], writing: Writing, progress: Any) -> Figures:
    """Against fp32; where it loses little on enough of the user's own recordings, it may run from now on."""
    from assistant.engines import model_folder
    from assistant.models.int8 import measure_int8

    folder = model_folder("medasr", settings)
    figures, record = measure_int8(folder, settings.models_dir, settings.threads, cases, writing, progress)
    try:
        record()
    except UsageProblem as refused:
        error_console().print(f"[yellow]int8 stays off[/]: {refused}", soft_wrap=True)
    else:
        error_console().print("int8 may run from now on: --profile medasr-int8,medgemma or ASSISTANT_RECOGNIZER")
    return figures


def _by_generator(ctx: click.Context, engine: str | None, evaluate: Callable[..., Figures]) -> Figures:
    """With the language engine that is named, else the one in the settings."""
    from assistant.engines import generator_of
    from assistant.quiet import silence_libraries

    settings = settings_of(ctx)
    silence_libraries(settings)
    if engine:
        settings = settings.model_copy(update={"generator": engine})
    with share_bar() as progress:
        return evaluate(generator_of(settings), settings.prompts_dir, partial(progress, "asking"))


def _only_engine(given: str | None, name: str) -> None:
    if given not in (None, name):
        raise UsageProblem(
            f"--engine {given}", "there is no such engine for this skill", f"leave it out: {name} is used"
        )


def _print_figures(figures: Figures) -> None:
    from rich.table import Table

    table = Table(show_header=False)
    for name, value in figures.items():
        if name not in _SHOWN_APART:
            table.add_row(name, f"{value:.4f}" if isinstance(value, float) else str(value))
    console().print(table)
    for condition, own in (figures.get("by_condition") or figures.get("by_kind") or {}).items():
        shown = ", ".join(f"{k} {v:.3f}" for k, v in own.items() if isinstance(v, float))
        console().print(f"  {condition}: {shown}", soft_wrap=True)
    for category, own in figures.get("by_category", {}).items():
        shown = ", ".join(f"{k} {v:.3f}" for k, v in own.items() if isinstance(v, float))
        console().print(f"  {category} ({own['n']}): {shown}", soft_wrap=True)
    for failure in figures["failures"][:20]:
        which = escaped(str(failure.get("id")))
        console().print(f"  [yellow]{which}[/]: {escaped(str(failure))}", markup=True, soft_wrap=True)
    if len(figures["failures"]) > 20:
        console().print(f"  … and {len(figures['failures']) - 20} more: see --json")
