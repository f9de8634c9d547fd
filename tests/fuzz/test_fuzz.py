"""Some seconds of damaged files for each reader (CI: two minutes, ``make fuzz``: ten), and the fuzzer itself on readers
that fail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fuzz import child
from tests.fuzz.fuzzing import fuzz
from tests.fuzz.mutations import mutated
from tests.fuzz.reader import Files, Seed
from tests.fuzz.readers import READERS

_SEED = 7


@pytest.mark.long
@pytest.mark.parametrize("reader", sorted(READERS))
def test_a_reader_stands_firm(reader: str, tmp_path: Path) -> None:
    outcome = fuzz(reader, 10, _SEED, tmp_path / "kept")
    assert not outcome.failures, "\n".join(map(str, outcome.failures))
    assert outcome.cases > 0


@pytest.mark.parametrize("data", [b"", b"a", b"abc" * 1000, bytes(range(256)) * 8000])
def test_damage_is_the_same_again_and_does_not_grow(data: bytes) -> None:
    for number in range(50):
        made = [mutated(data, random.Random(number), [b"other" * 100]) for _ in range(2)]
        assert made[0] == made[1]
        assert len(made[0]) <= 1 << 20


def _look(path: Path) -> None:
    raise ValueError(path.name)


def _run(monkeypatch: pytest.MonkeyPatch, look: object, folder: Path, seconds: float = 0.2) -> int:
    made: Sequence[Seed] = [Seed("a.bin", b"sound")]
    monkeypatch.setattr(child, "READERS", {"one": lambda: Files(made, look)})  # type: ignore[arg-type]
    # What ran before in this process may have taken more than a reader may.
    return child.main("one", 1, 0, seconds, folder, most=1 << 60)


def test_what_a_reader_may_not_raise_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, _look, tmp_path) == child.WRONG
    out, err = capsys.readouterr()
    assert out == "0\n"
    assert "ValueError: a.bin" in err
    assert (tmp_path / "0" / "a.bin").exists()


def test_a_reader_that_returns_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _run(monkeypatch, lambda path: None, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
