"""What every language model behind the tasks provides. No engine implements it yet: see the CHANGELOG."""

from __future__ import annotations

from typing import Protocol

from pipelines.records import Availability, Engine, Value


class Generation(Value):
    """One model call's outcome."""

    text: str
    finish_reason: str
    engine: Engine
    prompt_tokens: int
    output_tokens: int
    seconds: float


class Generator(Protocol):
    @property
    def name(self) -> str: ...

    def available(self) -> Availability: ...

    def engine(self) -> Engine: ...

    def choose(self, prompt: str, options: tuple[str, ...]) -> tuple[str, Generation]:
        """One of ``options``, enforced while decoding; greedy."""
        ...


def generators() -> tuple[Generator, ...]:
    """The generators that this version knows, whether or not they can work here."""
    return ()
