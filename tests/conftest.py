"""What all tests share: no model of the developer's own, and tiny checkpoints that are built once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.tiny_medasr import Hearing

if TYPE_CHECKING:
    from assistant.runner import Runner
    from assistant.sessions import SessionLog
    from tests.support.engines import ScriptedGenerator
    from tests.support.opening import Open


@contextmanager
def _environment_restored() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def no_models_of_the_developers_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Engines that are installed on this machine, settings and tokens of its user must not decide a test."""
    with _environment_restored():
        for name in [name for name in os.environ if name.startswith(("ASSISTANT_", "HF_"))]:
            del os.environ[name]
        os.environ["ASSISTANT_MODELS_DIR"] = str(tmp_path_factory.mktemp("models"))
        yield


@pytest.fixture
def own_environment() -> Iterator[None]:
    """For tests of the command, which sets variables for the libraries of its process."""
    with _environment_restored():
        yield


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What this process tried to reach, of which nothing is let through."""
    tried: list[object] = []

    def refuse(*target: object, **_: object) -> None:
        tried.append(target)
        raise OSError("no connection from a test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SessionLog]:
    """An empty session log."""
    from assistant.sessions import SessionLog

    with SessionLog.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def opened(tmp_path: Path, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a runner, as often as it is called, over one data folder and with the test's own ``generator``."""
    from assistant.settings import Settings
    from tests.support.engines import ScriptedRecognizer
    from tests.support.opening import opener

    return opener(Settings(data_dir=tmp_path / "data"), ScriptedRecognizer(), generator, monkeypatch)


@pytest.fixture
def runner(opened: Open) -> Iterator[Runner]:
    """A runner with the test's own ``generator``."""
    with opened() as one:
        yield one


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
