"""Importing a folder: what it installs, what it refuses, and what an import leaves that was cut off."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.models.importing import Imported, import_folder
from assistant.models.installing import install
from assistant.models.pulling import pull
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import BadInput, ModelNeeded, StorageProblem, UsageProblem
from pipelines.weights import catalogue
from pipelines.weights.catalogue import KNOWN_MODELS, LANGUAGE_MODEL, MEDASR
from pipelines.weights.folder import PASSPORT, ModelFolder
from pipelines.weights.hashes import hash_files
from pipelines.weights.passport import describe, read_passport
from tests.support import tiny_medasr, tiny_medgemma


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("built")
    return {
        "medasr": tiny_medasr.build_random(folder / "medasr"),
        "medgemma": tiny_medgemma.build_random(folder / "medgemma"),
        "medasr again": tiny_medasr.build_random(folder / "again", seed=1),
    }


@pytest.fixture
def given(built: dict[str, Path], tmp_path: Path) -> Path:
    """A folder with MedASR and what a user's folder has besides."""
    folder = Path(shutil.copytree(built["medasr"], tmp_path / "given"))
    for name in ("pytorch_model.bin", "training_args.bin", "evil.py", ".DS_Store", "model.gguf"):
        (folder / name).write_bytes(b"not to be copied")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("not to be copied")
    (folder / "LICENSE").write_text("terms")
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != PASSPORT}


def events(log: SessionLog) -> tuple[dict[str, Any], ...]:
    return log.payloads("model-imported")


def visible(models: Path) -> list[str]:
    return sorted(path.name for path in models.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("name", ["medasr", "medgemma"])
def test_the_model_is_told_by_its_config_and_installed(
    built: dict[str, Path], models: Path, log: SessionLog, name: str
) -> None:
    imported = import_folder(built[name], models, log)
    assert not imported.already
    folder = ModelFolder(models / name, KNOWN_MODELS[name])
    folder.require()
    assert bytes_of(models / name) == bytes_of(built[name])
    assert read_passport(models / name) == imported.passport
    digests = hash_files(models / name / file for file in imported.passport.files)
    assert {file: stored.sha256 for file, stored in imported.passport.files.items()} == dict(
        zip(imported.passport.files, digests, strict=True)
    )
    assert (imported.passport.source, imported.passport.repository) == ("import", None)
    assert not folder.verified
    assert visible(models) == [name]
    (event,) = events(log)
    assert event["model"] == name
    assert event["weights_sha256"] == folder.weights_sha256()


def test_only_what_is_loaded_and_the_terms_are_copied(given: Path, models: Path, log: SessionLog) -> None:
    import_folder(given, models, log)
    assert sorted(path.name for path in (models / "medasr").iterdir()) == sorted(
        [
            *(path.name for path in given.iterdir() if path.suffix in (".json", ".safetensors", ".model")),
            "LICENSE",
            PASSPORT,
        ]
    )


def test_the_language_model_beside_the_weights_comes_along_and_does_not_change_their_hash(
    given: Path, models: Path, log: SessionLog
) -> None:
    without = import_folder(given, models, log).passport
    assert LANGUAGE_MODEL not in without.files
    weights = ModelFolder(models / "medasr", MEDASR).weights_sha256()
    (given / LANGUAGE_MODEL).write_bytes(b"n-grams")
    (given / "other.kenlm").write_bytes(b"not to be copied")
    imported = import_folder(given, models, log)
    assert not imported.already
    folder = ModelFolder(models / "medasr", MEDASR)
    folder.require()
    assert imported.passport.files.keys() - without.files.keys() == {LANGUAGE_MODEL}
    assert imported.passport.files[LANGUAGE_MODEL].sha256 == hash_files([given / LANGUAGE_MODEL])[0]
    assert (models / "medasr" / LANGUAGE_MODEL).read_bytes() == b"n-grams"
    assert folder.weights_sha256() == weights
    assert [event["weights_sha256"] for event in events(log)] == [weights] * 2
    assert import_folder(given, models, log).already


def test_what_git_lfs_left_in_place_of_the_language_model_is_not_taken_for_one(
    given: Path, models: Path, log: SessionLog
) -> None:
    (given / LANGUAGE_MODEL).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 700000000\n")
    assert LANGUAGE_MODEL not in import_folder(given, models, log).passport.files
    assert not (models / "medasr" / LANGUAGE_MODEL).exists()


def test_links_are_followed_as_the_hubs_cache_is_made_of_them(
    built: dict[str, Path], tmp_path: Path, models: Path, log: SessionLog
) -> None:
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for path in built["medasr"].iterdir():
        (snapshot / path.name).symlink_to(path)
    import_folder(snapshot, models, log)
    assert not any(path.is_symlink() for path in (models / "medasr").iterdir())
    assert bytes_of(models / "medasr") == bytes_of(built["medasr"])


def test_published_weights_are_recognised(
    given: Path, models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"model.safetensors": hash_files([given / "model.safetensors"])[0]}
    monkeypatch.setitem(MEDASR.__dict__, "published", published)
    passport = import_folder(given, models, log).passport
    assert (passport.repository, passport.revision) == (MEDASR.repository, MEDASR.revision)
    assert ModelFolder(models / "medasr", MEDASR).verified


def test_the_same_weights_again_change_nothing(given: Path, models: Path, log: SessionLog) -> None:
    first = import_folder(given, models, log)
    inode = (models / "medasr").stat().st_ino
    again = import_folder(given, models, log)
    assert again == Imported(first.passport, already=True)
    assert (models / "medasr").stat().st_ino == inode
    assert len(events(log)) == 1


def test_a_folder_onto_itself_changes_nothing(given: Path, models: Path, log: SessionLog) -> None:
    first = import_folder(given, models, log)
    assert import_folder(models / "medasr", models, log) == Imported(first.passport, already=True)
    assert len(events(log)) == 1


def test_a_folder_that_was_put_there_by_hand_gets_its_passport(
    built: dict[str, Path], models: Path, log: SessionLog
) -> None:
    shutil.copytree(built["medasr"], models / "medasr")
    imported = import_folder(models / "medasr", models, log)
    assert not imported.already
    assert read_passport(models / "medasr") == imported.passport
    assert len(events(log)) == 1


def test_a_byte_that_rotted_is_repaired_by_importing_again(given: Path, models: Path, log: SessionLog) -> None:
    import_folder(given, models, log)
    weights = models / "medasr" / "model.safetensors"
    stat, whole = weights.stat(), weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not import_folder(given, models, log).already
    assert weights.read_bytes() == whole


def test_other_weights_take_the_place_of_the_old_ones(built: dict[str, Path], models: Path, log: SessionLog) -> None:
    import_folder(built["medasr"], models, log)
    import_folder(built["medasr again"], models, log)
    assert bytes_of(models / "medasr") == bytes_of(built["medasr again"])
    assert visible(models) == ["medasr"]
    assert [event["model"] for event in events(log)] == ["medasr", "medasr"]


def test_a_link_that_a_user_put_in_place_is_replaced_not_followed(
    built: dict[str, Path], models: Path, log: SessionLog
) -> None:
    models.mkdir()
    (models / "medasr").symlink_to(built["medasr"], target_is_directory=True)
    import_folder(built["medasr again"], models, log)
    (models / ".medasr.earlier").symlink_to(built["medasr"], target_is_directory=True)
    import_folder(built["medasr"], models, log)
    assert not (models / "medasr").is_symlink()
    assert (built["medasr"] / "model.safetensors").exists()


def refusal(source: Path, models: Path, log: SessionLog) -> BadInput:
    with pytest.raises(BadInput) as caught:
        import_folder(source, models, log)
    assert "\n" not in str(caught.value)
    assert not models.exists() or not visible(models)
    assert not events(log)
    return caught.value


def test_a_folder_that_is_not_there(tmp_path: Path, models: Path, log: SessionLog) -> None:
    error = refusal(tmp_path / "nowhere", models, log)
    assert (error.subject, error.problem) == ("nowhere", "there is no such folder")
    assert "google/medasr" in error.remedy


def test_a_file_instead_of_a_folder(given: Path, models: Path, log: SessionLog) -> None:
    assert refusal(given / "config.json", models, log).problem == "there is no such folder"


def test_a_folder_that_is_no_model(tmp_path: Path, models: Path, log: SessionLog) -> None:
    (tmp_path / "holidays").mkdir()
    error = refusal(tmp_path / "holidays", models, log)
    assert (error.subject, error.problem) == ("holidays", "is no model folder (it has no config.json)")


def test_a_model_that_is_not_known(given: Path, models: Path, log: SessionLog) -> None:
    (given / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    error = refusal(given, models, log)
    assert error.subject == "given/config.json"
    assert error.problem == (
        "is of whisper, and known are lasr_ctc (medasr), gemma3 (medgemma), gemma3_text (medgemma-27b-text), siglip"
        " (medsiglip), gguf (medgemma-gguf)"
    )


def test_weights_that_are_cut_off(given: Path, models: Path, log: SessionLog) -> None:
    os.truncate(given / "model.safetensors", (given / "model.safetensors").stat().st_size - 8)
    error = refusal(given, models, log)
    assert (error.subject, error.problem) == ("given/model.safetensors", "is cut off: 8 bytes are missing")


def test_a_folder_whose_own_passport_does_not_hold(given: Path, models: Path, log: SessionLog) -> None:
    (given / PASSPORT).write_text("{}")
    assert refusal(given, models, log).subject == f"given/{PASSPORT}"


def test_too_small_a_disk_is_told_before_anything_is_copied(
    given: Path, models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(given)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=60_000_000))
    with pytest.raises(StorageProblem) as caught:
        import_folder(given, models, log)
    assert caught.value.problem == "needs 0.1 GB and 0.1 GB are free"
    assert not visible(models)
    assert not list(models.glob(".medasr.partial*"))


class Interrupted(Exception):
    """In place of Ctrl-C."""


def cut_after(fraction: float) -> Any:
    def progress(doing: str, done: float) -> None:
        if doing == "copying" and done >= fraction:
            raise Interrupted

    return progress


def test_an_import_that_is_cut_off_at_any_file_leaves_the_old_model(
    built: dict[str, Path], models: Path, log: SessionLog
) -> None:
    import_folder(built["medasr"], models, log)
    before = bytes_of(models / "medasr")
    told: list[float] = []
    import_folder(built["medasr again"], models / "elsewhere", log, lambda doing, done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) >= len(before)
    for fraction in told:
        with pytest.raises(Interrupted):
            import_folder(built["medasr again"], models, log, cut_after(fraction))
        assert bytes_of(models / "medasr") == before
        ModelFolder(models / "medasr", MEDASR).require()
        assert not list(models.glob(".medasr.partial*"))
    import_folder(built["medasr again"], models, log)
    assert bytes_of(models / "medasr") == bytes_of(built["medasr again"])


def test_an_import_that_was_killed_leaves_no_model_and_the_next_one_works(
    built: dict[str, Path], tmp_path: Path, models: Path, log: SessionLog
) -> None:
    program = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from assistant.models.importing import import_folder
        from assistant.sessions import SessionLog

        def die(doing, done):
            if done > 0.5:
                os._exit(9)

        source, models, data = map(Path, sys.argv[1:])
        with SessionLog.open(data) as log:
            import_folder(source, models, log, die)
    """)
    killed = subprocess.run(
        [sys.executable, "-c", program, built["medasr"], models, tmp_path / "data"], check=False, timeout=60
    )
    assert killed.returncode == 9
    assert not visible(models)
    assert (models / ".medasr.partial-import").exists()
    import_folder(built["medasr"], models, log)
    assert bytes_of(models / "medasr") == bytes_of(built["medasr"])
    assert not (models / ".medasr.partial-import").exists()


def no_pull(models: Path, log: SessionLog) -> None:
    """One that would come to nothing: no hub is there."""
    pull(
        MEDASR,
        models,
        log,
        Outbound(log),
        accept=lambda terms: False,
        progress=lambda *told: None,
        endpoint="http://127.0.0.1:9",
    )


@pytest.mark.parametrize("work", ["import", "pull"])
def test_while_a_model_is_imported_no_other_work_on_it_begins(
    built: dict[str, Path], models: Path, log: SessionLog, work: str
) -> None:
    lines: list[str] = []

    def second() -> None:
        try:
            if work == "import":
                import_folder(built["medasr"], models, log)
            else:
                no_pull(models, log)
        except UsageProblem as error:
            lines.append(str(error))

    def first(doing: str, done: float) -> None:
        if not lines:
            other = threading.Thread(target=second, daemon=True)
            other.start()
            other.join(10)
            assert lines

    assert not import_folder(built["medasr"], models, log, first).already
    assert lines == [
        "medasr: is being pulled, imported or prepared by another process; wait until that is done, then try again"
    ]
    assert len(events(log)) == 1


def test_a_model_that_a_killed_install_had_moved_aside_comes_back_first(
    given: Path, models: Path, log: SessionLog
) -> None:
    first = import_folder(given, models, log)
    (models / "medasr").rename(models / ".medasr.earlier")
    assert import_folder(given, models, log) == Imported(first.passport, already=True)
    assert sorted(path.name for path in models.iterdir() if not path.name.endswith(".lock")) == ["medasr"]


def test_an_install_that_fails_after_a_killed_one_brings_the_old_model_back(
    built: dict[str, Path], models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_folder(built["medasr"], models, log)
    before = bytes_of(models / "medasr")
    (models / "medasr").rename(models / ".medasr.earlier")
    staged = Path(shutil.copytree(built["medasr again"], models / ".medasr.staged"))
    fail_renaming(staged.name, monkeypatch)
    with pytest.raises(StorageProblem):
        install(staged, models, describe(staged, "medasr", "import"))
    assert bytes_of(models / "medasr") == before


@pytest.mark.parametrize("doing", ["comparing", "copying"])
def test_a_source_that_goes_away_in_the_middle_is_named_and_not_the_models_folder(
    built: dict[str, Path], given: Path, models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch, doing: str
) -> None:
    """As when the USB stick with it is pulled out."""
    import_folder(given if doing == "comparing" else built["medasr again"], models, log)
    before = bytes_of(models / "medasr")

    def unplug(told: str, done: float) -> None:
        assert told == doing
        shutil.rmtree(given, ignore_errors=True)

    with pytest.raises(BadInput) as caught:
        import_folder(given, models, log, unplug)
    assert str(caught.value) == (
        "given: cannot be read (No such file or directory); make it readable, or give another folder"
    )
    assert bytes_of(models / "medasr") == before


def test_without_its_event_nothing_is_installed(
    given: Path, models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageProblem("log.db", "the disk is full", "free some space")

    monkeypatch.setattr(log, "event", refuse)
    with pytest.raises(StorageProblem, match="the disk is full"):
        import_folder(given, models, log)
    assert not visible(models)


def test_a_models_folder_that_is_a_file(given: Path, models: Path, log: SessionLog) -> None:
    models.write_text("")
    with pytest.raises(StorageProblem) as caught:
        import_folder(given, models, log)
    assert caught.value.problem == "is not a folder"


def test_what_is_staged_and_unfit_replaces_nothing(built: dict[str, Path], models: Path, log: SessionLog) -> None:
    import_folder(built["medasr"], models, log)
    before = bytes_of(models / "medasr")
    staged = Path(shutil.copytree(built["medasr again"], models / ".medasr.pulling"))
    passport = describe(staged, "medasr", "hub", catalogue.MEDASR.repository, "1" * 40)
    (staged / "tokenizer.json").unlink()
    with pytest.raises(ModelNeeded) as caught:
        install(staged, models, passport)
    assert (caught.value.subject, caught.value.problem) == ("medasr/tokenizer.json", "is missing")
    assert bytes_of(models / "medasr") == before


def fail_renaming(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)


def test_a_swap_that_fails_brings_the_old_model_back(
    built: dict[str, Path], models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_folder(built["medasr"], models, log)
    before = bytes_of(models / "medasr")
    fail_renaming(".medasr.partial-import", monkeypatch)
    with pytest.raises(StorageProblem, match="the disk reports an error"):
        import_folder(built["medasr again"], models, log)
    assert bytes_of(models / "medasr") == before


def test_a_models_folder_that_is_a_file_names_its_own_setting(given: Path, tmp_path: Path, log: SessionLog) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageProblem) as refused:
        import_folder(given, tmp_path / "file", log)
    assert "ASSISTANT_MODELS_DIR" in refused.value.remedy
