"""What is written down for ONNX Runtime, and what is not: other architectures, and mistakes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded
from pipelines.speech import medasr_export
from pipelines.speech.medasr_export import export
from pipelines.speech.medasr_graph import UnknownNetwork, write_network
from pipelines.speech.medasr_model import load
from pipelines.speech.onnx_graph import Graph
from pipelines.speech.prepared import MANIFEST
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import FIRST_CONVOLUTION
from tests.support.tiny_medasr import build_random

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return ModelFolder(build_random(tmp_path_factory.mktemp("gibberish") / "medasr"), MEDASR)


def test_the_same_weights_give_the_same_bytes(gibberish: ModelFolder, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (export(gibberish, tmp_path / name, int8=True, threads=1) for name in ("one", "two"))
    assert [one.sha256(form) for form in ("fp32", "int8")] == [two.sha256(form) for form in ("fp32", "int8")]
    assert one.weights_sha256 == gibberish.weights_sha256()
    assert set(one.libraries) == {"onnx", "onnxruntime", "torch", "transformers", "tokenizers", "numpy"}
    assert one.parity["fp32"].equal_best == 1.0
    assert one.parity["fp32"].largest_difference < 1e-3 < one.parity["int8"].largest_difference


def test_progress_is_told_and_never_falls_within_a_step(gibberish: ModelFolder, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    export(gibberish, tmp_path, int8=True, threads=1, progress=lambda what, share: told.append((what, share)))
    steps = list(dict.fromkeys(what for what, _ in told))
    assert steps == ["loading", "writing fp32", "writing int8", "hashing", "comparing fp32", "comparing int8"]
    for step in steps[1:]:
        shares = [share for what, share in told if what == step]
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1.0)


def test_the_standard_holds_for_the_graph(gibberish: ModelFolder, tmp_path: Path) -> None:
    import onnx

    export(gibberish, tmp_path, int8=False, threads=1)
    model = onnx.load(tmp_path / "fp32.onnx", load_external_data=False)
    assert {imported.domain for imported in model.opset_import} == {"", "com.microsoft"}
    outside = {
        entry.value for tensor in model.graph.initializer for entry in tensor.external_data if entry.key == "location"
    }
    assert outside == {"fp32.weights"}


CONFIGS: dict[str, dict[str, Any]] = {
    "attention with biases": {"attention_bias": True},
    "convolution with biases": {"convolution_bias": True},
    "another activation": {"hidden_act": "relu"},
}


@pytest.mark.parametrize("case", CONFIGS)
def test_another_architecture_is_refused_in_one_line(gibberish: ModelFolder, tmp_path: Path, case: str) -> None:
    from transformers import AutoConfig, AutoModelForCTC

    folder = tmp_path / "medasr"
    shutil.copytree(gibberish.path, folder)
    config = AutoConfig.from_pretrained(folder)
    for key, value in CONFIGS[case].items():
        setattr(config.encoder_config, key, value)
    AutoModelForCTC.from_config(config).save_pretrained(folder)
    (tmp_path / "prepared").mkdir()
    with pytest.raises(ModelNeeded, match=r"cannot be prepared: it has .* not known here") as caught:
        export(ModelFolder(folder, MEDASR), tmp_path / "prepared", int8=False, threads=1)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "prepared" / MANIFEST).exists()


def test_other_depths_widths_and_weights_of_residuals_are_written(gibberish: ModelFolder, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForCTC

    folder = tmp_path / "medasr"
    shutil.copytree(gibberish.path, folder)
    config = AutoConfig.from_pretrained(folder)
    encoder = config.encoder_config
    encoder.num_hidden_layers, encoder.conv_kernel_size = 3, 15
    encoder.num_attention_heads = encoder.num_key_value_heads = 2
    encoder.feed_forward_residual_weights, encoder.conv_residual_weights = [1.0, 0.7], [1.3, 0.9]
    encoder.rope_parameters = {"rope_type": "default", "rope_theta": 500.0}
    AutoModelForCTC.from_config(config).save_pretrained(folder)
    (tmp_path / "prepared").mkdir()
    manifest = export(ModelFolder(folder, MEDASR), tmp_path / "prepared", int8=False, threads=1)
    assert manifest.parity["fp32"].equal_best == 1.0


def test_tensors_that_are_not_known_or_not_there_are_named(gibberish: ModelFolder) -> None:
    reference = load(gibberish, threads=1, device="cpu")
    tensors = reference.tensors()
    extra = {**tensors, "encoder.new.weight": np.zeros(3, np.float32)}
    with pytest.raises(UnknownNetwork, match=r"has 1 tensors that are not known here, encoder\.new\.weight first"):
        write_network(reference.architecture(), extra, lambda graph, value, name, weight: value)
    del tensors["ctc_head.bias"]
    with pytest.raises(UnknownNetwork, match=r"has no tensor ctc_head\.bias"):
        write_network(reference.architecture(), tensors, lambda graph, value, name, weight: value)


def slightly_off(graph: Graph, value: str, name: str, weight: NDArray[np.float32]) -> str:
    if name.endswith("layers.1.self_attn.o_proj"):
        weight = weight * np.float32(1.01)
    return graph.add("MatMul", value, graph.constant(name, weight))


def one_column(graph: Graph, value: str, name: str, weight: NDArray[np.float32]) -> str:
    weight = weight.copy()
    if name.endswith("layers.0.feed_forward1.linear1"):
        weight[:, 5] = 0
    return graph.add("MatMul", value, graph.constant(name, weight))


@pytest.mark.parametrize("mutant", [slightly_off, one_column])
def test_a_network_with_a_mistake_is_never_given_out(
    gibberish: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutant: Callable[..., str]
) -> None:
    monkeypatch.setattr(medasr_export, "_exact", mutant)
    with pytest.raises(ModelNeeded, match="does not give what transformers gives") as caught:
        export(gibberish, tmp_path, int8=False, threads=1)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / MANIFEST).exists()


def test_another_front_end_is_refused_before_anything_is_loaded(gibberish: ModelFolder, tmp_path: Path) -> None:
    folder = tmp_path / "medasr"
    shutil.copytree(gibberish.path, folder)
    content = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**content, "n_fft": 1024}))
    (tmp_path / "prepared").mkdir()
    with pytest.raises(ModelNeeded, match="n_fft 1024, where MedASR has 512"):
        export(ModelFolder(folder, MEDASR), tmp_path / "prepared", int8=False)
    assert list((tmp_path / "prepared").iterdir()) == []


def test_too_little_memory_is_told_before_anything_is_loaded(
    gibberish: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(medasr_export, "available_memory", lambda device: 300_000_000)
    with pytest.raises(ModelNeeded, match=r"needs 0\.6 GB to be prepared and 0\.3 GB are free"):
        export(gibberish, tmp_path, int8=False)
    assert list(tmp_path.iterdir()) == []
