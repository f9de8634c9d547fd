"""``assistant dictate`` as its user runs it: a process of its own that is spoken to, signalled and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from assistant.sessions import SessionLog
from tests.microphone.simulated_folder import speech
from tests.support.virtual_microphone import RATE, VirtualMicrophone

PATIENCE = 40.0
"""Seconds for anything on a busy machine."""


@cache
def said() -> NDArray[np.int16]:
    """Four minutes for a virtual microphone, any piece of which tells where it comes from."""
    return speech(240.0, RATE)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("assistant: ")]

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Dictating:
    """A running command. What it says on stderr is gathered as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._out: list[str] = []
        self._threads = (
            threading.Thread(target=self._gather, args=(process.stderr, self.lines), daemon=True),
            threading.Thread(target=self._gather, args=(process.stdout, self._out), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def wait_for(self, words: str) -> str:
        """The line in which it says that."""
        wait_until(lambda: any(words in line for line in self.lines) or self.process.poll() is not None)
        for line in self.lines:
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {''.join(self.lines)}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> Ended:
        """Wait for its end."""
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join()
        ended = Ended(code, "".join(self._out), "".join(self.lines))
        assert "Traceback" not in ended.err, ended.err
        return ended

    @staticmethod
    def _gather(stream: Any, lines: list[str]) -> None:
        with stream:
            lines.extend(iter(stream.readline, ""))


class Desk:
    """One data folder and one microphone."""

    def __init__(self, data_dir: Path, microphone: VirtualMicrophone) -> None:
        self.data_dir = data_dir
        self.microphone = microphone
        self.environment = {
            **os.environ,
            **microphone.environment,
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
            "XDG_STATE_HOME": str(data_dir.parent / "state"),
            "TMPDIR": str(data_dir.parent / "tmp"),
        }
        (data_dir.parent / "tmp").mkdir(exist_ok=True)

    def command(self, *arguments: object) -> list[str]:
        module = "tests.support.scripted_assistant"
        return [sys.executable, "-m", module, "--data-dir", str(self.data_dir), *map(str, arguments)]

    @contextmanager
    def dictate(self, *arguments: object) -> Iterator[Dictating]:
        """A dictation that has begun to record."""
        with self.start("dictate", "--task", "dictation-note", "--device", "virtual", *arguments) as dictating:
            dictating.wait_for("recording from")
            yield dictating

    @contextmanager
    def start(self, *arguments: object) -> Iterator[Dictating]:
        process = subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        dictating = Dictating(process)
        try:
            yield dictating
        finally:
            process.kill()
            process.wait()

    def call(self, *arguments: object) -> Ended:
        with self.start(*arguments) as called:
            return called.end()

    def recorded_bytes(self) -> int:
        """How much lies in the write-ahead folder."""
        return sum(path.stat().st_size for path in (self.data_dir / "recording").glob("*.take"))

    def wait_for_sound(self, seconds: float = 0.5) -> None:
        """Until so much more was written, heads of files and blocks included: ask for a little more than is needed."""
        enough = self.recorded_bytes() + seconds * self.microphone.rate * 2
        wait_until(lambda: self.recorded_bytes() >= enough)

    def sounds(self) -> list[NDArray[np.int16]]:
        """The sound of every run, the oldest first."""
        with SessionLog.open(self.data_dir) as log:
            assert log.verify().ok
            recordings = [run.recording and log.run(run.id).request.recording for run in reversed(log.runs())]
            return [
                soundfile.read(log.store.path(one.file_sha256), dtype="int16", always_2d=True)[0][:, 0]
                for one in recordings
                if one
            ]


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def spoken_in(sound: NDArray[np.int16], said: NDArray[np.int16]) -> bool:
    """Whether ``sound`` is an unbroken piece of what was said (noise in which no piece occurs twice)."""
    key = sound[:64].astype("<i2").tobytes()
    at = said.astype("<i2").tobytes().find(key) // 2
    return at >= 0 and np.array_equal(said[at : at + len(sound)], sound)
