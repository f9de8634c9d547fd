"""One recording on its way through Whisper: cut in its pauses, each piece heard until it accounts for all speech."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipelines.speech.audio import RATE
from pipelines.speech.completeness import Stretch, Timed, total, unaccounted
from pipelines.speech.decode import Samples
from pipelines.speech.pieces import LONG_PAUSE_SECONDS, PIECE_SECONDS, Piece, Pieces, split
from pipelines.speech.recognizer import Heard, SoFar, require_length
from pipelines.speech.voice import PAUSE_MS, THRESHOLD, VoiceStream
from pipelines.speech.whisper_glance import Glances
from pipelines.speech.whisper_model import REPETITION_RATIO, Reading, Sound, WhisperModel
from pipelines.speech.writer import Writer

MINIMUM_SECONDS: Final = 0.2


class WhisperListening:
    """See `Listening`.

    Args:
        load: gives the model; called when something is to be heard.
        voice: finds where somebody speaks.
        beam: width of the search.
        threads: for the log.
    """

    def __init__(self, load: Callable[[], WhisperModel], voice: VoiceStream, beam: int, threads: int) -> None:
        self._load = load
        self._voice = voice
        self._beam = beam
        self._threads = threads
        self._pieces = Pieces(voice)
        self._writer = Writer()
        self._glances = Glances()
        self._kept = np.empty(0, np.float32)
        self._kept_from = 0
        self._again: list[dict[str, Any]] = []
        self._seconds = 0.0

    def hear(self, samples: Samples) -> None:
        self._voice.hear(samples)
        self._kept = np.concatenate((self._kept, samples))
        for piece in self._pieces.over():
            self._take(piece)
        self._let_go()

    def so_far(self) -> SoFar:
        text = self._glances.text(self._load, self._pieces.open(self._heard), self._sound)
        return SoFar(self._writer.text, f" {text}" if self._writer.text and text else text)

    def finish(self) -> Heard:
        require_length(self._heard, MINIMUM_SECONDS, "recording")
        self._voice.finish()
        for piece in self._pieces.last(self._heard):
            self._take(piece)
        return self._writer.heard(
            seconds=self._seconds,
            parameters={
                "language": "en",
                "task": "transcribe",
                "beam_size": self._beam,
                "temperature": 0.0,
                "without_timestamps": True,
                "repetition_ratio": REPETITION_RATIO,
                "compute_type": "int8",
                "threads": self._threads,
                "voice_threshold": THRESHOLD,
                "pause_ms": PAUSE_MS,
                "long_pause_seconds": LONG_PAUSE_SECONDS,
                "piece_seconds": PIECE_SECONDS,
                "heard_again": self._again,
            },
            speech=tuple((first / RATE, last / RATE) for first, last in self._voice.spans),
        )

    @property
    def _heard(self) -> int:
        return self._kept_from + len(self._kept)

    def _sound(self, piece: Piece) -> Samples:
        return self._kept[piece.first - self._kept_from : piece.last - self._kept_from]

    def _let_go(self) -> None:
        needed = min(self._pieces.needed_from, self._heard)
        # Not at every call: each copies what is kept.
        if needed - self._kept_from > RATE:
            self._kept = self._kept[needed - self._kept_from :].copy()
            self._kept_from = needed

    def _take(self, piece: Piece) -> None:
        model = self._load()
        started = time.perf_counter()
        tried = self._attempts(model, piece)
        kept = min(tried, key=lambda attempt: (attempt.loops, total(attempt.missing)))
        for reading, offset in kept.found:
            self._writer.add(reading, offset, self._heard / RATE)
        self._writer.miss(kept.missing)
        if len(tried) > 1:
            self._again.append({"start": piece.first / RATE, "end": piece.last / RATE, "kept": kept.way})
        self._seconds += time.perf_counter() - started

    def _attempts(self, model: WhisperModel, piece: Piece) -> list[_Attempt]:
        """Every attempt at a piece: one where it accounts for all speech, else more until one does."""
        whole = model.encode(self._sound(piece))
        tried = [_attempt("beam", piece, model, whole, self._beam)]
        if tried[0].complete:
            return tried
        tried.append(_attempt("greedy", piece, model, whole, 1))
        if tried[-1].complete:
            return tried
        cut = tried[0].missing[0][0] if tried[0].missing else (piece.first + piece.last) / 2 / RATE
        parts = split(piece, cut * RATE)
        heard = [_attempt("split", part, model, model.encode(self._sound(part)), self._beam) for part in parts]
        tried.append(_Attempt("split", tuple(it for part in heard for it in part.found), _missing(piece, heard)))
        return tried


@dataclass(frozen=True)
class _Attempt:
    """One way of hearing a piece."""

    way: str
    found: tuple[tuple[Reading, float], ...]
    """Readings, and the seconds that their times count from."""
    missing: tuple[Stretch, ...]

    @property
    def loops(self) -> bool:
        return any(reading.repeats for reading, _ in self.found)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.loops


def _attempt(way: str, piece: Piece, model: WhisperModel, sound: Sound, beam: int) -> _Attempt:
    reading = model.read(sound, model.decode(sound, beam))
    found = ((reading, piece.first / RATE),) if reading.text.strip() else ()
    return _Attempt(way, found, _unaccounted(piece, found))


def _missing(piece: Piece, parts: list[_Attempt]) -> tuple[Stretch, ...]:
    return _unaccounted(piece, tuple(it for part in parts for it in part.found))


def _unaccounted(piece: Piece, found: tuple[tuple[Reading, float], ...]) -> tuple[Stretch, ...]:
    speech = [(start / RATE, end / RATE) for start, end in piece.speech]
    words = [
        Timed(word.word.strip(), offset + word.start, offset + word.end)
        for reading, offset in found
        for word in reading.words
    ]
    return unaccounted(speech, words)
