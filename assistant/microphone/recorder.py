"""Between the device and the disk: a queue, one thread that writes and one that syncs."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from assistant.microphone.frames import Kind
from assistant.microphone.spool import NoRoom, Spool
from assistant.microphone.take import End, Ending, Gap, Overflow, Part
from pipelines.records import Value

#: What was written is put on disk for good so often, seconds.
SYNC_SECONDS: Final = 0.1
#: What came is written so often, seconds: devices may give a few milliseconds at a time.
_WRITE_SECONDS: Final = 0.04
_SYNCS_KEPT: Final = 20
_FRAME_BYTES: Final = 1 << 17


@dataclass(frozen=True)
class _Word:
    """Something of the take that is not sound."""

    kind: Kind
    payload: bytes = b""


class Recorder:
    """Takes in sound and what happens to it, in order, and brings it into the spool.

    ``deliver`` may be called from the device's own thread: it puts into a queue and does nothing else.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.paused = False
        self.no_room = False
        self.fault: BaseException | None = None
        """What ended the writing, where that was no fault of a disk."""
        self._syncs: deque[float] = deque([0.0], maxlen=_SYNCS_KEPT)
        self._queue: deque[bytes | _Word] = deque()
        self._part: Part | None = None
        self._position = 0
        self._ended = False
        self._stop_syncing = threading.Event()
        self._threads = (
            threading.Thread(target=self._write_until_end, name="recording: write", daemon=True),
            threading.Thread(target=self._sync_until_end, name="recording: sync", daemon=True),
        )

    @property
    def slowest_sync(self) -> float:
        """Seconds that the slowest of the last few syncs took."""
        return max(tuple(self._syncs))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def deliver(self, samples: bytes) -> None:
        """Sound in the form of the last part. Dropped while paused."""
        if not self.paused:
            self._queue.append(samples)

    def begin(self, part: Part) -> None:
        """What comes from here on has this form."""
        self._say(Kind.PART, part)

    def gap(self, seconds: float) -> None:
        self._say(Kind.GAP, Gap(seconds=seconds))

    def overflow(self, times: int) -> None:
        self._say(Kind.OVERFLOW, Overflow(times=times))

    def mark(self) -> None:
        self._say(Kind.MARK)

    def pause(self) -> None:
        self.paused = True
        self._say(Kind.PAUSE)

    def resume(self) -> None:
        self._say(Kind.RESUME)
        self.paused = False

    def finish(self, reason: Ending) -> None:
        """Write what is waiting and the end, put all of it on disk and close the spool. Call after the device's end."""
        self._say(Kind.END, End(reason=reason))
        self._threads[0].join()
        self._stop_syncing.set()
        self._threads[1].join()
        self.spool.close()

    def write_waiting(self) -> bool:
        """Write everything that waits in the queue; whether the end was among it."""
        while (waiting := self._next()) is not None:
            if isinstance(waiting, bytes):
                self._append(Kind.SAMPLES, waiting)
                continue
            if waiting.kind is Kind.PART:
                self._part = Part.model_validate_json(waiting.payload)
                self._position = 0
            self._append(waiting.kind, waiting.payload)
            self._ended = self._ended or waiting.kind is Kind.END
        return self._ended

    def _say(self, kind: Kind, value: Value | None = None) -> None:
        self._queue.append(_Word(kind, value.canonical() if value else b""))

    def _append(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.SAMPLES and self.no_room:
            return
        try:
            self.spool.append(kind, payload, self._position)
        except NoRoom:
            self.no_room = True
        if kind is Kind.SAMPLES and self._part is not None:
            self._position += len(payload) // self._part.frame_bytes

    def _next(self) -> bytes | _Word | None:
        """The next word, or the sound that waits before it as one piece."""
        gathered: list[bytes] = []
        size = 0
        while self._queue and size < _FRAME_BYTES:
            first = self._queue[0]
            if isinstance(first, _Word):
                break
            gathered.append(first)
            size += len(first)
            self._queue.popleft()
        if gathered:
            return b"".join(gathered)
        return self._queue.popleft() if self._queue else None

    def _write_until_end(self) -> None:
        try:
            while not self.write_waiting():
                time.sleep(_WRITE_SECONDS)
        except BaseException as fault:
            self.fault = fault

    def _sync_until_end(self) -> None:
        while not self._stop_syncing.wait(SYNC_SECONDS):
            start = time.monotonic()
            self.spool.sync()
            self._syncs.append(time.monotonic() - start)
