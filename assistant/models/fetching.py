"""One file from the hub: goes on where it stopped, and is kept only when it is the file the hub has announced.

huggingface_hub's own download throws away what arrived when it fails, and hashes nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from assistant.models.hub import Hub, HubFile
from assistant.outbound import BrokenOff
from pipelines.ports import Unreachable
from pipelines.weights.passport import StoredFile, stored_file

#: Seconds before each further attempt that follows one in which nothing arrived.
PAUSES: Final = (1.0, 5.0, 20.0)
_CHUNK: Final = 1 << 22

Arrived = Callable[[int], None]
"""Told how many bytes of the file are here."""


def part_path(folder: Path, file: HubFile) -> Path:
    """Where a file grows: a part of other content is never gone on with."""
    return folder / f".{file.name}.{file.digest[:16]}.part"


def present_bytes(folder: Path, file: HubFile) -> int:
    """How much of a file need not be fetched, going by sizes."""
    for path in (folder / file.name, part_path(folder, file)):
        if path.is_file() and path.stat().st_size <= file.size:
            return path.stat().st_size
    return 0


def fetch(hub: Hub, file: HubFile, folder: Path, arrived: Arrived, pauses: tuple[float, ...] = PAUSES) -> StoredFile:
    """Bring ``file`` into ``folder``, whole, checked and on disk; what is there already is checked, not fetched.

    Raises:
        ModelNeeded: the hub refuses, cannot be reached or breaks off; what arrived is kept.
        VerificationFailed: the bytes are not those that were announced; they are deleted.
    """
    target = folder / file.name
    if target.is_file():
        stored = _checked(target, file)
        if stored is not None:
            arrived(file.size)
            return stored
        target.unlink()
    with _Part(part_path(folder, file), file) as part:
        arrived(part.size)
        _fill(hub, part, arrived, pauses)
        if not part.holds():
            part.path.unlink()
            raise hub.damaged(file)
        part.sync()
        part.path.replace(target)
        return stored_file(target, part.sha256)


def _fill(hub: Hub, part: _Part, arrived: Arrived, pauses: tuple[float, ...]) -> None:
    """Until no byte is missing. What is there is only given up for bytes that come in its place."""
    tries = iter(pauses)
    while part.size < part.file.size:
        before = part.size
        try:
            with hub.open(part.file, part.size) as (reply, begins):
                again = begins != part.size
                for block in reply.blocks():
                    if again:
                        part.restart()
                        again = False
                    part.write(block)
                    arrived(part.size)
                    if part.size > part.file.size:
                        return
                if part.size <= before:
                    raise BrokenOff(reply.host, "nothing more of the file came")
        except Unreachable as error:
            if part.size > before:
                tries = iter(pauses)
            pause = next(tries, None)
            if pause is None:
                raise hub.unreachable(error) from None
            time.sleep(pause)


class _Part:
    """A growing file and its digests so far."""

    def __init__(self, path: Path, file: HubFile) -> None:
        self.path = path
        self.file = file
        self._out = path.open("ab+")
        self._begin()
        self._out.seek(0)
        while chunk := self._out.read(_CHUNK):
            self._count(chunk)
        if self.size > file.size:
            self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, block: bytes) -> None:
        self._out.write(block)
        self._count(block)

    def restart(self) -> None:
        self._out.truncate(0)
        self._begin()

    def holds(self) -> bool:
        announced = self._sha256 if self.file.is_lfs else self._git
        return self.size == self.file.size and announced.hexdigest() == self.file.digest

    def sync(self) -> None:
        self._out.flush()
        os.fsync(self._out.fileno())

    def _begin(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._git = hashlib.sha1(f"blob {self.file.size}\0".encode(), usedforsecurity=False)

    def _count(self, block: bytes) -> None:
        self.size += len(block)
        self._sha256.update(block)
        if not self.file.is_lfs:
            self._git.update(block)


def _checked(path: Path, file: HubFile) -> StoredFile | None:
    """The entry of a file that is there already, if it is the announced one."""
    if path.stat().st_size != file.size:
        return None
    with _Part(path, file) as whole:
        return stored_file(path, whole.sha256) if whole.holds() else None
