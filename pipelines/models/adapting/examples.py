"""A pair as a model learns from it: the very tokens of inference, and which of them are the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.errors import BadInput
from pipelines.models.adapting.pairs import Pair
from pipelines.models.medgemma.checkpoint import Checkpoint
from pipelines.models.turn import open_picture, prompt_of


@dataclass(frozen=True)
class Example:
    """One pair in tokens. What it asks and what stands for pictures is read, and only the answer is learned."""

    prompt: tuple[int, ...]
    types: tuple[int, ...]
    """Of the prompt's tokens: 1 for those that stand for a picture."""
    answer: tuple[int, ...]
    """With the end of the turn."""
    frames: tuple[str, ...]


def example_of(pair: Pair, checkpoint: Checkpoint, context_tokens: int) -> Example:
    """The tokens of a pair.

    Raises:
        BadInput: it does not fit the context, or has pictures for a model that takes none.
    """
    if pair.ask.frames and not checkpoint.sees:
        raise _bad(pair, f"has pictures, and {checkpoint.engine.name} takes none")
    prompt = prompt_of(checkpoint, pair.ask)
    answer = (*checkpoint.encode(checkpoint.control.defused(pair.answer.strip())), checkpoint.end_of_turn)
    total = len(prompt.ids) + len(answer)
    if total > context_tokens:
        raise _bad(pair, f"has {total} tokens, and {context_tokens} is the most")
    return Example(tuple(prompt.ids), tuple(prompt.types), answer, pair.ask.frames)


def loss_of(example: Example, checkpoint: Checkpoint, model: Any, frame: Callable[[str], bytes]) -> Any:
    """Mean negative log-likelihood of the answer's tokens, as a tensor.

    Args:
        model: the checkpoint's, with an adapter in training or without.
        frame: opens a picture by its hash.
    """
    import torch
    from torch.nn.functional import cross_entropy

    device = checkpoint.device
    # The last token is only foretold.
    ids = [*example.prompt, *example.answer[:-1]]
    inputs: dict[str, Any] = {
        "input_ids": torch.tensor([ids], device=device),
        "attention_mask": torch.ones((1, len(ids)), dtype=torch.long, device=device),
    }
    if checkpoint.processor is not None:
        inputs["token_type_ids"] = torch.tensor([[*example.types, *[0] * (len(example.answer) - 1)]], device=device)
    if example.frames and checkpoint.processor is not None:
        images = [open_picture(sha256, frame(sha256)) for sha256 in example.frames]
        made = checkpoint.processor.image_processor(images=images, return_tensors="pt", do_pan_and_scan=False)
        inputs["pixel_values"] = made["pixel_values"].to(device, dtype=checkpoint.model.dtype)
    scores = model(**inputs, use_cache=False, logits_to_keep=len(example.answer)).logits[0]
    return cross_entropy(scores.float(), torch.tensor(example.answer, device=device))


def _bad(pair: Pair, problem: str) -> BadInput:
    return BadInput(f"the pair of run {pair.run}", problem, "take it out of pairs.jsonl")
