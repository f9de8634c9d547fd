"""A dictation from the virtual microphone, killed and started again many times: ``make soak``.

What is measured. Two listen to one microphone: the dictation, which is killed with SIGKILL at random moments, and a
reference that never is. Both get the same samples, which are noise: a few of them tell where in the reference they come
from. When the dictation is killed, the reference's position is noted. What ``assistant recover`` then brings into the
store must be an unbroken piece of the reference, sample by sample, and *lost* is what lies between its end and the
noted position: everything that had been spoken while the process was recording and is not in the recording, wherever
it was on its way (sound system, PortAudio's buffer, the queue, the file). What is played while no process records is
nobody's loss and counts for nothing. *Recovery* is the time that the whole command takes, from its start to its end,
with the next dictation running beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import soundfile
from numpy.typing import NDArray

from assistant.microphone.places import RECORDING
from assistant.microphone.recovery import left_takes
from assistant.sessions import Disk, SessionLog
from tests.support.virtual_microphone import RATE, VirtualMicrophone, missing, virtual_microphone

MOST_LOST = 0.25
MOST_RECOVERY = 2.0
_KEY = 64
"""So many samples in a row are nowhere else in the noise."""


class Reference:
    """What the microphone gives, from one who listens all the time."""

    def __init__(self, microphone: VirtualMicrophone) -> None:
        self._data = bytearray()
        self._reader = subprocess.Popen(
            [
                *("pacat", "--record", "--raw", f"--server={microphone.server}", "--device=virtual.monitor"),
                *(f"--rate={microphone.rate}", "--channels=1", "--format=s16le", "--latency-msec=10"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(microphone.folder)},
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """Samples so far."""
        return len(self._data) // 2

    def piece(self, start: int, end: int) -> NDArray[np.int16]:
        return np.frombuffer(bytes(self._data[2 * start : 2 * end]), "<i2")

    def end_of(self, sound: NDArray[np.int16], near: int) -> int | None:
        """The position after the last of these samples, looked for in the 20 seconds before and the one after ``near``.

        None where they are not there.
        """
        first = max(0, near - 20 * RATE)
        key = sound[-_KEY:].astype("<i2").tobytes()
        at = bytes(self._data[2 * first : 2 * (near + RATE)]).find(key)
        return first + at // 2 + min(_KEY, len(sound)) if at >= 0 else None

    def close(self) -> None:
        self._reader.kill()
        self._thread.join()
        self._reader.wait()
        assert self._reader.stdout is not None
        self._reader.stdout.close()

    def _read(self) -> None:
        assert self._reader.stdout is not None
        descriptor = self._reader.stdout.fileno()
        while data := os.read(descriptor, 1 << 16):
            self._data += data


@dataclass
class Found:
    """What the soak saw."""

    lost: list[float] = field(default_factory=list)
    """Seconds, one for each kill."""
    recovery: list[float] = field(default_factory=list)
    """Seconds, one for each ``assistant recover``."""
    recorded: float = 0.0
    """Seconds of sound that were recovered."""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        lost, recovery = np.array(self.lost), np.array(self.recovery)
        return (
            f"| {len(lost)} kills in {self.seconds / 60:.1f} min, {self.recorded:.0f} s recovered "
            f"| lost: median {1000 * np.median(lost):.0f} ms, 95 % {1000 * np.percentile(lost, 95):.0f} ms, "
            f"most {1000 * lost.max():.0f} ms "
            f"| recovery: median {np.median(recovery):.2f} s, 95 % {np.percentile(recovery, 95):.2f} s, "
            f"most {recovery.max():.2f} s "
            f"| {len(self.problems)} problem(s) |"
        )


class Soak:
    def __init__(self, microphone: VirtualMicrophone, data_dir: Path, seed: int) -> None:
        self._data_dir = data_dir
        self._reference = Reference(microphone)
        self._moments = random.Random(seed)
        self._environment = {
            **os.environ,
            **microphone.environment,
            # An engine that is not there: the soak is about the sound, and two cores are few.
            "ASSISTANT_MODELS_DIR": str(data_dir.parent / "models"),
            "ASSISTANT_RECOGNIZER": "medasr",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, kills: int, longest: float) -> Found:
        """Kill so many times, each at a random moment of at most ``longest`` seconds after recording began."""
        found = Found()
        started = time.monotonic()
        try:
            process, begun = self._dictate()
            with ThreadPoolExecutor(1) as beside:
                recovering: Future[None] | None = None
                for _ in range(kills):
                    time.sleep(self._moments.uniform(0.05, longest))
                    process.send_signal(signal.SIGKILL)
                    at_kill = self._reference.position
                    _ended(process)
                    if recovering is not None:
                        recovering.result()
                    [left] = left_takes([self._data_dir / RECORDING], Disk())
                    process, next_begun = self._dictate()
                    # The next one records while the last is recovered.
                    recovering = beside.submit(self._recover, found, left.take, begun, at_kill)
                    begun = next_begun
                assert recovering is not None
                recovering.result()
            process.send_signal(signal.SIGKILL)
            _ended(process)
            self._check_the_log(found)
        finally:
            self._reference.close()
        found.seconds = time.monotonic() - started
        return found

    def _dictate(self) -> tuple[subprocess.Popen[str], int]:
        process = subprocess.Popen(
            [*self._command(), "dictate", "--task", "dictation-note", "--device", "virtual"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        return process, self._wait_for(process)

    def _wait_for(self, process: subprocess.Popen[str]) -> int:
        """Until it says that it records; the reference's position then."""
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith("recording from"):
                return self._reference.position
        raise AssertionError(f"dictate ended with {process.wait()}: {''.join(lines)}")

    def _recover(self, found: Found, take: str, begun: int, at_kill: int) -> None:
        start = time.monotonic()
        done = subprocess.run(
            [*self._command(), "recover", take, "--no-run", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        found.recovery.append(time.monotonic() - start)
        if done.returncode != 0:
            found.problems.append(f"recover ended with {done.returncode}: {done.stderr}")
            return
        assert len(done.stdout.splitlines()) == 1
        runs = [json.loads(line)["run"] for line in done.stdout.splitlines()]
        if runs == [None]:
            # Killed before the first sound came.
            found.lost.append((at_kill - begun) / RATE)
            return
        sound = self._sound_of(runs[-1])
        found.recorded += len(sound) / RATE
        end = self._reference.end_of(sound, at_kill)
        if end is None or not np.array_equal(self._reference.piece(end - len(sound), end), sound):
            found.problems.append(f"run {runs[-1]}: {len(sound)} samples are not what was spoken")
            return
        found.lost.append(max(0, at_kill - end) / RATE)

    def _sound_of(self, run: str) -> NDArray[np.int16]:
        with SessionLog.open(self._data_dir) as log:
            recording = log.run(run).request.recording
            assert recording is not None
            sound, rate = soundfile.read(log.store.path(recording.file_sha256), dtype="int16")
        assert rate == RATE
        return sound

    def _check_the_log(self, found: Found) -> None:
        with SessionLog.open(self._data_dir) as log:
            verification = log.verify()
            if not verification.ok:
                found.problems.append(f"the log does not verify: {verification.problem}")
            runs = log.runs()
            if len({run.key for run in runs}) != len(runs):
                found.problems.append("a recording was taken in twice")

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "assistant", "--data-dir", str(self._data_dir)]


def _ended(process: subprocess.Popen[str]) -> None:
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


def soak(folder: Path, kills: int, longest: float, seed: int = 20261125) -> Found:
    """Args: folder: empty; longest: seconds of recording before a kill at most."""
    seconds = kills * (longest + 6) + 30
    noise = np.random.default_rng(seed).integers(-20_000, 20_000, round(seconds * RATE), np.int16)
    with (
        tempfile.TemporaryDirectory(prefix="vm") as daemon,
        virtual_microphone(Path(daemon)) as microphone,
    ):
        microphone.play(noise)
        # A null sink plays its first two seconds late.
        time.sleep(3)
        return Soak(microphone, folder / "data", seed).run(kills, longest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--longest", type=float, default=5.9, help="seconds of recording before a kill, at most")
    arguments = parser.parse_args()
    reason = missing()
    if reason is not None:
        click.echo(f"soak: not run: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        found = soak(Path(folder), arguments.kills, arguments.longest)
    click.echo(found.line())
    for problem in found.problems:
        click.echo(problem)
    # Whether anything was lost decides; how long recovery took is told, since other programs decide that as well.
    recovery = float(np.percentile(found.recovery, 95))
    click.echo(f"recovery under {MOST_RECOVERY:.0f} s in 95 %: {'yes' if recovery <= MOST_RECOVERY else 'no'}")
    good = not found.problems and max(found.lost) <= MOST_LOST
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
