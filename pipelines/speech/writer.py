"""Writes down what faster-whisper hears: raw text, words with their places and times, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipelines.records import Segment, Word
from pipelines.speech.completeness import Stretch
from pipelines.speech.recognizer import Heard

#: Text that compresses better than this repeats itself (the value is Whisper's own).
REPETITION_RATIO: Final = 2.4
#: Tokens of one 30 s window at which the decoder gives up (half of its context of 448).
WINDOW_TOKENS: Final = 448


class Writer:
    """Writes the raw text down segment by segment and keeps where each word stands in it."""

    def __init__(self, duration: float) -> None:
        self.duration = duration
        self._text = ""
        self._segments: list[Segment] = []
        self._time = 0.0
        self._tokens: dict[tuple[float, int], int] = {}
        self._warnings: list[str] = []

    def add(self, found: Any, offset: float) -> None:
        """``found``: a segment of faster-whisper, its times relative to ``offset`` seconds."""
        text = found.text.strip()
        if not text:
            return
        position = len(self._text) + 1 if self._text else 0
        self._text = f"{self._text} {text}" if self._text else text
        start = self._moment(offset + found.start)
        words = []
        for word in found.words or ():
            spelt = word.word.strip()
            at = self._text.find(spelt, position)
            if not spelt or at < 0:
                continue
            position = at + len(spelt)
            words.append(
                Word(
                    text=spelt,
                    start=self._moment(offset + word.start),
                    end=self._moment(offset + word.end),
                    confidence=min(1.0, max(0.0, float(word.probability))),
                    raw_start=at,
                    raw_end=position,
                )
            )
        end = self._moment(offset + found.end)
        self._segments.append(Segment(start=start, end=end, words=tuple(words)))
        window = (offset, found.seek)
        self._tokens[window] = self._tokens.get(window, 0) + len(found.tokens)
        if found.compression_ratio > REPETITION_RATIO:
            self._warnings.append(f"repeats itself between {start:.1f} s and {end:.1f} s: listen again")

    def miss(self, speech: Iterable[Stretch]) -> None:
        """Warn of speech that no word accounts for."""
        self._warnings += [
            f"speech between {start:.1f} s and {end:.1f} s gave few words: listen again" for start, end in speech
        ]

    def _moment(self, seconds: float) -> float:
        """Times as the engine gives them may step back by a few hundredths at a seam; ours never do."""
        self._time = round(min(self.duration, max(self._time, seconds)), 3)
        return self._time

    def heard(self, seconds: float, parameters: dict[str, Any]) -> Heard:
        cut = any(count >= WINDOW_TOKENS // 2 - 8 for count in self._tokens.values())
        return Heard(
            raw=self._text,
            segments=tuple(self._segments),
            finish_reason="length" if cut else "stop",
            seconds=seconds,
            parameters=parameters,
            warnings=(*self._warnings, *(("the engine gave up within a stretch: listen again",) if cut else ())),
            tokens=sum(self._tokens.values()),
        )
