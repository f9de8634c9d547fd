"""How much memory a model will take, told before it is loaded, and how much there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pipelines.errors import ModelNeeded
from pipelines.records import Value
from pipelines.weights.folder import ModelFolder

DType = Literal["bfloat16", "float32"]

_BYTES: Final[Mapping[DType, int]] = {"bfloat16": 2, "float32": 4}
#: What torch and transformers take besides a model (measured: 390 MB), and what allocators hold back.
_LIBRARIES: Final = 500_000_000
#: One window of 20 s through a full-size MedASR (measured: 56 MB in float32).
_SPEECH_WORK: Final = 100_000_000
#: What a published config.json leaves to the defaults of transformers' Gemma3TextConfig and SiglipVisionConfig.
_TEXT_DEFAULTS: Final = {
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "sliding_window": 4096,
    "vocab_size": 262_208,
    "sliding_window_pattern": 6,
}
_UNLIMITED: Final = 1 << 62
_VISION_DEFAULTS: Final = {"hidden_size": 768, "intermediate_size": 3072, "image_size": 224, "patch_size": 16}


class Need(Value):
    """Bytes that running a model takes at its peak."""

    weights: int
    cache: int
    """Keys and values of a context that is full."""
    work: int
    """What one step holds besides."""
    overhead: int
    """The libraries."""

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.work + self.overhead


def estimate(folder: ModelFolder, dtype: DType, device: str, context_tokens: int = 4096) -> Need:
    """What loading and running the model will take. A rule, not a measurement (it was held against some).

    Weights count exactly: numbers with a fraction in ``dtype``, the others as they are stored. A language model's
    cache is exact too, sliding layers keeping no more than their window. Its work is the widest moment of reading a
    prompt in one go: a few rows as wide as a layer is, per token or per image patch, two masks of the whole context,
    and the scores of one position over the vocabulary. With the widths of MedGemma 4B it is within a tenth of the peak
    on a CPU, for 2,048 and 4,096 tokens.

    Raises:
        ModelNeeded: the folder holds no weights that can be read.
    """
    size = _BYTES[dtype]
    weights = sum(t.count * size if t.is_float else t.size for t in folder.tensors().values())
    config = folder.config()
    text = config.get("text_config")
    on_host = 0 if device.startswith("cuda") else _LIBRARIES
    if not isinstance(text, dict):
        return Need(weights=weights, cache=0, work=_SPEECH_WORK, overhead=on_host)
    return Need(
        weights=weights,
        cache=_cache_bytes({**_TEXT_DEFAULTS, **text}, context_tokens, size),
        work=_work_bytes(
            {**_TEXT_DEFAULTS, **text},
            {**_VISION_DEFAULTS, **(config.get("vision_config") or {})},
            context_tokens,
            size,
        ),
        overhead=on_host,
    )


def available_memory(device: str, groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be taken on ``device`` (``cpu``, ``mps``, ``cuda``, ``cuda:1``) without pushing anything out.

    Within a container that has a limit, what the limit leaves counts (Linux, control groups version 2).
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    import psutil

    return min(int(psutil.virtual_memory().available), _left_by_limit(groups))


def require_memory(folder: ModelFolder, dtype: DType, device: str, context_tokens: int = 4096) -> None:
    """Refuse a model that this machine cannot hold, before anything of it is loaded.

    Raises:
        ModelNeeded: with what it needs and what is free.
    """
    need = estimate(folder, dtype, device, context_tokens).total
    free = available_memory(device)
    if need <= free:
        return
    halved = "set ASSISTANT_DTYPE=bfloat16, " if dtype == "float32" else ""
    raise ModelNeeded(
        folder.model.name,
        f"needs {need / 1e9:.1f} GB in {dtype} on {device} and {free / 1e9:.1f} GB are free",
        f"{halved}close other programs, or use a machine with more memory",
    )


def _cache_bytes(text: Mapping[str, Any], tokens: int, size: int) -> int:
    layers = text.get("layer_types") or [
        "full_attention" if (layer + 1) % text["sliding_window_pattern"] == 0 else "sliding_attention"
        for layer in range(text["num_hidden_layers"])
    ]
    window = text["sliding_window"] or tokens
    positions = sum(min(tokens, window) if kind == "sliding_attention" else tokens for kind in layers)
    return int(2 * positions * text["num_key_value_heads"] * text["head_dim"] * size)


def _work_bytes(text: Mapping[str, Any], vision: Mapping[str, Any], tokens: int, size: int) -> int:
    prompt = tokens * (4 * text["intermediate_size"] + 8 * text["hidden_size"]) * size + 2 * tokens**2 * size
    patches = (vision["image_size"] // vision["patch_size"]) ** 2
    picture = patches * (4 * vision["intermediate_size"] + 8 * vision["hidden_size"]) * size
    return int(max(prompt, picture) + 4 * text["vocab_size"])


def _left_by_limit(groups: Path) -> int:
    try:
        limit = (groups / "memory.max").read_text().strip()
        used = int((groups / "memory.current").read_text())
        reclaimable = dict(line.split() for line in (groups / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return _UNLIMITED
    if not limit.isdecimal():
        return _UNLIMITED
    return max(0, int(limit) - used + int(reclaimable.get("inactive_file", 0)))
