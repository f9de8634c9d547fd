"""What a model folder must hold before its model can be loaded, told from names, sizes and headers alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pipelines.weights.catalogue import GGUF, KnownModel
from pipelines.weights.headers import DamagedWeights, Tensor, is_pointer, read_header
from pipelines.weights.passport import PASSPORT, read_passport

_SINGLE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_TOKENIZERS: Final = ("tokenizer.json", "tokenizer.model", "spiece.model")
_IMAGE_MODEL: Final = "Gemma3ForConditionalGeneration"
_TEXT_MODEL: Final = "Gemma3ForCausalLM"
_TWO_TOWERS: Final = "SiglipModel"
#: How Gemma 3 names its image tokens: key in tokenizer_config.json, key in config.json, and the defaults of both.
_IMAGE_TOKENS: Final = (
    ("boi_token", "boi_token_index", "<start_of_image>", 255_999),
    ("eoi_token", "eoi_token_index", "<end_of_image>", 256_000),
    ("image_token", "image_token_index", "<image_soft_token>", 262_144),
)
_TOKENS_WITHIN: Final = 4_000_000
_OTHER_WEIGHTS: Final = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".gguf", ".msgpack", ".h5", ".onnx")
_LOADED_SUFFIXES: Final = (".json", ".jinja", ".model", ".txt")
_TERMS: Final = ("LICENSE", "NOTICE")


class Unfit(Exception):
    """A folder that cannot be loaded as the model it should be.

    Args:
        problem: what is wrong, to be read after the name.
        file: in which file of the folder; None for the folder itself.
    """

    def __init__(self, problem: str, file: str | None = None) -> None:
        super().__init__(problem, file)
        self.problem = problem
        self.file = file


def examine(folder: Path, model: KnownModel) -> None:
    """Hold ``folder`` against what ``model`` needs.

    Raises:
        Unfit: with the first thing that is wrong.
    """
    if model.model_type == GGUF:
        from pipelines.weights.gguf_folder import examine_gguf

        examine_gguf(folder, model)
        return
    config = read_config(folder)
    _check_type(config, model)
    check_passport(folder)
    tensors_of(folder)
    _check_tokenizer(folder)
    sees = model.architecture == _IMAGE_MODEL
    if model.architecture != _TEXT_MODEL:
        of_images = sees or model.architecture == _TWO_TOWERS
        _check_processor(folder, "image_processor" if of_images else "feature_extractor")
    if model.architecture == _TWO_TOWERS:
        _check_towers(config)
    if sees:
        _check_image_tokens(folder, config)
    if sees or model.architecture == _TEXT_MODEL:
        _check_chat_template(folder)


def read_config(folder: Path) -> dict[str, Any]:
    if not (folder / "config.json").is_file():
        raise Unfit("is no model folder (it has no config.json)" if folder.is_dir() else "there is no such folder")
    return _read_json(folder, "config.json")


def model_type_of(folder: Path) -> str | None:
    """The type of model that config.json names.

    Raises:
        Unfit: there is no config.json, or it is not JSON.
    """
    found = read_config(folder).get("model_type")
    return found if isinstance(found, str) else None


def weight_names(folder: Path) -> tuple[str, ...]:
    """Names of the files that a loader reads the weights from, in order.

    Raises:
        Unfit: there are none, or the list of them is broken.
    """
    if (folder / _SINGLE).is_file():
        return (_SINGLE,)
    if not (folder / _INDEX).is_file():
        others = sorted(path.name for path in folder.iterdir() if path.suffix in _OTHER_WEIGHTS)
        found = f" (of {others[0]} nothing is loaded: only safetensors are)" if others else ""
        raise Unfit(f"is missing{found}", _SINGLE)
    shards = _read_json(folder, _INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards or not all(isinstance(name, str) for name in shards.values()):
        raise Unfit("names no files of weights", _INDEX)
    names: tuple[str, ...] = tuple(sorted(set(shards.values())))
    if any(Path(name).name != name or not name.endswith(".safetensors") for name in names):
        raise Unfit("names files that are not safetensors within the folder", _INDEX)
    return names


def weight_names_of(folder: Path, model: KnownModel) -> tuple[str, ...]:
    """As `weight_names`, of whatever kind the model's weights are."""
    if model.model_type != GGUF:
        return weight_names(folder)
    from pipelines.weights.gguf_folder import pair_in

    return tuple(sorted(name for name in pair_in(folder) if name is not None))


def holds_gguf(folder: Path) -> bool:
    """Whether its weights are for llama.cpp: GGUF, and no safetensors."""
    return any(folder.glob("*.gguf")) and not any(folder.glob("*.safetensors*"))


def tensors_of(folder: Path) -> dict[str, Tensor]:
    """Every tensor of the weights, from the files' headers.

    Raises:
        Unfit: a file of weights is missing, cut off or damaged.
    """
    tensors: dict[str, Tensor] = {}
    for name in weight_names(folder):
        try:
            tensors.update(read_header(folder / name))
        except FileNotFoundError:
            raise Unfit("is missing", name) from None
        except DamagedWeights as damage:
            raise Unfit(str(damage), name) from None
    return tensors


def needed_files(folder: Path, model: KnownModel) -> tuple[Path, ...]:
    """What of the folder is loaded, and the terms it came with: never pickles, code, hidden files or subfolders.

    What lies beside the weights is taken where it is present. The pointer that git-lfs leaves in place of such a file
    counts as none.

    Raises:
        Unfit: there are no weights.
    """
    weights = set(weight_names_of(folder, model))
    return tuple(
        path
        for path in sorted(folder.iterdir())
        if path.is_file()
        and not path.name.startswith(".")
        and path.name != PASSPORT
        and (
            path.name in weights
            or path.suffix in _LOADED_SUFFIXES
            or path.stem in _TERMS
            or (path.name in model.beside and not _is_pointer(path))
        )
    )


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return is_pointer(file.read(64))


def _check_type(config: Mapping[str, Any], model: KnownModel) -> None:
    """By the type, as transformers does: the names of classes have changed from version to version."""
    found = config.get("model_type")
    if found == model.model_type:
        return
    if not isinstance(found, str):
        raise Unfit("names no model_type", "config.json")
    named = config.get("architectures")
    name = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else found
    kind = ""
    if model.architecture.endswith("ForCTC") and name.endswith(("ForConditionalGeneration", "Seq2Seq")):
        kind = ", a sequence-to-sequence model"
    raise Unfit(f"is of {name}{kind}; {model.name} is {model.architecture}", "config.json")


def check_passport(folder: Path) -> None:
    """Whether everything that was installed there is there, in its size. Raises `Unfit`."""
    try:
        passport = read_passport(folder)
    except ValueError:
        raise Unfit("is damaged (it cannot be read)", PASSPORT) from None
    if passport is None:
        return
    for name, stored in passport.files.items():
        path = folder / name
        if not path.is_file():
            raise Unfit("is missing", name)
        if (size := path.stat().st_size) != stored.size:
            raise Unfit(f"is damaged ({size} bytes, {stored.size} were installed)", name)


def _check_tokenizer(folder: Path) -> None:
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise Unfit("has no tokenizer (tokenizer.json, tokenizer.model or spiece.model)")
    if not (folder / "tokenizer_config.json").is_file():
        raise Unfit("is missing", "tokenizer_config.json")
    _read_json(folder, "tokenizer_config.json")
    for name in _TOKENIZERS:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                if is_pointer(file.read(64)):
                    raise Unfit("is a git-lfs pointer, not the tokenizer", name)
                file.seek(max(0, path.stat().st_size - 64))
                if path.suffix == ".json" and not file.read().rstrip().endswith(b"}"):
                    raise Unfit("is cut off or no JSON", name)


def _check_processor(folder: Path, part: str) -> None:
    """Transformers 4 keeps each processor in a file of its own, transformers 5 all of them in processor_config.json."""
    if (folder / "processor_config.json").is_file() and part in _read_json(folder, "processor_config.json"):
        return
    if not (folder / "preprocessor_config.json").is_file():
        raise Unfit("is missing", "preprocessor_config.json")
    _read_json(folder, "preprocessor_config.json")


def _check_towers(config: Mapping[str, Any]) -> None:
    for tower in ("text_config", "vision_config"):
        if not isinstance(config.get(tower), dict):
            raise Unfit(f"has no {tower}", "config.json")


def _check_image_tokens(folder: Path, config: Mapping[str, Any]) -> None:
    names = _read_json(folder, "tokenizer_config.json")
    known = _added_tokens(folder)
    for role, index, name, number in _IMAGE_TOKENS:
        token, expected = names.get(role, name), config.get(index, number)
        if isinstance(token, dict):
            token = token.get("content")
        if not isinstance(token, str):
            raise Unfit(f"gives a {role} that is no text", "tokenizer_config.json")
        if known.get(token) is None:
            raise Unfit(f"has no image token {token}: a tokenizer for text only", "tokenizer.json")
        if known[token] != expected:
            raise Unfit(
                f"has the image token {token} as {known[token]}, config.json as {expected}: of another model",
                "tokenizer.json",
            )


def _added_tokens(folder: Path) -> Mapping[str, int]:
    if (folder / "tokenizer.json").is_file():
        return {
            entry["content"]: entry["id"]
            for entry in _added_in(folder)
            if isinstance(entry, dict) and isinstance(entry.get("content"), str) and isinstance(entry.get("id"), int)
        }
    decoder = _read_json(folder, "tokenizer_config.json").get("added_tokens_decoder")
    if not isinstance(decoder, dict):
        return {}
    return {
        entry["content"]: int(number)
        for number, entry in decoder.items()
        if number.isdecimal() and isinstance(entry, dict) and isinstance(entry.get("content"), str)
    }


def _added_in(folder: Path) -> Iterable[Any]:
    """The list ``added_tokens`` of tokenizer.json. It stands at the beginning, and Gemma's file has 33 MB."""
    with (folder / "tokenizer.json").open("rb") as file:
        beginning = file.read(_TOKENS_WITHIN).decode("utf-8", errors="ignore")
    try:
        start = beginning.index("[", beginning.index('"added_tokens"'))
        entries, _ = json.JSONDecoder().raw_decode(beginning, start)
    except (ValueError, RecursionError):
        entries = _read_json(folder, "tokenizer.json").get("added_tokens")
    return entries if isinstance(entries, list) else ()


def _check_chat_template(folder: Path) -> None:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return
    if not _read_json(folder, "tokenizer_config.json").get("chat_template"):
        raise Unfit("is missing", "chat_template.jinja")


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    import orjson

    data = (folder / name).read_bytes()
    if is_pointer(data):
        raise Unfit("is a git-lfs pointer, not the file", name)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unfit("is not JSON", name) from None
    if not isinstance(value, dict):
        raise Unfit("is not a JSON object", name)
    return value
