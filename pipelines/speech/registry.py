"""The recognisers that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.weights.folder import ModelFolder


def recognizers(
    *,
    cache_dir: Path | None = None,
    threads: int = 0,
    medasr: ModelFolder | None = None,
    device: str = "auto",
) -> dict[str, Callable[[], Recognizer]]:
    """Every recogniser by name, best default first, each made when called.

    Args:
        cache_dir: as `WhisperRecognizer`.
        threads: as each of them.
        medasr: where MedASR lies or would lie; without it there is no ``medasr``.
        device: as `MedASRRecognizer`.
    """
    known: dict[str, Callable[[], Recognizer]] = {}
    if medasr is not None:
        known["medasr"] = lambda: MedASRRecognizer(medasr, threads, device)
    known["whisper"] = lambda: WhisperRecognizer(cache_dir, threads)
    return known
