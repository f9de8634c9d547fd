"""What can be read back of a take, whatever state its files are in."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.microphone.finishing import encode, into_store
from assistant.microphone.flac import FlacFollower, FlacWriter
from assistant.microphone.frames import HEADER_LENGTH, SYNC, Kind
from assistant.microphone.recorder import Recorder
from assistant.microphone.recovery import begin_of, ending_of, frames_of, left_takes, remove, summarise
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import NoRoom, Spool
from assistant.microphone.take import Asked, Begin, Ending, Part
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore, hash_file
from pipelines.records import TaskName
from pipelines.speech.audio import inspect_recording
from tests.microphone.simulated_folder import PART, RATE, recovered, speech
from tests.microphone.test_power_loss_take import begin

SAID = speech(1.0)
BLOCK = 320


def write(
    folder: Path, said: np.ndarray = SAID, part: Part = PART, disk: Disk | None = None, taken: Begin | None = None
) -> Spool:
    """A take in ``folder`` with one frame for each 20 ms and its end."""
    spool = Spool(disk or Disk(), [folder], taken or begin(), lambda _: None)
    recorder = Recorder(spool)
    recorder.begin(part)
    for start in range(0, len(said), BLOCK):
        recorder.deliver(said[start : start + BLOCK].tobytes())
        recorder.write_waiting()
    recorder.start()
    recorder.finish(Ending.STOPPED)
    spool.release()
    return spool


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    [path] = write(tmp_path_factory.mktemp("take")).files
    return path.name.encode() + b"|" + path.read_bytes()


def laid(folder: Path, whole: bytes, change: bytes) -> Path:
    name = whole.partition(b"|")[0].decode()
    for old in folder.glob("*.take"):
        old.unlink()
    (folder / name).write_bytes(change)
    return folder


EVERY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EVERY
@given(data=st.data())
def test_every_prefix_reads_as_a_prefix_whatever_follows(data: st.DataObject, whole: bytes, tmp_path: Path) -> None:
    content = whole.partition(b"|")[2]
    cut = data.draw(st.integers(0, len(content)))
    rest = data.draw(st.one_of(st.just(b""), st.binary(max_size=300), st.integers(0, 5000).map(bytes), st.just(SYNC)))
    sound, silent = recovered(laid(tmp_path, whole, content[:cut] + rest))
    assert not silent.any()
    assert np.array_equal(sound, SAID[: len(sound)])
    # The frames before the first sound take less than 600 bytes.
    assert len(sound) >= max(0, cut - 600) // (HEADER_LENGTH + 2 * BLOCK) * BLOCK


@EVERY
@given(data=st.data())
def test_damage_in_the_middle_becomes_silence_and_is_told(data: st.DataObject, whole: bytes, tmp_path: Path) -> None:
    content = bytearray(whole.partition(b"|")[2])
    # After the opening frames, which say what the samples are.
    first = content.index(SYNC, content.index(SYNC, content.index(SYNC) + 1) + 1)
    start = data.draw(st.integers(first, len(content) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=2000))
    content[start : start + len(damage)] = damage[: len(content) - start]
    sound, silent = recovered(laid(tmp_path, whole, bytes(content)))
    assert len(sound) <= len(SAID)
    assert ((sound == SAID[: len(sound)]) | silent).all()
    assert not sound[silent].any()


def test_what_another_take_left_on_the_disk_is_not_read(tmp_path: Path) -> None:
    [old] = write(tmp_path / "old").files
    [new] = write(tmp_path / "new", SAID[:4000]).files
    content = new.read_bytes()
    new.write_bytes(content + old.read_bytes()[len(content) :])
    sound, _ = recovered(tmp_path / "new")
    assert np.array_equal(sound, SAID[:4000])


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (48_000, 1)])
def test_the_flac_holds_every_sample_and_is_what_the_file_path_says(tmp_path: Path, rate: int, channels: int) -> None:
    said = speech(2.0, rate * channels)
    spool = write(tmp_path / "recording", said, Part(rate=rate, channels=channels, device="x"))
    store = FileStore(tmp_path / "files", Disk())
    store.prepare()
    encoded = encode(spool.files, tmp_path / "one.flac")
    again = encode(spool.files, tmp_path / "two.flac")
    assert encoded is not None
    assert again is not None
    assert hash_file(encoded.path) == hash_file(again.path), "a crash and a second recovery give the same file"

    recording = into_store(encoded, begin(), store)

    path = store.path(recording.file_sha256)
    seen = inspect_recording(path, recording.name, recording.file_sha256, "microphone")
    assert recording == seen
    import soundfile

    sound = soundfile.read(path, dtype="int16", always_2d=True)[0]
    assert np.array_equal(sound.reshape(-1), said)
    assert not encoded.path.exists()
    assert store.get(recording.file_sha256)


def test_the_encoder_follows_and_ends_as_recovery_would(tmp_path: Path) -> None:
    spool = Spool(Disk(), [tmp_path], begin(), pytest.fail)
    recorder, follower = Recorder(spool), FlacFollower(spool, tmp_path / "follows.flac")
    recorder.begin(PART)
    recorder.start()
    follower.start()
    for start in range(0, len(SAID), BLOCK):
        recorder.deliver(SAID[start : start + BLOCK].tobytes())
    recorder.finish(Ending.STOPPED)
    spool.release()
    followed, recovered_one = follower.finish(), encode(spool.files, tmp_path / "again.flac")
    assert followed is not None
    assert recovered_one is not None
    assert followed.sha256 == recovered_one.sha256
    assert hash_file(followed.path) == hash_file(recovered_one.path)


def test_what_happened_meanwhile_is_kept(tmp_path: Path) -> None:
    asked = Asked(task=TaskName.DICTATION_NOTE, patient="p1", session="round", template="soap")
    spool = Spool(Disk(), [tmp_path], begin().model_copy(update={"asked": asked}), pytest.fail)
    recorder = Recorder(spool)
    recorder.begin(PART)
    recorder.deliver(SAID[:8000].tobytes())
    recorder.mark()
    recorder.pause()
    recorder.deliver(SAID[8000:12000].tobytes())
    recorder.resume()
    recorder.deliver(SAID[12000:].tobytes())
    recorder.overflow(2)
    recorder.start()
    recorder.finish(Ending.CANCELLED)
    spool.release()

    summary = summarise(spool.files)

    assert summary.begin is not None
    assert summary.begin.asked == asked
    assert summary.sounding.marks == [0.5]
    assert summary.sounding.ending is ending_of(spool.files) is Ending.CANCELLED
    assert summary.sounding.sampled == len(SAID) - 4000, "what is said while it is paused is not recorded"
    assert "too busy 2 times" in summary.sounding.warnings()[0]


class FullDisk(Disk):
    """Refuses writes into folders that are ``full``, after a part of what is written."""

    def __init__(self, *full: Path) -> None:
        self.full = set(full)
        self._folders: dict[int, Path] = {}

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._folders[descriptor] = path.parent
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        if self._folders[descriptor] in self.full:
            super().write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        super().write(descriptor, data)


def test_a_full_disk_moves_the_take_elsewhere_without_a_gap(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    disk, told = FullDisk(), list[str]()
    spool = Spool(disk, [first, second], begin(), told.append)
    recorder = Recorder(spool)
    recorder.begin(PART)
    for number, start in enumerate(range(0, len(SAID), BLOCK)):
        disk.full = {first} if 10 <= number < 30 else {second} if number >= 30 else set()
        recorder.deliver(SAID[start : start + BLOCK].tobytes())
        recorder.write_waiting()
        if number % 7 == 0:
            spool.sync()
    spool.close()
    assert spool.all_on_disk
    spool.release()

    assert [path.parent for path in spool.files] == [first, second, first]
    [left] = left_takes([first, second], disk)
    assert left.files == spool.files
    sounding = Sounding()
    with frames_of(left.files) as frames:
        blocks = [block for frame in frames for block in sounding.hear(frame)]
    assert np.array_equal(np.concatenate(blocks)[:, 0], SAID)
    assert sounding.silences == []
    assert any("the disk is full" in line for line in told)
    # Each later file says what it belongs to, should the first be lost.
    assert begin_of(left.files[1:]) == begin_of(left.files)
    remove(left.files, disk)
    assert left_takes([first, second], disk) == []


def test_where_no_disk_takes_anything_it_stays_in_memory_until_one_does(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    disk, told = FullDisk(first, second), list[str]()
    spool = Spool(disk, [first, second], begin(), told.append, memory_bytes=20_000)
    recorder = Recorder(spool)
    recorder.begin(PART)
    recorder.deliver(SAID[:8000].tobytes())
    recorder.write_waiting()
    assert spool.files == ()
    assert not spool.all_on_disk
    assert "in memory" in told[-1]
    recorder.deliver(SAID[8000:].tobytes())
    recorder.write_waiting()
    assert recorder.no_room
    with pytest.raises(NoRoom):
        spool.append(Kind.MARK)
    disk.full.clear()
    spool._retry_at = 0.0
    spool.sync()
    spool.release()
    sound, _ = recovered(first)
    assert np.array_equal(sound, SAID)


class FailsToSync(Disk):
    failing = False

    def fsync(self, descriptor: int) -> None:
        if self.failing:
            raise OSError(5, "Input/output error")
        super().fsync(descriptor)


def test_what_a_disk_failed_to_keep_is_written_elsewhere(tmp_path: Path) -> None:
    disk, told = FailsToSync(), list[str]()
    spool = Spool(disk, [tmp_path / "a", tmp_path / "b"], begin(), told.append)
    recorder = Recorder(spool)
    recorder.begin(PART)
    recorder.deliver(SAID[:8000].tobytes())
    recorder.write_waiting()
    spool.sync()
    recorder.deliver(SAID[8000:].tobytes())
    recorder.write_waiting()
    disk.failing = True
    spool.sync()
    disk.failing = False
    spool.sync()
    spool.release()
    assert spool.all_on_disk
    # The first file as its last good sync left it.
    first, second = spool.files
    os.truncate(first, first.stat().st_size - 16_000)
    (tmp_path / "a" / second.name).write_bytes(second.read_bytes())
    sound, silent = recovered(tmp_path / "a")
    assert np.array_equal(sound, SAID)
    assert not silent.any()


def test_a_take_that_is_being_written_is_not_left(tmp_path: Path) -> None:
    spool = Spool(Disk(), [tmp_path], begin(), pytest.fail)
    assert left_takes([tmp_path], Disk()) == []
    spool.release()
    [left] = left_takes([tmp_path], Disk())
    assert left.take == spool.take


class TakenForALeftover(Disk):
    """Once a recovery removes the file before its writer has locked it."""

    done = False

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        if not self.done:
            self.done = True
            path.unlink()
        return descriptor


def test_a_file_that_was_taken_for_a_leftover_is_made_again(tmp_path: Path) -> None:
    write(tmp_path, disk=TakenForALeftover())
    sound, _ = recovered(tmp_path)
    assert np.array_equal(sound, SAID)


def test_a_take_without_sound_makes_no_file(tmp_path: Path) -> None:
    spool = Spool(Disk(), [tmp_path], begin(), pytest.fail)
    spool.close()
    spool.release()
    assert encode(spool.files, tmp_path / "x.flac") is None
    writer = FlacWriter(tmp_path / "y.flac")
    assert writer.finish() is None
    assert not (tmp_path / "y.flac").exists()


def test_threads_end(tmp_path: Path) -> None:
    before = threading.active_count()
    write(tmp_path)
    assert threading.active_count() == before


def test_rates_of_all_kinds_are_recovered_at_the_first(tmp_path: Path) -> None:
    spool = Spool(Disk(), [tmp_path], begin(), pytest.fail)
    recorder = Recorder(spool)
    recorder.begin(PART)
    recorder.deliver(speech(1.0).tobytes())
    recorder.begin(Part(rate=48_000, channels=2, device="y"))
    recorder.deliver(speech(1.0, 96_000).tobytes())
    recorder.begin(PART)
    recorder.deliver(speech(1.0).tobytes())
    recorder.start()
    recorder.finish(Ending.STOPPED)
    spool.release()
    sounding = summarise(spool.files).sounding
    assert sounding.form is not None
    assert (sounding.form.rate, sounding.form.channels) == (RATE, 1)
    assert sounding.sampled == pytest.approx(3 * RATE, abs=5)
