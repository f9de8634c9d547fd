"""The embedded recogniser: Whisper base through faster-whisper, int8 on the CPU, unprompted and deterministic."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from pipelines.quiet import silence_telemetry
from pipelines.records import Availability, Engine
from pipelines.speech.audio import RATE
from pipelines.speech.completeness import Stretch, Timed, total, unaccounted
from pipelines.speech.decode import Samples
from pipelines.speech.pieces import (
    LONG_PAUSE_SECONDS,
    PAUSE_MS,
    PIECE_SECONDS,
    STRETCH_SECONDS,
    VOICE_THRESHOLD,
    Piece,
    pieces,
    speech_spans,
    split,
    stretches,
)
from pipelines.speech.recognizer import Heard, Progress, require_length
from pipelines.speech.weights import MODEL, MODEL_SHA256, REVISION, weights_available, whisper_base
from pipelines.speech.writer import REPETITION_RATIO, Writer

#: No better than greedy on clean speech, clearly better in noise (word error rate 0.38 against 0.45 at 10 dB), a fifth
#: slower.
BEAM: Final = 5
_NOTE: Final = "general-purpose Whisper base, not MedASR: drug names and medical terms are often misheard"


class WhisperRecognizer:
    """Whisper base.

    Args:
        cache_dir: where joined weights are kept; the user's cache folder when None.
        threads: CPU threads; 0 leaves the choice to the engine.
        beam: width of the beam search; 1 is greedy.
    """

    name: Final = "whisper"
    minimum_seconds: Final = 0.2

    def __init__(
        self,
        cache_dir: Path | None = None,
        threads: int = 0,
        beam: int = BEAM,
    ) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._beam = beam
        self._model: Any = None
        self._loading = threading.Lock()

    def available(self) -> Availability:
        return weights_available(self._cache_dir)

    def engine(self) -> Engine:
        return Engine(
            name=self.name,
            version=version("faster-whisper"),
            model=MODEL,
            revision=REVISION,
            weights_sha256=MODEL_SHA256,
            note=_NOTE,
        )

    def libraries(self) -> dict[str, str]:
        return {name: version(name) for name in ("faster-whisper", "ctranslate2", "onnxruntime", "numpy")}

    def recognise(self, samples: Samples, progress: Progress | None = None) -> Heard:
        """See `Recognizer.recognise`."""
        require_length(samples, self.minimum_seconds, "recording")
        model = self._loaded()
        started = time.perf_counter()
        writer = Writer(len(samples) / RATE)
        again: list[dict[str, Any]] = []
        for first, last in stretches(samples):
            for piece in pieces(speech_spans(samples[first:last], first), first, last):
                tried = self._hear(model, samples, piece)
                kept = min(tried, key=lambda attempt: (attempt.loops, total(attempt.missing)))
                for segment, offset in kept.found:
                    writer.add(segment, offset)
                writer.miss(kept.missing)
                if len(tried) > 1:
                    again.append({"start": piece.first / RATE, "end": piece.last / RATE, "kept": kept.way})
                if progress:
                    progress(piece.last / len(samples))
        if progress:
            progress(1.0)
        return writer.heard(
            time.perf_counter() - started,
            {
                **self._parameters(self._beam),
                "compute_type": "int8",
                "threads": self._threads,
                "voice_threshold": VOICE_THRESHOLD,
                "pause_ms": PAUSE_MS,
                "long_pause_seconds": LONG_PAUSE_SECONDS,
                "piece_seconds": PIECE_SECONDS,
                "stretch_seconds": STRETCH_SECONDS,
                "heard_again": again,
            },
        )

    def _hear(self, model: Any, samples: Samples, piece: Piece) -> list[_Attempt]:
        """Every attempt at a piece: one where it accounts for all speech, else more until one does."""
        tried = [self._attempt(model, samples, (piece,), "beam", self._beam)]
        if tried[0].complete:
            return tried
        tried.append(self._attempt(model, samples, (piece,), "greedy", 1))
        if tried[-1].complete:
            return tried
        cut = tried[0].missing[0][0] if tried[0].missing else (piece.first + piece.last) / 2 / RATE
        tried.append(self._attempt(model, samples, split(piece, cut * RATE), "split", self._beam))
        return tried

    def _attempt(self, model: Any, samples: Samples, parts: tuple[Piece, ...], way: str, beam: int) -> _Attempt:
        found = []
        for part in parts:
            segments, _ = model.transcribe(samples[part.first : part.last], **self._parameters(beam))
            # The library would look again at what lies after the last word, and hear "thank you" in the silence.
            found += [(segment, part.first / RATE) for segment in takewhile(lambda it: it.seek == 0, segments)]
        speech = [(start / RATE, end / RATE) for part in parts for start, end in part.speech]
        words = [
            Timed(word.word.strip(), offset + word.start, offset + word.end)
            for segment, offset in found
            for word in segment.words or ()
        ]
        return _Attempt(way, tuple(found), unaccounted(speech, words))

    def _parameters(self, beam: int) -> dict[str, Any]:
        return {
            "language": "en",
            "task": "transcribe",
            "beam_size": beam,
            "temperature": 0.0,
            "condition_on_previous_text": False,
            # With time tokens the decoder now and then ends its text in mid-sentence.
            "without_timestamps": True,
            "word_timestamps": True,
            "compression_ratio_threshold": REPETITION_RATIO,
            "vad_filter": False,
        }

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                # A folder that exists: the library would look a bare name up on the hub.
                folder = whisper_base(self._cache_dir)
                silence_telemetry()
                from faster_whisper import WhisperModel

                self._model = WhisperModel(
                    str(folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True
                )
            return self._model


@dataclass(frozen=True)
class _Attempt:
    """One way of hearing a piece."""

    way: str
    found: tuple[tuple[Any, float], ...]
    """Segments of faster-whisper, and the seconds that their times count from."""
    missing: tuple[Stretch, ...]

    @property
    def loops(self) -> bool:
        return any(segment.compression_ratio > REPETITION_RATIO for segment, _ in self.found)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.loops
