"""MedGemma through transformers, greedily, loaded and fed as its makers do."""

from __future__ import annotations

import re
import threading
from importlib.metadata import version
from typing import Final, Literal

from pipelines.errors import BadInput, Cancelled, ModelNeeded, UsageProblem
from pipelines.models import thinking
from pipelines.models.call import Call, Told, Written
from pipelines.models.checkpoint import Checkpoint, load
from pipelines.models.choices import Choices
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.turn import Length, length, messages, open_picture
from pipelines.records import Availability, Engine
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import require_room

_NOTE: Final = "for research and development; made for one turn, and sensitive to how a question is worded"
#: What Gemma3TextConfig takes where config.json says nothing, as the published one does.
_CONTEXT_TOKENS: Final = 131_072
_DEVICE: Final = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


class MedGemma:
    """MedGemma 1.5 4B, or any other checkpoint of its architecture.

    Args:
        folder: where its files lie.
        threads: for torch on the CPU, process-wide; 0 leaves the choice to it.
        device: ``auto`` (a graphics processor where there is one), ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``bfloat16``, ``float32``, or ``auto``: the former where the device computes in it.

    Raises:
        UsageProblem: a device or dtype that it cannot run on.
    """

    name: Final = "medgemma"

    def __init__(self, folder: ModelFolder, threads: int = 0, device: str = "auto", dtype: str = "auto") -> None:
        if dtype == "float16":
            raise UsageProblem(
                "dtype float16", "overflows in this model, whose output is then empty", "choose bfloat16 or float32"
            )
        if dtype not in ("auto", "bfloat16", "float32"):
            raise UsageProblem(f"dtype {dtype}", "is not known", "choose one of: auto, bfloat16, float32")
        if not _DEVICE.fullmatch(device):
            raise UsageProblem(f"device {device}", "is not known", "choose one of: auto, cpu, mps, cuda, cuda:N")
        self._folder = folder
        self._threads = threads
        self._device = device
        self._dtype = dtype
        self._checkpoint: Checkpoint | None = None
        # Calls never interleave: two at once would need twice the memory, and neither would be faster.
        self._busy = threading.Lock()

    def available(self) -> Availability:
        return self._folder.availability()

    def engine(self) -> Engine:
        if self._checkpoint is not None:
            return self._checkpoint.engine
        return self._folder.engine(version("transformers"), _NOTE)

    def capabilities(self) -> Capabilities:
        try:
            text = self._folder.config().get("text_config")
        except ModelNeeded:
            text = None
        stated = text.get("max_position_embeddings") if isinstance(text, dict) else None
        known = type(stated) is int and stated > 0
        return Capabilities(images=True, choices=True, context_tokens=stated if known else _CONTEXT_TOKENS)

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.generate`."""
        budget = ask.max_new_tokens
        with self._busy:
            checkpoint = self._loaded()
            call, size = self._call(checkpoint, ask, frames, ask.thinking, budget)
            parameters = call.parameters(budget, ask.thinking)
            told = Told(following.progress, budget)
            first = written = call.write(budget, told=told)
            raw = checkpoint.decode(first.ids)
            count = first.spent
            if thinking.read(raw).answer is None:
                kept, parameters["closed_trace_after_words"] = thinking.kept(first.ids, checkpoint.decode)
                before = [*first.ids[:kept], *checkpoint.encode(thinking.CLOSE)]
                told.extend(budget)
                room = self.capabilities().context_tokens - size.prompt - len(before)
                written = call.write(min(budget, room), before, told) if room > 0 else Written([], False, 0)
                raw = checkpoint.decode([*before, *written.ids])
                count += written.spent
            told.finish()
            thoughts, answer = thinking.read(raw)
            text = checkpoint.control.removed(answer or "").strip()
            finish = _finish(answer is not None, text, written.ended, "closed_trace_after_words" in parameters)
            return Generation(
                text=text if finish == "stop" else "",
                thoughts=thoughts,
                raw=raw,
                finish_reason=finish,
                parameters=parameters,
                output_tokens=count,
                **call.identity(),
            )

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.choose`. The greatest length is that of the slots; a trace is impossible."""
        with self._busy:
            if following.cancelled():
                raise Cancelled
            checkpoint = self._loaded()
            choices = Choices(
                slots, lambda line: checkpoint.encode(checkpoint.control.defused(line)), checkpoint.end_of_turn
            )
            call, _ = self._call(checkpoint, ask, frames, False, choices.most_tokens)
            written = call.write(choices.most_tokens, allowed=choices.allowed)
            chosen = choices.chosen([*written.ids, checkpoint.end_of_turn])
            return Generation(
                text=choices.lines(chosen),
                raw=checkpoint.decode(written.ids),
                chosen=chosen,
                finish_reason="stop",
                parameters={
                    **call.parameters(choices.most_tokens, False),
                    "slots": [slot.model_dump(mode="json") for slot in slots],
                },
                output_tokens=written.spent,
                **call.identity(),
            )

    def _call(
        self, checkpoint: Checkpoint, ask: Ask, frames: Frames, think: bool, max_new_tokens: int
    ) -> tuple[Call, Length]:
        size = length(checkpoint.processor, messages(ask, checkpoint.control, think))
        context = self.capabilities().context_tokens
        if size.prompt + max_new_tokens > context:
            raise BadInput(
                "request",
                f"is too long for {self.name}: {size.prompt} tokens ({size.images} of them for {len(ask.frames)}"
                f" pictures) and {max_new_tokens} for the output, of {context} together",
                "give less text or fewer pictures",
            )
        # The system ends a program that takes more than there is, without a word and however often it is tried.
        require_room(self._folder, checkpoint.dtype, checkpoint.device, size.prompt + max_new_tokens, len(ask.frames))
        turn = messages(ask, checkpoint.control, think, lambda frame: open_picture(frame, frames(frame)))
        return Call(checkpoint, turn, size), size

    def _loaded(self) -> Checkpoint:
        if self._checkpoint is None:
            self._checkpoint = load(
                self._folder, self._threads, self._device, self._dtype, version("transformers"), _NOTE
            )
        return self._checkpoint


def _finish(answered: bool, text: str, ended: bool, closed: bool) -> Literal["stop", "length", "no-answer"]:
    """How a call came out. An answer that is empty is none, unless the limit fell right behind the model's trace."""
    if not answered or (not text and (ended or closed)):
        return "no-answer"
    return "stop" if ended else "length"
