"""What every recogniser offers, and what it hands back. `tests/speech/recognizer_conformance.py` holds them to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pipelines.errors import BadInput
from pipelines.named_engine import NamedEngine
from pipelines.records import Segment
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.text.lexicon import Lexicon

#: Samples that are handed to an engine at once.
_BLOCK: Final = 4 * RATE

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
    language: str | None = None
    """The language heard (ISO 639-1), where the engine looked and was sure."""
    speech: tuple[tuple[float, float], ...] | None = None
    """When somebody spoke (start and end in seconds), by a voice detector; None where the engine has none."""


@dataclass(frozen=True)
class SoFar:
    """What was heard up to now, raw. ``settled`` only ever grows; ``open`` may still change."""

    settled: str
    open: str
    segments: tuple[Segment, ...] = ()
    """The first ones, which stay as they are: whoever reads them need not wait for the end."""


class Listening(Protocol):
    """One recording on its way into an engine, in order and in pieces of any length.

    What comes out does not depend on how the sound was cut into pieces, nor on whether `so_far` was asked. Memory does
    not grow with the samples, only with what was said. Not for several threads at once.
    """

    def hear(self, samples: Samples) -> None:
        """Take in the next mono 16 kHz float32 samples, [n]; recognises what can be recognised for good.

        Raises:
            ModelNeeded: the weights are missing or damaged.
        """
        ...

    def so_far(self) -> SoFar:
        """What was heard up to now: quick, for somebody who watches."""
        ...

    def finish(self) -> Heard:
        """Nothing more comes. Called once.

        Raises:
            BadInput: fewer samples than the engine's ``minimum_seconds``.
        """
        ...


class Recognizer(NamedEngine, Protocol):
    @property
    def writes_braces(self) -> bool:
        """Whether spoken commands come in braces, so that plain words never are commands."""
        ...

    @property
    def minimum_seconds(self) -> float:
        """Shorter recordings cannot hold a word, or break the model."""
        ...

    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that decide the output."""
        ...

    def listen(self, lexicon: Lexicon | None = None) -> Listening:
        """Begin a recording. Loads nothing yet.

        Args:
            lexicon: terms that may be expected; None, or an engine that cannot use one, hears without.
        """
        ...

    def recognise(self, samples: Samples, progress: Progress | None = None, lexicon: Lexicon | None = None) -> Heard:
        """Recognise mono 16 kHz float32 speech, [n], as `listen` would. Equal samples give equal words.

        Raises:
            BadInput: fewer samples than ``minimum_seconds``.
            ModelNeeded: the weights are missing or damaged.
        """
        ...


class ByListening(ABC):
    """`Recognizer.recognise` for engines that listen."""

    writes_braces: bool = False

    @abstractmethod
    def listen(self, lexicon: Lexicon | None = None) -> Listening:
        """See `Recognizer.listen`."""

    def recognise(self, samples: Samples, progress: Progress | None = None, lexicon: Lexicon | None = None) -> Heard:
        """See `Recognizer.recognise`."""
        listening = self.listen(lexicon)
        for start in range(0, len(samples), _BLOCK):
            listening.hear(samples[start : start + _BLOCK])
            if progress:
                progress(min(start + _BLOCK, len(samples)) / len(samples))
        heard = listening.finish()
        if progress:
            progress(1.0)
        return heard


def require_length(samples: int, minimum_seconds: float, name: str) -> None:
    """Refuse what is too short to hold a word.

    Raises:
        BadInput: naming ``name`` and both durations.
    """
    seconds = samples / RATE
    if seconds < minimum_seconds:
        raise BadInput(
            name,
            f"{seconds:.2f} s is too short to hold a word (at least {minimum_seconds:.2f} s)",
            "record it again, from before the first word to after the last",
        )
