"""The command as a user calls it, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from assistant.cli import _run
from tests.support.engines import ScriptedRecognizer


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.out.splitlines()]

    @property
    def problems(self) -> list[str]:
        """The lines on stderr that name a problem."""
        return [line for line in self.err.splitlines() if line.startswith("assistant: ")]


Call = Callable[..., Called]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> ScriptedRecognizer:
    """Every command hears through this."""
    recognizer = ScriptedRecognizer()
    monkeypatch.setattr("assistant.opening.recognizer_of", lambda _: recognizer)
    monkeypatch.setattr("assistant.engines.recognizer_of", lambda _: recognizer)
    return recognizer


@pytest.fixture
def call(call_for_real: Call, ears: ScriptedRecognizer) -> Call:
    """The command with scripted ears."""
    return call_for_real


@pytest.fixture
def call_for_real(
    data_dir: Path, own_environment: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    """The command with the engines that its user would have."""

    def run(*arguments: object) -> Called:
        monkeypatch.setattr(sys, "argv", ["assistant", "--data-dir", str(data_dir), *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        capfd.readouterr()
        code = _run()
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Called(code, captured.out, captured.err)

    return run
