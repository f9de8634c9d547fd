"""What every recogniser offers, and what it hands back. `tests/speech/recognizer_conformance.py` holds them to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipelines.errors import BadInput
from pipelines.records import Availability, Engine, Segment
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples

Progress = Callable[[float], None]
"""Told the fraction done, from 0 to 1, never falling."""


@dataclass(frozen=True)
class Heard:
    """One recognition, before any formatting."""

    raw: str
    segments: tuple[Segment, ...]
    """Their words slice ``raw``; times are seconds from the start of the samples, never falling, never past the end."""
    finish_reason: str
    """``stop`` when the engine came to its own end everywhere, ``length`` when a limit cut it somewhere."""
    seconds: float
    """Spent recognising, loading excluded."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Everything that decides the output besides samples and weights."""
    warnings: tuple[str, ...] = ()
    tokens: int | None = None


class Recognizer(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def minimum_seconds(self) -> float:
        """Shorter recordings cannot hold a word, or break the model."""
        ...

    def available(self) -> Availability: ...

    def engine(self) -> Engine:
        """Which engine and weights these are, without loading them."""
        ...

    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that decide the output."""
        ...

    def recognise(self, samples: Samples, progress: Progress | None = None) -> Heard:
        """Recognise mono 16 kHz float32 speech, [n]. Equal samples give equal words.

        Raises:
            BadInput: fewer samples than ``minimum_seconds``.
            ModelNeeded: the weights are missing or damaged.
        """
        ...


def require_length(samples: Samples, minimum_seconds: float, name: str) -> None:
    """Refuse what is too short to hold a word.

    Raises:
        BadInput: naming ``name`` and both durations.
    """
    seconds = len(samples) / RATE
    if seconds < minimum_seconds:
        raise BadInput(
            name,
            f"{seconds:.2f} s is too short to hold a word (at least {minimum_seconds:.2f} s)",
            "record it again, from before the first word to after the last",
        )
