"""Where a connection may go, and every byte that went there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

from assistant.outbound.addresses import host_of
from pipelines.errors import UsageProblem


@dataclass
class Traffic:
    """Bytes of one host: heads and bodies, as they are before encryption."""

    received: int = 0
    sent: int = 0


@dataclass
class Ledger:
    """Told of each request before it is sent and of each answer before its body is read."""

    endpoint: httpx2.URL
    opened: Callable[[str, int | None], None]
    """Told each host before the first request to it, and how much will be sent where that is known."""
    announced: int | None = None
    traffic: dict[str, Traffic] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._schemes = {"https", self.endpoint.scheme}
        self._hosts = {host_of(self.endpoint)}

    def admit(self, request: httpx2.Request) -> None:
        """Before each request, redirected ones too.

        Raises:
            UsageProblem: it may not go there.
        """
        host = host_of(request.url)
        if request.url.scheme not in self._schemes or host not in self._hosts:
            raise UsageProblem(
                host,
                f"may not be reached over {request.url.scheme} from {host_of(self.endpoint)}",
                "check HF_ENDPOINT; nothing was sent there",
            )
        if host not in self.traffic:
            self.opened(host, self.announced)
            self.traffic[host] = Traffic()
        self.traffic[host].sent += (
            len(f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n")
            + _head_bytes(request.headers)
            + int(request.headers.get("Content-Length", 0))
        )

    def note(self, response: httpx2.Response) -> None:
        """After each head that arrived, before its body."""
        traffic = self.traffic[host_of(response.request.url)]
        traffic.received += len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n")
        traffic.received += _head_bytes(response.headers)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Counted(response.stream, traffic)
        if response.has_redirect_location:
            # Where it names no place, nobody can go.
            with suppress(httpx2.InvalidURL):
                self._hosts.add(host_of(response.request.url.join(response.headers["Location"])))


class _Counted(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, traffic: Traffic) -> None:
        self._stream = stream
        self._traffic = traffic

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            self._traffic.received += len(block)
            yield block

    def close(self) -> None:
        self._stream.close()


def _head_bytes(headers: httpx2.Headers) -> int:
    return sum(len(name) + len(value) + len(b": \r\n") for name, value in headers.raw) + len(b"\r\n")
