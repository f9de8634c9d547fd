"""What is wrong with a folder or a machine, in one line each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.models.generator import Slot
from pipelines.models.medgemma import checkpoint
from pipelines.models.medgemma.generator import MedGemma
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import estimate
from pipelines.weights.strides import SMALL, USUAL, Strides
from tests.models.generator_conformance import QUESTION, Pictures, an_ask
from tests.support.edited import edit_json, edit_weights
from tests.support.tiny_medgemma import shared

SECRET = "Mrs Example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(shared(), tmp_path / "model")


def _generate(folder: Path, dtype: str = "float32") -> str:
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu", dtype=dtype)
    return generator.generate(an_ask(QUESTION, system=SECRET, max_new_tokens=2), Pictures()).raw


def _refusal(folder: Path) -> str:
    with pytest.raises(ModelNeeded) as refused:
        _generate(folder)
    line = str(refused.value)
    assert "\n" not in line
    assert SECRET not in line
    assert refused.value.subject.startswith("medgemma")
    assert refused.value.remedy
    return line


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    assert "assistant models pull medgemma" in _refusal(tmp_path)
    generator = MedGemma(ModelFolder(tmp_path, MEDGEMMA))
    available = generator.available()
    assert not available.ready
    assert available.remedy
    with pytest.raises(ModelNeeded):
        generator.engine()


def test_another_architecture_is_named(folder: Path) -> None:
    edit_json(folder / "config.json", lambda config: config.update(model_type="llava"))
    assert "is of" in _refusal(folder)


def test_weights_that_are_cut_off(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "model.safetensors" in _refusal(folder)


def test_weights_that_lack_a_tensor_are_never_made_up(folder: Path) -> None:
    edit_weights(folder, lambda weights: weights.pop(next(name for name in weights if "layers.3.mlp" in name)))
    assert "1 tensors are missing" in _refusal(folder)


def test_weights_of_another_shape(folder: Path) -> None:
    def widen(weights: dict[str, torch.Tensor]) -> None:
        name = next(name for name in weights if "layers.3.mlp.up" in name)
        weights[name] = torch.zeros(3, 5)

    edit_weights(folder, widen)
    _refusal(folder)


def test_a_tokenizer_without_image_tokens(folder: Path) -> None:
    for name in ("boi_token", "eoi_token", "image_token"):
        edit_json(folder / "tokenizer_config.json", lambda config, name=name: config.pop(name))
    edit_json(
        folder / "tokenizer.json",
        lambda tokenizer: tokenizer.update(
            added_tokens=[token for token in tokenizer["added_tokens"] if "image" not in token["content"]]
        ),
    )
    assert "image token" in _refusal(folder)


def test_a_tokenizer_that_names_no_image_tokens(folder: Path) -> None:
    """The tokens are there, but the processor is not told which they are."""
    for name in ("boi_token", "eoi_token", "image_token"):
        edit_json(folder / "tokenizer_config.json", lambda config, name=name: config.pop(name))
    _refusal(folder)


def test_a_processor_of_another_image_length(folder: Path) -> None:
    edit_json(folder / "processor_config.json", lambda config: config.update(image_seq_length=64))
    assert "of another model" in _refusal(folder)


def test_no_image_processor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    assert "preprocessor_config.json" in _refusal(folder)


def test_no_chat_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    assert "chat_template" in _refusal(folder)


def test_a_chat_template_may_come_with_the_tokenizer(folder: Path) -> None:
    expected = _generate(folder)
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    edit_json(folder / "tokenizer_config.json", lambda config: config.update(chat_template=template))
    assert _generate(folder) == expected


@pytest.mark.parametrize("name", ["tokenizer.json", "preprocessor_config.json", "config.json"])
def test_a_broken_file(folder: Path, name: str) -> None:
    (folder / name).write_text("{")
    _refusal(folder)


def test_a_tokenizer_that_is_not_one(folder: Path) -> None:
    edit_json(folder / "tokenizer.json", lambda tokenizer: tokenizer.update(model={"type": "none"}))
    assert "cannot be loaded" in _refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_give_no_numbers(folder: Path, value: float) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        next(tensor for name, tensor in weights.items() if "layers.5.mlp.down" in name).fill_(value)

    edit_weights(folder, spoil)
    line = _refusal(folder)
    assert "gives no numbers (NaN)" in line
    assert "float32" in line


def test_weights_stored_as_float16_are_run_in_bfloat16(folder: Path) -> None:
    def halve(weights: dict[str, torch.Tensor]) -> None:
        weights.update({name: tensor.half() for name, tensor in weights.items()})

    edit_weights(folder, halve)
    edit_json(folder / "config.json", lambda config: config.update(dtype="float16"))
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu")
    assert generator.generate(an_ask(QUESTION, max_new_tokens=2), Pictures()).parameters["dtype"] == "bfloat16"


def test_a_machine_that_is_too_small_is_told_before_loading(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.weights.memory.available_memory", lambda device: 1_000_000)
    assert "0.0 GB are free" in _refusal(folder)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
    ],
)
def test_memory_that_runs_out_while_generating(folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from transformers import Gemma3ForConditionalGeneration

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Gemma3ForConditionalGeneration, "forward", fail)
    line = _refusal(folder)
    assert "ran out of memory on cpu in float32" in line
    assert "2 for the output" in line


@pytest.mark.parametrize("after", [0, 1, 3])
def test_memory_that_runs_out_once_lets_go_of_what_is_kept_and_tries_smaller_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """In the middle of reading or of writing: the answer is that of a call which never ran out."""
    from transformers import Gemma3ForConditionalGeneration

    pictures = Pictures()
    ask = an_ask(pictures.add(1), pictures.add(2), QUESTION, max_new_tokens=8, shared=2)
    untroubled = MedGemma(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32").generate(ask, pictures)
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32")
    generator.generate(an_ask(QUESTION, QUESTION, max_new_tokens=2, shared=1), pictures)
    kept = generator.kept_bytes
    assert kept > 0
    forward = Gemma3ForConditionalGeneration.forward
    calls: list[int] = []

    def fail_once(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == after + 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(*given, **more)

    monkeypatch.setattr(Gemma3ForConditionalGeneration, "forward", fail_once)
    again = generator.generate(ask, pictures)
    assert again.raw == untroubled.raw
    assert (again.parameters["tokens_at_a_time"], again.parameters["pictures_at_a_time"]) == (512, 1)
    assert generator.generate(ask, pictures).parameters["tokens_at_a_time"] == 2048


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
)
def test_memory_that_runs_out_while_loading(folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from transformers import Gemma3ForConditionalGeneration

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Gemma3ForConditionalGeneration, "from_pretrained", fail)
    assert "does not fit into the memory of cpu: it needs 0." in _refusal(folder)


def test_a_device_that_is_not_there(folder: Path) -> None:
    with pytest.raises(UsageProblem, match="device cuda:97: is not on this machine"):
        MedGemma(ModelFolder(folder, MEDGEMMA), device="cuda:97").generate(an_ask(QUESTION), Pictures())


def test_a_fault_of_ours_is_not_called_something_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import Gemma3ForConditionalGeneration

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Gemma3ForConditionalGeneration, "forward", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        _generate(folder)


def test_a_failed_load_can_be_tried_again(folder: Path) -> None:
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu", dtype="float32")
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelNeeded):
        generator.generate(an_ask(QUESTION, max_new_tokens=2), Pictures())
    (folder / "chat_template.jinja").write_text(template)
    assert generator.generate(an_ask(QUESTION, max_new_tokens=2), Pictures()).output_tokens > 0


def test_a_panic_of_the_tokenizers_library(folder: Path) -> None:
    panicking = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    edit_json(folder / "tokenizer.json", lambda tokenizer: tokenizer.update(normalizer=panicking))
    assert "cannot be loaded (PanicException" in _refusal(folder)


@pytest.mark.parametrize("part", ["text_config", "vision_config"])
def test_sizes_that_cannot_be(folder: Path, part: str) -> None:
    edit_json(folder / "config.json", lambda config: config[part].update(hidden_size="a"))
    assert "config.json: says what cannot be" in _refusal(folder)


@pytest.mark.parametrize("stated", ["long", 1.5, [], -1, True, None])
def test_a_context_that_cannot_be_is_not_told(folder: Path, stated: object) -> None:
    edit_json(folder / "config.json", lambda config: config["text_config"].update(max_position_embeddings=stated))
    assert MedGemma(ModelFolder(folder, MEDGEMMA)).capabilities().context_tokens == 131_072


def test_a_call_that_is_too_large_for_the_machine_is_refused_before_its_pictures_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu", dtype="float32")
    pictures = Pictures()
    seen = [pictures.add(seed) for seed in range(2)]
    generator.generate(an_ask(QUESTION, max_new_tokens=2), pictures)
    monkeypatch.setattr("pipelines.weights.memory.available_memory", lambda device: 1_000_000)
    with pytest.raises(ModelNeeded, match=r"needs 0\.\d GB more .* and 2 pictures, and 0\.0 GB are free"):
        generator.generate(an_ask(*seen, QUESTION, max_new_tokens=2), pictures)
    with pytest.raises(ModelNeeded, match="2 pictures"):
        generator.choose(an_ask(*seen, QUESTION), (Slot(options=("yes", "no")),), pictures)
    assert pictures.asked == []


def test_what_fits_only_in_small_steps_is_read_in_those(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = ModelFolder(folder, MEDGEMMA)
    generator = MedGemma(weights, threads=1, device="cpu", dtype="float32")
    pictures = Pictures()
    ask = an_ask(*(pictures.add(seed) for seed in range(3)), QUESTION, max_new_tokens=2)
    untroubled = generator.generate(ask, pictures)
    tokens = untroubled.prompt_tokens + 2

    def room(strides: Strides) -> int:
        need = estimate(weights, "float32", "cpu", tokens, 3, strides=strides)
        return need.cache + need.work

    usual, small = room(USUAL), room(SMALL)
    assert small < usual
    monkeypatch.setattr("pipelines.weights.memory.available_memory", lambda device: (usual + small) // 2)
    found = generator.generate(ask, pictures)
    assert (found.parameters["tokens_at_a_time"], found.parameters["pictures_at_a_time"]) == (512, 1)
    assert found.raw == untroubled.raw


@pytest.mark.parametrize(("computes", "taken"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_where_the_device_has_it(monkeypatch: pytest.MonkeyPatch, computes: bool, taken: str) -> None:
    monkeypatch.setattr(checkpoint, "computes_bfloat16", lambda device: computes)
    assert checkpoint.choose_dtype("auto", "mps") == taken
    assert checkpoint.choose_dtype("float32", "mps") == "float32"


def test_bfloat16_is_tried_on_the_device() -> None:
    assert checkpoint.computes_bfloat16("cpu")
    assert checkpoint.computes_bfloat16("mps") == torch.backends.mps.is_available()
