"""So many calls at once, the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pipelines.errors import Cancelled

#: Seconds between two questions whether a waiting call is still wanted.
_GLANCE: Final = 0.05


class Turns:
    """Lets at most ``at_once`` calls through."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place and hold it while the block lasts.

        Raises:
            Cancelled: it is not wanted any more.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not self._free or self._waiting[0] is not ticket:
                    if cancelled():
                        raise Cancelled
                    self._changed.wait(_GLANCE)
                self._free -= 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
