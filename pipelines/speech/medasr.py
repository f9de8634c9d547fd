"""MedASR: Google's model of English medical dictation, fed as its own pipeline feeds it."""

from __future__ import annotations

import threading
import time
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Availability, Engine
from pipelines.speech import ctc
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.medasr_model import MedASRModel, load
from pipelines.speech.recognizer import Heard, Progress, require_length
from pipelines.speech.windows import FIELD, OVERLAP, WINDOW, row_span, windows
from pipelines.weights.folder import ModelFolder

_NOTE: Final = (
    "for English medical dictation: weaker on accents from outside the United States, in noise, on new drug names, "
    "dates, times and durations, and not made for conversations"
)


class MedASRRecognizer:
    """MedASR in float32, greedy. Punctuation and headings come as it writes them, ``{period}`` and ``[FINDINGS]``.

    Args:
        folder: where the model lies.
        threads: CPU threads; 0 leaves the choice to torch. It counts for the whole process.
        device: ``auto`` (cuda, else mps, else cpu) or a device as torch names it.
    """

    name: Final = "medasr"
    minimum_seconds: Final = FIELD / RATE

    def __init__(self, folder: ModelFolder, threads: int = 0, device: str = "auto") -> None:
        self._folder = folder
        self._threads = threads
        self._device = device
        self._model: MedASRModel | None = None
        self._loading = threading.Lock()

    def available(self) -> Availability:
        return self._folder.availability()

    def engine(self) -> Engine:
        return self._folder.engine(version=version("transformers"), note=_NOTE)

    def libraries(self) -> dict[str, str]:
        return {name: version(name) for name in ("transformers", "torch", "tokenizers", "numpy")}

    def recognise(self, samples: Samples, progress: Progress | None = None) -> Heard:
        """See `Recognizer.recognise`.

        Raises:
            UsageProblem: the device asked for is not one of this machine.
        """
        require_length(samples, self.minimum_seconds, "recording")
        model = self._loaded()
        started = time.perf_counter()
        ids, probabilities = _hear(model, samples, progress)
        tokens = ctc.collapse(ids, probabilities, model.alphabet)
        duration = len(samples) / RATE

        def moments(row: int) -> tuple[float, float]:
            start, end = row_span(row)
            return min(start / RATE, duration), min(end / RATE, duration)

        raw, words = ctc.words(tokens, model.alphabet, moments)
        return Heard(
            raw=raw,
            segments=ctc.segments(words),
            finish_reason="stop",
            seconds=time.perf_counter() - started,
            parameters=self._parameters(model),
            tokens=len(tokens),
        )

    def _parameters(self, model: MedASRModel) -> dict[str, Any]:
        return {
            "window_seconds": WINDOW / RATE,
            "overlap_seconds": OVERLAP / RATE,
            "decoder": "greedy",
            "pause_seconds": ctc.PAUSE_SECONDS,
            "dtype": "float32",
            "device": model.device,
            "attention": model.attention,
            "feature_extractor": model.feature_extractor,
            "threads": self._threads,
        }

    def _loaded(self) -> MedASRModel:
        with self._loading:
            if self._model is None:
                self._model = load(self._folder, self._threads, self._device)
            return self._model


def _hear(
    model: MedASRModel, samples: Samples, progress: Progress | None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The best path's ids and their probabilities, [rows of the recording] each; logits are let go window by window."""
    ids, probabilities = [], []
    for window in windows(len(samples)):
        logits = model.logits(samples[window.first : window.last])[window.keep_from : window.keep_to]
        path = ctc.best_path(logits)
        ids.append(path[0])
        probabilities.append(path[1])
        if progress:
            progress(window.last / len(samples))
    return np.concatenate(ids), np.concatenate(probabilities)
