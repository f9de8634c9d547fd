"""Engines that hear and say what they are told, for tests of everything around them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

from pipelines.errors import ModelNeeded
from pipelines.models.classifier import Classification, Embedded, pack
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.picture_kinds import DESCRIPTIONS
from pipelines.records import Availability, Engine, Kind, Segment, Word
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.recognizer import ByListening, Heard, SoFar
from pipelines.text.lexicon import Lexicon

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


@dataclass(kw_only=True)
class _Scripted:
    """An engine that is there or not, as it is told."""

    ready: bool = True

    def available(self) -> Availability:
        return Availability(ready=self.ready, detail="scripted", remedy=None if self.ready else "set ready")

    def require(self) -> None:
        if not self.ready:
            raise ModelNeeded("scripted", "is not there", "set ready")


@dataclass
class ScriptedRecognizer(_Scripted, ByListening):
    """Says ``texts[tenths of a second of audio modulo their number]``; counts how often it was asked."""

    texts: tuple[str, ...] = (DICTATION,)
    asked: int = 0
    name: str = "scripted"
    minimum_seconds: float = 0.1
    heard: list[int] = field(default_factory=list)

    def engine(self) -> Engine:
        return Engine(name=self.name, version="1", note="a test engine")

    def libraries(self) -> dict[str, str]:
        return {"scripted": "1"}

    def listen(self, lexicon: Lexicon | None = None) -> ScriptedListening:
        return ScriptedListening(self)


class ScriptedListening:
    """So far it says the words of its text in even time, two in a second, the last of them open."""

    def __init__(self, engine: ScriptedRecognizer) -> None:
        self.engine = engine
        self.samples = 0

    def hear(self, samples: Samples) -> None:
        self.engine.require()
        self.samples += len(samples)

    def so_far(self) -> SoFar:
        said = self._text().split()[: int(2 * self.samples / RATE)]
        return SoFar(" ".join(said[:-1]), f" {said[-1]}" if said else "")

    def finish(self) -> Heard:
        self.engine.require()
        self.engine.asked += 1
        self.engine.heard.append(self.samples)
        seconds = self.samples / RATE
        text = self._text()
        segment = Segment(start=0.0, end=seconds, words=words_of(text, seconds))
        return Heard(raw=text, segments=(segment,), finish_reason="stop", seconds=0.0)

    def _text(self) -> str:
        return self.engine.texts[round(self.samples / RATE * 10) % len(self.engine.texts)]


ANSWER = "There is no pneumothorax. The lungs are clear."


@dataclass
class ScriptedGenerator(_Scripted):
    """Answers ``answer``, and takes the option of every slot that ``choice`` names, else the last; keeps its asks.

    Before ``answer`` it gives those of ``answers`` in turn; ``structured`` is what it says of itself, and no more.
    """

    answer: str = ANSWER
    choice: str = ""
    finish_reason: Literal["stop", "length", "no-answer", "loop"] = "stop"
    name: str = "scripted"
    asks: list[Ask] = field(default_factory=list)
    slots: list[tuple[Slot, ...]] = field(default_factory=list)
    answers: tuple[str, ...] = ()
    structured: Literal["enforced", "json", "asked"] = "asked"

    def engine(self) -> Engine:
        self.require()
        return Engine(
            name=self.name, version="1", model="scripted", revision="1", weights_sha256="0" * 64, note="a test engine"
        )

    def capabilities(self) -> Capabilities:
        return Capabilities(images=True, choices=True, context_tokens=4096, structured=self.structured)

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        if self.answers:
            self.answer, *rest = self.answers
            self.answers = tuple(rest)
        self.asks.append(ask)
        assert all(frames(frame) for frame in ask.frames)
        return self._generation(self.answer if self.finish_reason == "stop" else "", ())

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        self.asks.append(ask)
        self.slots.append(slots)
        chosen = tuple(self.choice if self.choice in slot.options else slot.options[-1] for slot in slots)
        return self._generation("\n".join(chosen), chosen)

    def _generation(self, text: str, chosen: tuple[str, ...]) -> Generation:
        return Generation(
            text=text,
            raw=self.answer,
            chosen=chosen,
            finish_reason=self.finish_reason,
            engine=self.engine(),
            parameters={"do_sample": False},
            libraries={"scripted": "1"},
            prompt_tokens=1,
            image_tokens=0,
            output_tokens=1,
            seconds=0.0,
        )


@dataclass
class ScriptedClassifier(_Scripted):
    """Takes every picture for ``kind`` (None: for nothing known), or fails with ``failure``. Where a picture lies its
    mean colour tells: pictures of like colours lie near each other."""

    kind: Kind | None = None
    failure: BaseException | None = None
    weights: str = "5" * 64
    name: str = "scripted-eyes"
    classified: list[str] = field(default_factory=list)
    embedded: list[str] = field(default_factory=list)
    released: int = 0

    def engine(self) -> Engine:
        self.require()
        return Engine(name=self.name, version="1", model="scripted", revision="1", weights_sha256=self.weights)

    def classify(self, frame: bytes, labels: tuple[str, ...]) -> Classification:
        self.classified.append(hashlib.sha256(frame).hexdigest())
        self._fail()
        fitting = DESCRIPTIONS[self.kind] if self.kind else ()
        logits = tuple(8.0 if label in fitting else -8.0 for label in labels)
        return Classification(labels=labels, logits=logits, **self._call(frame))

    def embed(self, frame: bytes) -> Embedded:
        self.embedded.append(hashlib.sha256(frame).hexdigest())
        self._fail()
        with Image.open(io.BytesIO(frame)) as picture:
            colour = np.asarray(picture.convert("RGB"), dtype=np.float32).mean(axis=(0, 1)) + 1
        return Embedded(vector=pack(colour / np.linalg.norm(colour)), **self._call(frame))

    def release(self) -> None:
        self.released += 1

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _call(self, frame: bytes) -> dict[str, Any]:
        return {
            "frame": hashlib.sha256(frame).hexdigest(),
            "engine": self.engine(),
            "parameters": {"side": 448},
            "libraries": {"scripted": "1"},
            "seconds": 0.0,
        }
