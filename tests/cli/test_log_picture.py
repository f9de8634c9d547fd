"""``assistant log picture``: what it draws, what it refuses, and that nothing half-written is left."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipelines.errors import DONE, OUR_FAULT, USAGE, VERIFICATION_FAILED
from tests.cli.conftest import Call
from tests.support.small_disk import four_megabytes
from tests.support.sounds import write_tone


@pytest.fixture
def run(call: Call, tmp_path: Path) -> str:
    """A dictation of two seconds."""
    done = call("replay", write_tone(tmp_path / "visit.wav", 2.0), "--task", "dictation-note", "--json")
    assert done.code == DONE, done.err
    return str(done.objects[0]["run"])


def stored_recording(data_dir: Path) -> Path:
    """The recording in the store: the one file there that is sound."""
    files = [path for path in (data_dir / "files").glob("??/*") if path.read_bytes()[:4] == b"RIFF"]
    assert len(files) == 1
    return files[0]


def flip(path: Path) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def refused(call: Call, *arguments: object) -> tuple[int, str]:
    called = call("log", "picture", *arguments)
    assert called.out == ""
    [problem] = called.problems
    return called.code, problem


@pytest.mark.parametrize(("arguments", "kind"), [((), "waveform"), (("--mel",), "mel")])
def test_a_picture_of_the_recording(
    arguments: tuple[str, ...], kind: str, run: str, call: Call, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "visit.png"
    target.parent.mkdir()
    called = call("log", "picture", run[:12], target, "--json", *arguments)
    assert called.code == DONE, called.err
    assert called.objects == [{"run": run, "recording": "visit.wav", "picture": kind, "file": str(target)}]
    with Image.open(target) as image:
        assert (image.format, image.width) == ("PNG", 1200)
        assert not image.text  # type: ignore[attr-defined]
    assert [path.name for path in target.parent.iterdir()] == ["visit.png"]
    assert call("log", "verify").code == DONE


def test_the_words_are_not_in_the_picture(call: Call, ears: object, run: str, tmp_path: Path) -> None:
    """Two runs of one sound in which other words were heard have one picture."""
    ears.texts = ("Somebody else, born in March, has other complaints and other drugs today, and more.",)  # type: ignore[attr-defined]
    again = call("replay", tmp_path / "visit.wav", "--task", "dictation-note", "--again", "--json")
    assert again.objects[0]["transcript"]["text"].startswith("Somebody")  # type: ignore[index]
    for number, name in enumerate((run, again.objects[0]["run"])):
        assert call("log", "picture", name, tmp_path / f"{number}.png").code == DONE
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_where_words_were_heard_is_marked(run: str, call: Call, tmp_path: Path) -> None:
    from pipelines.speech.pictures import LIGHT

    assert call("log", "picture", run, tmp_path / "a.png").code == DONE
    with Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())) as image:
        row = np.asarray(image.convert("RGB"))[12]
    assert (row == LIGHT.speech).all(axis=1).mean() > 0.5


def test_a_typed_run_has_none(call: Call, tmp_path: Path) -> None:
    asked = call("ask", "what was her last potassium", "--json")
    run = str(asked.objects[0]["run"])
    assert refused(call, run, tmp_path / "a.png") == (
        USAGE,
        f"assistant: {run}: was typed and has no recording; `assistant log list` shows which runs have",
    )
    assert not (tmp_path / "a.png").exists()


def test_a_run_that_is_not_there(call: Call, tmp_path: Path) -> None:
    code, problem = refused(call, "01NOSUCH", tmp_path / "a.png")
    assert code == USAGE
    assert "no such run" in problem


@pytest.mark.parametrize(("harm", "said"), [(Path.unlink, "is missing"), (flip, "its bytes are not what was stored")])
@pytest.mark.parametrize("option", [(), ("--mel",)])
def test_a_stored_recording_that_is_gone_or_damaged(
    harm: object, said: str, option: tuple[str, ...], run: str, call: Call, data_dir: Path, tmp_path: Path
) -> None:
    harm(stored_recording(data_dir))  # type: ignore[operator]
    code, problem = refused(call, run, tmp_path / "a.png", *option)
    assert code == VERIFICATION_FAILED
    assert "files/" in problem
    assert said in problem
    assert not (tmp_path / "a.png").exists()


def test_what_is_there_is_not_overwritten(run: str, call: Call, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(b"a film")
    code, problem = refused(call, run, film)
    assert code == USAGE
    assert "film.png: is there already" in problem
    assert film.read_bytes() == b"a film"
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    assert refused(call, run, tmp_path / "link.png")[0] == USAGE


def test_a_name_that_is_no_pngs(run: str, call: Call, tmp_path: Path) -> None:
    code, problem = refused(call, run, tmp_path / "visit.jpg")
    assert code == USAGE
    assert "visit.jpg" in problem


def test_a_folder_that_is_not_there(run: str, call: Call, tmp_path: Path) -> None:
    code, problem = refused(call, run, tmp_path / "nowhere" / "a.png")
    assert code == 3
    assert "cannot be written (No such file or directory)" in problem


def test_a_full_disk_leaves_nothing(call: Call, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * 16_000)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    run = call("replay", tmp_path / "noise.wav", "--task", "dictation-note", "--json").objects[0]["run"]
    with four_megabytes(tmp_path / "small") as small:
        (small / "filler").write_bytes(bytes(os.statvfs(small).f_bavail * os.statvfs(small).f_frsize - 16_384))
        code, problem = refused(call, run, small / "a.png", "--mel")
        assert code == OUR_FAULT
        assert "No space left" in problem
        assert [path.name for path in small.iterdir() if path.name not in ("filler", "lost+found")] == []


def test_a_waveform_does_not_load_librosa(run: str, data_dir: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from assistant.cli import _run; code = _run();"
        "print(code, [name for name in ('librosa', 'numba', 'torch', 'langgraph') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--data-dir", data_dir, "log", "picture", run, tmp_path / "a.png"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []"
