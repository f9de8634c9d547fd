"""``assistant log similar``: earlier pictures that look like a file or like those of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, USAGE
from tests.cli.conftest import Call
from tests.support import tiny_medsiglip
from tests.support.engines import ScriptedClassifier

COLOURS = {"red": (250, 0, 0), "rose": (250, 60, 60), "blue": (0, 0, 250)}


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> ScriptedClassifier:
    """Every command looks through this."""
    classifier = ScriptedClassifier()
    monkeypatch.setattr("assistant.opening.classifier_of", lambda _: classifier)
    monkeypatch.setattr("assistant.engines.classifier_of", lambda _: classifier)
    return classifier


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.png" for name in COLOURS}
    for name, path in paths.items():
        Image.new("RGB", (60, 60), COLOURS[name]).save(path)
    return paths


@pytest.fixture
def runs(call: Call, eyes: ScriptedClassifier, pictures: dict[str, Path]) -> dict[str, str]:
    """A run for each picture, by its name."""
    made = {}
    for name, path in pictures.items():
        done = call("ask", "Lungs are clear.", "--task", "dictation-note", "--attach", path, "--json")
        assert done.code == DONE, done.err
        made[name] = str(done.objects[0]["run"])
    return made


def test_what_looks_like_a_file(call: Call, runs: dict[str, str], tmp_path: Path) -> None:
    Image.new("RGB", (90, 90), (240, 0, 0)).save(tmp_path / "new.png")
    called = call("log", "similar", tmp_path / "new.png", "--json")
    assert called.code == DONE, called.err
    assert [(found["attachment"], found["run"]) for found in called.objects] == [
        (f"{name}.png", runs[name]) for name in ("red", "rose", "blue")
    ]
    assert {found["picture"] for found in called.objects} == {"new.png"}
    assert 0.99 < float(str(called.objects[0]["similarity"])) <= 1.0001
    assert float(str(called.objects[2]["similarity"])) < 0.2
    assert call("log", "verify").code == DONE


def test_what_looks_like_a_run_needs_no_model(call: Call, eyes: ScriptedClassifier, runs: dict[str, str]) -> None:
    eyes.ready = False
    called = call("log", "similar", runs["red"][:14], "--limit", 1, "--json")
    assert called.code == DONE, called.err
    [found] = called.objects
    assert (found["picture"], found["attachment"], found["run"]) == ("red.png", "rose.png", runs["rose"])


def test_it_is_told_as_a_table(call: Call, runs: dict[str, str]) -> None:
    called = call("log", "similar", runs["red"])
    assert called.code == DONE, called.err
    assert "like red.png" in called.out
    assert called.out.index("rose.png") < called.out.index("blue.png")
    assert runs["rose"] in called.out


def test_nothing_of_the_file_stays(call: Call, runs: dict[str, str], data_dir: Path, tmp_path: Path) -> None:
    before = {path for path in (data_dir / "files").rglob("*") if path.is_file()}
    Image.new("RGB", (90, 90), "green").save(tmp_path / "new.png")
    assert call("log", "similar", tmp_path / "new.png").code == DONE
    assert {path for path in (data_dir / "files").rglob("*") if path.is_file()} == before


def test_a_log_without_other_pictures(call: Call, eyes: ScriptedClassifier, pictures: dict[str, Path]) -> None:
    called = call("log", "similar", pictures["red"])
    assert (called.code, called.out) == (DONE, "red.png: no other picture was looked at by the same weights\n")


def test_what_cannot_be_is_refused_in_one_line(
    call: Call, eyes: ScriptedClassifier, runs: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (tmp_path / "text.txt").write_text("no picture")
    typed = call("ask", "Lungs are clear.", "--task", "dictation-note", "--json").objects[0]["run"]
    for like, code, said in (
        (tmp_path / "gone.png", BAD_INPUT, "does not exist"),
        (tmp_path / "broken.png", BAD_INPUT, "broken.png"),
        (tmp_path / "text.txt", BAD_INPUT, "is not a single picture"),
        ("01NOSUCHRUN", USAGE, "no such run"),
        (typed, USAGE, "has no picture that was looked at"),
    ):
        called = call("log", "similar", like)
        assert (called.code, called.out) == (code, "")
        [problem] = called.problems
        assert said in problem


def test_without_the_model_it_says_how_to_get_it(call: Call, pictures: dict[str, Path], tmp_path: Path) -> None:
    called = call("log", "similar", pictures["red"])
    assert called.code == MODEL_NEEDED
    [problem] = called.problems
    assert "assistant models pull medsiglip" in problem


def test_with_the_real_classes(
    call: Call, pictures: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny checkpoint through the settings: told in the table of engines, looking at a run's picture, found."""
    monkeypatch.setenv("ASSISTANT_MEDSIGLIP", str(tiny_medsiglip.shared()))
    monkeypatch.setenv("ASSISTANT_DEVICE", "cpu")
    [line] = [one for one in call("models", "list", "--json").objects if one["name"] == "medsiglip"]
    assert line["does"] == "kinds of pictures"
    assert line["availability"]["ready"] is True  # type: ignore[index]
    done = call("ask", "Lungs are clear.", "--task", "dictation-note", "--attach", pictures["red"], "--json")
    assert done.code == DONE, done.err
    [shown] = call("log", "show", done.objects[0]["run"], "--json").objects
    nodes = [(one["node"], one["engine"]["name"]) for one in shown["model_calls"]]  # type: ignore[attr-defined]
    assert nodes.count(("inspect", "medsiglip")) == 2
    copy = shutil.copy(pictures["red"], tmp_path / "copy.png")
    [found] = call("log", "similar", copy, "--json").objects
    assert (found["run"], found["attachment"]) == (done.objects[0]["run"], "red.png")
    assert float(str(found["similarity"])) == pytest.approx(1.0, abs=1e-5)
    assert call("log", "verify").code == DONE


def test_it_is_imported_like_every_model(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_MODELS_DIR", str(tmp_path / "models"))
    called = call("models", "import", tiny_medsiglip.shared(), "--json")
    assert called.code == DONE, called.err
    assert called.objects[0]["model"] == "medsiglip"
    [line] = [one for one in call("models", "list", "--json").objects if one["name"] == "medsiglip"]
    assert line["availability"]["ready"] is True  # type: ignore[index]


def test_a_model_that_is_checked_tells_what_a_picture_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_MEDSIGLIP", str(tiny_medsiglip.shared()))
    monkeypatch.setenv("ASSISTANT_DEVICE", "cpu")
    [report] = call("models", "check", "medsiglip", "--json").objects
    assert report["engine"]["name"] == "medsiglip"  # type: ignore[index]
    assert report["expected"] == "a white circle on a black background"
    assert report["output_tokens"] is None
    assert report["came"]
    called = call("models", "check", "medsiglip")
    assert called.code == DONE
    assert "s for one picture" in called.out


def test_whoever_looks_at_a_run_sees_who_named_its_pictures(
    call: Call, eyes: ScriptedClassifier, pictures: dict[str, Path]
) -> None:
    from pipelines.records import Kind

    eyes.kind = Kind.DERMATOLOGY
    done = call("ask", "Lungs are clear.", "--task", "dictation-note", "--attach", pictures["red"])
    assert done.code == DONE, done.err
    assert "red.png: dermatology (by model)" in done.out
    assert "taken for dermatology by scripted-eyes (100% sure)" in done.out
