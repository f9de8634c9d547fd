"""Everything that is said into one take, in order: on disk as soon as a place takes it, in memory until then."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.microphone.frames import Frame, Kind
from assistant.microphone.take import Begin
from assistant.microphone.write_ahead import WriteAheadFile
from assistant.sessions.disk import Disk
from assistant.sessions.problems import from_os

#: Sound that no disk takes is kept in memory up to this size: 23 minutes of one channel at 48 kHz.
MEMORY_BYTES: Final = 128 << 20
#: Between two attempts to find a place, seconds.
_RETRY: Final = 1.0

Tell = Callable[[str], None]
"""Is told one line for the user."""


class NoRoom(Exception):
    """No disk takes the sound and the memory for it is used up."""


@dataclass
class Written:
    """Frames ``first`` to ``end`` (exclusive) lie in the file at ``path``, after some that are said again."""

    path: Path
    first: int
    end: int


class Spool:
    """One take on its way to disk. One thread appends, another syncs, any number follow (see ``Follower``).

    Args:
        places: folders in the order in which they are tried. The first that takes a write is used until it refuses;
            what is not on disk then goes to the next.
        tell: told when a place refuses and when one is found.
    """

    def __init__(
        self, disk: Disk, places: Sequence[Path], begin: Begin, tell: Tell, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.take = begin.take
        self._disk = disk
        self._places = tuple(places)
        self._place = -1
        self._tell = tell
        self._memory_bytes = memory_bytes
        self._held = 0
        self._count = 0
        self._opening: dict[Kind, Frame] = {}
        self._memory: deque[Frame] = deque()
        self._unsynced: deque[Frame] = deque()
        self._file: WriteAheadFile | None = None
        self._opened: list[WriteAheadFile] = []
        self._written: list[Written] = []
        self._retry_at = 0.0
        self._closed = False
        self._changed = threading.Condition()
        self.append(Kind.BEGIN, begin.canonical())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the take, the oldest first."""
        with self._changed:
            return tuple(one.path for one in self._written)

    @property
    def all_on_disk(self) -> bool:
        """Whether every frame is on disk for good."""
        with self._changed:
            return not self._memory and not self._unsynced

    def append(self, kind: Kind, payload: bytes = b"", position: int = 0) -> None:
        """Add a frame: written at once where a place takes it, on disk for good after the next ``sync``.

        Raises:
            NoRoom: the frame is kept, and with it the memory is full.
        """
        with self._changed:
            frame = Frame(kind, self._count, position, payload)
            self._count += 1
            if kind in (Kind.BEGIN, Kind.PART):
                self._opening[kind] = frame
            self._memory.append(frame)
            self._held += len(payload)
            self._write_out()
            self._changed.notify_all()
            if self._held > self._memory_bytes:
                raise NoRoom

    def sync(self) -> None:
        """Put what was written so far on disk for good."""
        with self._changed:
            self._write_out()
            file, pending = self._file, len(self._unsynced)
        if file is None or not pending:
            return
        try:
            # Outside the lock: it may take long, and appending goes on.
            file.sync()
        except OSError as error:
            with self._changed:
                if file is self._file:
                    self._leave(file, error)
                    self._write_out()
            return
        with self._changed:
            if file is self._file:
                for _ in range(pending):
                    self._unsynced.popleft()

    def close(self) -> None:
        """Nothing more comes. The files stay locked."""
        self.sync()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def release(self) -> None:
        """Let go of the files: what is left of them is there for recovery."""
        with self._changed:
            for file in self._opened:
                file.close()
            self._opened.clear()
            self._file = None

    def wait_for(self, number: int, seconds: float) -> bool:
        """Wait until frame ``number`` is there; False where it is not after so many seconds, or never will be."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > number or self._closed, seconds)
            return self._count > number

    @property
    def closed(self) -> bool:
        return self._closed

    def held(self, number: int) -> tuple[Frame, ...] | Written | None:
        """Where frame ``number`` is: in memory (it and those after it), in a file, or nowhere yet."""
        with self._changed:
            if self._memory and number >= self._memory[0].number:
                return tuple(frame for frame in self._memory if frame.number >= number) or None
            for one in reversed(self._written):
                if one.first <= number < one.end:
                    return Written(one.path, one.first, one.end)
        return None

    def _write_out(self) -> None:
        """What is in memory to the present place, or to the first of the others that takes it."""
        tries = len(self._places) + 1
        while self._memory and tries:
            tries -= 1
            if self._file is None and not self._find_place():
                return
            file = self._file
            assert file is not None
            try:
                while self._memory:
                    file.append(self._memory[0])
                    frame = self._memory.popleft()
                    self._held -= len(frame.payload)
                    self._unsynced.append(frame)
                    self._written[-1].end = frame.number + 1
            except OSError as error:
                self._leave(file, error)

    def _find_place(self) -> bool:
        if time.monotonic() < self._retry_at:
            return False
        first = self._memory[0].number
        for _ in self._places:
            self._place = (self._place + 1) % len(self._places)
            folder = self._places[self._place]
            try:
                file = WriteAheadFile(self._disk, folder, self.take, len(self._opened))
            except OSError as error:
                self._tell(f"{from_os(folder, error)}")
                continue
            self._opened.append(file)
            try:
                # A file that stands alone says what it is part of.
                for frame in self._opening.values():
                    if frame.number < first:
                        file.append(frame)
            except OSError as error:
                self._tell(f"{from_os(folder, error)}")
                continue
            self._file = file
            self._written.append(Written(file.path, first, first))
            if self._place or len(self._written) > 1:
                self._tell(f"{folder}: the recording goes on here; nothing is lost")
            return True
        self._tell("no disk takes the recording: it goes on in memory; free some space now")
        self._retry_at = time.monotonic() + _RETRY
        return False

    def _leave(self, file: WriteAheadFile, error: OSError) -> None:
        """A place refuses: what is not on disk for good comes before what was in memory already."""
        self._tell(f"{from_os(file.path.parent, error)}")
        self._held += sum(len(frame.payload) for frame in self._unsynced)
        self._memory.extendleft(reversed(self._unsynced))
        self._unsynced.clear()
        self._file = None
