"""One answer, read as it arrives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import httpx2

from assistant.outbound.addresses import host_of
from assistant.outbound.failures import BrokenOff, failing_as

_BLOCK: Final = 1 << 20


class Reply:
    """One answer. Its body is read once."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.host = host_of(response.request.url)
        """Who answers: the endpoint, or where it has sent us."""
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        """Looked up in upper or lower case."""

    def blocks(self) -> Iterator[bytes]:
        """The body as it arrives, at most a mebibyte at a time.

        Raises:
            BrokenOff: it does not arrive whole; what came before is given out first.
        """
        stream = self._response.iter_bytes()
        while True:
            with failing_as(BrokenOff):
                block = next(stream, None)
            if block is None:
                return
            for start in range(0, len(block), _BLOCK):
                yield block[start : start + _BLOCK]

    def body(self) -> bytes:
        return b"".join(self.blocks())
