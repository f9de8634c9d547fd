"""Removing a model: all of it goes, nothing of the user's own does, and the log says so first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.cli import _run
from assistant.engines import model_folder
from assistant.models.importing import import_folder
from assistant.models.installing import alone
from assistant.models.removing import look, remove
from assistant.sessions import SessionLog
from assistant.settings import Settings
from pipelines.errors import DONE, USAGE, StorageProblem, UsageProblem
from pipelines.speech.prepared import prepared_folder
from pipelines.weights.catalogue import MEDASR, MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.tiny_medasr import build_random
from tests.support.tiny_medgemma import shared

pytestmark = pytest.mark.usefixtures("own_environment")


@pytest.fixture
def folder(models: Path, log: SessionLog) -> ModelFolder:
    import_folder(shared(), models, log)
    return ModelFolder(models / "medgemma", MEDGEMMA)


def names(models: Path) -> set[str]:
    return {path.name for path in models.iterdir() if not path.name.endswith(".lock")}


def test_all_of_it_goes_and_is_told(folder: ModelFolder, models: Path, log: SessionLog) -> None:
    for part in ("pulling", "partial-import", "earlier", "removed"):
        (models / f".medgemma.{part}").mkdir()
        (models / f".medgemma.{part}" / "file").write_text("x")
    (models / "other").mkdir()
    sha256, size = folder.weights_sha256(), sum(path.stat().st_size for path in folder.path.iterdir())
    gone = remove(folder, models, log)
    assert names(models) == {"other"}
    assert gone.size == size + 4
    [event] = log.payloads("model-removed")
    assert event == {"model": "medgemma", "weights_sha256": sha256, "bytes": size + 4}
    assert not folder.availability().ready
    with pytest.raises(UsageProblem, match="medgemma: is not installed"):
        remove(folder, models, log)


def test_what_was_prepared_from_it_goes_too(tmp_path: Path, models: Path, log: SessionLog) -> None:
    import_folder(build_random(tmp_path / "given"), models, log)
    folder = ModelFolder(models / "medasr", MEDASR)
    prepared = prepared_folder(models, folder.weights_sha256())
    others = prepared_folder(models, "0" * 64)
    for place in (prepared, others):
        place.mkdir(parents=True)
        (place / "fp32.onnx").write_bytes(b"1234")
    assert prepared in look(folder, models).folders
    remove(folder, models, log)
    assert not prepared.exists()
    assert others.exists()
    assert (tmp_path / "given" / "model.safetensors").is_file()


def test_a_damaged_model_can_be_removed(folder: ModelFolder, models: Path, log: SessionLog) -> None:
    (folder.path / "model.safetensors").write_bytes(b"")
    assert remove(ModelFolder(folder.path, MEDGEMMA), models, log).weights_sha256 is None
    assert names(models) == set()


def test_a_folder_of_the_user_s_own_is_never_touched(tmp_path: Path, log: SessionLog) -> None:
    own = shutil.copytree(shared(), tmp_path / "own")
    settings = Settings(models_dir=tmp_path / "models", medgemma=own)
    with pytest.raises(UsageProblem, match="medgemma: lies in a folder of yours that ASSISTANT_MEDGEMMA names; unset"):
        remove(model_folder("medgemma", settings), settings.models_dir, log)
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "medgemma").symlink_to(own)
    settings = Settings(models_dir=tmp_path / "models")
    assert remove(model_folder("medgemma", settings), settings.models_dir, log).size == 0
    assert names(tmp_path / "models") == set()
    assert (own / "config.json").is_file()


def test_nothing_goes_that_cannot_be_logged(folder: ModelFolder, models: Path, log: SessionLog) -> None:
    log.close()

    def refuse(*_: object) -> None:
        raise StorageProblem("log", "is full", "free some space")

    log.event = refuse  # type: ignore[method-assign]
    with pytest.raises(StorageProblem):
        remove(folder, models, log)
    folder.require()


def test_not_while_another_process_pulls_it(folder: ModelFolder, models: Path, log: SessionLog) -> None:
    with alone(models, MEDGEMMA), pytest.raises(UsageProblem, match="another process"):
        remove(folder, models, log)
    folder.require()


def test_the_command_asks_unless_it_is_told_not_to(
    folder: ModelFolder,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_MODELS_DIR", str(models))

    def command(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["assistant", "models", *words])
        return _run()

    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert command("remove", "medgemma") == USAGE
    assert "say --yes" in capsys.readouterr().err
    folder.require()
    assert command("remove", "medgemma", "--yes", "--json") == DONE
    assert '"model":"medgemma"' in capsys.readouterr().out
    assert names(models) == set()
    assert command("remove", "medgemma", "--yes") == USAGE
    assert command("remove", "gemma", "--yes") == USAGE
    assert command("prepare", "medgemma-27b") == USAGE
    assert "it is quantised while it is read" in capsys.readouterr().err


def test_pull_from_a_folder_by_the_command(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_MODELS_DIR", str(models))
    shutil.copytree(shared(), tmp_path / "stick" / "medgemma-4b-it")

    def command(*words: object) -> int:
        monkeypatch.setattr("sys.argv", ["assistant", "models", *map(str, words)])
        return _run()

    words = ("pull", "medgemma-1-4b", "--from", tmp_path / "stick")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert command(*words) == 5
    assert "--accept-licence" in capsys.readouterr().err
    assert command(*words, "--accept-licence") == DONE
    assert "assistant models check medgemma-1-4b" in capsys.readouterr().out
    assert command(*words) == DONE
    assert "nothing to do" in capsys.readouterr().err
    assert command("import", tmp_path / "stick" / "medgemma-4b-it", "--as", "medgemma-27b") == DONE
    assert (models / "medgemma-27b" / "config.json").is_file()
    assert command("import", tmp_path / "stick" / "medgemma-4b-it", "--as", "gemma") == USAGE
