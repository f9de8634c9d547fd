"""The language models that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.models.generator import Generator
from pipelines.models.medgemma import MedGemma
from pipelines.weights.folder import ModelFolder


def generators(
    *, medgemma: ModelFolder, threads: int = 0, device: str = "auto", dtype: str = "auto"
) -> dict[str, Callable[[], Generator]]:
    """Every generator by name, best default first, each made when called. Arguments as `MedGemma`."""
    return {"medgemma": lambda: MedGemma(medgemma, threads, device, dtype)}
