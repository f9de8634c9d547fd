"""Model folders, fit and unfit. Each unfit one is a copy of a checkpoint of the real classes with one thing wrong."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from pipelines.errors import ModelNeeded
from pipelines.weights.catalogue import MEDASR, MEDGEMMA, KnownModel
from pipelines.weights.folder import PASSPORT, ModelFolder
from pipelines.weights.hashes import hash_files, joint_sha256
from pipelines.weights.passport import Passport, describe, write_passport
from tests.support import tiny_medasr, tiny_medgemma
from tests.support.edited import edit_json

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 421000000\n"
REVISION = "1" * 40


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("built")
    return {
        "medasr": tiny_medasr.build_random(folder / "medasr"),
        "medgemma": tiny_medgemma.build_random(folder / "medgemma"),
    }


@pytest.fixture(params=[MEDASR, MEDGEMMA], ids=["medasr", "medgemma"])
def model(request: pytest.FixtureRequest) -> KnownModel:
    return request.param


@pytest.fixture
def folder(model: KnownModel, built: dict[str, Path], tmp_path: Path) -> Path:
    return copied(built, model, tmp_path)


@pytest.fixture
def medgemma(built: dict[str, Path], tmp_path: Path) -> Path:
    return copied(built, MEDGEMMA, tmp_path)


def copied(built: dict[str, Path], model: KnownModel, into: Path) -> Path:
    return Path(shutil.copytree(built[model.name], into / "given"))


def shard(folder: Path) -> tuple[str, str]:
    """Cut the weights in two, as larger models come."""
    tensors = load_file(folder / "model.safetensors")
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    half = sorted(tensors)[: len(tensors) // 2]
    save_file({name: tensors[name] for name in half}, folder / names[0])
    save_file({name: tensor for name, tensor in tensors.items() if name not in half}, folder / names[1])
    weight_map = {name: names[0] if name in half else names[1] for name in tensors}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "model.safetensors").unlink()
    return names


def refusal(folder: Path, model: KnownModel) -> ModelNeeded:
    with pytest.raises(ModelNeeded) as caught:
        ModelFolder(folder, model).require()
    assert "\n" not in str(caught.value)
    assert str(folder.parent) not in str(caught.value)
    assert f"assistant models pull {model.name}" in caught.value.remedy
    return caught.value


def test_a_checkpoint_of_the_real_classes_is_fit(folder: Path, model: KnownModel) -> None:
    ModelFolder(folder, model).require()


def test_the_layout_that_transformers_5_writes_is_fit_too(folder: Path, model: KnownModel) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    (folder / "preprocessor_config.json").unlink(missing_ok=True)
    processor.save_pretrained(folder)
    assert not (folder / "preprocessor_config.json").exists()
    ModelFolder(folder, model).require()


def test_weights_in_several_files_are_fit(folder: Path, model: KnownModel) -> None:
    names = shard(folder)
    found = ModelFolder(folder, model)
    found.require()
    assert [path.name for path in found.weight_files()] == list(names)


def test_a_folder_that_is_not_there(tmp_path: Path, model: KnownModel) -> None:
    error = refusal(tmp_path / "none", model)
    assert (error.subject, error.problem) == (model.name, "is not installed")
    assert "assistant models import DIR" in error.remedy


def test_a_folder_that_is_no_model(tmp_path: Path, model: KnownModel) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8")
    assert refusal(tmp_path, model).problem == "is not installed"


UNFIT: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "config is no JSON": (
        lambda folder: (folder / "config.json").write_text("<html>sign in first</html>"),
        "/config.json",
        "is not JSON",
    ),
    "config is a list": (
        lambda folder: (folder / "config.json").write_text("[]"),
        "/config.json",
        "is not a JSON object",
    ),
    "no architecture": (
        lambda folder: edit_json(folder / "config.json", lambda config: config.pop("model_type")),
        "/config.json",
        "names no model_type",
    ),
    "no weights": (
        lambda folder: (folder / "model.safetensors").unlink(),
        "/model.safetensors",
        "is missing",
    ),
    "only a pickle": (
        lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
        "/model.safetensors",
        "is missing (of pytorch_model.bin nothing is loaded: only safetensors are)",
    ),
    "only GGUF": (
        lambda folder: (folder / "model.safetensors").rename(folder / "model-Q4_K_M.gguf"),
        "/model.safetensors",
        "is missing (of model-Q4_K_M.gguf nothing is loaded: only safetensors are)",
    ),
    "pointer for weights": (
        lambda folder: (folder / "model.safetensors").write_text(POINTER),
        "/model.safetensors",
        "is a git-lfs pointer, not the weights",
    ),
    "weights without their last byte": (
        lambda folder: os.truncate(folder / "model.safetensors", (folder / "model.safetensors").stat().st_size - 1),
        "/model.safetensors",
        "is cut off: 1 bytes are missing",
    ),
    "weights cut off in their header": (
        lambda folder: os.truncate(folder / "model.safetensors", 100),
        "/model.safetensors",
        "is cut off within its header",
    ),
    "a shard is missing": (
        lambda folder: (folder / shard(folder)[1]).unlink(),
        "/model-00002-of-00002.safetensors",
        "is missing",
    ),
    "a shard lies elsewhere": (
        lambda folder: (
            shard(folder),
            edit_json(
                folder / "model.safetensors.index.json",
                lambda index: index["weight_map"].update(x="../../stolen.safetensors"),
            ),
        ),
        "/model.safetensors.index.json",
        "names files that are not safetensors within the folder",
    ),
    "an index of nothing": (
        lambda folder: (
            shard(folder),
            edit_json(folder / "model.safetensors.index.json", lambda index: index["weight_map"].clear()),
        ),
        "/model.safetensors.index.json",
        "names no files of weights",
    ),
    "no tokenizer": (
        lambda folder: (folder / "tokenizer.json").unlink(),
        "",
        "has no tokenizer (tokenizer.json, tokenizer.model or spiece.model)",
    ),
    "no settings of the tokenizer": (
        lambda folder: (folder / "tokenizer_config.json").unlink(),
        "/tokenizer_config.json",
        "is missing",
    ),
    "pointer for the tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text(POINTER),
        "/tokenizer.json",
        "is a git-lfs pointer, not the tokenizer",
    ),
    "tokenizer cut off": (
        lambda folder: os.truncate(folder / "tokenizer.json", (folder / "tokenizer.json").stat().st_size - 5),
        "/tokenizer.json",
        "is cut off or no JSON",
    ),
    "no processor": (
        lambda folder: [path.unlink() for path in folder.glob("*processor_config.json")],
        "/preprocessor_config.json",
        "is missing",
    ),
}


@pytest.mark.parametrize(("spoil", "file", "problem"), UNFIT.values(), ids=UNFIT.keys())
def test_unfit_folders(
    folder: Path, model: KnownModel, spoil: Callable[[Path], object], file: str, problem: str
) -> None:
    spoil(folder)
    error = refusal(folder, model)
    assert (error.subject, error.problem) == (model.name + file, problem)


def test_each_model_is_not_the_other(built: dict[str, Path]) -> None:
    error = refusal(built["medgemma"], MEDASR)
    assert error.subject == "medasr/config.json"
    assert error.problem == ("is of Gemma3ForConditionalGeneration, a sequence-to-sequence model; medasr is LasrForCTC")
    assert refusal(built["medasr"], MEDGEMMA).problem == "is of LasrForCTC; medgemma is Gemma3ForConditionalGeneration"


def test_a_text_tokenizer_cannot_see(medgemma: Path) -> None:
    edit_json(
        medgemma / "tokenizer.json",
        lambda tokenizer: tokenizer.update(
            added_tokens=[token for token in tokenizer["added_tokens"] if token["content"] != "<image_soft_token>"]
        ),
    )
    error = refusal(medgemma, MEDGEMMA)
    assert error.subject == "medgemma/tokenizer.json"
    assert error.problem == "has no image token <image_soft_token>: a tokenizer for text only"


def test_image_tokens_are_found_wherever_they_stand_in_the_file(medgemma: Path) -> None:
    tokenizer = json.loads((medgemma / "tokenizer.json").read_text())
    (medgemma / "tokenizer.json").write_text(
        json.dumps({"padding": " " * 5_000_000, **{key: tokenizer[key] for key in sorted(tokenizer, reverse=True)}})
    )
    ModelFolder(medgemma, MEDGEMMA).require()


def test_a_tokenizer_of_another_gemma_is_told_by_its_numbers(medgemma: Path) -> None:
    edit_json(medgemma / "config.json", lambda config: config.update(boi_token_index=99))
    error = refusal(medgemma, MEDGEMMA)
    assert error.problem == "has the image token <start_of_image> as 6, config.json as 99: of another model"


def test_image_tokens_are_found_where_only_sentencepiece_is(medgemma: Path) -> None:
    tokens = json.loads((medgemma / "tokenizer.json").read_text())["added_tokens"]
    (medgemma / "tokenizer.json").rename(medgemma / "tokenizer.model")
    assert "has no image token" in refusal(medgemma, MEDGEMMA).problem
    edit_json(
        medgemma / "tokenizer_config.json",
        lambda config: config.update(added_tokens_decoder={token["id"]: token for token in tokens}),
    )
    ModelFolder(medgemma, MEDGEMMA).require()


def test_a_chat_template_is_needed_in_one_of_its_places(medgemma: Path) -> None:
    template = (medgemma / "chat_template.jinja").read_text()
    (medgemma / "chat_template.jinja").unlink()
    error = refusal(medgemma, MEDGEMMA)
    assert (error.subject, error.problem) == ("medgemma/chat_template.jinja", "is missing")
    edit_json(medgemma / "tokenizer_config.json", lambda config: config.update(chat_template=template))
    ModelFolder(medgemma, MEDGEMMA).require()


def with_passport(folder: Path, model: KnownModel, **origin: str) -> Passport:
    passport = describe(folder, model.name, "hub" if origin else "import", **origin)
    write_passport(folder, passport)
    return passport


def test_a_file_that_was_installed_and_is_gone(folder: Path, model: KnownModel) -> None:
    (folder / "LICENSE").write_text("terms")
    with_passport(folder, model)
    (folder / "LICENSE").unlink()
    error = refusal(folder, model)
    assert (error.subject, error.problem) == (f"{model.name}/LICENSE", "is missing")


def test_a_file_that_was_installed_with_another_size(folder: Path, model: KnownModel) -> None:
    with_passport(folder, model)
    with (folder / "tokenizer_config.json").open("a") as file:
        file.write(" \n")
    error = refusal(folder, model)
    assert error.subject == f"{model.name}/tokenizer_config.json"
    assert error.problem.startswith("is damaged (")


@pytest.mark.parametrize("text", ["", "{", '{"model": 1}', "[]"])
def test_a_passport_that_cannot_be_read(folder: Path, model: KnownModel, text: str) -> None:
    (folder / PASSPORT).write_text(text)
    error = refusal(folder, model)
    assert (error.subject, error.problem) == (f"{model.name}/{PASSPORT}", "is damaged (it cannot be read)")


def test_the_hash_of_one_file_is_its_own_and_of_several_that_of_their_list(folder: Path, model: KnownModel) -> None:
    single = folder / "model.safetensors"
    assert ModelFolder(folder, model).weights_sha256() == hash_files([single])[0]
    names = shard(folder)
    digests = dict(zip(names, hash_files(folder / name for name in names), strict=True))
    assert ModelFolder(folder, model).weights_sha256() == joint_sha256(digests)
    assert joint_sha256(digests) == joint_sha256(dict(reversed(digests.items())))


def flip_last_byte(path: Path, *, keep_time: bool = False) -> None:
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))
    later = stat.st_mtime_ns + (0 if keep_time else 1_000_000_000)
    os.utime(path, ns=(later, later))


def test_the_passport_spares_reading_while_a_file_is_as_it_was(folder: Path, model: KnownModel) -> None:
    passport = with_passport(folder, model)
    flip_last_byte(folder / "model.safetensors", keep_time=True)
    assert ModelFolder(folder, model).weights_sha256() == passport.files["model.safetensors"].sha256


def test_a_changed_byte_is_found_once_the_time_differs(folder: Path, model: KnownModel) -> None:
    with_passport(folder, model)
    flip_last_byte(folder / "model.safetensors")
    with pytest.raises(ModelNeeded) as caught:
        ModelFolder(folder, model).engine("5")
    assert caught.value.subject == f"{model.name}/model.safetensors"
    assert caught.value.problem == "is damaged (SHA-256 differs)"


def test_a_file_that_was_only_touched_is_not_damaged(folder: Path, model: KnownModel) -> None:
    passport = with_passport(folder, model)
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert ModelFolder(folder, model).weights_sha256() == passport.files["model.safetensors"].sha256


def test_without_a_passport_a_changed_file_is_hashed_again(folder: Path, model: KnownModel) -> None:
    before = ModelFolder(folder, model).weights_sha256()
    flip_last_byte(folder / "model.safetensors")
    assert ModelFolder(folder, model).weights_sha256() != before


def test_weights_from_the_hub_are_named_by_repository_and_revision(folder: Path, model: KnownModel) -> None:
    with_passport(folder, model, repository=model.repository, revision=REVISION)
    found = ModelFolder(folder, model)
    engine = found.engine("5.23.0", note="in bfloat16")
    assert found.verified
    assert (engine.name, engine.version) == (model.name, "5.23.0")
    assert (engine.model, engine.revision) == (model.repository, REVISION)
    assert engine.note == f"published weights of {model.repository}; in bfloat16"


def test_weights_from_a_folder_claim_nothing(folder: Path, model: KnownModel) -> None:
    with_passport(folder, model)
    found = ModelFolder(folder, model)
    engine = found.engine("5.23.0")
    assert not found.verified
    assert engine.weights_sha256 == hash_files([folder / "model.safetensors"])[0]
    assert engine.model == f"local:{engine.weights_sha256[:12]}"
    assert engine.revision == engine.weights_sha256[:40]
    assert engine.note == f"weights from a folder, not verified as {model.repository}"


def test_weights_from_a_folder_that_are_the_published_ones_are_named_so(folder: Path, model: KnownModel) -> None:
    published = {"model.safetensors": hash_files([folder / "model.safetensors"])[0]}
    found = ModelFolder(folder, replace(model, published=published))
    engine = found.engine("5.23.0")
    assert found.verified
    assert (engine.model, engine.revision) == (model.repository, model.revision)


def test_only_what_is_loaded_and_the_terms_count_as_files(folder: Path, model: KnownModel) -> None:
    before = {path.name for path in ModelFolder(folder, model).files()}
    assert before >= {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    for name in ("pytorch_model.bin", "evil.py", ".hidden.json", "other.safetensors", "optimizer.pt", PASSPORT):
        (folder / name).write_bytes(b"x")
    (folder / "sub.json").mkdir()
    (folder / "LICENSE").write_text("terms")
    assert {path.name for path in ModelFolder(folder, model).files()} == before | {"LICENSE"}


def test_a_token_may_be_given_as_an_object(medgemma: Path) -> None:
    edit_json(medgemma / "tokenizer_config.json", lambda names: names.update(boi_token={"content": "<start_of_image>"}))
    assert ModelFolder(medgemma, MEDGEMMA).availability().ready


@pytest.mark.parametrize("token", [{"content": 7}, {}, ["<start_of_image>"], 7, None])
def test_a_token_that_is_no_text_is_one_line(medgemma: Path, token: object) -> None:
    edit_json(medgemma / "tokenizer_config.json", lambda names: names.update(boi_token=token))
    available = ModelFolder(medgemma, MEDGEMMA).availability()
    assert not available.ready
    assert available.detail == "medgemma/tokenizer_config.json gives a boi_token that is no text"
