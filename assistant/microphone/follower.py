"""Reads a take while it is being written: how recognition and encoding come by the sound, each at its own pace."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

from assistant.microphone.frames import OPENING_LENGTH, Frame, frame_at
from assistant.microphone.spool import Spool, Written

_CHUNK: Final = 1 << 18


class Follower:
    """Every frame of a take once, in order. Not for several threads at once.

    It reads back what is on disk, so one that falls behind costs no memory and delays nobody.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._next = 0
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._offset = 0

    @property
    def at_end(self) -> bool:
        """Whether the take is closed and all of it was read."""
        return self._spool.closed and not self.waiting

    @property
    def waiting(self) -> bool:
        """Whether there are frames to be read now."""
        return self._spool.wait_for(self._next, 0)

    def read(self, seconds: float) -> list[Frame]:
        """The frames that came since, some at a time; waits up to so many seconds for the first."""
        if not self._spool.wait_for(self._next, seconds):
            return []
        found = self._spool.held(self._next)
        if found is None:
            return []
        frames = self._from_file(found) if isinstance(found, Written) else list(found)
        if frames:
            self._next = frames[-1].number + 1
        return frames

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _from_file(self, written: Written) -> list[Frame]:
        if written.path != self._path:
            self.close()
            self._path, self._offset = written.path, OPENING_LENGTH
        if self._file is None:
            self._file = written.path.open("rb")
        length, frames, passed = _CHUNK, list[Frame](), False
        while not passed:
            self._file.seek(self._offset)
            data = self._file.read(length)
            at = 0
            while (found := frame_at(data, at, self._spool.take)) and found[0].number < written.end:
                frame, at = found
                passed = True
                if frame.number >= self._next:
                    frames.append(frame)
            self._offset += at
            if len(data) < length:
                break
            length *= 4
        return frames
