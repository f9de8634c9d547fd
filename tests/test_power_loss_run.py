"""The power fails at any write of a whole run: nothing acknowledged is lost, and the same command finishes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.sessions import SessionLog
from assistant.settings import Settings
from pipelines.records import RunState, TaskName
from tests.sessions.simulated_disk import Platter, lay_out, losses, record
from tests.support.engines import ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(
        audio=write_tone(tmp_path / "visit.wav", 0.5),
        attachments=(GivenAttachment(write_bundle(tmp_path / "record.json", patient(), potassium())),),
        task=TaskName.DICTATION_NOTE,
    )


def whole_run(data_dir: Path, given: Given) -> Callable[[SessionLog], object]:
    def exercise(log: SessionLog) -> None:
        with open_runner(Settings(data_dir=data_dir), recognizer=ScriptedRecognizer(), log=log) as runner:
            outcome = runner.submit(given)
        assert outcome.view.state is RunState.DONE, outcome.view.error

    return exercise


@pytest.mark.long
def test_a_cut_at_any_write_of_a_run_loses_nothing_acknowledged(tmp_path: Path, given: Given) -> None:
    data_dir = tmp_path / "data"
    tape = record(data_dir, whole_run(data_dir, given))
    assert sum(operation[0] == "write" for operation in tape.operations) > 100
    assert list(losses(tape, data_dir, tmp_path / "cuts")) == []


@pytest.mark.long
def test_the_same_command_finishes_what_a_cut_left(tmp_path: Path, given: Given) -> None:
    data_dir = tmp_path / "data"
    tape = record(data_dir, whole_run(data_dir, given))
    platter = Platter()
    finished = 0
    for number, operation in enumerate(tape.operations):
        if operation[0] == "acknowledged":
            continue
        platter.play(operation)
        if operation[0] not in ("sync", "sync folder", "rename"):
            continue
        place = tmp_path / "cuts" / str(number)
        lay_out(platter.after_power_loss(lambda: False), data_dir, place)
        with open_runner(Settings(data_dir=place / data_dir.name), recognizer=ScriptedRecognizer()) as runner:
            outcome = runner.submit(given)
            assert outcome.view.state is RunState.DONE, f"cut {number}: {outcome.view.error}"
            assert len(runner.log.runs()) == 1
            verified = runner.log.verify()
            assert verified.ok, f"cut {number}: {verified.problem}"
        shutil.rmtree(place)
        finished += 1
    assert finished > 30
