"""Keeps a device delivering: notices when it stops, waits for it, and goes on when it returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from assistant.microphone.devices import Device, Microphones, Stream, choose
from assistant.microphone.problems import MicrophoneProblem
from assistant.microphone.recorder import Recorder
from assistant.microphone.spool import Tell
from assistant.microphone.take import Part

#: A device that delivered nothing for so long is gone; at its start it has longer.
_QUIET_SECONDS: Final = 1.0
_START_SECONDS: Final = 5.0
#: So long a device that is gone is waited for.
PATIENCE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.5
_WATCH_SECONDS: Final = 0.1


class Capture:
    """Sound from one device into a recorder, until it is closed or the device stays away.

    Args:
        device: the one to begin with; it is known again by its name.
        tell: told in one line when the device goes, and when it is back.
        patience: how long a device that is gone is waited for, seconds.
    """

    def __init__(
        self,
        microphones: Microphones,
        device: Device,
        recorder: Recorder,
        tell: Tell,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._microphones = microphones
        self._recorder = recorder
        self._tell = tell
        self._patience = patience
        self._clock = clock
        self.device = device
        self._part: Part | None = None
        self._stream: Stream | None = None
        self._last = clock()
        self._delivered = False
        self._overflows = 0
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="microphone: watch", daemon=True)
        self.waiting = False
        """Whether the device is gone and waited for."""
        self.gone = threading.Event()
        """Set when it stayed away."""

    @property
    def overflows(self) -> int:
        """How often the device lost samples because nobody took them."""
        return self._overflows

    def start(self) -> None:
        """Begin.

        Raises:
            MicrophoneTaken: the device does not let itself be opened.
        """
        self._open()
        self._watcher.start()

    def close(self) -> None:
        """Nothing is delivered after this."""
        self._stop.set()
        if self._watcher.ident is not None:
            self._watcher.join()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _deliver(self, samples: bytes) -> None:
        self._last = self._clock()
        self._delivered = True
        self._recorder.deliver(samples)

    def _overflowed(self) -> None:
        self._overflows += 1
        self._recorder.overflow(1)

    def _open(self) -> None:
        """Open the device; what it gives from now on follows a gap if there was one."""
        stream = self._microphones.open(self.device, self._deliver, self._overflowed)
        if self._part is not None:
            now = self._clock()
            self._recorder.gap(now - self._last)
            self._last = now
        if stream.part != self._part:
            self._part = stream.part
            self._recorder.begin(stream.part)
        try:
            stream.start()
        except MicrophoneProblem:
            stream.close()
            raise
        self._stream = stream
        self._delivered = False
        self._last = self._clock()

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            stream = self._stream
            quiet = self._clock() - self._last > (_QUIET_SECONDS if self._delivered else _START_SECONDS)
            if stream is None or (stream.alive and not quiet):
                continue
            self._tell(f"{self.device.name}: the microphone is gone; what was said is kept; plug it in again")
            self.waiting = True
            stream.close()
            self._stream = None
            back = self._wait_for_it()
            self.waiting = False
            if not back:
                if not self._stop.is_set():
                    self.gone.set()
                return
            self._tell(f"{self.device.name}: the microphone is back; the recording goes on")

    def _wait_for_it(self) -> bool:
        until = self._clock() + self._patience
        while self._clock() < until and not self._stop.wait(_LOOK_SECONDS):
            try:
                self._microphones.look_again()
                self.device = self._same_again()
                self._open()
            except MicrophoneProblem:
                continue
            return True
        return False

    def _same_again(self) -> Device:
        """The device by its name: numbers change when something is plugged in."""
        return choose(self._microphones.devices(), self.device.name)
