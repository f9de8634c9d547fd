"""MedGemma as GGUF through llama.cpp in this process, for machines without a graphics processor."""

from __future__ import annotations

import json
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from pipelines.errors import BadInput, ModelNeeded
from pipelines.models import thinking
from pipelines.models.budget import TooLong
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.llamacpp.call import Written, choosing
from pipelines.models.llamacpp.grammar import Lines
from pipelines.models.llamacpp.loaded import PACKAGE, Call, Loaded, closed, load, refused
from pipelines.models.outcome import outcome_of
from pipelines.models.queue import DeviceQueues, queues_of_this_process
from pipelines.models.telling import Telling
from pipelines.records import Availability, Engine
from pipelines.weights.gguf_folder import GgufFolder

CONTEXT_TOKENS: Final = 8192
_INSTALL: Final = "pip install 'clinical-assistant[llamacpp]'"
_NOTE: Final = "for research and development; made for one turn, and sensitive to how a question is worded"


class LlamaCpp:
    """A GGUF file with its mmproj, or without one: then it takes no pictures.

    Args:
        folder: where they lie.
        context: tokens of prompt and output together; no more than the model was made for.
        threads: 0 leaves the choice to llama.cpp.
        device: ``cpu``; anything else leaves it to llama.cpp, which as published for Linux and Windows has only that.
        queues: where calls wait for a device; those of this process unless given.
    """

    name: Final = "llamacpp"

    def __init__(
        self,
        folder: GgufFolder,
        context: int = CONTEXT_TOKENS,
        threads: int = 0,
        device: str = "auto",
        queues: DeviceQueues | None = None,
    ) -> None:
        self._folder = folder
        self._context = context
        self._threads = threads
        self._device = "cpu" if device == "cpu" else "auto"
        self._queues = queues or queues_of_this_process()
        self._loaded: Loaded | None = None

    def available(self) -> Availability:
        if _version() is None:
            return Availability(ready=False, detail=f"needs {PACKAGE}", remedy=_INSTALL)
        return self._folder.availability()

    def engine(self) -> Engine:
        if self._loaded is not None:
            return self._loaded.engine
        return self._named()

    def capabilities(self) -> Capabilities:
        sees = False
        made_for = None
        try:
            sees = self._folder.projector() is not None
            made_for = self._folder.header().of_model("context_length")
        except ModelNeeded:
            pass
        return Capabilities(
            images=sees,
            choices=True,
            context_tokens=min(self._context, made_for or self._context),
            structured="enforced",
            sampling=True,
            streaming=True,
            prefix="kept",
        )

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.generate`."""
        with self._queues.of("cpu").turn(self.name, following.whose, following.cancelled):
            return self._answer(self._ready(), ask, frames, following)

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.choose`. The greatest length is that of the slots; a trace is impossible."""
        with self._queues.of("cpu").turn(self.name, following.whose, following.cancelled):
            return self._choice(self._ready(), ask, slots, frames, following)

    def _answer(self, at: Loaded, ask: Ask, frames: Frames, following: Following) -> Generation:
        budget = ask.max_new_tokens
        asked = choosing(ask.sampling)
        schema = ask.json_schema
        if schema is not None:
            # The first sign is a brace: no trace can come before it.
            ask = ask.model_copy(update={"thinking": False})
            asked["json_schema"] = {**schema, "x-guidance": {"whitespace_flexible": False}}
        telling = Telling(following, budget, at.form.control.removed)
        call = self._call(at, ask, frames, budget, telling)
        parameters = {**at.parameters(ask, budget), **_told(asked)}
        written = call.write(budget, asked)
        if schema is not None:
            _require_obeyed(written, schema)
        elif thinking.read(written.raw).answer is None:
            written, parameters["closed_trace_after_words"] = closed(at, call, written, asked, telling, budget)
        telling.finish()
        thoughts, answer = thinking.read(written.raw)
        text = at.form.control.removed(answer or "").strip()
        return outcome_of(
            answer,
            text,
            ended=written.ended,
            looped=written.looped,
            thoughts=thoughts,
            raw=written.raw,
            parameters=parameters,
            output_tokens=written.spent,
            **call.identity(),
        )

    def _choice(
        self, at: Loaded, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following
    ) -> Generation:
        lines = Lines(slots, at.form.control.defused)
        plain = ask.model_copy(update={"thinking": False, "sampling": None, "json_schema": None})
        telling = Telling(following, lines.most_tokens, at.form.control.removed)
        call = self._call(at, plain, frames, lines.most_tokens, telling)
        written = call.write(lines.most_tokens, {**choosing(None), "grammar": lines.grammar()})
        try:
            chosen = lines.chosen(written.raw)
        except KeyError:
            raise ModelNeeded(
                self.name, "wrote none of the options that it was held to", "use the engine medgemma for this"
            ) from None
        telling.finish()
        return Generation(
            text=lines.text(chosen),
            raw=written.raw,
            chosen=chosen,
            finish_reason="stop",
            parameters={
                **at.parameters(plain, lines.most_tokens),
                "slots": [slot.model_dump(mode="json") for slot in slots],
            },
            output_tokens=written.spent,
            **call.identity(),
        )

    def _call(self, at: Loaded, ask: Ask, frames: Frames, budget: int, telling: Telling) -> Call:
        """Raises BadInput where it has pictures that cannot be seen, or does not fit, before any picture is read."""
        telling.pause()
        if ask.frames and at.eye is None:
            raise BadInput(
                "request",
                f"has pictures, and {self.name} takes none without an mmproj beside its model",
                f"put mmproj-F16.gguf into {self._folder.path}",
            )
        started = time.perf_counter()
        text = at.form.text(ask)
        length, of_pictures = at.length(text.whole, len(ask.frames))
        if length + budget > at.context:
            higher = "set ASSISTANT_LLAMACPP_CONTEXT higher"
            raise TooLong(self.name, ask, length, of_pictures, budget, at.context, remedy=higher)
        pictures = [at.eye.picture(frame, frames(frame)) for frame in ask.frames] if at.eye is not None else []
        return Call(at, text, pictures, (length, of_pictures), telling, started)

    def _ready(self) -> Loaded:
        if self._loaded is None:
            engine, context = self._named(), self.capabilities().context_tokens
            self._loaded = load(self._folder, engine, context, self._threads, self._device)
        return self._loaded

    def _named(self) -> Engine:
        found = _version()
        if found is None:
            raise ModelNeeded(self.name, f"needs {PACKAGE}", _INSTALL)
        note = f"{self._folder.header().quantization}; {_NOTE}"
        return self._folder.engine(found, note).model_copy(update={"name": self.name})


def _require_obeyed(written: Written, schema: dict[str, Any]) -> None:
    """llama.cpp drops a schema that it cannot hold a model to, without a word."""
    if not written.ended:
        return
    try:
        found = json.loads(written.raw)
    except ValueError:
        found = None
    wanted = [name for name in schema.get("properties", {}) if isinstance(found, dict) and name in found]
    if not isinstance(found, dict) or [name for name in found if name in wanted] != wanted:
        raise refused("schema", structured=True)


def _told(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "json_schema"}


def _version() -> str | None:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return None
