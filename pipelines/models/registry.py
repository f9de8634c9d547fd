"""The language models, and those that look at pictures, that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pipelines.models.classifier import ImageClassifier
from pipelines.models.generator import Generator
from pipelines.models.llamacpp.generator import CONTEXT_TOKENS, LlamaCpp
from pipelines.models.medgemma.generator import KEPT_BYTES, MedGemma
from pipelines.models.medsiglip.classifier import MedSigLIP
from pipelines.weights.folder import ModelFolder
from pipelines.weights.gguf_folder import GgufFolder
from pipelines.weights.memory import Quantize


def generators(
    *,
    medgemma: ModelFolder,
    variants: Iterable[ModelFolder] = (),
    threads: int = 0,
    device: str = "auto",
    dtype: str = "auto",
    quantize: Quantize = "none",
    adapter: Path | None = None,
    kept_bytes: int = KEPT_BYTES,
    llamacpp: GgufFolder | None = None,
    llamacpp_context: int = CONTEXT_TOKENS,
    openai: Callable[[], Generator] | None = None,
) -> dict[str, Callable[[], Generator]]:
    """Every generator by name, best default first, each made when called. Arguments as `MedGemma`.

    Args:
        variants: where other MedGemmas lie.
        llamacpp: where MedGemma lies as GGUF.
        llamacpp_context: tokens that are kept memory for there.
        openai: makes the engine behind a server, which needs a way to the network.
    """

    def through_transformers(folder: ModelFolder) -> Callable[[], Generator]:
        return lambda: MedGemma(folder, threads, device, dtype, kept_bytes, quantize=quantize, adapter=adapter)

    made: dict[str, Callable[[], Generator]] = {
        folder.model.name: through_transformers(folder) for folder in (medgemma, *variants)
    }
    if llamacpp is not None:
        made[LlamaCpp.name] = lambda: LlamaCpp(llamacpp, llamacpp_context, threads, device)
    if openai is not None:
        made["openai"] = openai
    return made


def classifiers(
    *, medsiglip: ModelFolder, threads: int = 0, device: str = "auto", dtype: str = "auto"
) -> dict[str, Callable[[], ImageClassifier]]:
    """Every image classifier by name, each made when called. Arguments as `MedSigLIP`."""
    return {"medsiglip": lambda: MedSigLIP(medsiglip, threads, device, dtype)}
