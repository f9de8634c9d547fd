"""What all tests share: no model of the developer's own, and tiny checkpoints that are built once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tiny_medasr import Hearing


@pytest.fixture(autouse=True, scope="session")
def no_models_of_the_developers_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Engines that are installed on this machine, settings and tokens of its user must not decide a test."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("ASSISTANT_", "HF_"))]:
        del os.environ[name]
    os.environ["ASSISTANT_MODELS_DIR"] = str(tmp_path_factory.mktemp("models"))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Hearing:
    """A tiny MedASR that has learnt a few spoken sentences by heart."""
    from tests.support.tiny_medasr import build_overfitted

    return build_overfitted(tmp_path_factory.mktemp("medasr") / "medasr")


@pytest.fixture(scope="session")
def answering() -> Path:
    """A tiny MedGemma that answers two sentences to whatever it is asked, and ends its turn. Copy it to change it."""
    from tests.support.tiny_medgemma import shared

    return shared("answers")
