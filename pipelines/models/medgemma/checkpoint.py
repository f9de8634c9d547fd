"""Loads a Gemma 3 checkpoint and what goes with it from a folder: never from the network, never with its own code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ModelNeeded
from pipelines.models.control import ControlTokens
from pipelines.models.medgemma.adapted import lay_on, require_peft
from pipelines.models.medgemma.quantised import IN_WORDS, arguments, require_quantizer, settle
from pipelines.records import Availability, Engine
from pipelines.weights.adapter import AdapterFolder
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, loading, model_of, unusable
from pipelines.weights.memory import DType, Quantize, require_memory

if TYPE_CHECKING:
    from pipelines.models.medgemma.constraint import SchemaConstraints

END_OF_TURN: Final = "<end_of_turn>"


@dataclass(frozen=True)
class Checkpoint:
    """A model that is ready to generate, and all that belongs to it."""

    model: Any
    """``Gemma3ForConditionalGeneration`` or ``Gemma3ForCausalLM``, in evaluation mode, on its device."""
    tokenizer: Any
    processor: Any | None
    """``Gemma3Processor``; None for a model of text only."""
    engine: Engine
    dtype: DType
    device: str
    quantize: Quantize = "none"
    adapter_sha256: str | None = None

    @property
    def sees(self) -> bool:
        return self.processor is not None

    @property
    def changed(self) -> dict[str, Any]:
        """What was done to the weights, for the log: it decides the output as much as they do."""
        adapter = {"adapter_sha256": self.adapter_sha256} if self.adapter_sha256 else {}
        return {"quantize": self.quantize, **adapter}

    @cached_property
    def control(self) -> ControlTokens:
        return ControlTokens.of(self.tokenizer)

    @cached_property
    def constraints(self) -> SchemaConstraints:
        """Holds answers to schemas; what is made for the tokenizer, in seconds, lives as long as this."""
        from pipelines.models.medgemma.constraint import SchemaConstraints

        return SchemaConstraints(self.tokenizer, self.model.config.get_text_config().vocab_size, self.end_of_turn)

    @cached_property
    def end_of_turn(self) -> int:
        tokenizer = self.tokenizer
        return int(tokenizer.get_added_vocab().get(END_OF_TURN, tokenizer.eos_token_id))

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens after which nothing more is generated."""
        stated = self.model.generation_config.eos_token_id
        listed = stated if isinstance(stated, list) else [stated]
        return frozenset({*listed, self.tokenizer.eos_token_id, self.end_of_turn} - {None})

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, none added."""
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: Any) -> str:
        """Text of tokens, markers included whether they are flagged special or not."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def load(
    folder: ModelFolder,
    threads: int,
    device: str,
    dtype: str,
    version: str,
    note: str,
    quantize: Quantize = "none",
    adapter: AdapterFolder | None = None,
) -> Checkpoint:
    """Load what lies in ``folder``.

    Args:
        threads: for torch on the CPU; 0 leaves the choice to it.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``auto``, ``bfloat16`` or ``float32``.
        version, note: for the engine's name.
        quantize: how the layers' matrices are held; see `Quantize`.
        adapter: laid on top.

    Raises:
        ModelNeeded: it is not there, damaged, incomplete, of another architecture, or too large for this machine; the
            adapter is of another base; a library that it takes is not installed.
        UsageProblem: there is no such device here.
    """
    require(folder, quantize, adapter)
    place = choose_device(device)
    kind = choose_dtype(dtype, place)
    beside = adapter.size() if adapter else 0
    require_memory(folder, kind, place, quantize=quantize, beside=beside)
    engine = folder.engine(version, note)
    with loading(folder, kind, place, threads, quantize, beside):
        processor, tokenizer = _processor(folder) if sees(folder) else (None, _tokenizer(folder))
        model = _model(folder, kind, arguments(quantize, kind, place))
        _require_agreement(folder, model, tokenizer, processor)
        if quantize == "none":
            # What is quantised lies there already, and does not bear to be moved.
            model = model.to(place)
        settle(model, quantize, kind, place)
        if adapter is not None:
            model = lay_on(adapter, model)
        model = model.eval()
    return Checkpoint(model, tokenizer, processor, engine, kind, place, quantize, adapter.sha256() if adapter else None)


def require(folder: ModelFolder, quantize: Quantize, adapter: AdapterFolder | None) -> None:
    """Say before anything is loaded that it cannot be.

    Raises:
        ModelNeeded: as `load`, but for the machine's memory.
    """
    folder.require()
    require_quantizer(folder.model.name, quantize)
    if adapter is not None:
        require_peft(folder.model.name)
        adapter.require(folder)


def readiness(folder: ModelFolder, quantize: Quantize, adapter: AdapterFolder | None) -> Availability:
    """Whether it can be expected to load, without the machine's memory being asked."""
    try:
        require(folder, quantize, adapter)
    except ModelNeeded as needed:
        named = "" if needed.subject == folder.model.name else f"{needed.subject} "
        return Availability(ready=False, detail=f"{named}{needed.problem}", remedy=needed.remedy)
    laid = f", with {adapter.name}" if adapter else ""
    return Availability(ready=True, detail=f"in {folder.path}{laid}")


def note_of(note: str, quantize: Quantize, adapter: AdapterFolder | None) -> str:
    """What a reader must know of the engine, with what is done to the weights.

    Raises:
        ModelNeeded: the adapter cannot be read.
    """
    laid = f"with the adapter {adapter.sha256()}" if adapter else None
    return "; ".join(filter(None, (IN_WORDS[quantize], laid, note)))


def sees(folder: ModelFolder) -> bool:
    """Whether the model in the folder takes pictures."""
    return folder.model.architecture == "Gemma3ForConditionalGeneration"


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


def _processor(folder: ModelFolder) -> tuple[Any, Any]:
    """The processor and its tokenizer."""
    import transformers

    auto: Any = transformers.AutoProcessor
    processor = auto.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    if processor.chat_template is None:
        processor.chat_template = processor.tokenizer.chat_template
    return processor, processor.tokenizer


def _tokenizer(folder: ModelFolder) -> Any:
    import transformers

    auto: Any = transformers.AutoTokenizer
    return auto.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)


def _model(folder: ModelFolder, dtype: DType, more: Mapping[str, Any]) -> Any:
    import transformers

    auto: Any = transformers.AutoModelForImageTextToText if sees(folder) else transformers.AutoModelForCausalLM
    model = model_of(folder, auto, dtype, more)
    given = model.generation_config
    settings: Any = transformers.GenerationConfig
    # The published settings ask for sampling; what is asked for here is stated in every call.
    model.generation_config = settings(
        bos_token_id=given.bos_token_id, eos_token_id=given.eos_token_id, pad_token_id=given.pad_token_id
    )
    return model


def _require_agreement(folder: ModelFolder, model: Any, tokenizer: Any, processor: Any | None) -> None:
    """What would otherwise show itself as an index error, or as nonsense, in the middle of a call."""
    config = model.config
    if (tokenizer if processor is None else processor).chat_template is None:
        raise unusable(folder, "has no chat template")
    if processor is None:
        if len(tokenizer) > config.vocab_size:
            raise unusable(folder, "has a tokenizer of another model")
        return
    if any(getattr(tokenizer, f"{kind}_token_id", None) is None for kind in ("image", "boi", "eoi")):
        raise unusable(folder, "has a tokenizer without image tokens")
    if (
        len(tokenizer) > config.text_config.vocab_size
        or tokenizer.image_token_id != config.image_token_id
        or processor.image_seq_length != config.mm_tokens_per_image
    ):
        raise unusable(folder, "has a tokenizer or processor of another model")
