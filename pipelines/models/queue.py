"""Whose turn it is on a device or at a server: so many calls at a time, runs in turn, and no more waiting than can be
expected to be served."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from pipelines.errors import Cancelled, ModelNeeded

#: Calls that may wait.
MOST_WAITING: Final = 64
#: Seconds between two questions whether a waiting call is still wanted.
_GLANCE: Final = 0.05


class CallQueue:
    """Lets calls through, a few at a time.

    A run with many calls does not keep others from theirs: whoever was served longest ago comes next, and calls of one
    run come in the order in which they were made.

    Args:
        at_once: calls that may be under way.
        most_waiting: further calls are refused.
    """

    def __init__(self, at_once: int = 1, most_waiting: int = MOST_WAITING) -> None:
        self._free = at_once
        self._most = most_waiting
        self._changed = threading.Condition()
        #: Waiting calls by run, the run that was served longest ago first.
        self._waiting: OrderedDict[str, deque[object]] = OrderedDict()

    @contextmanager
    def turn(self, engine: str, whose: str, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place and hold it while the block lasts.

        Args:
            engine: for what is said where there is no place.
            whose: the run that the call belongs to.
            cancelled: asked while waiting.

        Raises:
            Cancelled: it is not wanted any more.
            ModelNeeded: too many wait already.
        """
        ticket = object()
        with self._changed:
            if sum(map(len, self._waiting.values())) >= self._most:
                raise ModelNeeded(
                    engine, f"is busy: {self._most} calls wait for it already", "wait a while, then resume the run"
                )
            self._waiting.setdefault(whose, deque()).append(ticket)
            try:
                while not self._free or self._next() is not ticket:
                    if cancelled():
                        raise Cancelled
                    self._changed.wait(_GLANCE)
                if cancelled():
                    raise Cancelled
            except BaseException:
                self._take_out(whose, ticket)
                self._changed.notify_all()
                raise
            self._take_out(whose, ticket)
            # Served now: behind all others.
            if whose in self._waiting:
                self._waiting.move_to_end(whose)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn now."""
        with self._changed:
            return sum(map(len, self._waiting.values()))

    def _next(self) -> object:
        return next(iter(self._waiting.values()))[0]

    def _take_out(self, whose: str, ticket: object) -> None:
        calls = self._waiting[whose]
        calls.remove(ticket)
        if not calls:
            del self._waiting[whose]


@cache
def queues_of_this_process() -> DeviceQueues:
    """The one object that the engines of a process share: a device is there once, however many engines use it."""
    return DeviceQueues()


class DeviceQueues:
    """The queue of each device."""

    def __init__(self) -> None:
        self._queues: dict[str, CallQueue] = {}
        self._lock = threading.Lock()

    def of(self, device: str) -> CallQueue:
        """The queue of ``device`` as torch names it; ``cuda`` is ``cuda:0``."""
        name = "cuda:0" if device == "cuda" else device
        with self._lock:
            return self._queues.setdefault(name, CallQueue())
