"""Memory is known before a model is loaded: weights exactly, the rest by rule."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ModelNeeded
from pipelines.weights import memory
from pipelines.weights.catalogue import MEDASR, MEDGEMMA
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import available_memory, estimate, require_memory, require_room
from pipelines.weights.strides import SMALL, USUAL

#: MedGemma 1.5 4B as its config.json has it; what is not there is left to the defaults of transformers.
CONFIG_4B = {
    "architectures": ["Gemma3ForConditionalGeneration"],
    "text_config": {
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
        "sliding_window": 1024,
    },
    "vision_config": {"hidden_size": 1152, "intermediate_size": 4304, "image_size": 896, "patch_size": 14},
}
PARAMETERS_4B = 4_300_079_472


def sparse_model(folder: Path, tensors: dict[str, tuple[str, tuple[int, ...], int]], config: dict) -> Path:
    """A folder whose weights have a true header and no bytes on disk. ``tensors``: dtype, shape, bytes per number."""
    header, end = {}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + math.prod(shape) * size]}
        end += math.prod(shape) * size
    text = json.dumps(header).encode()
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def four_billion(tmp_path: Path) -> ModelFolder:
    tensors = {"all": ("BF16", (PARAMETERS_4B,), 2)}
    return ModelFolder(sparse_model(tmp_path / "medgemma", tensors, CONFIG_4B), MEDGEMMA)


def test_the_real_size_in_both_formats(four_billion: ModelFolder) -> None:
    half, full = (estimate(four_billion, dtype, "cpu") for dtype in ("bfloat16", "float32"))
    assert half.weights == 2 * PARAMETERS_4B
    assert full.weights == 4 * PARAMETERS_4B
    assert 9.0e9 < half.total < 11e9
    assert 18e9 < full.total < 20e9


def test_sliding_layers_keep_their_window_and_the_others_everything(four_billion: ModelFolder) -> None:
    # 34 layers, every sixth of them full: 5; keys and values of 4 heads of 256 numbers of 2 bytes.
    per_position = 2 * 4 * 256 * 2
    assert estimate(four_billion, "bfloat16", "cpu", 4096).cache == (5 * 4096 + 29 * 1024) * per_position
    assert estimate(four_billion, "bfloat16", "cpu", 512).cache == 34 * 512 * per_position


def test_the_cache_is_that_which_transformers_keeps(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForImageTextToText

    from tests.support import tiny_medgemma

    path = tiny_medgemma.build_random(tmp_path / "tiny")
    model = AutoModelForImageTextToText.from_pretrained(path, local_files_only=True)
    folder = ModelFolder(path, MEDGEMMA)
    tokens = 100
    with torch.inference_mode():
        cache = model(input_ids=torch.full((1, tokens), 20), use_cache=True).past_key_values
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    # A sliding layer lets one position go that the next step does not see.
    assert 0.95 <= held / estimate(folder, "float32", "cpu", tokens).cache <= 1
    # As loaded: tied weights once, whole numbers as they are.
    assert estimate(folder, "float32", "cpu").weights == sum(weight.nbytes for weight in model.parameters())


def test_numbers_without_a_fraction_are_not_converted(tmp_path: Path) -> None:
    tensors = {"weight": ("F32", (1000,), 4), "steps": ("I64", (10,), 8)}
    folder = ModelFolder(sparse_model(tmp_path / "medasr", tensors, {"architectures": ["LasrForCTC"]}), MEDASR)
    assert estimate(folder, "bfloat16", "cpu").weights == 2000 + 80
    assert estimate(folder, "float32", "cpu").cache == 0


def test_a_model_that_fits_is_let_through(tmp_path: Path) -> None:
    tensors = {"weight": ("F32", (1000,), 4)}
    folder = ModelFolder(sparse_model(tmp_path / "medasr", tensors, {"architectures": ["LasrForCTC"]}), MEDASR)
    require_memory(folder, "float32", "cpu")


def test_too_large_is_refused_with_the_numbers(four_billion: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda device: 9_100_000_000)
    with pytest.raises(ModelNeeded) as caught:
        require_memory(four_billion, "float32", "cpu")
    assert caught.value.subject == "medgemma"
    assert caught.value.problem == "needs 18.7 GB in float32 on cpu and 9.1 GB are free"
    assert "ASSISTANT_DTYPE=bfloat16" in caught.value.remedy
    with pytest.raises(ModelNeeded) as caught:
        require_memory(four_billion, "bfloat16", "cpu")
    assert "ASSISTANT_DTYPE" not in caught.value.remedy


def test_a_larger_context_needs_more(four_billion: ModelFolder) -> None:
    needs = [estimate(four_billion, "bfloat16", "cuda", tokens).total for tokens in (1024, 8192, 32_768)]
    assert needs == sorted(set(needs))


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    free = available_memory("cpu", tmp_path)
    assert free > 0
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 700000\ninactive_file 150000\nfile 200000\n")
    (tmp_path / "memory.max").write_text("1000000\n")
    assert available_memory("cpu", tmp_path) == 250_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory("cpu", tmp_path) > 1_000_000


def test_pictures_take_what_is_looked_at_in_one_go(four_billion: ModelFolder) -> None:
    """Four at a time, or one; what is made of each, 256 times 2,560 numbers, stays until all are read."""
    work = {
        (pictures, strides): estimate(four_billion, "bfloat16", "cpu", 300, pictures, strides=strides).work
        for pictures in (1, 4, 85)
        for strides in (USUAL, SMALL)
    }
    assert (work[4, USUAL] - work[1, USUAL]) / 3 == pytest.approx(0.22e9, rel=0.05)
    assert work[85, USUAL] - work[4, USUAL] == 81 * 256 * 2560 * 2
    assert work[85, SMALL] - work[1, SMALL] == 84 * 256 * 2560 * 2


def test_a_study_of_85_slices_takes_little_more_than_the_weights(four_billion: ModelFolder) -> None:
    need = estimate(four_billion, "bfloat16", "cuda", 23_000, 85)
    assert need.total - need.weights < 1.6e9


def test_a_call_is_held_against_what_is_free_beside_the_weights(
    four_billion: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda device: 1_000_000_000)
    require_room(four_billion, "bfloat16", "cpu", 4096, 1)
    with pytest.raises(ModelNeeded) as caught:
        require_room(four_billion, "bfloat16", "cpu", 32_768, 1)
    assert caught.value.problem == (
        "needs 1.3 GB more in bfloat16 on cpu, for 32768 tokens and 1 pictures, and 1.0 GB are free"
    )
    with pytest.raises(ModelNeeded, match="20 pictures"):
        require_room(four_billion, "bfloat16", "cpu", 6000, 20)
    require_room(four_billion, "bfloat16", "cpu", 6000, 20, SMALL)


def test_what_runs_on_a_graphics_processor_must_fit_into_the_host_first(
    four_billion: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"cuda:0": 80_000_000_000, "cpu": 9_200_000_000}
    monkeypatch.setattr(memory, "available_memory", free.__getitem__)
    require_memory(four_billion, "bfloat16", "cuda:0")
    free["cpu"] = 8_700_000_000
    with pytest.raises(ModelNeeded) as caught:
        require_memory(four_billion, "bfloat16", "cuda:0")
    assert caught.value.problem == "needs 9.1 GB in bfloat16 on cpu to be loaded onto cuda:0 and 8.7 GB are free"


def test_what_torch_keeps_for_later_calls_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (1000, 5000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda place: 3000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda place: 2500)
    assert available_memory("cuda:1") == 1500


@pytest.mark.parametrize(
    "damage",
    [
        lambda config: config.update(vision_config=[]),
        lambda config: config.update(vision_config=[1]),
        lambda config: config.update(text_config="large"),
        lambda config: config["text_config"].update(num_hidden_layers=None),
        lambda config: config["text_config"].update(num_hidden_layers=10**12),
        lambda config: config["text_config"].update(hidden_size="a"),
        lambda config: config["text_config"].update(num_key_value_heads="a"),
        lambda config: config["text_config"].update(sliding_window=[]),
        lambda config: config["text_config"].update(layer_types=3),
        lambda config: config["vision_config"].update(patch_size=0),
    ],
)
def test_sizes_that_cannot_be_are_one_line(four_billion: ModelFolder, damage: Callable[[dict[str, Any]], None]) -> None:
    path = four_billion.path / "config.json"
    config = json.loads(path.read_text())
    damage(config)
    path.write_text(json.dumps(config))
    with pytest.raises(ModelNeeded) as caught:
        estimate(four_billion, "bfloat16", "cpu")
    assert str(caught.value).startswith("medgemma/config.json: says what cannot be")


def test_a_model_may_have_no_sliding_window(four_billion: ModelFolder) -> None:
    path = four_billion.path / "config.json"
    path.write_text(json.dumps({"text_config": {"sliding_window": None, "sliding_window_pattern": None}}))
    assert estimate(four_billion, "bfloat16", "cpu", 100).cache == 26 * 100 * 2 * 4 * 256 * 2
