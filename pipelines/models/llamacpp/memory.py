"""How much memory a GGUF will take under llama.cpp, told from its header before it is loaded."""

from __future__ import annotations

from typing import Final

from pipelines.errors import ModelNeeded
from pipelines.models.llamacpp.runtime import BATCH
from pipelines.weights.gguf import GgufHeader
from pipelines.weights.gguf_folder import GgufFolder
from pipelines.weights.memory import Need, available_memory

#: Keys and values are kept as float16, what is worked on as float32.
_KEPT: Final = 2
_WORK: Final = 4
_LIBRARIES: Final = 150_000_000
_ROWS: Final = 16


def estimate(model: GgufHeader, projector: GgufHeader | None, context: int) -> Need:
    """What running it will take: a rule, not a measurement (it was held against one).

    Weights count as large as their files, keys and values exactly, with no layer sparing any. The work is a few rows as
    wide as the model is, per token of a batch or per patch of a picture, whichever is more. With the sizes of MedGemma
    4B in 4 bits, 4,096 tokens and a picture it says 4.4 GB; the process had 4.3 GB at its peak.
    """
    layers, width = model.of_model("block_count") or 0, model.of_model("embedding_length") or 0
    heads = model.of_model("attention.head_count") or 1
    groups = model.of_model("attention.head_count_kv") or heads
    row = (model.of_model("attention.key_length") or width // heads) + (
        model.of_model("attention.value_length") or width // heads
    )
    vocabulary = len(model.texts("tokenizer.ggml.tokens"))
    work = (BATCH * _ROWS * width + vocabulary) * _WORK
    if projector is not None:
        side = projector.number("clip.vision.image_size") or 0
        patches = (side // (projector.number("clip.vision.patch_size") or 1)) ** 2
        seen = projector.number("clip.vision.embedding_length") or 0
        work = max(work, patches * _ROWS * seen * _WORK)
    return Need(
        weights=model.size + (projector.size if projector is not None else 0),
        cache=layers * context * groups * row * _KEPT,
        work=work,
        overhead=_LIBRARIES,
    )


def require_memory(folder: GgufFolder, context: int) -> None:
    """Refuse a model that this machine cannot hold, before anything of it is loaded.

    Raises:
        ModelNeeded: with what it needs and what is free.
    """
    need = estimate(folder.header(), folder.projector(), context)
    free = available_memory("cpu")
    if need.total > free:
        raise ModelNeeded(
            folder.model.name,
            f"needs {need.total / 1e9:.1f} GB for a context of {context} tokens ({need.weights / 1e9:.1f} GB of it for"
            f" the weights) and {free / 1e9:.1f} GB are free",
            "set ASSISTANT_LLAMACPP_CONTEXT lower, close other programs, or use a machine with more memory",
        )
