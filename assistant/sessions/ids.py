"""Time-ordered identifiers: 48 bits of milliseconds and 80 random bits, 26 characters (ULID)."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26


class Ids:
    """Makes identifiers that sort in the order they were made, within one process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        with self._lock:
            drawn = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
            self._last = drawn if drawn > self._last else self._last + 1
            number = self._last
        return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
