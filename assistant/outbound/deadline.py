"""A limit of time for the whole of one exchange."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from typing import Any


class Deadline:
    """Ends a connection when its time is over, also when bytes still trickle in: time-outs of the library count from
    the last byte."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._stream: Any = None
        self.passed = False

    def watch(self, event: str, information: Mapping[str, Any]) -> None:
        """Told by the library what it does."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = information["return_value"]
            if self.passed:
                self._end()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        stream = self._stream
        at = stream.get_extra_info("socket") if stream is not None else None
        if at is not None:
            with contextlib.suppress(OSError):
                at.shutdown(socket.SHUT_RDWR)
