"""What every language model behind the tasks provides. `tests/models/generator_conformance.py` holds them to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol

from pydantic import Field

from pipelines.named_engine import NamedEngine
from pipelines.records import Engine, Value

Frames = Callable[[str], bytes]
"""The bytes of a picture (PNG or JPEG, 8-bit RGB) by its SHA-256."""
Progress = Callable[[float], None]
"""Told the fraction of the token budget that is used, from 0 to 1, never falling."""


def never() -> bool:
    """For whoever ends nothing."""
    return False


@dataclass(frozen=True)
class Following:
    """Whoever waits for a call: told how far it is and what it writes, and able to end it."""

    progress: Progress | None = None
    text: Callable[[str], None] | None = None
    """Given all of the answer that is written so far, without trace and markers, whenever there is more of it. For the
    eye only: what stands there may still be cut, or be no answer."""
    cancelled: Callable[[], bool] = never
    """Asked between tokens, and while the call waits for its turn or for a server; there also from another thread."""
    whose: str = ""
    """The run that waits: calls of different runs take turns."""


NOBODY: Final = Following()


class Words(Value):
    """Text within a turn. It is data: what looks like a control token in it is sent as plain text."""

    kind: Literal["text"] = "text"
    text: str


class Picture(Value):
    """An image within a turn. ``frame`` is the SHA-256 of the exact picture that is sent."""

    kind: Literal["image"] = "image"
    frame: str


Part = Annotated[Words | Picture, Field(discriminator="kind")]


class Sampling(Value):
    """How tokens are drawn where not the likeliest is taken."""

    temperature: float = Field(gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = Field(ge=0, lt=1 << 31)
    """Equal seeds give equal texts, on one machine."""


class Ask(Value):
    """All that a model is told in one call: one user turn, built anew each time, sent in this order."""

    added_later: ClassVar[frozenset[str]] = frozenset({"json_schema", "shared", "sampling"})

    prompt: str
    """``name@version sha256`` of the prompt file."""
    system: str | None
    parts: tuple[Part, ...]
    max_new_tokens: int = Field(gt=0)
    """Greatest length of the output; a trace that has to be closed gets as many again for the answer."""
    thinking: bool = False
    """Whether the model is asked to think before it answers. It may do so unasked."""
    json_schema: dict[str, Any] | None = None
    """The answer is to be one JSON object of this schema, written in the order of its properties; see
    `Capabilities.structured` for what an engine makes of it. A trace is then impossible where it is enforced."""
    shared: int = Field(default=0, ge=0)
    """So many parts at the beginning are the same in other asks about the same study or record: worth keeping."""
    sampling: Sampling | None = None
    """Greedy without."""

    @property
    def frames(self) -> tuple[str, ...]:
        return tuple(part.frame for part in self.parts if isinstance(part, Picture))


class Slot(Value):
    """One constrained choice: ``lead`` is written for the model, then it must write one of ``options``."""

    lead: str = ""
    options: tuple[str, ...] = Field(min_length=1)


class Capabilities(Value):
    """What an engine can do, known before it is asked to."""

    images: bool
    choices: bool
    context_tokens: int
    """Prompt and output together."""
    structured: Literal["enforced", "json", "asked"] = "asked"
    """What becomes of an ask's schema: nothing else can be written; some JSON is written; it is asked for in words."""
    sampling: bool = False
    """Whether an ask may say how tokens are drawn, repeatably by its seed."""
    streaming: bool = False
    """Whether the text is told as it is written."""
    prefix: Literal["kept", "by server", "none"] = "none"
    """Who keeps what was made of an ask's shared parts for the next ask about them."""
    parallel: int = 1
    """Calls that run at once; further ones wait their turn."""


FinishReason = Literal["stop", "length", "no-answer", "loop"]
"""As in `Generation.finish_reason`."""


class Generation(Value):
    """One model call's outcome."""

    text: str
    """The answer, without trace and markers. Empty where the model came to none."""
    thoughts: str | None = None
    """The trace, where there was one."""
    raw: str
    """All that was generated, markers included; a closed trace with what was put in to close it."""
    chosen: tuple[str, ...] = ()
    """One option of each slot, for constrained choices."""
    finish_reason: FinishReason
    """``stop``: came to its own end. ``length``: the answer was cut. ``no-answer``: the trace never ended.
    ``loop``: it said the same over and over and was stopped. Only ``stop`` may be shown as an answer."""
    engine: Engine
    parameters: dict[str, Any]
    """Everything that decides the output besides the ask and the weights: decoding, device, dtype, image processor."""
    libraries: dict[str, str]
    prompt_tokens: int
    image_tokens: int
    """Of the prompt's tokens, those that stand for pictures, markers included."""
    output_tokens: int
    seconds: float
    """Spent generating, loading excluded."""


class Generator(NamedEngine, Protocol):
    def capabilities(self) -> Capabilities: ...

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        """Answer. Equal asks give equal texts, sampled ones too.

        Raises:
            ModelNeeded: it cannot be had now: the weights are missing, damaged, of another architecture or too large
                for this machine; the server does not answer, or not whole.
            BadInput: the ask does not fit the context (with the numbers), a frame is no picture, or the ask wants what
                `capabilities` says cannot be had.
            Cancelled: ``following`` ended it.
        """
        ...

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        """Write each slot's lead and one of its options, enforced while decoding; ``chosen`` holds the options.

        Raises as `generate`; BadInput where ``capabilities().choices`` is False.
        """
        ...
