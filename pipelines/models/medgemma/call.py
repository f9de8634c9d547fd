"""One call of a loaded Gemma 3 checkpoint: a prompt that is read once, and what is written after it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.models.generator import Ask, Frames
from pipelines.models.loops import LoopWatch
from pipelines.models.medgemma import cache
from pipelines.models.medgemma.checkpoint import Checkpoint
from pipelines.models.medgemma.prefixes import Prefixes
from pipelines.models.medgemma.reading import Read, Reader
from pipelines.models.medgemma.writing import Constraint, NoNumbers, Pick, Written, drawn, likeliest, write
from pipelines.models.telling import TokenTelling
from pipelines.models.turn import Prompt, open_picture
from pipelines.weights.memory import is_out_of_memory
from pipelines.weights.strides import Strides

_LIBRARIES: Final = ("transformers", "torch", "tokenizers", "pillow", "numpy")


class OutOfMemory(Exception):
    """Memory ran out in the middle of a call. Its text says what there was to hold."""


class Call:
    """A prompt on its way through the model.

    Args:
        prompt: of ``ask``.
        frames: opens the ask's pictures; those of a beginning that is kept are not asked for.
        prefixes: beginnings that were read before, and where this one's is kept.
        strides: how much is read at a time.
        telling: told what is written.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        ask: Ask,
        prompt: Prompt,
        frames: Frames,
        prefixes: Prefixes,
        strides: Strides,
        telling: TokenTelling,
    ) -> None:
        self._started = time.perf_counter()
        self._checkpoint = checkpoint
        self._ask = ask
        self._prompt = prompt
        self._frames = frames
        self._prefixes = prefixes
        self._strides = strides
        self._telling = telling
        self._reader = Reader(checkpoint.model, checkpoint.sees, strides, self._pixels, telling.pause)
        self._pick: Pick = likeliest if ask.sampling is None else drawn(ask.sampling)
        self._read: Read | None = None

    def write(
        self, budget: int, before: Sequence[int] = (), constraint: Constraint | None = None, watched: bool = True
    ) -> Written:
        """Generate after the prompt.

        Args:
            budget: greatest number of tokens.
            before: tokens of the answer that stand already.
            constraint: what may be written; anything where None.
            watched: whether the writing is stopped where it goes round in circles.

        Raises:
            ModelNeeded: the weights give no numbers.
            OutOfMemory: what it says.
            BadInput: a frame is no picture.
            Cancelled: whoever waits has ended it.
        """
        with self._at_work():
            if self._read is None:
                self._read = self._read_prompt()
            state, scores = cache.branch(self._read.state), self._read.scores
            if before:
                self._telling.start_from(before)
                scores = self._reader.next(before, state)
            return write(
                self._reader,
                state,
                scores,
                budget,
                self._checkpoint.ends,
                self._pick,
                self._telling,
                LoopWatch.of_tokens(self._is_blank) if watched else None,
                constraint,
            )

    def identity(self) -> dict[str, Any]:
        """The fields of a Generation that are the same whatever was written, and the seconds until now."""
        return {
            "engine": self._checkpoint.engine,
            "libraries": {name: version(name) for name in _LIBRARIES},
            "prompt_tokens": self._prompt.length.prompt,
            "image_tokens": self._prompt.length.images,
            "seconds": time.perf_counter() - self._started,
        }

    def parameters(self, max_new_tokens: int, thinking: bool) -> dict[str, Any]:
        """What decides the output besides ask and weights."""
        import torch

        checkpoint, sampling = self._checkpoint, self._ask.sampling
        drawn_by = {"do_sample": False} if sampling is None else {"do_sample": True, **sampling.model_dump()}
        seeing = {}
        if checkpoint.processor is not None:
            seeing = {"image_processor": type(checkpoint.processor.image_processor).__name__, "pan_and_scan": False}
        return {
            **drawn_by,
            "max_new_tokens": max_new_tokens,
            "thinking": thinking,
            "dtype": checkpoint.dtype,
            **checkpoint.changed,
            "device": checkpoint.device,
            "threads": torch.get_num_threads(),
            "attention": checkpoint.model.config.get_text_config()._attn_implementation,
            **seeing,
            # Where a prompt is cut changes the last digits of what is computed.
            "shared_tokens": self._prompt.shared,
            "tokens_at_a_time": self._strides.tokens,
            "pictures_at_a_time": self._strides.pictures,
        }

    def _read_prompt(self) -> Read:
        """In two parts where asks share the first, whether or not it is kept: the outcome is the same to the digit."""
        prompt, frames = self._prompt, self._ask.frames
        start, state = 0, None
        if prompt.shared:
            start = prompt.shared
            within = sum(prompt.types[:start]) // max(1, self._picture_tokens)
            seen, frames = frames[:within], frames[within:]
            key = self._key(seen)
            state = self._prefixes.get(key)
            if state is None:
                made = cache.empty(self._text_config)
                self._reader.read(prompt.ids[:start], prompt.types[:start], 0, made, seen)
                state = self._prefixes.put(key, made)
        if state is None:
            state = cache.empty(self._text_config)
        return self._reader.read(prompt.ids, prompt.types, start, state, frames)

    def _key(self, frames: Sequence[str]) -> str:
        """Names the shared beginning: what was read, by which weights, in which numbers, how much at a time."""
        checkpoint = self._checkpoint
        named = (
            checkpoint.engine.digest(),
            checkpoint.dtype,
            checkpoint.device,
            str(self._strides),
            str(self._prompt.ids[: self._prompt.shared]),
            *frames,
        )
        return hashlib.sha256("\n".join(named).encode()).hexdigest()

    def _pixels(self, frames: Sequence[str]) -> Any:
        images = [open_picture(frame, self._frames(frame)) for frame in frames]
        checkpoint = self._checkpoint
        look: Any = checkpoint.processor
        made = look.image_processor(images=images, return_tensors="pt", do_pan_and_scan=False)
        return made["pixel_values"].to(checkpoint.device, dtype=checkpoint.model.dtype)

    @property
    def _text_config(self) -> Any:
        return self._checkpoint.model.config.get_text_config()

    @property
    def _picture_tokens(self) -> int:
        processor = self._checkpoint.processor
        return 0 if processor is None else int(processor.image_seq_length)

    def _is_blank(self, token: int) -> bool:
        return not self._checkpoint.decode([token]).strip()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        import torch

        checkpoint = self._checkpoint
        try:
            with torch.inference_mode():
                yield
        except NoNumbers:
            raise ModelNeeded(
                checkpoint.engine.name,
                f"gives no numbers (NaN) in {checkpoint.dtype} on {checkpoint.device}",
                "set ASSISTANT_DTYPE=float32; if it stays so the weights are damaged:"
                f" assistant models pull {checkpoint.engine.name}",
            ) from None
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                size = self._prompt.length
                raise OutOfMemory(
                    f"{size.prompt} tokens of prompt ({size.images} for pictures)"
                    f" and {self._ask.max_new_tokens} for the output"
                ) from error
            raise
