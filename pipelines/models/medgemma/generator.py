"""MedGemma through transformers, greedily, loaded and fed as its makers do."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput, ModelNeeded, UsageProblem
from pipelines.models import thinking
from pipelines.models.budget import TooLong
from pipelines.models.choices import Choices
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.medgemma.call import Call, OutOfMemory
from pipelines.models.medgemma.checkpoint import Checkpoint, load, note_of, readiness, sees
from pipelines.models.medgemma.prefixes import Prefixes
from pipelines.models.medgemma.writing import Written
from pipelines.models.outcome import outcome_of
from pipelines.models.queue import DeviceQueues, queues_of_this_process
from pipelines.models.telling import TokenTelling
from pipelines.models.turn import Length, prompt_of
from pipelines.records import Availability, Engine
from pipelines.weights.adapter import AdapterFolder
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, require_known
from pipelines.weights.memory import Quantize, free_memory, require_room
from pipelines.weights.strides import SMALL, USUAL, Strides

_NOTE: Final = "for research and development; made for one turn, and sensitive to how a question is worded"
#: What Gemma3TextConfig takes where config.json says nothing, as the published one does.
_CONTEXT_TOKENS: Final = 131_072
#: Three studies of 85 pictures with MedGemma 4B in bfloat16.
KEPT_BYTES: Final = 2_000_000_000


class MedGemma:
    """MedGemma of any size, or another checkpoint of its architectures. Its name is its model's in the catalogue.

    Args:
        folder: where its files lie.
        threads: for torch on the CPU, process-wide; 0 leaves the choice to it.
        device: ``auto`` (a graphics processor where there is one), ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``bfloat16``, ``float32``, or ``auto``: the former where the device computes in it.
        kept_bytes: of beginnings that asks share, kept as the model has read them.
        queues: where calls wait for a device; those of this process unless given.
        quantize: how the matrices of its layers are held: as they are, in ``int8`` or ``4bit``.
        adapter: a folder with a LoRA adapter to lay on top.

    Raises:
        UsageProblem: a device or dtype that it cannot run on.
    """

    def __init__(
        self,
        folder: ModelFolder,
        threads: int = 0,
        device: str = "auto",
        dtype: str = "auto",
        kept_bytes: int = KEPT_BYTES,
        queues: DeviceQueues | None = None,
        quantize: Quantize = "none",
        adapter: Path | None = None,
    ) -> None:
        if dtype == "float16":
            raise UsageProblem(
                "dtype float16", "overflows in this model, whose output is then empty", "choose bfloat16 or float32"
            )
        require_known(device, dtype)
        self.name: Final = folder.model.name
        self._folder = folder
        self._threads = threads
        self._device = device
        self._dtype = dtype
        self._quantize = quantize
        self._adapter = AdapterFolder(adapter.expanduser()) if adapter else None
        self._queues = queues or queues_of_this_process()
        self._prefixes = Prefixes(kept_bytes)
        self._checkpoint: Checkpoint | None = None

    @property
    def kept_bytes(self) -> int:
        """Held now of beginnings that asks share."""
        return self._prefixes.bytes

    def available(self) -> Availability:
        return readiness(self._folder, self._quantize, self._adapter)

    def engine(self) -> Engine:
        if self._checkpoint is not None:
            return self._checkpoint.engine
        return self._folder.engine(version("transformers"), note_of(_NOTE, self._quantize, self._adapter))

    def capabilities(self) -> Capabilities:
        try:
            config = self._folder.config()
            text = config.get("text_config") if sees(self._folder) else config
        except ModelNeeded:
            text = None
        stated = text.get("max_position_embeddings") if isinstance(text, dict) else None
        known = type(stated) is int and stated > 0
        return Capabilities(
            images=sees(self._folder),
            choices=True,
            context_tokens=stated if known else _CONTEXT_TOKENS,
            structured="enforced",
            sampling=True,
            streaming=True,
            prefix="kept",
        )

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.generate`."""
        return self._in_turn(following, lambda at, strides: self._answer(at, ask, frames, following, strides))

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.choose`. The greatest length is that of the slots; a trace is impossible."""
        return self._in_turn(following, lambda at, strides: self._choice(at, ask, slots, frames, following, strides))

    def _answer(
        self, checkpoint: Checkpoint, ask: Ask, frames: Frames, following: Following, strides: Strides
    ) -> Generation:
        budget = ask.max_new_tokens
        constraint = None
        if ask.json_schema is not None:
            from pipelines.models.medgemma.constraint import schema_constraint

            constraint = schema_constraint(checkpoint, ask.json_schema)
            # The first sign is a brace: no trace can come before it.
            ask = ask.model_copy(update={"thinking": False})
        telling = TokenTelling(following, budget, checkpoint.control.removed, checkpoint.decode)
        call, size = self._call(checkpoint, ask, frames, budget, strides, telling)
        parameters = call.parameters(budget, ask.thinking)
        if ask.json_schema is not None:
            parameters["json_schema"] = ask.json_schema
        first = written = call.write(budget, constraint=constraint)
        raw = checkpoint.decode(first.ids)
        count = first.spent
        if constraint is None and thinking.read(raw).answer is None:
            kept, parameters["closed_trace_after_words"] = thinking.kept(first.ids, checkpoint.decode)
            before = [*first.ids[:kept], *checkpoint.encode(thinking.CLOSE)]
            telling.extend(budget)
            room = self.capabilities().context_tokens - size.prompt - len(before)
            written = call.write(min(budget, room), before) if room > 0 else Written([], False, False, 0)
            raw = checkpoint.decode([*before, *written.ids])
            count += written.spent
        telling.finish()
        # What is held to a schema is the answer, whatever its strings spell.
        thoughts, answer = thinking.Reading(None, raw) if constraint is not None else thinking.read(raw)
        text = (answer or "") if constraint is not None else checkpoint.control.removed(answer or "").strip()
        return outcome_of(
            answer,
            text,
            ended=written.ended,
            looped=written.looped,
            thoughts=thoughts,
            raw=raw,
            parameters=parameters,
            output_tokens=count,
            **call.identity(),
        )

    def _choice(
        self,
        checkpoint: Checkpoint,
        ask: Ask,
        slots: tuple[Slot, ...],
        frames: Frames,
        following: Following,
        strides: Strides,
    ) -> Generation:
        choices = Choices(
            slots, lambda line: checkpoint.encode(checkpoint.control.defused(line)), checkpoint.end_of_turn
        )
        plain = ask.model_copy(update={"thinking": False, "sampling": None})
        most = choices.most_tokens
        telling = TokenTelling(following, most, checkpoint.control.removed, checkpoint.decode)
        call, _ = self._call(checkpoint, plain, frames, most, strides, telling)
        written = call.write(most, constraint=choices.constraint(), watched=False)
        chosen = choices.chosen([*written.ids, checkpoint.end_of_turn])
        telling.finish()
        return Generation(
            text=choices.lines(chosen),
            raw=checkpoint.decode(written.ids),
            chosen=chosen,
            finish_reason="stop",
            parameters={
                **call.parameters(most, False),
                "slots": [slot.model_dump(mode="json") for slot in slots],
            },
            output_tokens=written.spent,
            **call.identity(),
        )

    def _call(
        self,
        checkpoint: Checkpoint,
        ask: Ask,
        frames: Frames,
        max_new_tokens: int,
        strides: Strides,
        telling: TokenTelling,
    ) -> tuple[Call, Length]:
        if ask.frames and not checkpoint.sees:
            raise BadInput("request", f"has pictures, and {self.name} takes none", "use a model that sees")
        prompt = prompt_of(checkpoint, ask)
        size = prompt.length
        context = self.capabilities().context_tokens
        if size.prompt + max_new_tokens > context:
            raise TooLong(self.name, ask, size.prompt, size.images, max_new_tokens, context)
        self._make_room(checkpoint, size.prompt + max_new_tokens, len(ask.frames), strides)
        return Call(checkpoint, ask, prompt, frames, self._prefixes, strides, telling), size

    def _make_room(self, checkpoint: Checkpoint, tokens: int, pictures: int, strides: Strides) -> None:
        """The system ends a program that takes more than there is, without a word and however often it is tried.

        Raises:
            OutOfMemory: there is too little for the usual strides, also with nothing kept.
            ModelNeeded: there is too little for any.
        """
        needed = (self._folder, checkpoint.dtype, checkpoint.device, tokens, pictures, strides)
        try:
            try:
                require_room(*needed)
            except ModelNeeded:
                if not self._prefixes.bytes:
                    raise
                self._let_go(checkpoint)
                require_room(*needed)
        except ModelNeeded as short:
            if strides == SMALL:
                raise
            raise OutOfMemory(short.problem) from short

    def _in_turn(self, following: Following, make: Callable[[Checkpoint, Strides], Generation]) -> Generation:
        """Make it once it is its turn; once more, in smaller steps and with nothing kept, where memory runs out."""
        with self._queues.of(choose_device(self._device)).turn(self.name, following.whose, following.cancelled):
            checkpoint = self._loaded()
            try:
                return make(checkpoint, USUAL)
            except OutOfMemory:
                pass
            # Outside of the handler: the error holds on to what the call has taken.
            self._let_go(checkpoint)
            try:
                return make(checkpoint, SMALL)
            except OutOfMemory as again:
                raise ModelNeeded(
                    self.name,
                    f"ran out of memory on {checkpoint.device} in {checkpoint.dtype}, in small steps as well, with"
                    f" {again}",
                    "give less text or fewer pictures, close other programs, or use a machine with more memory",
                ) from again

    def _let_go(self, checkpoint: Checkpoint) -> None:
        self._prefixes.clear()
        free_memory(checkpoint.device)

    def _loaded(self) -> Checkpoint:
        if self._checkpoint is None:
            self._checkpoint = load(
                self._folder,
                self._threads,
                self._device,
                self._dtype,
                version("transformers"),
                note_of(_NOTE, self._quantize, self._adapter),
                self._quantize,
                self._adapter,
            )
        return self._checkpoint
