"""Loads a Gemma 3 checkpoint with its processor from a folder: never from the network, never with its own code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from pipelines.errors import ModelNeeded
from pipelines.models.control import ControlTokens
from pipelines.records import Engine
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, quietly, refusing, unusable

DType = Literal["bfloat16", "float32"]
END_OF_TURN: Final = "<end_of_turn>"


@dataclass(frozen=True)
class Checkpoint:
    """A model that is ready to generate, and all that belongs to it."""

    model: Any
    """``Gemma3ForConditionalGeneration``, in evaluation mode, on its device."""
    processor: Any
    """``Gemma3Processor``."""
    engine: Engine
    dtype: DType
    device: str

    @cached_property
    def control(self) -> ControlTokens:
        return ControlTokens.of(self.processor.tokenizer)

    @cached_property
    def end_of_turn(self) -> int:
        tokenizer = self.processor.tokenizer
        return int(tokenizer.get_added_vocab().get(END_OF_TURN, tokenizer.eos_token_id))

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens after which nothing more is generated."""
        stated = self.model.generation_config.eos_token_id
        listed = stated if isinstance(stated, list) else [stated]
        return frozenset({*listed, self.processor.tokenizer.eos_token_id, self.end_of_turn} - {None})

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, none added."""
        return list(self.processor.tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: Any) -> str:
        """Text of tokens, markers included whether they are flagged special or not."""
        return str(self.processor.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def load(folder: ModelFolder, threads: int, device: str, dtype: str, version: str, note: str) -> Checkpoint:
    """Load what lies in ``folder``.

    Args:
        threads: for torch on the CPU; 0 leaves the choice to it.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``auto``, ``bfloat16`` or ``float32``.
        version, note: for the engine's name.

    Raises:
        ModelNeeded: it is not there, damaged, incomplete, of another architecture, or too large for this machine.
        UsageProblem: there is no such device here.
    """
    from pipelines.weights.memory import estimate, require_memory

    folder.require()
    place = choose_device(device)
    kind = choose_dtype(dtype, place)
    require_memory(folder, kind, place)
    engine = folder.engine(version, note)

    import torch

    if threads:
        torch.set_num_threads(threads)
    with refusing(folder, "cannot be loaded"):
        try:
            with quietly():
                processor = _processor(folder)
                model = _model(folder, kind)
            _require_agreement(folder, model, processor)
            model = model.to(place).eval()
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise ModelNeeded(
                    folder.model.name,
                    f"does not fit into the memory of {place}: it needs"
                    f" {estimate(folder, kind, place).total / 1e9:.1f} GB in {kind}",
                    "close other programs, or use a machine with more memory",
                ) from error
            raise
    return Checkpoint(model, processor, engine, kind, place)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out. The allocators of CPU and MPS have no type of their own for it."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("allocate memory", "out of memory")
    )


def choose_dtype(asked: str, device: str) -> DType:
    """What to compute in: ``auto`` is bfloat16 where the device has it.

    Graphics processors without it compute it in float32 step by step: slower, and no nearer.
    """
    match asked:
        case "bfloat16" | "float32":
            return asked
    return "bfloat16" if computes_bfloat16(device) else "float32"


def computes_bfloat16(device: str) -> bool:
    """Whether a device has bfloat16 of its own; Apple's have or not by the versions of system and torch."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        one = torch.ones(1, 1, dtype=torch.bfloat16, device=device)
        return bool((one @ one).item() == 1)
    except (RuntimeError, TypeError):
        return False


def _processor(folder: ModelFolder) -> Any:
    import transformers

    auto: Any = transformers.AutoProcessor
    processor = auto.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    if processor.chat_template is None:
        processor.chat_template = processor.tokenizer.chat_template
    return processor


def _model(folder: ModelFolder, dtype: DType) -> Any:
    import torch
    import transformers

    auto: Any = transformers.AutoModelForImageTextToText
    model, found = auto.from_pretrained(
        folder.path,
        dtype=getattr(torch, dtype),
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    if type(model).__name__ != folder.model.architecture:
        raise unusable(folder, f"is of {type(model).__name__}, not {folder.model.architecture}")
    # The library fills what is missing with random numbers.
    if lacking := len(found["missing_keys"]) + len(found["mismatched_keys"]):
        raise unusable(folder, f"is incomplete ({lacking} tensors are missing or of another shape)")
    given = model.generation_config
    settings: Any = transformers.GenerationConfig
    # The published settings ask for sampling; what is asked for here is stated in every call.
    model.generation_config = settings(
        bos_token_id=given.bos_token_id, eos_token_id=given.eos_token_id, pad_token_id=given.pad_token_id
    )
    return model


def _require_agreement(folder: ModelFolder, model: Any, processor: Any) -> None:
    """What would otherwise show itself as an index error, or as nonsense, in the middle of a call."""
    tokenizer, config = processor.tokenizer, model.config
    if processor.chat_template is None:
        raise unusable(folder, "has no chat template")
    if any(getattr(tokenizer, f"{kind}_token_id", None) is None for kind in ("image", "boi", "eoi")):
        raise unusable(folder, "has a tokenizer without image tokens")
    if (
        len(tokenizer) > config.text_config.vocab_size
        or tokenizer.image_token_id != config.image_token_id
        or processor.image_seq_length != config.mm_tokens_per_image
    ):
        raise unusable(folder, "has a tokenizer or processor of another model")
