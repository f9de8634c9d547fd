"""Writes down what Whisper hears: raw text, words with their places and times, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.records import Segment, Word
from pipelines.speech.completeness import Stretch, missing_warnings
from pipelines.speech.recognizer import Heard
from pipelines.speech.whisper_model import Reading


class Writer:
    """Writes the raw text down reading by reading and keeps where each word stands in it."""

    def __init__(self) -> None:
        self.text = ""
        self._segments: list[Segment] = []
        self._time = 0.0
        self._tokens = 0
        self._cut = False
        self._warnings: list[str] = []

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Those of the readings so far."""
        return tuple(self._segments)

    def add(self, reading: Reading, offset: float, end: float) -> None:
        """Take in the next reading.

        Args:
            offset: seconds that its times count from.
            end: seconds of the recording that there are.
        """
        text = reading.text.strip()
        if not text:
            return
        position = len(self.text) + 1 if self.text else 0
        self.text = f"{self.text} {text}" if self.text else text
        start = self._moment(offset + reading.start, end)
        words = []
        for word in reading.words:
            spelt = word.word.strip()
            at = self.text.find(spelt, position)
            if not spelt or at < 0:
                continue
            position = at + len(spelt)
            words.append(
                Word(
                    text=spelt,
                    start=self._moment(offset + word.start, end),
                    end=self._moment(offset + word.end, end),
                    confidence=min(1.0, max(0.0, word.probability)),
                    raw_start=at,
                    raw_end=position,
                )
            )
        stop = self._moment(offset + reading.end, end)
        self._segments.append(Segment(start=start, end=stop, words=tuple(words)))
        self._tokens += len(reading.tokens)
        self._cut = self._cut or reading.cut
        if reading.repeats:
            self._warnings.append(f"repeats itself between {start:.1f} s and {stop:.1f} s: listen again")

    def miss(self, speech: Iterable[Stretch]) -> None:
        """Warn of speech that no word accounts for."""
        self._warnings += missing_warnings(speech)

    def _moment(self, seconds: float, end: float) -> float:
        """Times as the engine gives them may step back by a few hundredths at a seam; ours never do."""
        self._time = round(min(end, max(self._time, seconds)), 3)
        return self._time

    def heard(self, seconds: float, parameters: dict[str, Any], speech: tuple[Stretch, ...]) -> Heard:
        """All of it.

        Args:
            seconds: spent hearing.
            parameters: as `Heard`.
            speech: as `Heard`.
        """
        gave_up = ("the engine gave up within a stretch: listen again",) if self._cut else ()
        return Heard(
            raw=self.text,
            segments=tuple(self._segments),
            finish_reason="length" if self._cut else "stop",
            seconds=seconds,
            parameters=parameters,
            warnings=(*self._warnings, *gave_up),
            tokens=self._tokens,
            speech=speech,
        )
