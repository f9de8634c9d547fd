"""``assistant route``: the router alone."""

from __future__ import annotations

import click

from assistant.cli.common import console, json_option, print_json
from pipelines.errors import DONE, PERSON_NEEDED, UsageProblem


@click.command("route")
@click.argument("text")
@click.option("--kind", multiple=True, metavar="KIND", help="The kind of an attachment; repeat it for several files.")
@json_option
def command(text: str, kind: tuple[str, ...], as_json: bool) -> int:
    """Show which task TEXT would be sent to with attachments of these kinds. Nothing is logged."""
    from pipelines.records import Kind
    from pipelines.routing import Router

    for name in kind:
        if name not in set(Kind):
            raise UsageProblem(f"--kind {name}", "there is no such kind", f"use one of {', '.join(Kind)}")
    decision = Router.load().decide(text, [Kind(name) for name in kind])
    if as_json:
        print_json(decision.model_dump(mode="json"))
    else:
        out = console()
        out.print(f"[bold]{decision.task or 'unclear'}[/] ({decision.confidence:.0%})")
        if decision.question:
            out.print(decision.question)
        for name, score in sorted(decision.scores.items(), key=lambda item: -item[1])[:3]:
            out.print(f"  {score:6.1%}  {name}")
    return DONE if decision.task else PERSON_NEEDED
