"""The recognisers that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.errors import UsageProblem
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.whisper import WhisperRecognizer


def recognizers(
    *, cache_dir: Path | None = None, threads: int = 0, allow_network: bool = False
) -> dict[str, Callable[[], Recognizer]]:
    """Every recogniser by name, best default first, each made when called. Arguments as `WhisperRecognizer`."""
    return {"whisper": lambda: WhisperRecognizer(cache_dir, threads, allow_network)}


def choose(name: str, *, cache_dir: Path | None = None, threads: int = 0, allow_network: bool = False) -> Recognizer:
    """The recogniser of this name.

    Raises:
        UsageProblem: there is none; the line lists those there are.
    """
    known = recognizers(cache_dir=cache_dir, threads=threads, allow_network=allow_network)
    if name not in known:
        raise UsageProblem(name, "is not a speech engine", f"choose one of: {', '.join(known)}")
    return known[name]()
