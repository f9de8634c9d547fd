"""What the HTTP servers of the tests share: each answers on this machine for as long as a block lasts."""

from __future__ import annotations

import io
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, TypeVar

#: In every body that is no answer: nobody may ever see it.
SECRET = "what was said of the patient"

Asked = TypeVar("Asked")
Served = TypeVar("Served", bound="LocalServer[Any]")


class Exchange(BaseHTTPRequestHandler):
    """A connection, with the request that has just arrived over it."""

    protocol_version = "HTTP/1.1"

    def __init__(self, local: LocalServer[Any], *given: Any) -> None:
        self.local = local
        super().__init__(*given)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keeps quiet."""

    def setup(self) -> None:
        super().setup()
        self.wfile = self.local.outlet(self.wfile)

    def handle(self) -> None:
        # The client may hang up at any time.
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        self.local.take(self)

    def do_HEAD(self) -> None:
        self.local.take(self)

    def do_POST(self) -> None:
        self.local.take(self)

    @property
    def bearer(self) -> str | None:
        """The token or key that came with the request."""
        given = self.headers.get("Authorization")
        return given.removeprefix("Bearer ") if given else None

    def body(self) -> bytes:
        """What was sent with the request; to be read once."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def head(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()


Trouble = Callable[[Any, Exchange, Any], None]
"""What a server does with a request instead of answering it."""


def hang(server: LocalServer[Any], exchange: Exchange, request: object) -> None:
    """Take the request and say nothing."""
    exchange.close_connection = True
    server.over.wait(30)


def drop(server: LocalServer[Any], exchange: Exchange, request: object) -> None:
    """End the connection without a word."""
    exchange.close_connection = True


@dataclass(frozen=True)
class Reply:
    """An answer that is whole at once."""

    status: int = 200
    body: bytes = SECRET.encode()
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, server: object, exchange: Exchange, request: object) -> None:
        length = str(len(self.body))
        exchange.head(self.status, ("Content-Type", self.media), *self.headers, ("Content-Length", length))
        exchange.wfile.write(self.body)


@dataclass(kw_only=True)
class LocalServer(ABC, Generic[Asked]):
    """What it was asked, and how it reads and answers that."""

    requests: list[Asked] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    """Set when it ends: whatever waits lets go."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @abstractmethod
    def read(self, exchange: Exchange) -> Asked:
        """The request as it arrived."""

    @abstractmethod
    def answer(self, exchange: Exchange, request: Asked) -> None: ...

    def trouble(self, request: Asked) -> Trouble | None:
        """What becomes of the request instead, if anything."""
        return None

    def take(self, exchange: Exchange) -> None:
        request = self.read(exchange)
        with self.lock:
            self.requests.append(request)
            trouble = self.trouble(request)
        if trouble is None:
            self.answer(exchange, request)
        else:
            trouble(self, exchange, request)

    def outlet(self, out: io.BufferedIOBase) -> io.BufferedIOBase:
        """The writing end of a connection."""
        return out


@contextmanager
def serve(server: Served, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Answer at ``server.host`` until the block ends, over TLS where a context for it is given."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), partial(Exchange, server))
    if tls is not None:
        # The handshake is the exchange's: one that fails is nobody else's trouble.
        listening.socket = tls.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.port = listening.server_port
    try:
        yield server
    finally:
        server.over.set()
        listening.shutdown()
        thread.join()
        listening.server_close()
