"""Preparing MedASR: once, whole or not at all, and never in place of something better."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.models import preparing
from assistant.models.installing import alone
from assistant.models.preparing import Prepared, prepare
from assistant.sessions import SessionLog
from pipelines.errors import ModelNeeded, StorageProblem, UsageProblem
from pipelines.speech import medasr_export
from pipelines.speech.int8_verdict import VERDICT, ErrorRates, record_verdict, require_verdict
from pipelines.speech.medasr_onnx import load_prepared, prepared_availability
from pipelines.speech.prepared import MANIFEST, prepared_folder
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import FIRST_CONVOLUTION
from tests.support.tiny_medasr import build_random

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return ModelFolder(build_random(tmp_path_factory.mktemp("gibberish") / "medasr"), MEDASR)


def bytes_of(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


def assert_nothing_left_over(models: Path) -> None:
    hidden = [path for path in (models / "prepared").iterdir() if path.name.startswith(".")]
    assert hidden == []


@pytest.fixture
def prepared(gibberish: ModelFolder, models: Path, log: SessionLog) -> Prepared:
    return prepare(gibberish, models, log, threads=1)


def test_it_lies_by_the_hash_of_its_weights_and_can_be_used(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared
) -> None:
    sha256 = gibberish.weights_sha256()
    assert prepared.place == models / "prepared" / f"medasr-{sha256[:12]}" == prepared_folder(models, sha256)
    assert not prepared.already
    assert sorted(bytes_of(prepared.place)) == ["fp32.onnx", "fp32.weights", MANIFEST]
    assert prepared_availability(gibberish, models, "fp32").ready
    load_prepared(gibberish, models, threads=1, precision="fp32")
    assert_nothing_left_over(models)
    (event,) = log.payloads("model-prepared")
    assert event["weights_sha256"] == sha256
    assert event["files"] == {name: stored.sha256 for name, stored in prepared.manifest.files.items()}


def test_a_second_time_there_is_nothing_to_do(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared
) -> None:
    before = {path: path.stat().st_mtime_ns for path in prepared.place.iterdir()}
    again = prepare(gibberish, models, log, threads=1)
    assert again == Prepared(prepared.place, prepared.manifest, already=True)
    assert {path: path.stat().st_mtime_ns for path in prepared.place.iterdir()} == before
    assert len(log.payloads("model-prepared")) == 1


def test_int8_is_added_once_and_never_taken_away(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared
) -> None:
    both = prepare(gibberish, models, log, int8=True, threads=1)
    assert not both.already
    assert set(both.manifest.parity) == {"fp32", "int8"}
    assert both.manifest.sha256("fp32") == prepared.manifest.sha256("fp32")
    assert prepare(gibberish, models, log, int8=True, threads=1).already
    assert prepare(gibberish, models, log, threads=1).already
    (both.place / "fp32.onnx").write_bytes(b"")
    mended = prepare(gibberish, models, log, threads=1)
    assert not mended.already
    assert set(mended.manifest.parity) == {"fp32", "int8"}


@pytest.mark.parametrize("name", ["fp32.onnx", "fp32.weights", MANIFEST])
def test_what_is_damaged_is_made_anew(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared, name: str
) -> None:
    good = bytes_of(prepared.place)
    stat = (prepared.place / name).stat()
    data = bytearray(good[name])
    data[len(data) // 2] ^= 255
    (prepared.place / name).write_bytes(data)
    # As a failing disk does it: neither size nor time tells.
    os.utime(prepared.place / name, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not prepare(gibberish, models, log, threads=1).already
    mended = bytes_of(prepared.place)
    assert {key: mended[key] for key in ("fp32.onnx", "fp32.weights")} == {
        key: good[key] for key in ("fp32.onnx", "fp32.weights")
    }
    assert_nothing_left_over(models)


def test_a_verdict_outlives_what_gives_the_same_bytes_and_nothing_else(
    gibberish: ModelFolder, models: Path, log: SessionLog
) -> None:
    both = prepare(gibberish, models, log, int8=True, threads=1)
    rates = ErrorRates(wer=0.1, drug_wer=0.1)
    verdict = record_verdict(
        both.place,
        both.manifest,
        data_sha256="0" * 64,
        seconds=2_000,
        drug_mentions=150,
        fp32=rates,
        int8=rates,
        at=datetime(2026, 11, 26, tzinfo=UTC),
    )
    assert prepared_availability(gibberish, models, "int8").ready
    (both.place / "int8.weights").write_bytes(b"")
    assert not prepare(gibberish, models, log, int8=True, threads=1).already
    assert require_verdict(both.place, both.manifest) == verdict
    load_prepared(gibberish, models, threads=1, precision="int8")
    (both.place / "int8.weights").write_bytes(b"")
    other = verdict.model_copy(update={"int8_sha256": "f" * 64})
    (both.place / VERDICT).write_text(other.model_dump_json())
    prepare(gibberish, models, log, int8=True, threads=1)
    assert not (both.place / VERDICT).exists()


def test_what_does_not_hear_the_same_is_not_left_and_the_earlier_one_stays(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(graph: Any, value: str, name: str, weight: Any) -> str:
        added: str = graph.add("MatMul", value, graph.constant(name, weight * 1.5))
        return added

    before = bytes_of(prepared.place)
    monkeypatch.setattr(medasr_export, "_exact", wrong)
    with pytest.raises(ModelNeeded, match="does not give what transformers gives"):
        prepare(gibberish, models, log, int8=True, threads=1)
    assert bytes_of(prepared.place) == before
    assert_nothing_left_over(models)
    assert len(log.payloads("model-prepared")) == 1


def test_too_little_space_is_told_before_it_is_needed(
    gibberish: ModelFolder, models: Path, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(models.parent)
    monkeypatch.setattr(preparing.shutil, "disk_usage", lambda _: usage._replace(free=60_000_000))
    with pytest.raises(StorageProblem, match=r"prepared: needs 0\.1 GB and 0\.1 GB are free"):
        prepare(gibberish, models, log)
    assert list((models / "prepared").iterdir()) == []


def test_a_model_that_another_process_works_on_is_not_waited_for(
    gibberish: ModelFolder, models: Path, log: SessionLog
) -> None:
    with alone(models, MEDASR), pytest.raises(UsageProblem, match="pulled, imported or prepared by another process"):
        prepare(gibberish, models, log)


def test_no_model_is_told_with_the_way_to_it(models: Path, log: SessionLog) -> None:
    with pytest.raises(ModelNeeded, match="medasr: is not installed; run: assistant models pull medasr"):
        prepare(ModelFolder(models / "medasr", MEDASR), models, log)


@pytest.mark.long
@pytest.mark.parametrize("step", ["writing fp32", "comparing fp32", "comparing int8"])
def test_killed_on_its_way_it_leaves_nothing_that_counts(
    gibberish: ModelFolder, models: Path, log: SessionLog, tmp_path: Path, step: str
) -> None:
    code = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from assistant.models.preparing import prepare
        from assistant.sessions import SessionLog
        from pipelines.weights.catalogue import MEDASR
        from pipelines.weights.folder import ModelFolder
        folder, models, data, step = sys.argv[1:]
        def die(what, share):
            if what == step:
                os.kill(os.getpid(), signal.SIGKILL)
        with SessionLog.open(Path(data)) as log:
            prepare(ModelFolder(Path(folder), MEDASR), Path(models), log, int8=True, threads=1, progress=die)
    """)
    killed = subprocess.run(
        [sys.executable, "-c", code, str(gibberish.path), str(models), str(tmp_path / "other"), step],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert killed.returncode == -signal.SIGKILL
    assert not prepared_availability(gibberish, models, "fp32").ready
    assert not prepare(gibberish, models, log, int8=True, threads=1).already
    load_prepared(gibberish, models, threads=1, precision="fp32")
    assert_nothing_left_over(models)


def test_killed_between_its_renames_the_earlier_one_comes_back(
    gibberish: ModelFolder, models: Path, log: SessionLog, prepared: Prepared
) -> None:
    prepared.place.rename(prepared.place.with_name(f".{prepared.place.name}.earlier"))
    assert prepare(gibberish, models, log, threads=1).already
    assert_nothing_left_over(models)


@pytest.fixture
def command(gibberish: ModelFolder, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ASSISTANT_MEDASR", str(gibberish.path))
    monkeypatch.setenv("ASSISTANT_MODELS_DIR", str(models))
    monkeypatch.setenv("ASSISTANT_THREADS", "1")
    return ["models", "prepare", "medasr", "--data-dir", str(tmp_path / "data")]


def test_the_command_says_what_there_is_and_then_that_there_is_nothing_to_do(command: list[str]) -> None:
    first = subprocess.run([*_assistant(), *command], check=True, capture_output=True, text=True)
    assert first.stderr == ""
    assert first.stdout.startswith("medasr: 2 files, ")
    assert "fp32: logits within " in first.stdout
    assert "equal in 100.0% of " in first.stdout
    again = subprocess.run([*_assistant(), *command, "--json"], check=True, capture_output=True, text=True)
    assert again.stderr == "medasr was prepared from the same weights before: nothing to do\n"
    said = json.loads(again.stdout)
    assert said["already"] is True
    assert set(said["files"]) == {"fp32.onnx", "fp32.weights"}
    assert said["parity"]["fp32"]["equal_best"] == 1.0


def test_only_medasr_can_be_prepared(command: list[str]) -> None:
    for name, line in {
        "medsiglip": "is no model that can be prepared; use medasr",
        "medgemma": "has nothing to prepare: it is quantised while it is read; set ASSISTANT_QUANTIZE=int8 or 4bit",
    }.items():
        command[2] = name
        done = subprocess.run([*_assistant(), *command], check=False, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr == f"assistant: {name}: {line}\n"


def _assistant() -> list[str]:
    return [str(Path(sys.executable).with_name("assistant"))]
