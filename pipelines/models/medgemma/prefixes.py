"""Beginnings that several asks share, kept as the model has read them: the pictures of a study, a record."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from pipelines.models.medgemma import cache


class Prefixes:
    """Compact caches by what they were made of, within a limit of memory; the longest unused goes first.

    Args:
        most_bytes: of all of them; nothing is kept where it is 0.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Held now."""
        return self._bytes

    def get(self, key: str) -> Any | None:
        """A cache of its own that begins with what is kept under ``key``; None where nothing is."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return cache.branch(found[0])

    def put(self, key: str, state: Any) -> Any:
        """Keep what ``state`` holds, if that alone is not more than all may take.

        Returns:
            A cache that begins with it.
        """
        compact = cache.compact(state)
        size = cache.size_of(compact)
        if size <= self._most:
            with self._lock:
                self._let_go(key)
                while self._bytes + size > self._most:
                    self._let_go(next(iter(self._kept)))
                self._kept[key] = (compact, size)
                self._bytes += size
        return cache.branch(compact)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _let_go(self, key: str) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._bytes -= size
