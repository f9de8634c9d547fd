"""MedGemma as GGUF through llama.cpp in this process, for machines without a graphics processor."""

from __future__ import annotations

import json
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Literal

from pipelines.errors import BadInput, ModelNeeded, ProductError
from pipelines.models import thinking
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.llamacpp_call import Follower, Reading, Written, choosing, write
from pipelines.models.llamacpp_form import Form, Text
from pipelines.models.llamacpp_grammar import Lines
from pipelines.models.llamacpp_memory import require_memory
from pipelines.models.llamacpp_pictures import RESIZED_BY, Eye
from pipelines.models.llamacpp_runtime import BATCH, NoNumbers, Refused, Runtime, places, system
from pipelines.models.queue import DeviceQueues
from pipelines.records import Availability, Engine
from pipelines.weights.catalogue import MEDGEMMA_GGUF
from pipelines.weights.gguf_folder import GgufFolder

CONTEXT_TOKENS: Final = 8192
_PACKAGE: Final = "xllamacpp"
_INSTALL: Final = "pip install 'clinical-assistant[llamacpp]'"
_NOTE: Final = "for research and development; made for one turn, and sensitive to how a question is worded"
_LIBRARIES: Final = (_PACKAGE, "pillow", "jinja2")
_MARKERS: Final = 2


class LlamaCpp:
    """A GGUF file with its mmproj, or without one: then it takes no pictures.

    Args:
        folder: where they lie.
        context: tokens of prompt and output together; no more than the model was made for.
        threads: 0 leaves the choice to llama.cpp.
        device: ``cpu``; anything else leaves it to llama.cpp, which as published for Linux and Windows has only that.
        queues: where calls wait for a device, shared by all engines of a process.
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
        self._queues = queues or DeviceQueues()
        self._loaded: _Loaded | None = None

    def available(self) -> Availability:
        if _version() is None:
            return Availability(ready=False, detail=f"needs {_PACKAGE}", remedy=_INSTALL)
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

    def _answer(self, at: _Loaded, ask: Ask, frames: Frames, following: Following) -> Generation:
        budget = ask.max_new_tokens
        asked = choosing(ask.sampling)
        schema = ask.json_schema
        if schema is not None:
            # The first sign is a brace: no trace can come before it.
            ask = ask.model_copy(update={"thinking": False})
            asked["json_schema"] = {**schema, "x-guidance": {"whitespace_flexible": False}}
        follower = Follower(following, budget, at.form.control)
        call = self._call(at, ask, frames, budget, follower)
        parameters = {**self._parameters(ask, budget), **_told(asked)}
        written = call.write(budget, asked)
        if schema is not None:
            _require_obeyed(written, schema)
        elif not written.looped and thinking.read(written.raw).answer is None:
            written, parameters["closed_trace_after_words"] = self._closed(call, written, budget, asked, follower)
        follower.finish()
        thoughts, answer = thinking.read(written.raw)
        text = at.form.control.removed(answer or "").strip()
        finish = _finish(answer is not None, text, written, "closed_trace_after_words" in parameters)
        return Generation(
            text=text if finish == "stop" else "",
            thoughts=thoughts,
            raw=written.raw,
            finish_reason=finish,
            parameters=parameters,
            output_tokens=written.spent,
            **call.identity(),
        )

    def _closed(
        self, call: _Call, first: Written, budget: int, asked: dict[str, Any], follower: Follower
    ) -> tuple[Written, int]:
        """Close the trace that is open and let the model go on, once. Returns the words that were kept of it, too."""
        kept, words = thinking.kept([ord(letter) for letter in first.raw], _letters)
        stands = Written(f"{first.raw[:kept]}{thinking.CLOSE}", False, False, first.spent)
        follower.extend(budget)
        room = self.capabilities().context_tokens - call.length_with(stands.raw)
        if room <= 0:
            return stands, words
        then = call.write(min(budget, room), asked, stands)
        return then._replace(raw=stands.raw + then.raw, spent=first.spent + then.spent), words

    def _choice(
        self, at: _Loaded, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following
    ) -> Generation:
        lines = Lines(slots, at.form.control.defused)
        plain = ask.model_copy(update={"thinking": False, "sampling": None, "json_schema": None})
        follower = Follower(following, lines.most_tokens, at.form.control)
        call = self._call(at, plain, frames, lines.most_tokens, follower)
        written = call.write(lines.most_tokens, {**choosing(None), "grammar": lines.grammar()})
        try:
            chosen = lines.chosen(written.raw)
        except KeyError:
            raise ModelNeeded(
                self.name, "wrote none of the options that it was held to", "use the engine medgemma for this"
            ) from None
        follower.finish()
        return Generation(
            text=lines.text(chosen),
            raw=written.raw,
            chosen=chosen,
            finish_reason="stop",
            parameters={
                **self._parameters(plain, lines.most_tokens),
                "slots": [slot.model_dump(mode="json") for slot in slots],
            },
            output_tokens=written.spent,
            **call.identity(),
        )

    def _call(self, at: _Loaded, ask: Ask, frames: Frames, budget: int, follower: Follower) -> _Call:
        """Raises BadInput where it has pictures that cannot be seen, or does not fit, before any picture is read."""
        follower.pause()
        if ask.frames and at.eye is None:
            raise BadInput(
                "request",
                f"has pictures, and {self.name} takes none without an mmproj beside its model",
                f"put mmproj-F16.gguf into {self._folder.path}",
            )
        started = time.perf_counter()
        text = at.form.text(ask)
        length, of_pictures = at.length(text.whole, len(ask.frames))
        context = self.capabilities().context_tokens
        if length + budget > context:
            raise BadInput(
                "request",
                f"is too long for {self.name}: {length} tokens ({of_pictures} of them for {len(ask.frames)} pictures)"
                f" and {budget} for the output, of {context} together",
                "give less text or fewer pictures, or set ASSISTANT_LLAMACPP_CONTEXT higher",
            )
        pictures = [at.eye.picture(frame, frames(frame)) for frame in ask.frames] if at.eye is not None else []
        return _Call(at, text, pictures, (length, of_pictures), follower, started)

    def _parameters(self, ask: Ask, budget: int) -> dict[str, Any]:
        """What decides the output besides ask and weights."""
        return {
            "do_sample": ask.sampling is not None,
            "max_new_tokens": budget,
            "thinking": ask.thinking,
            "context": self.capabilities().context_tokens,
            "batch": BATCH,
            "threads": self._threads,
            "device": places(self._device),
            "processor": system(),
            "dtype": self._folder.header().quantization,
            "cache": "float16",
            "shared_parts": ask.shared,
            "resized_by": RESIZED_BY,
        }

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> _Loaded:
        folder = self._folder
        engine = self._named()
        pair, header, projector = folder.pair(), folder.header(), folder.projector()
        context = self.capabilities().context_tokens
        require_memory(folder, context)
        eyes = folder.path / pair.projector if pair.projector is not None else None
        try:
            runtime = Runtime(folder.path / pair.model, eyes, context, self._threads, self._device)
        except Refused as refused:
            raise ModelNeeded(
                f"{folder.model.name} in {folder.path}", "cannot be loaded by llama.cpp", folder.remedy
            ) from refused
        except NoNumbers:
            raise _no_numbers(f"{folder.model.name}/{pair.model}", "") from None
        return _Loaded(runtime, Form(header, self.name), Eye(projector) if projector is not None else None, engine)

    def _named(self) -> Engine:
        found = _version()
        if found is None:
            raise ModelNeeded(self.name, f"needs {_PACKAGE}", _INSTALL)
        note = f"{self._folder.header().quantization}; {_NOTE}"
        return self._folder.engine(found, note).model_copy(update={"name": self.name})


class _Loaded:
    """A model that is ready to generate, and all that belongs to it."""

    def __init__(self, runtime: Runtime, form: Form, eye: Eye | None, engine: Engine) -> None:
        self.runtime = runtime
        self.form = form
        self.eye = eye
        self.engine = engine
        self.reading = Reading(runtime, form)

    def length(self, text: str, pictures: int) -> tuple[int, int]:
        """Of a prompt in tokens, and those of them that stand for pictures, the markers around them included."""
        inner = self.eye.tokens if self.eye is not None else 0
        counted = self.runtime.count(text, self.form.marker)
        return counted + pictures * inner, pictures * (inner + _MARKERS)


class _Call:
    """A prompt as the model gets it."""

    def __init__(
        self,
        at: _Loaded,
        text: Text,
        pictures: list[bytes],
        size: tuple[int, int],
        follower: Follower,
        started: float,
    ) -> None:
        self._at = at
        self._text = text
        self._pictures = pictures
        self._size = size
        self._follower = follower
        self._started = started

    def length_with(self, answer: str) -> int:
        """Of the prompt with a part of the answer behind it."""
        return self._at.length(self._text.whole + answer, len(self._pictures))[0]

    def write(self, budget: int, asked: dict[str, Any], before: Written | None = None) -> Written:
        """Generate after the prompt, or after what stands of the answer ``before``."""
        try:
            # What this very call has read and written is there.
            kept = before is not None or self._at.reading.prepare(self._text, self._pictures, self._follower)
            text = self._text.whole + (before.raw if before is not None else "")
            written = write(
                self._at.runtime, self._at.form, text, self._pictures, budget, kept, asked, self._follower, before
            )
            if self._pictures:
                # Of the language tower it was made sure when it was loaded.
                self._at.runtime.require_numbers(text, self._pictures)
            return written
        except NoNumbers:
            raise _no_numbers(self._at.engine.name, "for pictures") from None
        except Refused as refused:
            raise _refused(str(refused), "json_schema" in asked) from refused

    def identity(self) -> dict[str, Any]:
        """The fields of a Generation that are the same whatever was written, and the seconds until now."""
        return {
            "engine": self._at.engine,
            "libraries": {name: version(name) for name in _LIBRARIES},
            "prompt_tokens": self._size[0],
            "image_tokens": self._size[1],
            "seconds": time.perf_counter() - self._started,
        }


def _finish(
    answered: bool, text: str, written: Written, closed: bool
) -> Literal["stop", "length", "no-answer", "loop"]:
    """How a call came out. An answer that is empty is none, unless the limit fell right behind the model's trace."""
    if written.looped:
        return "loop"
    if not answered or (not text and (written.ended or closed)):
        return "no-answer"
    return "stop" if written.ended else "length"


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
        raise _refused("schema", True)


def _refused(kind: str, structured: bool) -> ProductError:
    if structured:
        return BadInput("schema", f"cannot be held to by llama.cpp ({kind})", "use a simpler one")
    return ModelNeeded(LlamaCpp.name, f"llama.cpp does not do it ({kind})", "try again; or use the engine medgemma")


def _no_numbers(subject: str, when: str) -> ModelNeeded:
    return ModelNeeded(
        subject,
        " ".join(filter(None, ("gives no numbers", when, "(NaN): its weights are damaged"))),
        f"run: assistant models pull {MEDGEMMA_GGUF.name}",
    )


def _told(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "json_schema"}


def _letters(numbers: Any) -> str:
    return "".join(map(chr, numbers))


def _version() -> str | None:
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        return None
