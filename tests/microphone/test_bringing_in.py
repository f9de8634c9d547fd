"""A take becomes a run once, wherever the power fails on the way; the text heard live is the file's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
import soxr

from assistant.microphone import bringing_in, finishing
from assistant.microphone.bringing_in import bring_in
from assistant.microphone.live_text import LiveText
from assistant.microphone.recorder import Recorder
from assistant.microphone.recovery import left_takes
from assistant.microphone.spool import Spool
from assistant.microphone.take import Asked, Ending, Part
from assistant.sessions import Disk, SessionLog
from assistant.sessions.files import FileStore
from pipelines.errors import BadInput
from pipelines.records import Recording, RunState, TaskName
from pipelines.speech.audio import inspect_recording
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.transcribe import transcribe
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.microphone.simulated_folder import PART, SharedPlatter, SharedTapedDisk, speech
from tests.microphone.test_power_loss_take import begin
from tests.microphone.test_take import write
from tests.sessions.simulated_disk import Tape, TapingSqlite, lay_out
from tests.support.engines import ScriptedRecognizer
from tests.support.medasr_parity import FIRST_CONVOLUTION
from tests.support.sounds import write_tone
from tests.support.tiny_medasr import Hearing

SAID = speech(1.0)


class PowerCut(BaseException):
    """Nothing catches it."""


STEPS = ["encode", "into_store", "take_in", "accept", "keep_marks", "remove"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_one_run_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    folder = tmp_path / "data" / "recording"
    with SessionLog.open(tmp_path / "data") as log:
        write(folder, SAID)
        [left] = left_takes([folder], Disk())
        holder: Any = {"accept": SessionLog, "take_in": __import__("assistant.intake", fromlist=["x"])}.get(
            step, bringing_in
        )
        real = getattr(holder, step)

        def cut(*arguments: Any, **named: Any) -> Any:
            if after:
                real(*arguments, **named)
            raise PowerCut

        with monkeypatch.context() as patched:
            patched.setattr(holder, step, cut)
            with pytest.raises(PowerCut):
                bring_in(left, log, folder, Disk())

        again = left_takes([folder], Disk())
        for one in again:
            assert bring_in(one, log, folder, Disk())

        [run] = log.runs()
        assert run.state is RunState.QUEUED
        recording = log.run(run.id).request.recording
        assert recording is not None
        sound = soundfile.read(log.store.path(recording.file_sha256), dtype="int16")[0]
        assert np.array_equal(sound, SAID)
        assert len(list(log.store.names())) == 1, "nothing is stored twice"
        assert left_takes([folder], Disk()) == []
        assert not list(folder.glob("*.flac"))
        assert log.verify().ok


class ReopeningTapedDisk(SharedTapedDisk):
    """A file that others wrote comes onto the tape when it is opened again: all of it unsynced."""

    def reopen(self, path: Path) -> int:
        descriptor = super().reopen(path)
        file = self.tape.create(path)
        content = path.read_bytes()
        self.tape.add("write", file, 0, content)
        self._open[descriptor] = (file, len(content))
        return descriptor


def losses_while_bringing_in(tmp_path: Path, disk: type[ReopeningTapedDisk]) -> list[str]:
    """Bring in a take on a disk that forgets what was not synced; what is lost at each cut."""
    data_dir, tape = tmp_path / "data", Tape()
    folder = data_dir / "recording"
    found = []
    with TapingSqlite(tape), SessionLog.open(data_dir, disk=disk(tape)) as log:
        write(folder, SAID, disk=disk(tape))
        start = len(tape.operations)
        [left] = left_takes([folder], Disk())
        run = bring_in(left, log, folder, disk(tape))
    assert run is not None
    platter = SharedPlatter()
    for number, operation in enumerate(tape.operations):
        platter.play(operation)
        if number < start:
            continue
        place = tmp_path / "cuts" / str(number)
        lay_out(platter.after_power_loss(lambda: False), data_dir, place)
        loss = _lost(place / "data")
        if loss:
            found.append(f"cut {number} after {operation[0]}: {loss}")
    return found


def _lost(data_dir: Path) -> str | None:
    """What is wrong after recovery in a folder as a power failure left it."""
    folder = data_dir / "recording"
    with SessionLog.open(data_dir) as log:
        for one in left_takes([folder], Disk()):
            bring_in(one, log, folder, Disk())
        runs = log.runs()
        if len(runs) != 1:
            return f"{len(runs)} runs"
        recording = log.run(runs[0].id).request.recording
        assert recording is not None
        try:
            path = log.store.path(recording.file_sha256)
            sound = soundfile.read(path, dtype="int16")[0]
        except Exception as problem:
            return f"the sound is not there ({type(problem).__name__})"
        if not np.array_equal(sound, SAID):
            return "the sound is another"
        return None if log.verify().ok else "the log does not verify"


@pytest.mark.long
def test_the_power_fails_on_the_way_from_the_take_to_the_run(tmp_path: Path) -> None:
    assert losses_while_bringing_in(tmp_path, ReopeningTapedDisk) == []


class OnlyTheStoreForgets(ReopeningTapedDisk):
    """Moves a file into the store without having synced it."""

    adopted: ClassVar[set[int]] = set()

    def reopen(self, path: Path) -> int:
        descriptor = super().reopen(path)
        self.adopted.add(descriptor)
        return descriptor

    def fsync(self, descriptor: int) -> None:
        if descriptor not in self.adopted:
            super().fsync(descriptor)


@pytest.mark.long
def test_a_store_that_adopts_without_a_sync_is_caught(tmp_path: Path) -> None:
    assert losses_while_bringing_in(tmp_path, OnlyTheStoreForgets)


def test_an_attachment_that_is_gone_keeps_the_take(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "recording"
    asked = Asked(task=TaskName.DICTATION_NOTE, given=(str(tmp_path / "gone.json"),))
    with SessionLog.open(tmp_path / "data") as log:
        write(folder, SAID, taken=begin().model_copy(update={"asked": asked}))
        [left] = left_takes([folder], Disk())
        with pytest.raises(BadInput, match=r"gone\.json"):
            bring_in(left, log, folder, Disk())
        assert left_takes([folder], Disk()) == [left]
        assert bring_in(left, log, folder, Disk(), without_files=True)
        assert left_takes([folder], Disk()) == []


def test_two_recoveries_at_once_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "recording"
    with SessionLog.open(tmp_path / "data") as log:
        write(folder, SAID)
        [left] = left_takes([folder], Disk())
        with finishing.held(left.files) as mine:
            assert mine
            assert bring_in(left, log, folder, Disk()) is None
        assert bring_in(left, log, folder, Disk())
        assert bring_in(left, log, folder, Disk()) is None
        assert len(log.runs()) == 1


def live(tmp_path: Path, sound: np.ndarray, rate: int, recognizer: Recognizer) -> tuple[Any, Any, Recording, Path]:
    """What is heard live of a sound, and what its file gives."""
    spool = Spool(Disk(), [tmp_path / "recording"], begin(), pytest.fail)
    recorder, listener = Recorder(spool), LiveText(spool, recognizer)
    recorder.begin(Part(rate=rate, channels=1, device="x"))
    recorder.start()
    listener.start()
    for start in range(0, len(sound), 777):
        recorder.deliver(sound[start : start + 777].tobytes())
    recorder.finish(Ending.STOPPED)
    spool.release()
    store = FileStore(tmp_path / "files", Disk())
    store.prepare()
    encoded = finishing.encode(spool.files, tmp_path / "x.flac")
    assert encoded is not None
    recording = finishing.into_store(encoded, begin(), store)
    path = store.path(recording.file_sha256)
    heard = listener.finish(recording)
    assert listener.problem is None, listener.problem
    return heard, transcribe(recording, path, recognizer), recording, path


@pytest.mark.filterwarnings(FIRST_CONVOLUTION)
@pytest.mark.long
def test_the_live_transcript_is_the_files(tmp_path: Path, hearing: Hearing) -> None:
    recognizer = MedASRRecognizer(ModelFolder(hearing.folder, MEDASR))
    sound, rate = soundfile.read(hearing.report.flac, dtype="int16")
    (transcript, call), (by_file, file_call), *_ = live(tmp_path, sound, rate, recognizer)
    assert transcript == by_file
    assert transcript.text
    assert (call.output, call.parameters) == (file_call.output, file_call.parameters)


@pytest.mark.filterwarnings(FIRST_CONVOLUTION)
@pytest.mark.long
def test_at_another_rate_as_well(tmp_path: Path, hearing: Hearing) -> None:
    recognizer = MedASRRecognizer(ModelFolder(hearing.folder, MEDASR))
    sound, rate = soundfile.read(hearing.dictation.flac, dtype="float32")
    faster = (soxr.resample(sound, rate, 44_100) * 32_767).astype(np.int16)
    (transcript, _), (by_file, _), *_ = live(tmp_path, faster, 44_100, recognizer)
    assert transcript == by_file


def test_the_recording_is_what_the_file_says(tmp_path: Path) -> None:
    tone = soundfile.read(write_tone(tmp_path / "tone.wav", 2.0), dtype="int16")[0]
    _, _, recording, path = live(tmp_path, tone, PART.rate, ScriptedRecognizer())
    assert recording == inspect_recording(path, recording.name, recording.file_sha256, "microphone")


def test_a_listener_that_fails_leaves_the_recording_alone(tmp_path: Path) -> None:
    spool = Spool(Disk(), [tmp_path], begin(), pytest.fail)
    recorder, listener = Recorder(spool), LiveText(spool, ScriptedRecognizer(ready=False))
    recorder.begin(PART)
    recorder.start()
    listener.start()
    recorder.deliver(SAID.tobytes())
    recorder.finish(Ending.STOPPED)
    spool.release()
    encoded = finishing.encode(spool.files, tmp_path / "x.flac")
    assert encoded is not None
    store = FileStore(tmp_path / "files", Disk())
    store.prepare()
    assert listener.finish(finishing.into_store(encoded, begin(), store)) is None
    assert listener.said() == "scripted: is not there; set ready"
