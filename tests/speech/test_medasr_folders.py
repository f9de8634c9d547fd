"""Folders that MedASR cannot be loaded from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import ModelNeeded
from pipelines.speech.audio import RATE
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_model import load
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.tiny_medasr import build_random

SOUND = np.zeros(RATE, np.float32)


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights."""
    return build_random(tmp_path_factory.mktemp("gibberish") / "medasr")


def edit_json(name: str, **changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**content, **changes}))

    return edit


def edit_encoder(**changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / "config.json").read_text())
        content["encoder_config"].update(changes)
        (folder / "config.json").write_text(json.dumps(content))

    return edit


def edit_weights(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        from safetensors.numpy import load_file, save_file

        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    return edit


def truncate(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return edit


def write(name: str, text: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / name).write_text(text)

    return edit


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def shorten_tokenizer(folder: Path) -> None:
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"]["vocab"] = content["model"]["vocab"][:300]
    content["added_tokens"] = [token for token in content["added_tokens"] if token["id"] < 300]
    (folder / "tokenizer.json").write_text(json.dumps(content))


def break_normalizer(folder: Path) -> None:
    """Makes the tokenizers library panic, which is no Exception."""
    edit_json("tokenizer.json", normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"})(folder)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no config": remove("config.json"),
    "config of nothing": write("config.json", "{}"),
    "config not json": truncate("config.json"),
    "another architecture": edit_json("config.json", architectures=["Wav2Vec2ForCTC"], model_type="wav2vec2"),
    "another type under its name": edit_json("config.json", model_type="wav2vec2"),
    "unknown type": edit_json("config.json", model_type="abacus"),
    "code of its own": edit_json("config.json", model_type="own", auto_map={"AutoModelForCTC": "own.Model"}),
    "wider network": edit_encoder(hidden_size=64),
    "more layers": edit_encoder(num_hidden_layers=3),
    "wrong heads": edit_encoder(num_attention_heads=5),
    "other steps": edit_encoder(subsampling_conv_stride=4),
    "no weights": remove("model.safetensors"),
    "cut weights": truncate("model.safetensors"),
    "weights not numbers": edit_weights(lambda tensors: tensors["ctc_head.bias"].fill(np.nan)),
    "weights missing": edit_weights(lambda tensors: tensors.pop("ctc_head.weight")),
    "weights renamed": edit_weights(lambda tensors: tensors.update(other=tensors.pop("ctc_head.weight"))),
    "narrower head": edit_weights(
        lambda tensors: tensors.update({"ctc_head.bias": np.zeros(100, np.float32)}),
    ),
    "no preprocessor": remove("preprocessor_config.json"),
    "preprocessor not json": truncate("preprocessor_config.json"),
    "telephone preprocessor": edit_json("preprocessor_config.json", sampling_rate=8000),
    "wrong bands": edit_json("preprocessor_config.json", feature_size=80),
    "unknown preprocessor": edit_json("preprocessor_config.json", feature_extractor_type="AbacusExtractor"),
    "no tokeniser": remove("tokenizer.json"),
    "cut tokeniser": truncate("tokenizer.json"),
    "tokeniser of nothing": write("tokenizer.json", "{}"),
    "short tokeniser": shorten_tokenizer,
    "panic of the tokeniser": break_normalizer,
    "other blank": edit_json("config.json", pad_token_id=7),
    "tokeniser config not json": truncate("tokenizer_config.json"),
    "unknown processor": write("processor_config.json", '{"processor_class": "AbacusProcessor"}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folder_is_one_line_with_the_remedy(gibberish: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "medasr"
    shutil.copytree(gibberish, folder)
    DAMAGES[damage](folder)
    recognizer = MedASRRecognizer(ModelFolder(folder, MEDASR))
    with pytest.raises(ModelNeeded) as caught:
        recognizer.recognise(SOUND)
    line = str(caught.value)
    assert "medasr" in caught.value.subject
    assert "\n" not in line
    assert len(line) < 500
    assert "assistant models pull medasr" in line
    # What went wrong once is not kept as a broken engine.
    with pytest.raises(ModelNeeded):
        recognizer.recognise(SOUND)


def test_the_blank_is_the_networks_whatever_the_tokeniser_pads_with(gibberish: Path, tmp_path: Path) -> None:
    folder = tmp_path / "medasr"
    shutil.copytree(gibberish, folder)
    edit_json("tokenizer_config.json", pad_token="<pad>")(folder)
    edit_json("config.json", architectures=["LasrCtcForCTC"])(folder)
    noise = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    renamed, published = (
        MedASRRecognizer(ModelFolder(place, MEDASR), voice_gate=False).recognise(noise) for place in (folder, gibberish)
    )
    assert published.raw
    assert (renamed.raw, renamed.segments) == (published.raw, published.segments)


def test_beginning_and_end_are_never_said_also_where_the_tokeniser_does_not_name_them(
    gibberish: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "medasr"
    shutil.copytree(gibberish, folder)
    names = json.loads((folder / "tokenizer_config.json").read_text())
    names = {key: value for key, value in names.items() if key not in ("bos_token", "eos_token")}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
    assert load(ModelFolder(folder, MEDASR)).alphabet == load(ModelFolder(gibberish, MEDASR)).alphabet
