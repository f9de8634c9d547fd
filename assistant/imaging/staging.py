"""Where images lie while they are fetched: beside the store, in a folder of their own that goes with its process."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.sessions.problems import disk_errors


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A new folder in ``folder``, which is made if it is not there; removed at the end of the block.

    What killed processes left there is removed first; what living ones have is locked and stays.

    Raises:
        StorageProblem: the disk does not take it.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.iterdir():
            _remove_abandoned(other)
        new, lock = _new(folder)
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)
        os.close(lock)


def _new(folder: Path) -> tuple[Path, int]:
    # A process that is just beginning may take it for abandoned before its lock is held.
    while True:
        new = Path(tempfile.mkdtemp(dir=folder))
        lock = _lock(new)
        if lock is None:
            continue
        if new.exists():
            return new, lock
        os.close(lock)


def _remove_abandoned(folder: Path) -> None:
    lock = _lock(folder)
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the folder; None where another process has it, or has just removed it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
