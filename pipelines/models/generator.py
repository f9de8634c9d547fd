"""What every language model behind the tasks provides. `tests/models/generator_conformance.py` holds them to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from pipelines.records import Availability, Engine, Value

Frames = Callable[[str], bytes]
"""The bytes of a picture (PNG or JPEG, 8-bit RGB) by its SHA-256."""
Progress = Callable[[float], None]
"""Told the fraction of the token budget that is used, from 0 to 1, never falling."""


class Words(Value):
    """Text within a turn. It is data: what looks like a control token in it is sent as plain text."""

    kind: Literal["text"] = "text"
    text: str


class Picture(Value):
    """An image within a turn. ``frame`` is the SHA-256 of the exact picture that is sent."""

    kind: Literal["image"] = "image"
    frame: str


Part = Annotated[Words | Picture, Field(discriminator="kind")]


class Ask(Value):
    """All that a model is told in one call: one user turn, built anew each time, sent in this order."""

    prompt: str
    """``name@version sha256`` of the prompt file."""
    system: str | None
    parts: tuple[Part, ...]
    max_new_tokens: int = Field(gt=0)
    """Greatest length of the output; a trace that has to be closed gets as many again for the answer."""
    thinking: bool = False
    """Whether the model is asked to think before it answers. It may do so unasked."""

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
    finish_reason: Literal["stop", "length", "no-answer"]
    """``stop``: came to its own end. ``length``: the answer was cut. ``no-answer``: the trace never ended.
    Only ``stop`` may be shown as an answer."""
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


class Generator(Protocol):
    @property
    def name(self) -> str: ...

    def available(self) -> Availability:
        """Whether it can be expected to work, without loading or hashing anything large."""
        ...

    def engine(self) -> Engine:
        """Which engine and weights these are, without loading them.

        Raises:
            ModelNeeded: there are none.
        """
        ...

    def capabilities(self) -> Capabilities: ...

    def generate(self, ask: Ask, frames: Frames, progress: Progress | None = None) -> Generation:
        """Answer, greedily: equal asks give equal texts.

        Raises:
            ModelNeeded: the weights are missing, damaged, of another architecture or too large for this machine.
            BadInput: the ask does not fit the context (with the numbers), or a frame is no picture.
        """
        ...

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames) -> Generation:
        """Write each slot's lead and one of its options, enforced while decoding; ``chosen`` holds the options."""
        ...
