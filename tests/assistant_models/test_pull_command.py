"""``assistant models pull`` as a user types it, against the small hub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from pipelines.errors import DONE, MODEL_NEEDED, PERSON_NEEDED, USAGE
from tests.support.hub_server import Hub
from tests.support.pulling import TOKEN

Assistant = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def assistant(hub: Hub, tmp_path: Path, own_hub_settings: None) -> Assistant:
    """The command in a process of its own, with the hub as its only one and nobody at the keyboard."""
    hub.token = TOKEN

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "assistant", "--data-dir", str(tmp_path / "data"), *arguments],
            env={
                **os.environ,
                "ASSISTANT_MODELS_DIR": str(tmp_path / "models"),
                "HF_ENDPOINT": hub.endpoint,
                "HF_HOME": str(tmp_path / "hf"),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_from_no_token_to_a_model_that_is_listed(assistant: Assistant, tmp_path: Path) -> None:
    without_token = assistant("models", "pull", "medasr")
    assert without_token.returncode == MODEL_NEEDED
    assert "hf auth login" in without_token.stderr
    unaccepted = assistant("models", "pull", "medasr", HF_TOKEN=TOKEN)
    assert unaccepted.returncode == PERSON_NEEDED
    assert "Use it for good." in unaccepted.stderr
    assert "--accept-licence" in unaccepted.stderr
    assert not (tmp_path / "models" / "medasr").exists()
    pulled = assistant("models", "pull", "medasr", "--accept-licence", HF_TOKEN=TOKEN)
    assert pulled.returncode == DONE, pulled.stderr
    assert "model.safetensors" in pulled.stdout
    again = assistant("models", "pull", "medasr", "--json")
    [passport] = [orjson.loads(line) for line in again.stdout.splitlines()]
    assert again.returncode == DONE
    assert passport["repository"] == "google/medasr"
    assert Path(passport["folder"]).is_dir()
    listed = assistant("models", "list", "--json")
    engines = {line["name"]: line for line in map(orjson.loads, listed.stdout.splitlines())}
    assert engines["medasr"]["availability"]["ready"]
    assert engines["medasr"]["taken"]
    assert not engines["whisper"]["taken"]
    assert not engines["medgemma"]["availability"]["ready"]
    assert assistant("log", "verify").returncode == DONE


def test_what_is_no_model_is_refused(assistant: Assistant) -> None:
    refused = assistant("models", "pull", "gpt")
    assert refused.returncode == USAGE
    assert "medasr, medgemma" in refused.stderr
