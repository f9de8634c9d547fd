"""Whose turn it is: one at a time, runs in turn, endable, and never more waiting than may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pipelines.errors import Cancelled, ModelNeeded
from pipelines.models.queue import CallQueue, DeviceQueues


def _never() -> bool:
    return False


class Calls:
    """Calls that wait behind one that is held until it is let go."""

    def __init__(self, queue: CallQueue) -> None:
        self.queue = queue
        self.order: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.go = threading.Event()
        self._pool = ThreadPoolExecutor(40)

    def __enter__(self) -> Calls:
        self.holding = self.call("first", wait=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        self._pool.shutdown(wait=True)

    def call(self, whose: str, wait: bool = False, cancelled: Callable[[], bool] = _never) -> Future[None]:
        """Made when this returns: it holds the device, or waits for it."""
        before = self.queue.waiting
        started = threading.Event()

        def work() -> None:
            with self.queue.turn("medgemma", whose, cancelled):
                started.set()
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                self.order.append(whose)
                if wait:
                    self.go.wait(30)
                self.at_once -= 1

        future = self._pool.submit(work)
        if wait:
            started.wait(30)
        else:
            while self.queue.waiting == before and not future.done():
                threading.Event().wait(0.001)
        return future


def test_runs_take_turns_and_calls_of_one_keep_their_order() -> None:
    with Calls(CallQueue()) as calls:
        for whose in ("a", "a", "a", "b", "c", "b"):
            calls.call(whose)
    assert calls.order == ["first", "a", "b", "c", "a", "b", "a"]
    assert calls.most_at_once == 1


def test_one_that_is_no_longer_wanted_leaves_the_queue() -> None:
    ended = threading.Event()
    with Calls(CallQueue()) as calls:
        gone = calls.call("a", cancelled=ended.is_set)
        calls.call("b")
        ended.set()
        with pytest.raises(Cancelled):
            gone.result(30)
        assert calls.queue.waiting == 1
    assert calls.order == ["first", "b"]


def test_too_many_are_refused_and_the_others_served() -> None:
    with Calls(CallQueue(most_waiting=2)) as calls:
        calls.call("a")
        calls.call("b")
        with pytest.raises(ModelNeeded, match="is busy: 2 calls wait"), calls.queue.turn("medgemma", "c", _never):
            pass
    assert calls.order == ["first", "a", "b"]


def test_a_call_that_fails_lets_the_next_in() -> None:
    queue = CallQueue()
    with pytest.raises(ZeroDivisionError), queue.turn("medgemma", "a", _never):
        raise ZeroDivisionError
    with queue.turn("medgemma", "b", _never):
        pass
    assert queue.waiting == 0


def test_one_queue_per_device() -> None:
    queues = DeviceQueues()
    assert queues.of("cuda") is queues.of("cuda:0")
    assert queues.of("cuda:1") is not queues.of("cuda:0")
    assert queues.of("cpu") is queues.of("cpu")


def test_as_many_at_once_as_may_be() -> None:
    queue = CallQueue(at_once=2)
    together = threading.Barrier(2, timeout=30)

    def call(whose: str) -> None:
        with queue.turn("openai", whose, _never):
            together.wait()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, "abcd")) == [None] * 4
