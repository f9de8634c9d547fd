"""A recogniser that hears what it is told, for tests of everything around recognition."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.records import Availability, Engine, Segment, Word
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.recognizer import Heard, Progress

DICTATION = "The patient reports chest pain. Lungs are clear. Likely angina. Start aspirin 81 mg daily."


def words_of(text: str, seconds: float) -> tuple[Word, ...]:
    """The words of ``text`` at equal distances over ``seconds``."""
    words, at = [], 0
    pieces = text.split()
    for index, piece in enumerate(pieces):
        start = text.index(piece, at)
        at = start + len(piece)
        words.append(
            Word(
                text=piece,
                start=seconds * index / len(pieces),
                end=seconds * (index + 1) / len(pieces),
                confidence=0.9,
                raw_start=start,
                raw_end=at,
            )
        )
    return tuple(words)


@dataclass
class ScriptedRecognizer:
    """Says ``texts[tenths of a second of audio modulo their number]``; counts how often it was asked."""

    texts: tuple[str, ...] = (DICTATION,)
    ready: bool = True
    asked: int = 0
    name: str = "scripted"
    minimum_seconds: float = 0.1
    heard: list[int] = field(default_factory=list)

    def available(self) -> Availability:
        return Availability(ready=self.ready, detail="scripted", remedy=None if self.ready else "set ready")

    def engine(self) -> Engine:
        return Engine(name=self.name, version="1", note="a test engine")

    def libraries(self) -> dict[str, str]:
        return {"scripted": "1"}

    def recognise(self, samples: Samples, progress: Progress | None = None) -> Heard:
        if not self.ready:
            from pipelines.errors import ModelNeeded

            raise ModelNeeded("scripted", "is not there", "set ready")
        self.asked += 1
        self.heard.append(len(samples))
        seconds = len(samples) / RATE
        text = self.texts[round(seconds * 10) % len(self.texts)]
        segment = Segment(start=0.0, end=seconds, words=words_of(text, seconds))
        if progress is not None:
            progress(1.0)
        return Heard(raw=text, segments=(segment,), finish_reason="stop", seconds=0.0)
