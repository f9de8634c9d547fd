"""The power fails while somebody speaks: at most 250 ms are gone, and the tests would notice if it were more."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assistant.microphone.recorder import SYNC_SECONDS, Recorder
from assistant.microphone.spool import Spool
from assistant.microphone.take import Begin, Ending
from assistant.sessions.ids import Ids
from tests.microphone.simulated_folder import PART, RATE, SharedTapedDisk, cuts, lost, speech
from tests.sessions.simulated_disk import Tape

MOST_LOST = RATE // 4
BLOCK = RATE // 50
"""What a device gives at a time: 20 ms."""
SAID = speech(3.0)


def begin() -> Begin:
    return Begin(take=Ids().new(), when="2026-11-25T12:00:00+00:00")


def dictated(folder: Path, disk: type[SharedTapedDisk] = SharedTapedDisk) -> Tape:
    """A dictation step by step: a block comes, is written, and every tenth of a second all is synced."""
    tape = Tape()
    folder.parent.mkdir(exist_ok=True)
    recorder = Recorder(Spool(disk(tape), [folder], begin(), pytest.fail))
    recorder.begin(PART)
    for number, start in enumerate(range(0, len(SAID), BLOCK), 1):
        recorder.deliver(SAID[start : start + BLOCK].tobytes())
        tape.add("spoken", start + BLOCK)
        recorder.write_waiting()
        if number % round(SYNC_SECONDS * RATE / BLOCK) == 0:
            recorder.spool.sync()
    return tape


def dictated_by_threads(folder: Path, disk: type[SharedTapedDisk] = SharedTapedDisk) -> Tape:
    """The same with the recorder's own threads, at the speed of speech."""
    tape = Tape()
    recorder = Recorder(Spool(disk(tape), [folder], begin(), pytest.fail))
    recorder.begin(PART)
    recorder.start()
    started = time.monotonic()
    for start in range(0, len(SAID), BLOCK):
        end = start + BLOCK
        time.sleep(max(0.0, started + end / RATE - time.monotonic()))
        recorder.deliver(SAID[start:end].tobytes())
        tape.add("spoken", end)
    recorder.finish(Ending.STOPPED)
    assert recorder.fault is None
    return tape


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_cut_at_every_write_loses_at_most_a_quarter_of_a_second(tmp_path: Path, seed: int | None) -> None:
    folder = tmp_path / "recording"
    tape = dictated(folder)

    found = list(cuts(tape, folder, tmp_path / "cuts", seed))

    assert len(found) > len(SAID) // BLOCK
    assert max(lost(cut, SAID) for cut in found) <= MOST_LOST


def test_a_cut_while_threads_write_and_sync(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    tape = dictated_by_threads(folder)

    found = list(cuts(tape, folder, tmp_path / "cuts"))

    assert found[-1].spoken == len(SAID)
    assert max(lost(cut, SAID) for cut in found) <= MOST_LOST
    assert lost(found[-1], SAID) == 0, "at the end everything is there"


class NeverSyncsFiles(SharedTapedDisk):
    def fsync(self, descriptor: int) -> None:
        """Says it did."""


class NeverSyncsFolders(SharedTapedDisk):
    def sync_folder(self, path: Path) -> None:
        """Says it did."""


class SyncsFilesOnce(SharedTapedDisk):
    """Syncs a file's beginning and forgets the rest."""

    def fsync(self, descriptor: int) -> None:
        if "sync until" not in [operation[0] for operation in self.tape.operations]:
            super().fsync(descriptor)


class SyncsOnlyTheFoldersParent(SharedTapedDisk):
    """Forgets the entry of the file in its folder."""

    def sync_folder(self, path: Path) -> None:
        if path.name != "recording":
            super().sync_folder(path)


@pytest.mark.parametrize(
    "disk",
    [NeverSyncsFiles, NeverSyncsFolders, SyncsFilesOnce, SyncsOnlyTheFoldersParent],
    ids=lambda one: one.__name__,
)
def test_a_recorder_that_does_not_sync_is_caught(tmp_path: Path, disk: type[SharedTapedDisk]) -> None:
    folder = tmp_path / "recording"
    tape = dictated(folder, disk)

    found = list(cuts(tape, folder, tmp_path / "cuts"))

    assert max(lost(cut, SAID) for cut in found) > MOST_LOST


def test_threads_that_do_not_sync_are_caught(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    tape = dictated_by_threads(folder, NeverSyncsFiles)

    assert max(lost(cut, SAID) for cut in cuts(tape, folder, tmp_path / "cuts")) > MOST_LOST
