"""Readers of files against damaged ones: a reader returns or raises `BadInput`, and nothing else.

Each reader runs in a process of its own, so that a crash of a decoder in C is found and not suffered. What fails is
told by reader, seed and number, from which the very same file is made again, and the file is kept.
"""

from __future__ import annotations

import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

_PATIENCE: Final = 20.0
"""Seconds of processor time for one case: others may keep the machine busy."""
_WAIT: Final = 120.0
"""Seconds by the clock for one that waits for something."""
_START: Final = 120.0
"""Seconds until the first: modules are loaded and sound files made."""
_MOST_FAILURES: Final = 5


@dataclass(frozen=True)
class Failure:
    """What a reader did that it may not."""

    reader: str
    seed: int
    number: int
    what: str
    kept: Path | None

    def __str__(self) -> str:
        return f"{self.reader}, seed {self.seed}, case {self.number} ({self.kept}): {self.what}"


@dataclass(frozen=True)
class Outcome:
    """Of one reader."""

    cases: int
    failures: tuple[Failure, ...]


def fuzz(reader: str, seconds: float, seed: int, keep: Path, first: int = 0) -> Outcome:
    """Show ``reader`` damaged files for so long; ends early after a few failures.

    Args:
        keep: folder for files that fail.
        first: number of the first case.
    """
    end = time.monotonic() + seconds
    failures: list[Failure] = []
    number = first
    while (left := end - time.monotonic()) > 0 and len(failures) < _MOST_FAILURES:
        last, what = _watched(reader, seed, number, left, keep)
        if what is None:
            return Outcome(last + 1 - first, tuple(failures))
        kept = keep / f"{reader}-{seed}-{last}"
        failures.append(Failure(reader, seed, last, what, kept if kept.exists() else None))
        number = last + 1
    return Outcome(number - first, tuple(failures))


def _watched(reader: str, seed: int, first: int, seconds: float, keep: Path) -> tuple[int, str | None]:
    """One child until it ends: the last case that it began, and what was wrong with it."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "-m", "tests.fuzz.child", reader, str(seed), str(first), str(seconds), scratch]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as child:
            assert child.stdout is not None
            last, hung = _followed(child, child.stdout, first - 1)
        if not hung and child.returncode == 0:
            return last, None
        said.seek(0)
        what = "hangs" if hung else said.read()[-2000:].strip() or "died"
        if child.returncode < 0 and not hung:
            what = f"killed by signal {-child.returncode}: {what}"
        if last < first:
            raise RuntimeError(f"{reader} cannot be tried at all: {what}")
        _keep(Path(scratch) / str(last), keep / f"{reader}-{seed}-{last}")
        return last, what


def _followed(child: subprocess.Popen[str], lines: IO[str], last: int) -> tuple[int, bool]:
    """The last number that it wrote, and whether it had to be ended because nothing more came."""
    numbers: queue.Queue[str | None] = queue.Queue()

    def follow() -> None:
        for line in lines:
            numbers.put(line)
        numbers.put(None)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    started = False
    spent, since = _spent(child), time.monotonic()
    while True:
        try:
            line = numbers.get(timeout=1.0)
        except queue.Empty:
            waited = time.monotonic() - since
            if waited > (_WAIT if started else _START) or (started and _spent(child) - spent > _PATIENCE):
                child.kill()
                child.wait()
                thread.join()
                return last, True
            continue
        if line is None:
            child.wait()
            thread.join()
            return last, False
        last, started = int(line), True
        spent, since = _spent(child), time.monotonic()


def _spent(child: subprocess.Popen[str]) -> float:
    """Seconds of processor time; 0 where it has ended."""
    import psutil

    try:
        times = psutil.Process(child.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _keep(scratch: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(scratch, kept)
