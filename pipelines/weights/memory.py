"""How much memory a model will take, told before it is loaded, and how much there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pipelines.errors import ModelNeeded
from pipelines.records import Value
from pipelines.weights.folder import ModelFolder
from pipelines.weights.headers import Tensor
from pipelines.weights.strides import USUAL, Strides

DType = Literal["bfloat16", "float32"]
Quantize = Literal["none", "int8", "4bit"]
"""How the matrices of a language model's layers are held: as they are, one byte a number, or half a byte (nf4)."""

_BYTES: Final[Mapping[DType, int]] = {"bfloat16": 2, "float32": 4}
#: A layer's matrices, whatever the versions of transformers put before their names; not those of the image tower.
_QUANTIZED: Final = re.compile(r"(?!.*vision_tower).*\blayers\.\d+\.(?:self_attn|mlp)\.\w+_proj\.weight")
#: nf4: half a byte, and for every 64 numbers a scale of one byte, whose own scale is 4 bytes for every 256 of them.
_NF4_BYTES: Final = 0.5 + 1 / 64 + 4 / (64 * 256)
#: The classes that read and write text.
_LANGUAGE: Final = ("Gemma3ForConditionalGeneration", "Gemma3ForCausalLM")
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
_PICTURE_DEFAULTS: Final = {"mm_tokens_per_image": 256}
_TOWER_DEFAULTS: Final = {"hidden_size": 768, "intermediate_size": 3072}
_VISION_DEFAULTS: Final = {"hidden_size": 768, "intermediate_size": 3072, "image_size": 224, "patch_size": 16}
#: Of these a config.json may say that there are none.
_OPTIONAL: Final = ("sliding_window", "sliding_window_pattern")
#: No width or number of anything in a model comes near it.
_LARGEST: Final = 1 << 24
_UNLIMITED: Final = 1 << 62


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


def estimate(
    folder: ModelFolder,
    dtype: DType,
    device: str,
    context_tokens: int = 4096,
    pictures: int = 1,
    quantize: Quantize = "none",
    beside: int = 0,
    strides: Strides = USUAL,
) -> Need:
    """What loading and running the model will take. A rule, not a measurement (it was held against some).

    Weights count exactly: numbers with a fraction in ``dtype``, quantised ones with their scales, the others as they
    are stored; and ``beside`` bytes more, of an adapter. A quantised matrix is at work in ``dtype``, one at a time. A
    language model's cache is exact too, sliding layers keeping no more than their window. Its work is the widest
    moment of reading a prompt in ``strides``: a few rows as wide as a layer is, per token or per image patch, and two
    masks from a stretch to all of the context; besides, what was made of every picture, and the scores of one position
    over the vocabulary.

    Raises:
        ModelNeeded: the folder holds no weights that can be read, or its config.json says what cannot be.
    """
    cache, work = _use(folder, dtype, context_tokens, pictures, strides)
    overhead = 0 if device.startswith("cuda") else _LIBRARIES
    weights = _weight_bytes(folder, dtype, quantize) + beside
    if quantize != "none":
        work += _BYTES[dtype] * _largest(folder)
    return Need(weights=weights, cache=cache, work=work, overhead=overhead)


def available_memory(device: str, groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be taken on ``device`` (``cpu``, ``mps``, ``cuda``, ``cuda:1``) without pushing anything out.

    Within a container that has a limit, what the limit leaves counts (Linux, control groups version 2). What torch
    keeps of a graphics processor's memory after earlier calls, to use it again, counts as free.
    """
    if device.startswith("cuda"):
        import torch

        place = torch.device(device)
        kept = torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place)
        return int(torch.cuda.mem_get_info(place)[0]) + kept
    import psutil

    free = min(int(psutil.virtual_memory().available), _left_by_limit(groups))
    if device == "mps":
        import torch

        free += torch.mps.driver_allocated_memory() - torch.mps.current_allocated_memory()
    return free


def require_memory(
    folder: ModelFolder,
    dtype: DType,
    device: str,
    context_tokens: int = 4096,
    quantize: Quantize = "none",
    beside: int = 0,
) -> None:
    """Refuse a model that this machine cannot hold, before anything of it is loaded. Arguments as `estimate`.

    What is to run on ``cuda`` is made in the machine's own memory first, and must fit there as well; what is quantised
    goes there tensor by tensor.

    Raises:
        ModelNeeded: with what it needs and what is free.
    """
    need = estimate(folder, dtype, device, context_tokens, quantize=quantize, beside=beside)
    needs = {device: need.total}
    if device.startswith("cuda"):
        needs["cpu"] = (need.weights if quantize == "none" else _BYTES["float32"] * _largest(folder)) + _LIBRARIES
    smaller = ("int8", "4bit")[("none", "int8", "4bit").index(quantize) :] if is_language_model(folder) else ()
    for place, needed in needs.items():
        free = available_memory(place)
        if needed > free:
            halved = "set ASSISTANT_DTYPE=bfloat16, " if dtype == "float32" else ""
            if smaller:
                halved += f"set ASSISTANT_QUANTIZE={' or '.join(smaller)}, "
            purpose = "" if place == device else f" to be loaded onto {device}"
            raise ModelNeeded(
                folder.model.name,
                f"needs {needed / 1e9:.1f} GB in {held_in(dtype, quantize)} on {place}{purpose} and"
                f" {free / 1e9:.1f} GB are free",
                f"{halved}close other programs, or use a machine with more memory",
            )


def require_room(
    folder: ModelFolder, dtype: DType, device: str, context_tokens: int, pictures: int, strides: Strides = USUAL
) -> None:
    """Refuse a call that a loaded model has no memory left for, before any of it is taken.

    Args:
        context_tokens: prompt and output together.
        strides: in which the prompt is to be read.

    Raises:
        ModelNeeded: with what it needs besides the weights and what is free.
    """
    need = sum(_use(folder, dtype, context_tokens, pictures, strides))
    free = available_memory(device)
    if need > free:
        raise ModelNeeded(
            folder.model.name,
            f"needs {need / 1e9:.1f} GB more in {dtype} on {device}, for {context_tokens} tokens and {pictures}"
            f" pictures, and {free / 1e9:.1f} GB are free",
            "give less text or fewer pictures, close other programs, or use a machine with more memory",
        )


def does_not_fit(
    folder: ModelFolder, dtype: DType, device: str, quantize: Quantize = "none", beside: int = 0
) -> ModelNeeded:
    """The error where memory ran out while a model was loaded. Arguments as `estimate`."""
    need = estimate(folder, dtype, device, quantize=quantize, beside=beside)
    return ModelNeeded(
        folder.model.name,
        f"does not fit into the memory of {device}: it needs {need.total / 1e9:.1f} GB in {held_in(dtype, quantize)}",
        "close other programs, or use a machine with more memory",
    )


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out. The allocators of CPU and MPS have no type of their own for it."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("allocate memory", "out of memory")
    )


def free_memory(device: str) -> None:
    """Give back what a graphics processor's allocator keeps for later."""
    import gc

    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()


def is_language_model(folder: ModelFolder) -> bool:
    """Whether it reads and writes text: what can be quantised."""
    return folder.model.architecture in _LANGUAGE


def held_in(dtype: DType, quantize: Quantize) -> str:
    """The number formats, in words."""
    return dtype if quantize == "none" else f"{quantize} and {dtype}"


def _weight_bytes(folder: ModelFolder, dtype: DType, quantize: Quantize) -> int:
    size = _BYTES[dtype]

    def held(name: str, tensor: Tensor) -> float:
        if not tensor.is_float:
            return tensor.size
        if quantize == "none" or not is_quantized(name):
            return tensor.count * size
        if quantize == "4bit":
            return tensor.count * _NF4_BYTES
        # One scale for each row, in float32.
        return tensor.count + tensor.shape[0] * 4

    return round(sum(held(name, tensor) for name, tensor in folder.tensors().items()))


def is_quantized(name: str) -> bool:
    """Whether quantising a model changes the tensor of this name: embeddings, norms and all that sees stay."""
    return _QUANTIZED.fullmatch(name) is not None


def _largest(folder: ModelFolder) -> int:
    """Numbers of the largest matrix that is quantised."""
    return max((tensor.count for name, tensor in folder.tensors().items() if is_quantized(name)), default=0)


def _use(folder: ModelFolder, dtype: DType, tokens: int, pictures: int, strides: Strides) -> tuple[int, int]:
    """Bytes of cache and of work."""
    config = folder.config()
    alone = folder.model.architecture == "Gemma3ForCausalLM"
    if config.get("text_config") is None and not alone:
        return 0, _SPEECH_WORK
    try:
        size = _BYTES[dtype]
        vision = _sizes(config.get("vision_config"), _VISION_DEFAULTS)
        if folder.model.architecture == "SiglipModel":
            return 0, _looking_bytes(_sizes(config["text_config"], _TOWER_DEFAULTS), vision, tokens, size, pictures)
        text = _sizes(config if alone else config["text_config"], _TEXT_DEFAULTS)
        made = pictures * _sizes(config, _PICTURE_DEFAULTS)["mm_tokens_per_image"] * text["hidden_size"] * size
        work = _work_bytes(text, vision, tokens, size, pictures, strides)
        return _cache_bytes(text, tokens, size), work + int(made)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as impossible:
        name = folder.model.name
        raise ModelNeeded(
            f"{name}/config.json",
            "says what cannot be of the sizes of the model",
            folder.remedy,
        ) from impossible


def _sizes(part: Any, defaults: Mapping[str, int]) -> Mapping[str, Any]:
    """A part of config.json with the library's defaults. ValueError where a size is none."""
    if part is not None and not isinstance(part, dict):
        raise ValueError("no JSON object")
    sizes = {**defaults, **(part or {})}
    for key in defaults:
        value = sizes[key]
        if not (type(value) is int and 0 < value < _LARGEST) and not (key in _OPTIONAL and value in (None, 0)):
            raise ValueError(f"{key} is no size")
    return sizes


def _cache_bytes(text: Mapping[str, Any], tokens: int, size: int) -> int:
    pattern = text["sliding_window_pattern"] or _TEXT_DEFAULTS["sliding_window_pattern"]
    layers = text.get("layer_types") or [
        "full_attention" if (layer + 1) % pattern == 0 else "sliding_attention"
        for layer in range(text["num_hidden_layers"])
    ]
    window = text["sliding_window"] or tokens
    positions = sum(min(tokens, window) if kind == "sliding_attention" else tokens for kind in layers)
    return int(2 * positions * text["num_key_value_heads"] * text["head_dim"] * size)


def _work_bytes(
    text: Mapping[str, Any], vision: Mapping[str, Any], tokens: int, size: int, pictures: int, strides: Strides
) -> int:
    stretch = min(tokens, strides.tokens)
    reading = stretch * (4 * text["intermediate_size"] + 8 * text["hidden_size"]) * size + 2 * stretch * tokens * size
    patches = min(pictures, strides.pictures) * (vision["image_size"] // vision["patch_size"]) ** 2
    looking = patches * (4 * vision["intermediate_size"] + 8 * vision["hidden_size"]) * size
    return int(max(reading, looking) + 4 * text["vocab_size"])


def _looking_bytes(text: Mapping[str, Any], vision: Mapping[str, Any], tokens: int, size: int, pictures: int) -> int:
    """The wider of two towers at work, one after the other: ``tokens`` of all labels together, or the patches."""
    patches = pictures * (vision["image_size"] // vision["patch_size"]) ** 2
    rows = ((tokens, text), (patches, vision))
    return int(max(count * (4 * of["intermediate_size"] + 8 * of["hidden_size"]) * size for count, of in rows))


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
