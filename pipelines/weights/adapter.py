"""A LoRA adapter's folder, as peft writes it: whether it is whole, and made for the weights it is to be laid on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson
from pydantic import Field, ValidationError

from pipelines.errors import ModelNeeded
from pipelines.records import Value
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import joint_sha256, sha256_of
from pipelines.weights.headers import DamagedWeights, Tensor, is_pointer, read_header

CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"
#: Written beside an adapter by `assistant models adapt`.
ORIGIN: Final = "assistant-adapter.json"
_PICKLES: Final = ("adapter_model.bin", "adapter_model.pt", "adapter_model.pth")
_REMEDY: Final = "give another folder by --adapter or ASSISTANT_ADAPTER, or none"
_HUB_NAME: Final = re.compile(r"[\w-][\w.-]*/([\w-][\w.-]*?)(?:-(?:unsloth-)?bnb-4bit)?")
_TENSOR: Final = re.compile(
    r"(?P<module>.+)\.(?P<role>lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector)(?:\.weight)?"
)
#: How versions of transformers and peft have named the ways down to a layer.
_WAY: Final = re.compile(r"^(?:(?:base_model|model|language_model)\.)+")


class Origin(Value):
    """What an adapter that was made here was made from."""

    model: str
    """The model's name in the catalogue."""
    base_weights_sha256: str
    files: dict[str, str]
    """SHA-256 of the adapter's two files as they were written."""
    pairs_sha256: str
    """Of the exported pairs."""
    parameters: dict[str, Any]
    libraries: dict[str, str]
    training_loss: tuple[float, float]
    """Before and after: mean loss per token of the answers, by natural logarithm."""
    held_out_loss: tuple[float, float] | None
    """The same over pairs that were kept out of the training; None where none were."""


class Config(Value, extra="ignore"):
    """What decides the effect of an adapter, of all that peft's file says."""

    peft_type: Literal["LORA"]
    r: int = Field(gt=0)
    lora_alpha: float = Field(gt=0)
    use_rslora: bool = False
    use_dora: bool = False
    rank_pattern: dict[str, int] = Field(default_factory=dict)
    alpha_pattern: dict[str, float] = Field(default_factory=dict)
    modules_to_save: tuple[str, ...] | None = None
    base_model_name_or_path: str | None = None


#: What would make of the same tensors something else, or change the base itself, with the values that do not.
_PLAIN: Final[Mapping[str, tuple[Any, ...]]] = {
    "bias": (None, "none"),
    "lora_bias": (None, False),
    "fan_in_fan_out": (None, False),
    "init_lora_weights": (None, True, False, "gaussian"),
    **dict.fromkeys(
        (
            "alora_invocation_tokens",
            "arrow_config",
            "kasa_config",
            "layer_replication",
            "megatron_config",
            "monteclora_config",
            "target_parameters",
            "trainable_token_indices",
            "use_bdlora",
            "use_qalora",
            "velora_config",
        ),
        (None, False),
    ),
}


class Place(NamedTuple):
    """Where in the model a tensor of an adapter belongs."""

    module: str
    """See `plain_name`."""
    role: str
    """``lora_A``, ``lora_B``, …, or ``weight`` for one that takes the place of the base's own."""


class AdapterFolder:
    """The folder of one adapter. All methods raise ModelNeeded in one line where it is not fit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return f"adapter {self.path.resolve().name}"

    def require(self, base: ModelFolder) -> None:
        """Hold the adapter against the weights of ``base``, reading headers and small files only.

        Raises:
            ModelNeeded: it is missing, a pickle, cut off, incomplete, of a kind that is not known here, or made for
                another base.
        """
        config, origin = self.config, self.origin
        tensors = self.tensors()
        if origin is not None:
            self._require_same(origin, base)
        else:
            self._require_named(config.base_model_name_or_path, base)
        self._require_shapes(tensors, config, base)

    def sha256(self) -> str:
        """Of the list ``sha256  name`` of its two files: both decide what it does."""
        assert self.config.r
        with self._reading():
            return joint_sha256({name: sha256_of(self.path / name) for name in (CONFIG, WEIGHTS)})

    @cached_property
    def config(self) -> Config:
        """What adapter_config.json says."""
        value = self._json(CONFIG)
        if value is None:
            missing = (
                "there is no such folder" if not self.path.is_dir() else f"is no LoRA adapter (it has no {CONFIG})"
            )
            raise self._unfit(missing)
        kind = value.get("peft_type")
        if kind != "LORA":
            raise self._unfit(f"is of type {kind or 'none'}; only LoRA is known here", CONFIG)
        for key, plain in _PLAIN.items():
            if (given := value.get(key)) not in plain and given not in ({}, []):
                raise self._unfit(f"asks for {key}, which is not known here", CONFIG)
        try:
            return Config.model_validate({key: one for key, one in value.items() if one is not None})
        except ValidationError as invalid:
            where = ".".join(map(str, invalid.errors()[0]["loc"]))
            raise self._unfit(f"has no sensible {where}", CONFIG) from None

    @cached_property
    def origin(self) -> Origin | None:
        """What our own file says of it; None for an adapter that was made elsewhere."""
        value = self._json(ORIGIN)
        if value is None:
            return None
        try:
            return Origin.model_validate(value)
        except ValidationError:
            raise self._unfit("is damaged (it cannot be read)", ORIGIN) from None

    def tensors(self) -> dict[str, Tensor]:
        """Its tensors by their names in the file, from the header."""
        try:
            with self._reading():
                return read_header(self.path / WEIGHTS)
        except DamagedWeights as damage:
            raise self._unfit(str(damage), WEIGHTS) from None

    def size(self) -> int:
        """Bytes that it takes once it is loaded, in float32."""
        return sum(4 * tensor.count for tensor in self.tensors().values())

    def _json(self, name: str) -> dict[str, Any] | None:
        with self._reading():
            if not (self.path / name).is_file():
                return None
            data = (self.path / name).read_bytes()
        if is_pointer(data):
            raise self._unfit("is a git-lfs pointer, not the file", name)
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise self._unfit("is not JSON", name) from None
        if not isinstance(value, dict):
            raise self._unfit("is not a JSON object", name)
        return value

    def _require_same(self, origin: Origin, base: ModelFolder) -> None:
        sha256 = base.weights_sha256()
        if origin.base_weights_sha256 != sha256:
            raise self._unfit(
                f"was made for other weights ({origin.model} {origin.base_weights_sha256[:12]}; {base.model.name} here"
                f" is {sha256[:12]})"
            )
        with self._reading():
            for name, digest in origin.files.items():
                if name in (CONFIG, WEIGHTS) and sha256_of(self.path / name) != digest:
                    raise self._unfit("is damaged (SHA-256 differs)", name)

    def _require_named(self, stated: str | None, base: ModelFolder) -> None:
        """Only a name on the hub says anything: a path is of another machine."""
        named = _HUB_NAME.fullmatch(stated or "")
        if named is not None and named[1] != base.model.repository.partition("/")[2]:
            raise self._unfit(f"was made for {stated}, and {base.model.name} is {base.model.repository}")

    def _require_shapes(self, tensors: Mapping[str, Tensor], config: Config, base: ModelFolder) -> None:
        shapes = {plain_name(name.removesuffix(".weight")): tensor.shape for name, tensor in base.tensors().items()}
        shapes.setdefault("lm_head", shapes.get("embed_tokens", ()))
        found = {place_of(name): tensor.shape for name, tensor in tensors.items()}
        kept = tuple(config.modules_to_save or ())
        for (module, role), shape in found.items():
            if module not in shapes:
                raise self._unfit(f"changes {module}, which {base.model.name} does not have", WEIGHTS)
            if role == "weight" and not module.endswith(kept):
                raise self._unfit(f"holds {module}, which {CONFIG} does not name", WEIGHTS)
            if not _fits(role, shape, shapes[module], found.get(Place(module, _PARTNERS.get(role, role)))):
                raise self._unfit(f"does not fit {base.model.name} (the shape of {module})", WEIGHTS)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as missing:
            name = Path(str(missing.filename)).name
            pickle = next((one for one in _PICKLES if (self.path / one).exists()), None)
            found = f" (of {pickle} nothing is loaded: only safetensors are)" if pickle and name == WEIGHTS else ""
            raise self._unfit(f"is missing{found}", name) from None
        except OSError as error:
            where = Path(str(error.filename)).name if error.filename else None
            raise self._unfit(f"cannot be read ({error.strerror})", where) from error

    def _unfit(self, problem: str, file: str | None = None) -> ModelNeeded:
        return ModelNeeded(f"{self.name}/{file}" if file else self.name, problem, _REMEDY)


def plain_name(module: str) -> str:
    """A module's name without what versions of the libraries put before it: ``layers.0.self_attn.q_proj``."""
    return _WAY.sub("", module).replace("vision_tower.vision_model.", "vision_tower.")


def place_of(tensor: str) -> Place:
    """Where a tensor of an adapter belongs, by its name in the file."""
    low_rank = _TENSOR.fullmatch(tensor)
    if low_rank is not None:
        return Place(plain_name(low_rank["module"]), low_rank["role"])
    return Place(plain_name(tensor.removesuffix(".weight")), "weight")


_PARTNERS: Final = {
    "lora_A": "lora_B",
    "lora_B": "lora_A",
    "lora_embedding_A": "lora_embedding_B",
    "lora_embedding_B": "lora_embedding_A",
}


def _fits(role: str, shape: tuple[int, ...], base: tuple[int, ...], partner: tuple[int, ...] | None) -> bool:
    """Whether a tensor goes with the base's and with the other of its pair."""
    match role:
        case "weight":
            return shape == base
        case "lora_magnitude_vector":
            return len(base) == 2 and shape == base[:1]
    if not (len(shape) == len(base) == 2 and partner is not None and len(partner) == 2):
        return False
    match role:
        case "lora_A":
            return shape[1] == base[1] and partner[1] == shape[0]
        case "lora_B":
            return shape[0] == base[0] and partner[0] == shape[1]
        case "lora_embedding_A":
            return shape[1] == base[0] and partner[1] == shape[0]
    return shape[0] == base[1] and partner[0] == shape[1]
