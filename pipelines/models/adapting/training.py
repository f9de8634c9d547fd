"""Fine-tunes a LoRA adapter on pairs, and writes it down with where it came from."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from pipelines.errors import ModelNeeded
from pipelines.models.adapting.examples import Example, example_of, loss_of
from pipelines.models.adapting.pairs import Pairs
from pipelines.models.adapting.splitting import split
from pipelines.models.medgemma.adapted import with_lora
from pipelines.models.medgemma.checkpoint import Checkpoint
from pipelines.models.medgemma.quantised import keep_learnable
from pipelines.records import Value
from pipelines.weights.adapter import CONFIG, ORIGIN, WEIGHTS, Origin
from pipelines.weights.hashes import hash_files
from pipelines.weights.memory import is_out_of_memory, is_quantized

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction of all of it that is done, from 0 to 1."""

_LIBRARIES: Final = ("peft", "torch", "transformers", "tokenizers")
#: As Google's notebook for MedGemma has them.
_CLIP: Final = 0.3
_WARM_UP: Final = 0.03
#: The loss over what is learned is told from no more pairs than that.
_MOST_LOOKED_AT: Final = 50


class Recipe(Value):
    """What decides a training besides pairs and weights. The defaults are those of Google's notebook for MedGemma, but
    that it trains embeddings and output layer as well, which would make of 120 MB several GB."""

    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=16, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    rate: float = Field(default=2e-4, gt=0)
    epochs: int = Field(default=1, ge=1)
    accumulate: int = Field(default=16, ge=1)
    """Pairs for each step of the optimizer; they are read one at a time."""
    held_out: float = Field(default=0.1, ge=0, lt=1)
    """Share of the pairs that is kept out."""
    seed: int = Field(default=0, ge=0, lt=1 << 31)
    checkpointing: bool = False
    """Compute activations again instead of keeping them: less memory, a third more time."""


def train(
    checkpoint: Checkpoint, pairs: Pairs, recipe: Recipe, folder: Path, context_tokens: int, progress: Progress
) -> Origin:
    """Fine-tune an adapter for the matrices of the language model's layers, and write it into the empty ``folder``.

    The checkpoint's weights stay as they are, but its model is changed in place and is of no further use. Equal
    arguments give an equal adapter, on one machine.

    Raises:
        BadInput: a pair does not fit the model, or a picture is missing.
        ModelNeeded: memory runs out, or the weights give no numbers.
    """
    import torch

    learned, held = split(pairs.all, recipe.held_out, recipe.seed)
    examples = [example_of(pair, checkpoint, context_tokens) for pair in learned]
    kept_out = [example_of(pair, checkpoint, context_tokens) for pair in held]
    devices = [torch.device(checkpoint.device)] if checkpoint.device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(recipe.seed)
        try:
            losses, model = _trained(checkpoint, examples, kept_out, recipe, pairs.frame, progress)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise ModelNeeded(
                    checkpoint.engine.name,
                    f"ran out of memory while learning on {checkpoint.device} in {checkpoint.dtype}",
                    "train with --checkpointing, with ASSISTANT_QUANTIZE=4bit, or on a machine with more memory",
                ) from error
            raise
    _write(folder, model, checkpoint)
    origin = Origin(
        model=checkpoint.engine.name,
        base_weights_sha256=str(checkpoint.engine.weights_sha256),
        files=dict(zip((CONFIG, WEIGHTS), hash_files((folder / CONFIG, folder / WEIGHTS)), strict=True)),
        pairs_sha256=pairs.sha256,
        parameters={
            **recipe.model_dump(),
            "pairs": len(examples),
            "pairs_held_out": len(kept_out),
            "dtype": checkpoint.dtype,
            "device": checkpoint.device,
            **checkpoint.changed,
        },
        libraries={name: version(name) for name in _LIBRARIES},
        training_loss=losses[0],
        held_out_loss=losses[1] if kept_out else None,
    )
    (folder / ORIGIN).write_text(origin.model_dump_json(indent=1))
    return origin


def _trained(
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    kept_out: Sequence[Example],
    recipe: Recipe,
    frame: Callable[[str], bytes],
    progress: Progress,
) -> tuple[tuple[tuple[float, float], tuple[float, float]], Any]:
    """Mean losses before and after, over what is learned and what is held out; and the model with its adapter."""
    import torch

    keep_learnable(checkpoint.model)
    names = [name.removesuffix(".weight") for name, _ in checkpoint.model.named_parameters() if is_quantized(name)]
    model = with_lora(
        checkpoint.model,
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=sorted(names),
    )
    looked_at = examples[:_MOST_LOOKED_AT]
    work = _Work(progress, recipe.epochs * len(examples) + 2 * (len(looked_at) + len(kept_out)))

    def mean(of: Sequence[Example]) -> float:
        model.eval()
        total = 0.0
        with torch.no_grad():
            for example in of:
                total += _number(loss_of(example, checkpoint, model, frame), checkpoint)
                work.step("measuring")
        return total / max(1, len(of))

    before = mean(looked_at), mean(kept_out)
    if recipe.checkpointing:
        checkpoint.model.activation_checkpointing_enable()
    model.train()
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.rate)
    steps = recipe.epochs * -(-len(examples) // recipe.accumulate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share_of_rate(step, steps))
    chance = random.Random(recipe.seed)
    for _ in range(recipe.epochs):
        order = list(examples)
        chance.shuffle(order)
        for start in range(0, len(order), recipe.accumulate):
            batch = order[start : start + recipe.accumulate]
            for example in batch:
                loss = loss_of(example, checkpoint, model, frame)
                _number(loss, checkpoint)
                (loss / len(batch)).backward()
                work.step("learning")
            torch.nn.utils.clip_grad_norm_(learning, _CLIP)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    if recipe.checkpointing:
        checkpoint.model.activation_checkpointing_disable()
    after = mean(looked_at), mean(kept_out)
    return ((before[0], after[0]), (before[1], after[1])), model


def _share_of_rate(step: int, steps: int) -> float:
    """Rises over the first steps, then falls in a line to nothing."""
    rising = round(_WARM_UP * steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    return (steps - step) / max(1, steps - rising)


def _number(loss: Any, checkpoint: Checkpoint) -> float:
    value = float(loss.detach())
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 -- what is not a number
        raise ModelNeeded(
            checkpoint.engine.name,
            f"gives no numbers (NaN) in {checkpoint.dtype} on {checkpoint.device}",
            "set ASSISTANT_DTYPE=float32, or a smaller --rate",
        )
    return value


class _Work:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def step(self, what: str) -> None:
        self._done += 1
        self._progress(what, self._done / self._total)


def _write(folder: Path, model: Any, checkpoint: Checkpoint) -> None:
    """The two files of an adapter, as peft lays them out, the same bytes for the same adapter."""
    import peft
    from safetensors.torch import save_file

    state = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    save_file(
        {name: state[name].detach().float().cpu().contiguous() for name in sorted(state)},
        folder / WEIGHTS,
        metadata={"format": "pt"},
    )
    config = model.peft_config["default"].to_dict()
    verified = not str(checkpoint.engine.model).startswith("local:")
    config |= {
        "target_modules": sorted(config["target_modules"]),
        "base_model_name_or_path": checkpoint.engine.model if verified else None,
        "revision": checkpoint.engine.revision if verified else None,
        "inference_mode": True,
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True, default=str))
