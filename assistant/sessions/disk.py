"""Every operation the file store asks of a disk, so that tests can stand in a disk that fails or forgets."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Disk:
    """The operating system's disk. A new file is locked by its writer until it is closed or the writer dies."""

    def make_folder(self, path: Path) -> None:
        """Create one folder; its parent is there. An existing folder is left as it is."""
        path.mkdir(exist_ok=True)

    def create(self, path: Path) -> int:
        """Create a file that did not exist and lock it; returns its descriptor."""
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def reopen(self, path: Path) -> int:
        """Open a file that is there; returns its descriptor."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def write(self, descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def fsync(self, descriptor: int) -> None:
        # macOS's fsync stops at the drive's cache.
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is None:
            os.fsync(descriptor)
        else:
            fcntl.fcntl(descriptor, full)

    def make_read_only(self, descriptor: int) -> None:
        os.fchmod(descriptor, 0o400)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.replace(target)

    def unlink(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def abandoned(self, path: Path) -> bool:
        """Whether no living writer holds this file that ``create`` made."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True
