"""Nothing is reported to anybody: no id of this machine is made, no tracing of runs is on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LISTEN = """
import numpy as np
from pipelines.speech.voice import VoiceDetector
voice = VoiceDetector().listen()
voice.hear(np.random.default_rng(0).normal(0, 0.01, 16000).astype(np.float32))
voice.finish()
assert voice.spans == ()
"""
TRACE = """
from assistant.quiet import silence_libraries
from assistant.settings import Settings
silence_libraries(Settings())
from langsmith.utils import tracing_is_enabled
import sys
sys.exit(int(bool(tracing_is_enabled())))
"""


def run(program: str, home: Path, **environment: str) -> int:
    """In a process of its own with an empty home. CI variables are left out: libraries report nothing under them."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program], env={**kept, "HOME": str(home), **environment}, check=False
    ).returncode


def test_listening_leaves_no_id_of_the_machine_behind(tmp_path: Path) -> None:
    assert run(LISTEN, tmp_path) == 0
    assert not (tmp_path / ".cache" / "Microsoft").exists()


@pytest.mark.parametrize("variable", ["LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2"])
def test_runs_are_not_traced_even_when_the_environment_asks_for_it(tmp_path: Path, variable: str) -> None:
    assert run(TRACE, tmp_path, **{variable: "true", "LANGSMITH_API_KEY": "x"}) == 0
    assert run(TRACE, tmp_path, **{variable: "true", "ASSISTANT_ALLOW_TRACING": "true"}) == 1
