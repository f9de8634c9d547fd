"""The write-ahead file of a take: frames appended, on disk once synced."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assistant.microphone.frames import Frame, opening
from assistant.sessions.disk import Disk
from assistant.sessions.files import make_folders

SUFFIX: Final = ".take"


class WriteAheadFile:
    """One file in ``folder``, which is made where it is missing. Locked while its writer lives.

    Every method raises OSError where the disk refuses; after that the file may end in a torn frame.
    """

    def __init__(self, disk: Disk, folder: Path, take: str, place: int) -> None:
        self._disk = disk
        self._take = take
        make_folders(disk, folder)
        self.path = folder / f"{take}.{place}{SUFFIX}"
        self._descriptor = disk.create(self.path)
        while not self.path.exists():
            # A recovery that was just looking took it for a leftover before it was locked.
            disk.close(self._descriptor)
            self._descriptor = disk.create(self.path)
        try:
            disk.write(self._descriptor, opening(take))
            disk.sync_folder(folder)
        except OSError:
            disk.close(self._descriptor)
            disk.unlink(self.path)
            raise

    def append(self, frame: Frame) -> None:
        self._disk.write(self._descriptor, frame.encoded(self._take))

    def sync(self) -> None:
        self._disk.fsync(self._descriptor)

    def close(self) -> None:
        self._disk.close(self._descriptor)
