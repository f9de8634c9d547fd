"""A limit of time for the whole of one exchange, and its end by whoever waits for it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Seconds between two questions whether it is still wanted.
_GLANCE: Final = 0.05


class Deadline:
    """Ends a connection when its time is over, also when bytes still trickle in: time-outs of the library count from
    the last byte.

    Args:
        seconds: for all of it.
        cancelled: asked every moment, from a thread of its own; where it says yes the connection ends at once.
    """

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        self._seconds = seconds
        self._cancelled = cancelled
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._stream: Any = None
        self.passed = False
        self.cancelled = False

    def watch(self, event: str, information: Mapping[str, Any]) -> None:
        """Told by the library what it does."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = information["return_value"]
            if self.passed or self.cancelled:
                self._end()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        end = time.monotonic() + self._seconds
        while (left := end - time.monotonic()) > 0:
            if self._over.wait(left if self._cancelled is None else min(left, _GLANCE)):
                return
            if self._is_cancelled():
                self.cancelled = True
                break
        else:
            self.passed = True
        self._end()

    def _is_cancelled(self) -> bool:
        try:
            return self._cancelled is not None and self._cancelled()
        except Exception:
            # Whoever waits asks as well, and will learn of it; the time is still to be kept.
            self._cancelled = None
            return False

    def _end(self) -> None:
        stream = self._stream
        at = stream.get_extra_info("socket") if stream is not None else None
        if at is not None:
            with contextlib.suppress(OSError):
                at.shutdown(socket.SHUT_RDWR)
