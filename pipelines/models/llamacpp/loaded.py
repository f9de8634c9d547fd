"""A model that is ready to generate under llama.cpp, and one call of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from pipelines.errors import BadInput, ModelNeeded, ProductError
from pipelines.models import thinking
from pipelines.models.generator import Ask
from pipelines.models.llamacpp.call import Reading, Written, write
from pipelines.models.llamacpp.form import PICTURE, Form, Text
from pipelines.models.llamacpp.memory import require_memory
from pipelines.models.llamacpp.pictures import RESIZED_BY, Eye
from pipelines.models.llamacpp.runtime import BATCH, NoNumbers, Refused, Runtime, places, system
from pipelines.models.telling import Telling
from pipelines.records import Engine
from pipelines.weights.gguf import GgufHeader
from pipelines.weights.gguf_folder import GgufFolder

PACKAGE: Final = "xllamacpp"
_LIBRARIES: Final = (PACKAGE, "pillow", "jinja2")
#: Tokens around a picture's own.
_MARKERS: Final = 2


class Loaded:
    """A model that is ready to generate, and all that belongs to it.

    Args:
        runtime: holds the model.
        header: of its GGUF file.
        eye: makes tokens of pictures; None where it takes none.
        engine: who it is.
        context: tokens of prompt and output together.
        place: what decides the output of the machine and how it is made use of.
    """

    def __init__(
        self,
        runtime: Runtime,
        header: GgufHeader,
        eye: Eye | None,
        engine: Engine,
        context: int,
        place: dict[str, Any],
    ) -> None:
        self.runtime = runtime
        self.form = Form(header, engine.name)
        self.eye = eye
        self.engine = engine
        self.context = context
        self.reading = Reading(runtime, self.form)
        self._quantization = header.quantization
        self._place = place

    def length(self, text: str, pictures: int) -> tuple[int, int]:
        """Of a prompt in tokens, and those of them that stand for pictures, the markers around them included."""
        inner = self.eye.tokens if self.eye is not None else 0
        counted = self.runtime.count(text, self.form.marker)
        return counted + pictures * inner, pictures * (inner + _MARKERS)

    def parameters(self, ask: Ask, budget: int) -> dict[str, Any]:
        """What decides the output besides ask and weights."""
        return {
            "do_sample": ask.sampling is not None,
            "max_new_tokens": budget,
            "thinking": ask.thinking,
            "context": self.context,
            "batch": BATCH,
            "dtype": self._quantization,
            "cache": "float16",
            "shared_parts": ask.shared,
            "resized_by": RESIZED_BY,
            **self._place,
        }


class Call:
    """A prompt as the model gets it.

    Args:
        pictures: PNG, one for every place in ``text``.
        size: of the prompt, as `Loaded.length`.
        started: when the call began, by `time.perf_counter`.
    """

    def __init__(
        self,
        at: Loaded,
        text: Text,
        pictures: Sequence[bytes],
        size: tuple[int, int],
        telling: Telling,
        started: float,
    ) -> None:
        self._at = at
        self._text = text
        self._pictures = pictures
        self._size = size
        self._telling = telling
        self._started = started

    def length_with(self, answer: str) -> int:
        """Of the prompt with a part of the answer behind it, in tokens."""
        return self._at.length(self._text.whole + answer, len(self._pictures))[0]

    def write(self, budget: int, asked: dict[str, Any], before: Written | None = None) -> Written:
        """Generate after the prompt, or after what stands of the answer ``before``."""
        at = self._at
        text = self._text.whole + (before.raw if before is not None else "")
        try:
            # What this very call has read and written is there.
            kept = before is not None or at.reading.prepare(self._text, self._pictures, self._telling)
            written = write(at.runtime, at.form, text, self._pictures, budget, kept, asked, self._telling, before)
            if self._pictures:
                # Of the language tower it was made sure when it was loaded.
                at.runtime.require_numbers(text, self._pictures)
            return written
        except NoNumbers:
            raise _no_numbers(at.engine.name, "for pictures") from None
        except Refused as error:
            raise refused(str(error), structured="json_schema" in asked) from error

    def identity(self) -> dict[str, Any]:
        """The fields of a Generation that are the same whatever was written, and the seconds until now."""
        return {
            "engine": self._at.engine,
            "libraries": {name: version(name) for name in _LIBRARIES},
            "prompt_tokens": self._size[0],
            "image_tokens": self._size[1],
            "seconds": time.perf_counter() - self._started,
        }


def load(folder: GgufFolder, engine: Engine, context: int, threads: int, device: str) -> Loaded:
    """Load what lies in ``folder``. Arguments as `LlamaCpp`.

    Raises:
        ModelNeeded: it is not there, damaged, incomplete, of another architecture, or too large for this machine.
    """
    pair, header, projector = folder.pair(), folder.header(), folder.projector()
    require_memory(folder, context)
    beside = folder.path / pair.projector if pair.projector is not None else None
    try:
        runtime = Runtime(folder.path / pair.model, beside, context, threads, device)
    except Refused as error:
        raise ModelNeeded(
            f"{folder.model.name} in {folder.path}", "cannot be loaded by llama.cpp", folder.remedy
        ) from error
    except NoNumbers:
        raise _no_numbers(f"{folder.model.name}/{pair.model}") from None
    eye = Eye(projector) if projector is not None else None
    place = {"threads": threads, "device": places(device), "processor": system()}
    return Loaded(runtime, header, eye, engine, context, place)


def closed(
    at: Loaded, call: Call, first: Written, asked: dict[str, Any], telling: Telling, budget: int
) -> tuple[Written, int]:
    """Close the trace that is open and let the model go on, once.

    Returns:
        What stands then, and how many words of the trace were kept.
    """
    kept, words = thinking.kept([ord(letter) for letter in first.raw], _letters)
    # Spelt by the model itself it would be taken for the place of a picture that nobody gave.
    trace = first.raw[:kept].replace(PICTURE, f"{PICTURE[0]} {PICTURE[1:]}")
    stands = Written(f"{trace}{thinking.CLOSE}", False, False, first.spent)
    telling.extend(budget)
    room = at.context - call.length_with(stands.raw)
    if room <= 0:
        return stands, words
    then = call.write(min(budget, room), asked, stands)
    return then._replace(raw=stands.raw + then.raw, spent=first.spent + then.spent), words


def refused(kind: str, *, structured: bool) -> ProductError:
    """llama.cpp does not do it. ``kind`` is its own word, never its message: that may hold what was asked."""
    if structured:
        return BadInput("schema", f"cannot be held to by llama.cpp ({kind})", "use a simpler one")
    return ModelNeeded("llamacpp", f"llama.cpp does not do it ({kind})", "try again; or use the engine medgemma")


def _no_numbers(subject: str, when: str = "") -> ModelNeeded:
    return ModelNeeded(
        subject,
        " ".join(filter(None, ("gives no numbers", when, "(NaN): its weights are damaged"))),
        "run: assistant models pull medgemma-gguf",
    )


def _letters(numbers: Sequence[int]) -> str:
    return "".join(map(chr, numbers))
