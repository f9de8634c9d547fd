"""One call of a loaded Gemma 3 checkpoint: a prompt, and what is written after it, token by token."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from pipelines.errors import ModelNeeded
from pipelines.models.checkpoint import Checkpoint, is_out_of_memory
from pipelines.models.generator import Progress
from pipelines.models.turn import Length, Message

_LIBRARIES: Final = ("transformers", "torch", "tokenizers", "pillow", "numpy")


class Written(NamedTuple):
    """What was generated in one go."""

    ids: list[int]
    """Without the token that ended it."""
    ended: bool
    """Whether the model came to its own end."""
    spent: int
    """Tokens generated, the one that ended it included."""


class Told:
    """Tells ``progress`` the share of a budget of tokens that is used; never less than before."""

    def __init__(self, progress: Progress | None, budget: int) -> None:
        self._progress = progress
        self._budget = budget
        self._used = 0
        self._share = 0.0

    def extend(self, budget: int) -> None:
        self._budget += budget

    def step(self) -> None:
        self._used += 1
        self._tell(self._used / self._budget)

    def finish(self) -> None:
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        if self._progress is not None and share > self._share:
            self._share = min(share, 1.0)
            self._progress(self._share)


class Call:
    """A prompt as the model gets it. ``turn`` holds the pictures; ``size`` is the prompt's."""

    def __init__(self, checkpoint: Checkpoint, turn: list[Message], size: Length) -> None:
        self._started = time.perf_counter()
        self._checkpoint = checkpoint
        self._size = size
        inputs = checkpoint.processor.apply_chat_template(
            turn,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"images_kwargs": {"do_pan_and_scan": False}},
        )
        #: Tensors by the names of the model's arguments, on its device.
        self.inputs: dict[str, Any] = dict(inputs.to(checkpoint.device, dtype=checkpoint.model.dtype))

    def write(
        self,
        budget: int,
        before: Sequence[int] = (),
        told: Told | None = None,
        allowed: Callable[[Sequence[int]], list[int]] | None = None,
    ) -> Written:
        """Generate greedily after the prompt.

        Args:
            budget: greatest number of tokens.
            before: tokens of the answer that stand already.
            told: told of every token.
            allowed: tokens that may follow those written so far in this call; all of them where None.

        Raises:
            ModelNeeded: the weights give no numbers, or memory runs out.
        """
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        settings: Any = GenerationConfig
        inputs = self._after(before)
        start = inputs["input_ids"].shape[1]

        def follow(_: int, ids: Any) -> list[int]:
            return allowed(ids[start:].tolist()) if allowed is not None else []

        def step(ids: Any, scores: Any) -> Any:  # noqa: ARG001 -- the library's signature
            if told is not None:
                told.step()
            return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)

        try:
            with torch.inference_mode():
                output = self._checkpoint.model.generate(
                    **inputs,
                    generation_config=settings(
                        do_sample=False, max_new_tokens=budget, eos_token_id=sorted(self._checkpoint.ends)
                    ),
                    logits_processor=LogitsProcessorList([self._require_numbers]),
                    stopping_criteria=StoppingCriteriaList([step]),
                    prefix_allowed_tokens_fn=follow if allowed is not None else None,
                )
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise self._out_of_memory(start, budget) from error
            raise
        ids = output[0, start:].tolist()
        ended = bool(ids) and ids[-1] in self._checkpoint.ends
        return Written(ids[:-1] if ended else ids, ended, len(ids))

    def identity(self) -> dict[str, Any]:
        """The fields of a Generation that are the same whatever was written, and the seconds until now."""
        return {
            "engine": self._checkpoint.engine,
            "libraries": {name: version(name) for name in _LIBRARIES},
            "prompt_tokens": self._size.prompt,
            "image_tokens": self._size.images,
            "seconds": time.perf_counter() - self._started,
        }

    def parameters(self, max_new_tokens: int, thinking: bool) -> dict[str, Any]:
        """What decides the output besides ask and weights."""
        import torch

        checkpoint = self._checkpoint
        return {
            "do_sample": False,
            "max_new_tokens": max_new_tokens,
            "thinking": thinking,
            "dtype": checkpoint.dtype,
            "device": checkpoint.device,
            "threads": torch.get_num_threads(),
            "attention": checkpoint.model.config.text_config._attn_implementation,
            "image_processor": type(checkpoint.processor.image_processor).__name__,
            "pan_and_scan": False,
        }

    def _after(self, before: Sequence[int]) -> dict[str, Any]:
        """The prompt with tokens of the answer behind it."""
        import torch

        if not before:
            return self.inputs
        device = self.inputs["input_ids"].device
        fill = {"input_ids": list(before), "attention_mask": [1] * len(before), "token_type_ids": [0] * len(before)}
        return {
            key: torch.cat([value, torch.tensor([fill[key]], device=device)], dim=1) if key in fill else value
            for key, value in self.inputs.items()
        }

    def _require_numbers(self, ids: Any, scores: Any) -> Any:  # noqa: ARG002 -- the library's signature
        if bool((scores.isnan() | scores.isposinf()).any()):
            checkpoint = self._checkpoint
            raise ModelNeeded(
                checkpoint.engine.name,
                f"gives no numbers (NaN) in {checkpoint.dtype} on {checkpoint.device}",
                "set ASSISTANT_DTYPE=float32; if it stays so the weights are damaged:"
                f" assistant models pull {checkpoint.engine.name}",
            )
        return scores

    def _out_of_memory(self, tokens: int, budget: int) -> ModelNeeded:
        checkpoint = self._checkpoint
        return ModelNeeded(
            checkpoint.engine.name,
            f"ran out of memory on {checkpoint.device} in {checkpoint.dtype}, with {tokens} tokens of prompt"
            f" ({self._size.images} for pictures) and {budget} for the output",
            "give less text or fewer pictures, close other programs, or use a machine with more memory",
        )
