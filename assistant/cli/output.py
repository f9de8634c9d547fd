"""A run as a JSON object and as a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.citing import documents_by_name, figure_line, file_of, limit_line, sources, verdicts
from assistant.cli.common import console, print_json
from assistant.cli.lab_table import print_lab_tables
from assistant.cli.transcript import print_transcript, suggestion_line
from assistant.plain import escaped
from assistant.shown import heading_of_pictures, pictures_of
from pipelines.errors import BadInput
from pipelines.records import Check, ModelCall, Result, RunState, Statement, Status, Transcript

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.runner import Outcome
    from assistant.sessions import RunView
    from pipelines.models.consult import Exchange


@dataclass(frozen=True)
class Refused:
    """Work that could not even start."""

    name: str
    problem: BadInput


def run_object(view: RunView) -> dict[str, Any]:
    """One run as others read it. Field names are the design's words."""
    request = view.request
    return {
        "run": view.id,
        "session": view.label,
        "state": view.state,
        "recording": request.recording.model_dump(mode="json") if request.recording else None,
        "transcript": _transcript_object(view),
        "attachments": _attachment_objects(view),
        "patient": request.patient,
        "task": (view.decision.task if view.decision else None) or request.task,
        "route": view.decision.model_dump(mode="json") if view.decision else None,
        "result": _result_object(view.result, view.checks) if view.result else None,
        "needs": view.needs,
        "repeats": view.repeats,
        "error": view.error,
    }


def outcome_object(outcome: Outcome | Refused) -> dict[str, Any]:
    """One line of ``replay --json``."""
    if isinstance(outcome, Refused):
        return {
            "run": None,
            "state": RunState.FAILED,
            "recording": {"name": outcome.name},
            "transcript": None,
            "task": None,
            "result": None,
            "error": str(outcome.problem),
            "exit_code": outcome.problem.exit_code,
            "worked": True,
        }
    return {**run_object(outcome.view), "exit_code": outcome.exit_code, "worked": outcome.worked}


def report(outcome: Outcome, *, as_json: bool) -> None:
    """One run on stdout, on stderr its error if any, and whether it is from before."""
    if not outcome.worked:
        click.echo("from before: nothing to do (--again asks anew)", err=True)
    if as_json:
        print_json(outcome_object(outcome))
    else:
        print_run(outcome.view, console())
    if outcome.view.error:
        click.echo(f"assistant: {outcome.view.error}", err=True)


def print_table(outcomes: Sequence[Outcome | Refused], to: Console) -> None:
    """What was said, the route taken, the result and its status."""
    from rich.table import Table

    table = Table(show_lines=True, title_justify="left", header_style="bold")
    table.add_column("said", ratio=5, overflow="fold")
    table.add_column("task", min_width=15, no_wrap=False)
    table.add_column("result", ratio=6, overflow="fold")
    table.add_column("status", min_width=11, no_wrap=True)
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    to.print(table)


def print_run(view: RunView, to: Console, *, trace: bool = False) -> None:
    """One run in full: each statement under its section, with its source and the verdict on it.

    Args:
        trace: show what a model thought before it answered; else only that it did.
    """
    request = view.request
    to.print(f"[bold]run[/] {view.id}   [bold]state[/] {view.state}   [bold]session[/] {escaped(view.label)}")
    if view.repeats:
        to.print(f"[bold]repeats[/] {view.repeats}")
    if request.recording:
        r = request.recording
        to.print(f"[bold]recording[/] {escaped(r.name)}, {r.seconds:.1f} s, {r.rate} Hz, {r.channels} channel(s)")
        for warning in r.warnings:
            to.print(f"  [yellow]{escaped(warning)}[/]")
    for attachment in _attachment_objects(view):
        kind, source = attachment["kind"], attachment["kind_from"]
        to.print(f"[bold]attachment[/] {escaped(attachment['name'])}: {kind} (by {source})")
        for warning in attachment["warnings"]:
            to.print(f"  [yellow]{escaped(warning)}[/]", soft_wrap=True)
    if view.transcript:
        print_transcript(view.transcript, to)
    if view.decision:
        to.print(
            f"[bold]task[/] {view.decision.task or 'unclear'} (by {view.decision.by}, {view.decision.confidence:.0%})"
        )
    if view.result:
        to.print(f"[bold]result[/] {_colour(view.result.status)}")
        if view.result.message:
            to.print(f"  {escaped(view.result.message)}", soft_wrap=True)
        print_lab_tables(view.result, to)
        _print_statements(view.result, view, to)
        _print_pictures(view, view.result, to)
        _print_model(view.result.data, to)
        _print_trace(view, to, unfolded=trace)
    if view.error:
        to.print(f"[bold]error[/] [red]{escaped(view.error)}[/]", soft_wrap=True)


def call_objects(calls: Sequence[ModelCall], exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """Every call of a model with all that it takes to repeat it: for language models also the whole of what was asked
    and said."""
    said = {exchange.generation.digest(): exchange for exchange in exchanges}
    objects = []
    for call in calls:
        exchange = said.get(call.output)
        whole = exchange.model_dump(mode="json", include={"ask", "slots", "generation"}) if exchange else None
        objects.append({**call.model_dump(mode="json"), "exchange": whole})
    return objects


def print_calls(view: RunView, to: Console) -> None:
    """Every call of a model, with what tells it from others; all of it is in ``--json``."""
    to.print("[bold]model calls[/]")
    for call in view.model_calls:
        engine, tokens = call.engine, "" if call.prompt_tokens is None else f"{call.prompt_tokens} tokens in, "
        to.print(
            f"  {call.node}: {escaped(engine.name)}, {escaped(engine.model or '')}"
            f" {(engine.weights_sha256 or '')[:12]}; {escaped((call.prompt or 'no prompt')[:60])};"
            f" {tokens}{call.output_tokens} out, {call.seconds:.1f} s, {call.finish_reason}",
            soft_wrap=True,
        )


def summary(outcomes: Sequence[Outcome | Refused]) -> str:
    """Counts, in the order a reader cares for."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        label = _status(outcome)
        counts[label] = counts.get(label, 0) + 1
    already = sum(1 for o in outcomes if not isinstance(o, Refused) and not o.worked)
    parts = [f"{n} {label}" for label, n in counts.items()]
    if already:
        parts.append(f"{already} of them from before: nothing to do")
    return f"{len(outcomes)} in all: " + ", ".join(parts)


def _print_statements(result: Result, view: RunView, to: Console) -> None:
    found, documents = verdicts(view.checks), documents_by_name(view.attachments)
    plots = {plot["statement"]: plot for plot in result.data.get("plots", ())}
    section = None
    for index, statement in enumerate(result.statements):
        if statement.section != section:
            section = statement.section
            to.print(f"  [bold]{escaped((section or '').replace('_', ' ').upper())}[/]")
        to.print(f"  {escaped(statement.text)}", soft_wrap=True)
        where = escaped(sources(statement, documents))
        to.print(f"    [dim]{statement.origin}; {found.get(index, 'not checked')}; {where}[/]", soft_wrap=True)
        if plot := plots.get(index):
            to.print(f"    [dim]plot of {plot['values']} values: {file_of(plot['sha256'])}[/]", soft_wrap=True)


def _print_pictures(view: RunView, result: Result, to: Console) -> None:
    if shown := pictures_of(result):
        to.print(f"[bold]{heading_of_pictures(result).lower()}[/]")
        for one in shown:
            to.print(f"  {escaped(one.caption)} [dim]{file_of(one.sha256)}[/]", soft_wrap=True)
        to.print(f"  [dim]look at them: assistant export {view.id} FILE.png[/]", soft_wrap=True)


def _print_model(data: dict[str, Any], to: Console) -> None:
    """Which model said it, what its maker's card states for this use, and the trace where there is one."""
    if "model" not in data:
        return
    model, card = data["model"], data.get("card")
    to.print(f"[bold]model[/] {escaped(model['name'])}, {escaped(model['model'])}", soft_wrap=True)
    to.print(f"  [dim]{escaped(model['note'] or '')}[/]", soft_wrap=True)
    if card:
        to.print(f"[bold]what the card of {escaped(card['model'])} says[/]")
        for figure in card["figures"]:
            to.print(f"  [dim]{escaped(figure_line(figure))}[/]")
        for limit in card["limits"]:
            to.print(f"  [dim]{escaped(limit_line(limit))}[/]", soft_wrap=True)


def _print_trace(view: RunView, to: Console, *, unfolded: bool) -> None:
    """What a model thought is no part of its answer: it may say what the answer then takes back."""
    thoughts = view.result.data.get("thoughts") if view.result else None
    if not thoughts:
        return
    if not unfolded:
        count = len(thoughts.split())
        to.print(f"[bold]trace[/] [dim]{count} words, folded: assistant log show {view.id} --trace[/]", soft_wrap=True)
        return
    to.print("[bold]trace[/] [yellow]what the model wrote before its answer; not checked, no part of the answer[/]")
    for line in thoughts.splitlines():
        to.print(f"  [dim]{escaped(line)}[/]", soft_wrap=True)


def _short_source(statement: Statement) -> str:
    """The resources or the moment, without paths."""
    resources = dict.fromkeys(c.resource for c in statement.citations if c.kind == "record")
    starts = [c.audio_start for c in statement.citations if c.kind == "transcript" and c.audio_start is not None]
    if resources:
        return ", ".join(resources)
    pages = dict.fromkeys(f"page {c.page}" for c in statement.citations if c.kind == "page")
    if pages:
        return ", ".join(pages)
    if any(c.kind == "image" for c in statement.citations):
        return "generated, shown the picture"
    if starts:
        return f"at {int(starts[0]) // 60}:{int(starts[0]) % 60:02d}"
    return "the whole record searched" if statement.origin == "looked-up" else statement.origin


def _transcript_object(view: RunView) -> dict[str, Any] | None:
    if view.transcript is None:
        return None
    transcript = view.transcript.model_dump(mode="json", exclude={"recording", "segments", "spans"})
    words = [word.model_dump(exclude={"raw_start", "raw_end"}) for s in view.transcript.segments for word in s.words]
    return {**transcript, "words": words}


def _attachment_objects(view: RunView) -> list[dict[str, Any]]:
    attachments = view.attachments
    return [
        {**attachment.model_dump(mode="json", exclude={"members"}), "files": len(attachment.members) or 1}
        for attachment in (view.decision.named(attachments) if view.decision else attachments)
    ]


def _result_object(result: Result, checks: Sequence[Check]) -> dict[str, Any]:
    statements = [
        {
            **statement.model_dump(mode="json"),
            "checks": [c.model_dump(mode="json", exclude={"statement"}) for c in checks if c.statement == index],
        }
        for index, statement in enumerate(result.statements)
    ]
    pictures = [{**one._asdict(), "file": file_of(one.sha256)} for one in pictures_of(result)]
    return {**result.model_dump(mode="json", exclude={"statements"}), "statements": statements, "pictures": pictures}


def _cells(outcome: Outcome | Refused) -> tuple[str, str, str, str]:
    if isinstance(outcome, Refused):
        return escaped(Path(outcome.name).name), "", f"[red]{escaped(str(outcome.problem))}[/]", _colour(Status.FAILED)
    view = outcome.view
    recording = view.request.recording
    heading = f"[dim]{escaped(recording.name)}[/]\n" if recording else ""
    said = heading + (_said(view.transcript) if view.transcript else "")
    task = str((view.decision.task if view.decision else None) or view.request.task or "unclear")
    if view.error:
        return said, task, f"[red]{escaped(view.error)}[/]", _colour(Status.FAILED)
    return said, task, _result_cell(view.result), _colour(_status(outcome))


def _said(transcript: Transcript) -> str:
    doubts = [f"[yellow]{escaped(suggestion_line(doubt, transcript))}[/]" for doubt in transcript.suggestions]
    return "\n".join((escaped(_shorten(transcript.text, 320)), *doubts))


def _result_cell(result: Result | None) -> str:
    if result is None:
        return ""
    if not result.statements:
        return escaped(result.message or "")
    lines: list[str] = []
    section = None
    for statement in result.statements:
        if statement.section and statement.section != section:
            section = statement.section
            lines.append(f"[bold]{escaped(section.replace('_', ' '))}[/]")
        lines.append(f"{escaped(statement.text)} [dim]({escaped(_short_source(statement))})[/]")
    return "\n".join(lines)


def _status(outcome: Outcome | Refused) -> str:
    if isinstance(outcome, Refused) or outcome.view.state is RunState.FAILED:
        return Status.FAILED
    return outcome.view.result.status if outcome.view.result else outcome.view.state


def _colour(status: str) -> str:
    colour = {"draft": "green", "failed": "red", "not-served": "cyan", "needs-model": "cyan"}.get(status, "yellow")
    return f"[{colour}]{status}[/]"


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + " …"
