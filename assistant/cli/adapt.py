"""``assistant models adapt``: trains an adapter on exported pairs."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.common import data_dir_option, json_option, print_json, settings_of
from assistant.cli.progress import share_bar
from pipelines.errors import DONE


@click.command("adapt")
@click.argument("pairs", metavar="PAIRS")
@click.argument("folder", metavar="DIR")
@click.option("--model", default="medgemma", show_default=True, metavar="NAME", help="The model to adapt.")
@click.option("--epochs", type=click.IntRange(min=1), help="How often every pair is read (1).")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Learning rate (2e-4).")
@click.option("--rank", type=click.IntRange(min=1), help="Rank of the matrices (16).")
@click.option("--alpha", type=click.FloatRange(min=0, min_open=True), help="Their weight, over the rank (16).")
@click.option("--dropout", type=click.FloatRange(min=0, max=1, max_open=True), help="(0.05)")
@click.option("--accumulate", type=click.IntRange(min=1), help="Pairs for each step (16).")
@click.option("--held-out", type=click.FloatRange(min=0, max=1, max_open=True), help="Share kept out (0.1).")
@click.option("--seed", type=click.IntRange(min=0), help="Of everything that is drawn (0).")
@click.option("--checkpointing", is_flag=True, help="Less memory, a third more time.")
@json_option
@data_dir_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    pairs: str,
    folder: str,
    model: str,
    checkpointing: bool,
    as_json: bool,
    **given: float | None,
) -> int:
    """Train a LoRA adapter on PAIRS, a folder that `assistant log pairs` wrote, into the new folder DIR. Use it with
    --adapter DIR. What it is worth only your own evaluation tells. See docs/adaptation.md."""
    from assistant.adapting.making import make_adapter
    from assistant.engines import model_folder
    from assistant.quiet import silence_libraries
    from assistant.sessions import SessionLog
    from pipelines.errors import UsageProblem
    from pipelines.models.adapting.training import Recipe
    from pipelines.weights.catalogue import MEDGEMMAS

    settings = settings_of(ctx)
    if model not in {known.name for known in MEDGEMMAS}:
        raise UsageProblem(
            model, "is no model that can be adapted", f"use one of {', '.join(m.name for m in MEDGEMMAS)}"
        )
    silence_libraries(settings)
    recipe = Recipe.model_validate(
        {"checkpointing": checkpointing, **{name: value for name, value in given.items() if value is not None}}
    )
    target = Path(folder).expanduser()
    with SessionLog.open(settings.data_dir) as log, share_bar() as progress:
        origin = make_adapter(
            Path(pairs).expanduser(),
            target,
            model_folder(model, settings),
            recipe,
            log,
            threads=settings.threads,
            device=settings.device,
            dtype=settings.dtype,
            quantize=settings.quantize,
            progress=progress,
        )
    if as_json:
        print_json({"folder": folder, **origin.model_dump(mode="json")})
        return DONE
    click.echo(f"{folder}: an adapter for {origin.model}, from {origin.parameters['pairs']} pairs")
    click.echo("  loss per token of the answers, before and after (lower is nearer to them):")
    click.echo(f"  learned   {origin.training_loss[0]:.3f}  {origin.training_loss[1]:.3f}")
    if origin.held_out_loss:
        before, after = origin.held_out_loss
        click.echo(f"  held out  {before:.3f}  {after:.3f}  ({origin.parameters['pairs_held_out']} pairs)")
        if after >= before:
            click.echo("  What was held out it does no better: it learned these answers by heart, or nothing.")
    click.echo(f'Try it: assistant ask "..." --adapter {folder}')
    return DONE
