"""What is wrong with a folder or a machine, in one line each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.models.medsiglip.classifier import MedSigLIP
from pipelines.weights import memory
from pipelines.weights.catalogue import MEDSIGLIP
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import estimate
from pipelines.weights.passport import describe, write_passport
from tests.models.classifier_conformance import a_picture
from tests.support import tiny_medgemma
from tests.support.edited import edit_json, edit_weights
from tests.support.tiny_medsiglip import shared

LABELS = ("a chest x-ray", "Mrs Example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(shared(), tmp_path / "model")


def _refusal(folder: Path) -> str:
    with pytest.raises(ModelNeeded) as refused:
        MedSigLIP(ModelFolder(folder, MEDSIGLIP), threads=1, device="cpu").classify(a_picture(1), LABELS)
    line = str(refused.value)
    assert "\n" not in line
    assert "Example" not in line
    assert refused.value.subject.startswith("medsiglip")
    assert refused.value.remedy
    return line


def test_a_whole_folder_is_ready(folder: Path) -> None:
    assert ModelFolder(folder, MEDSIGLIP).availability().ready


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    assert "assistant models pull medsiglip" in _refusal(tmp_path)
    with pytest.raises(ModelNeeded):
        MedSigLIP(ModelFolder(tmp_path, MEDSIGLIP)).engine()


def test_another_model_is_named(tmp_path: Path) -> None:
    other = shutil.copytree(tiny_medgemma.shared(), tmp_path / "other")
    assert "is of Gemma3ForConditionalGeneration; medsiglip is SiglipModel" in _refusal(other)


@pytest.mark.parametrize("name", ["model.safetensors", "spiece.model", "tokenizer_config.json"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    line = _refusal(folder)
    assert name in line
    assert not ModelFolder(folder, MEDSIGLIP).availability().ready


def test_no_image_processor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    assert "preprocessor_config.json" in _refusal(folder)


@pytest.mark.parametrize("tower", ["text_config", "vision_config"])
def test_half_a_model_is_none(folder: Path, tower: str) -> None:
    edit_json(folder / "config.json", lambda config: config.pop(tower))
    assert f"medsiglip/config.json: has no {tower}" in _refusal(folder)


def test_weights_that_are_cut_off(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "is cut off" in _refusal(folder)


def test_weights_that_lack_a_tensor_are_never_made_up(folder: Path) -> None:
    edit_weights(folder, lambda weights: weights.pop("logit_scale"))
    assert "1 tensors are missing" in _refusal(folder)


def test_weights_of_another_shape(folder: Path) -> None:
    def widen(weights: dict[str, torch.Tensor]) -> None:
        weights[next(name for name in weights if "vision" in name and "fc1.weight" in name)] = torch.zeros(3, 5)

    edit_weights(folder, widen)
    _refusal(folder)


@pytest.mark.parametrize("name", ["logit_scale", "vision_model.post_layernorm.weight"])
def test_weights_that_give_no_numbers(folder: Path, name: str) -> None:
    edit_weights(folder, lambda weights: weights.update({name: weights[name] * float("nan")}))
    assert "gives no numbers (NaN) in float32 on cpu" in _refusal(folder)


def test_a_processor_of_another_size(folder: Path) -> None:
    edit_json(folder / "preprocessor_config.json", lambda images: images.update(size={"height": 224, "width": 224}))
    assert "has an image processor of another size" in _refusal(folder)


def test_a_broken_tokenizer(folder: Path) -> None:
    (folder / "spiece.model").write_bytes(b"no sentencepiece model")
    assert "cannot be loaded" in _refusal(folder)


def test_a_git_lfs_pointer_is_no_tokenizer(folder: Path) -> None:
    (folder / "spiece.model").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "is a git-lfs pointer, not the tokenizer" in _refusal(folder)


def test_sizes_that_cannot_be(folder: Path) -> None:
    edit_json(folder / "config.json", lambda config: config["vision_config"].update(hidden_size=-1))
    assert "says what cannot be of the sizes of the model" in _refusal(folder)


def test_too_little_memory_is_told_before_loading(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda device: 1000)
    line = _refusal(folder)
    assert "GB are free" in line
    assert "ASSISTANT_QUANTIZE" not in line


def test_memory_that_runs_out_in_a_call(folder: Path) -> None:
    classifier = MedSigLIP(ModelFolder(folder, MEDSIGLIP), threads=1, device="cpu")
    classifier.embed(a_picture(1))
    checkpoint = classifier._checkpoint
    assert checkpoint is not None

    def exhausted(**_: object) -> None:
        raise MemoryError

    checkpoint.model.get_image_features = exhausted
    with pytest.raises(ModelNeeded, match="ran out of memory on cpu in float32"):
        classifier.embed(a_picture(2))


def test_what_it_needs_is_estimated_from_both_towers(folder: Path) -> None:
    def published(config: dict[str, Any]) -> None:
        sizes = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
        for tower in ("text_config", "vision_config"):
            config[tower] |= sizes

    weights = sum(tensor.count for tensor in ModelFolder(folder, MEDSIGLIP).tensors().values())
    edit_json(folder / "config.json", published)
    need = estimate(ModelFolder(folder, MEDSIGLIP), "float32", "cpu")
    assert (need.weights, need.cache) == (4 * weights, 0)
    # 4,096 tokens of labels are more than 1,024 patches.
    assert need.work == 4096 * (4 * 4304 + 8 * 1152) * 4


def test_all_that_is_loaded_counts_as_the_models_files(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    names = {path.name for path in ModelFolder(folder, MEDSIGLIP).files()}
    assert {"spiece.model", "preprocessor_config.json", "tokenizer_config.json", "model.safetensors"} <= names
    assert "pytorch_model.bin" not in names


def test_a_file_that_is_not_as_it_was_installed(folder: Path) -> None:
    write_passport(folder, describe(folder, "medsiglip", "import"))
    assert ModelFolder(folder, MEDSIGLIP).availability().ready
    with (folder / "spiece.model").open("ab") as file:
        file.write(b"x")
    assert "medsiglip/spiece.model: is damaged" in _refusal(folder)


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(UsageProblem, match="cuda:7"):
        MedSigLIP(ModelFolder(shared(), MEDSIGLIP), device="cuda:7").embed(a_picture(1))
