"""A folder with a model as GGUF, and beside it what makes tokens of pictures for it (its mmproj)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from pipelines.errors import ModelNeeded
from pipelines.records import Availability
from pipelines.weights.catalogue import GGUF, KnownModel
from pipelines.weights.contents import Unfit, check_passport
from pipelines.weights.folder import ModelFolder
from pipelines.weights.gguf import GgufHeader, read_gguf
from pipelines.weights.headers import DamagedWeights, Tensor

_PROJECTOR: Final = "gemma3"
#: As llama.cpp names what stands before and behind a picture of this kind.
_IMAGE_TOKENS: Final = ("<start_of_image>", "<end_of_image>")
_WITHOUT_PICTURES: Final = "it takes no pictures, as no mmproj lies beside it"


class Pair(NamedTuple):
    """The files of a model, by their names in the folder."""

    model: str
    projector: str | None


def pair_in(folder: Path, named: str | None = None) -> Pair:
    """Which GGUF files of ``folder`` make a model.

    Args:
        named: the file with the model, where the folder holds several.

    Raises:
        Unfit: there is no model, there are several, or a file is damaged or of another model.
    """
    names = sorted(path.name for path in folder.glob("*.gguf") if path.is_file()) if folder.is_dir() else []
    projectors = [name for name in names if header_of(folder, name).is_projector] if named is None else []
    models = [named] if named is not None else [name for name in names if name not in projectors]
    if not models:
        raise Unfit("has no model as GGUF" + (f" (only {projectors[0]}, for pictures)" if projectors else ""))
    if len(models) > 1:
        raise Unfit(f"holds several models ({', '.join(models)}): leave one of them there")
    model = header_of(folder, models[0])
    if model.is_projector:
        raise Unfit("is what makes tokens of pictures (an mmproj), not the model", models[0])
    if named is not None:
        # Of a folder with many models only what fits the named one is looked at.
        projectors = [name for name in names if name != named and _fits(folder, name, model)]
    elif projectors:
        fitting = [name for name in projectors if _fits(folder, name, model)]
        if not fitting:
            raise _of_another_model(folder, projectors[0], model)
        projectors = fitting
    return Pair(models[0], projectors[0] if projectors else None)


def examine_gguf(folder: Path, model: KnownModel, named: str | None = None) -> Pair:
    """Hold the folder against what ``model`` needs, reading headers only.

    Raises:
        Unfit: with the first thing that is wrong.
    """
    pair = pair_in(folder, named)
    header = header_of(folder, pair.model)
    if header.architecture != model.architecture:
        found = header.architecture or "no architecture"
        raise Unfit(f"is of {found}; {model.name} is {model.architecture}", pair.model)
    if (header.number("split.count") or 1) > 1:
        raise Unfit("is one part of several: join them (llama-gguf-split --merge)", pair.model)
    needed: tuple[tuple[str, object], ...] = (
        ("chat template", header.text("tokenizer.chat_template")),
        ("tokenizer", header.texts("tokenizer.ggml.tokens")),
        ("beginning or end of a text", _ends(header)),
        ("context length", header.of_model("context_length")),
        ("width", header.of_model("embedding_length")),
        ("number of layers", header.of_model("block_count")),
    )
    for what, value in needed:
        if not value:
            raise Unfit(f"states no {what}", pair.model)
    if pair.projector is not None:
        known = set(header.texts("tokenizer.ggml.tokens"))
        for token in _IMAGE_TOKENS:
            if token not in known:
                raise Unfit(f"has no image token {token}: a tokenizer for text only", pair.model)
    check_passport(folder)
    return pair


def _ends(header: GgufHeader) -> bool:
    tokens = len(header.texts("tokenizer.ggml.tokens"))
    numbers = [header.number(f"tokenizer.ggml.{role}_token_id") for role in ("bos", "eos")]
    return any(number is not None and 0 <= number < tokens for number in numbers)


def header_of(folder: Path, name: str) -> GgufHeader:
    """The header of a file of the folder. Raises `Unfit`."""
    try:
        return read_gguf(folder / name)
    except FileNotFoundError:
        raise Unfit("is missing", name) from None
    except DamagedWeights as damage:
        raise Unfit(str(damage), name) from None


class GgufFolder(ModelFolder):
    """The folder of a model as GGUF, with its mmproj where there is one.

    Args:
        path: the folder, or the file with the model in it; need not exist.
        model: what it should hold.
        setting: the user's setting that names it, if one does.
    """

    def __init__(self, path: Path, model: KnownModel, setting: str | None = None) -> None:
        named = path.suffix == ".gguf" and not path.is_dir()
        super().__init__(path.parent if named else path, model, setting)
        self._named = path.name if named else None

    def require(self) -> None:
        """See `ModelFolder.require`."""
        self.pair()

    def pair(self) -> Pair:
        """The model's files, held against what it needs. Raises as `require`."""
        self._require_there()
        with self._needed():
            return examine_gguf(self.path, self.model, self._named)

    def header(self) -> GgufHeader:
        """Of the model's own file. Raises as `require`."""
        with self._needed():
            return header_of(self.path, self.pair().model)

    def projector(self) -> GgufHeader | None:
        """Of its mmproj; None where there is none. Raises as `require`."""
        name = self.pair().projector
        with self._needed():
            return header_of(self.path, name) if name is not None else None

    def availability(self) -> Availability:
        found = super().availability()
        if not found.ready:
            return found
        pair = self.pair()
        at = f"{pair.model} in {self.path}"
        return found.model_copy(update={"detail": at if pair.projector else f"{at}; {_WITHOUT_PICTURES}"})

    def weight_files(self) -> tuple[Path, ...]:
        self._require_there()
        with self._needed():
            return tuple(self.path / name for name in pair_in(self.path, self._named) if name is not None)

    def files(self) -> tuple[Path, ...]:
        return tuple(sorted(self.weight_files()))

    def tensors(self) -> dict[str, Tensor]:
        """Raises ModelNeeded, as for any unfit folder: what lies here are llama.cpp's own types of numbers."""
        raise self._unfit(Unfit("is a GGUF, whose tensors only llama.cpp reads"))

    def config(self) -> dict[str, Any]:
        """What the model's header says, by its own keys."""
        return dict(self.header().entries)

    def _require_there(self) -> None:
        there = (self.path / self._named).is_file() if self._named else any(self.path.glob("*.gguf"))
        if not there:
            missing = f"is not where {self.setting} says" if self.setting else "is not installed"
            raise ModelNeeded(self.model.name, missing, self.remedy.replace("or again:", "or:"))

    def _origin(self) -> tuple[str, str] | None:
        known = super()._origin()
        # Published with or without its mmproj, and under whatever name.
        if known is None and set(self.weight_hashes.values()) <= set(self.model.published.values()):
            return self.model.repository, self.model.revision
        return known


def open_folder(path: Path, model: KnownModel, setting: str | None = None) -> ModelFolder:
    """The folder of one model of the catalogue, whatever its weights are made for. Arguments as `ModelFolder`."""
    return GgufFolder(path, model, setting) if model.model_type == GGUF else ModelFolder(path, model, setting)


def _fits(folder: Path, name: str, model: GgufHeader) -> bool:
    try:
        header = header_of(folder, name)
    except Unfit:
        return False
    return (
        header.is_projector
        and _PROJECTOR in (header.text("clip.projector_type"), header.text("clip.vision.projector_type"))
        and header.number("clip.vision.projection_dim") == model.of_model("embedding_length")
    )


def _of_another_model(folder: Path, name: str, model: GgufHeader) -> Unfit:
    header = header_of(folder, name)
    kind = header.text("clip.projector_type") or header.text("clip.vision.projector_type")
    if kind != _PROJECTOR:
        return Unfit(f"is for pictures of the kind {kind or 'that it does not name'}, not {_PROJECTOR}", name)
    return Unfit(
        f"makes tokens {header.number('clip.vision.projection_dim')} wide of pictures, and the model's are"
        f" {model.of_model('embedding_length')} wide: of another model",
        name,
    )
