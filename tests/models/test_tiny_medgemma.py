"""The checkpoints that stand for MedGemma in tests."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.tiny_medgemma import build_random, build_trained, main, shared
from tests.support.tiny_medgemma_training import Behaviour


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    assert _hashes(build_random(tmp_path / "one")) == _hashes(shared())
    assert _hashes(build_random(tmp_path / "two", seed=2)) != _hashes(shared())


def test_it_is_tiny_and_laid_out_like_the_published_one() -> None:
    weights = load_file(shared() / "model.safetensors")
    assert 300_000 < sum(tensor.numel() for tensor in weights.values()) < 500_000
    assert {"preprocessor_config.json", "processor_config.json", "chat_template.jinja"} <= _hashes(shared()).keys()
    ModelFolder(shared(), MEDGEMMA).require()


@pytest.mark.long
@pytest.mark.parametrize("behaviour", ["answers"])
def test_training_is_repeatable(tmp_path: Path, behaviour: Behaviour) -> None:
    assert _hashes(build_trained(tmp_path, behaviour)) == _hashes(shared(behaviour))


def test_it_can_be_made_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tiny_medgemma", str(tmp_path / "model")])
    main()
    assert _hashes(tmp_path / "model") == _hashes(shared())
