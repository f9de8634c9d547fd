"""What a library raises of damaged files becomes one line; the end of the program does not."""

from pathlib import Path

import pytest

from pipelines.errors import ModelNeeded
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import refusing


class Panic(BaseException):
    """As those of Rust: no Exception."""


@pytest.mark.parametrize("error", [Panic("index out of\nbounds"), KeyError("type"), MemoryError()])
def test_whatever_is_raised_is_one_line(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(ModelNeeded) as caught, refusing(ModelFolder(tmp_path, MEDGEMMA), "cannot be loaded"):
        raise error
    line = str(caught.value)
    assert "\n" not in line
    assert f"cannot be loaded ({type(error).__name__}" in line
    assert "assistant models pull medgemma" in line


def test_a_long_complaint_is_cut(tmp_path: Path) -> None:
    with pytest.raises(ModelNeeded) as caught, refusing(ModelFolder(tmp_path, MEDGEMMA), "cannot be loaded"):
        raise ValueError("x" * 10_000)
    assert len(caught.value.problem) < 250


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), ModelNeeded("a", "b", "c")])
def test_these_pass_through(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, refusing(ModelFolder(tmp_path, MEDGEMMA), "cannot be loaded"):
        raise error
    assert caught.value is error
