"""Compiled libraries that one process may need together: two that were built by unlike tools can refuse each other."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

COMPILED = ("av", "ctc_beam_decoder", "msgspec", "uharfbuzz", "xllamacpp")


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(COMPILED, 2)))
def test_each_loads_after_each(first: str, second: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {first}, {second}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-300:]
