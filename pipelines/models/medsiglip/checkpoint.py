"""Loads a SigLIP checkpoint with its processor from a folder: never from the network, never with its own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.records import Engine
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, loading, model_of, unusable
from pipelines.weights.memory import DType, require_memory


@dataclass(frozen=True)
class SiglipCheckpoint:
    """A model that is ready to look, and all that belongs to it."""

    model: Any
    """``SiglipModel``, in evaluation mode, on its device."""
    processor: Any
    """``SiglipProcessor``."""
    engine: Engine
    dtype: DType
    device: str

    @property
    def side(self) -> int:
        """Of the square that it looks at, in pixels."""
        return int(self.model.config.vision_config.image_size)

    @property
    def text_tokens(self) -> int:
        """To so many a label is filled up, and a longer one is not read."""
        return int(self.model.config.text_config.max_position_embeddings)


def load(folder: ModelFolder, threads: int, device: str, dtype: str, version: str, note: str) -> SiglipCheckpoint:
    """Load what lies in ``folder``.

    Args:
        threads: for torch on the CPU; 0 leaves the choice to it.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``float32``, ``bfloat16``, or ``auto``: the former, in which embeddings of all machines are alike.
        version, note: for the engine's name.

    Raises:
        ModelNeeded: it is not there, damaged, incomplete, of another architecture, or too large for this machine.
        UsageProblem: there is no such device here.
    """
    folder.require()
    place = choose_device(device)
    kind: DType = "bfloat16" if dtype == "bfloat16" else "float32"
    require_memory(folder, kind, place)
    engine = folder.engine(version, note)
    with loading(folder, kind, place, threads):
        import transformers

        auto: Any = transformers.AutoProcessor
        processor = auto.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        model = model_of(folder, transformers.AutoModel, kind)
        _require_agreement(folder, model, processor)
        model = model.to(place).eval()
    return SiglipCheckpoint(model, processor, engine, kind, place)


def _require_agreement(folder: ModelFolder, model: Any, processor: Any) -> None:
    """What would otherwise show itself as an index error, or as nonsense, in the middle of a call."""
    config, images = model.config, getattr(processor, "image_processor", None)
    if images is None or getattr(processor, "tokenizer", None) is None:
        raise unusable(folder, "has no processor of pictures and words")
    side = config.vision_config.image_size
    if not isinstance(side, int) or dict(images.size) != {"height": side, "width": side}:
        raise unusable(folder, "has an image processor of another size than its model")
    if len(processor.tokenizer) > config.text_config.vocab_size:
        raise unusable(folder, "has a tokenizer of another model")
