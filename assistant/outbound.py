"""The one way out of this machine (design, rule 7): known hosts only, every byte counted, every host in the log.

A connection is opened only inside a command by which the user asks for it. It reaches its endpoint and the hosts to
which that endpoint sends it on, over https; over http only where the endpoint itself is http. The user's token goes
to the endpoint alone and is never handed out from here.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx2

from assistant import __version__
from assistant.sessions import SessionLog
from pipelines.errors import UsageProblem

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
#: They log whole addresses, and the query of a redirect may be a signature.
_CHATTY: Final = ("httpx2", "httpcore2")
_BLOCK: Final = 1 << 20


class Unreachable(Exception):
    """No answer, or not the whole of it. Callers turn it into what their user can do about it.

    Args:
        host: who should have answered.
        reason: why not, in a few words.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host, reason)
        self.host = host
        self.reason = reason


class BrokenOff(Unreachable):
    """The connection ended in the middle of an answer."""


class Reply:
    """One answer. Its body is read once."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.host = _host(response.request.url)
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
            with _as(BrokenOff):
                block = next(stream, None)
            if block is None:
                return
            for start in range(0, len(block), _BLOCK):
                yield block[start : start + _BLOCK]

    def body(self) -> bytes:
        return b"".join(self.blocks())


class Connection:
    """Asks one endpoint. Made by `Outbound.connect`."""

    def __init__(self, endpoint: httpx2.URL, ledger: _Ledger) -> None:
        self.host = _host(endpoint)
        self.signed_in = False
        self._endpoint = endpoint
        self._ledger = ledger
        self._client = self._new_client()

    def sign_in(self) -> None:
        """From now on send the token of the hub's own tools to the endpoint, if there is one.

        That is ``HF_TOKEN`` or the file that ``hf auth login`` writes. A token that is about to end is renewed, also
        through this connection.

        Raises:
            UsageProblem: what is there cannot be a token.
        """
        from huggingface_hub import get_token, set_client_factory
        from huggingface_hub.utils._http import default_client_factory

        set_client_factory(self._new_client)
        try:
            token = get_token()
        finally:
            set_client_factory(default_client_factory)
        if token is None:
            return
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UsageProblem("HF_TOKEN", "is no token of the hub", "set it anew, or run: hf auth login")
        self._client.headers["Authorization"] = f"Bearer {token}"
        self.signed_in = True

    @contextmanager
    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Reply]:
        """Ask for ``path`` below the endpoint, following where it sends us.

        Raises:
            Unreachable: no answer.
            UsageProblem: it sends us where this connection may not go.
        """
        request = self._client.build_request("GET", path, headers=dict(headers or {}))
        with _as(Unreachable):
            response = self._client.send(request, stream=True)
        try:
            yield Reply(response)
        finally:
            response.close()

    def head(self, path: str) -> Reply:
        """What the endpoint itself says about ``path``. Raises `Unreachable`."""
        with _as(Unreachable):
            return Reply(self._client.head(path, follow_redirects=False))

    def close(self) -> None:
        self._client.close()

    def _new_client(self) -> httpx2.Client:
        try:
            return httpx2.Client(
                base_url=self._endpoint,
                # Byte ranges and sizes are those of the file itself only where nothing is packed.
                headers={"User-Agent": f"clinical-assistant/{__version__}", "Accept-Encoding": "identity"},
                timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=True,
                event_hooks={"request": [self._ledger.admit], "response": [self._ledger.note]},
            )
        except (ValueError, ImportError):
            raise UsageProblem(
                "HTTPS_PROXY", "names a proxy that cannot be used", "set it to http://HOST:PORT or unset it"
            ) from None


class Outbound:
    """Opens connections and writes into the log whom they reach: two events ``outbound`` per host."""

    def __init__(self, log: SessionLog) -> None:
        self._log = log

    @contextmanager
    def connect(self, endpoint: str, why: str) -> Iterator[Connection]:
        """A connection to ``endpoint``, an http(s) address.

        An event of state ``opened`` is written before the first request to a host: it is there also when this process
        is killed. One of state ``closed`` is written when the connection ends, also when it fails: host, bytes received
        and sent (heads and bodies, as they are before encryption), and ``why``.

        Raises:
            UsageProblem: ``endpoint`` is no such address.
            StorageProblem: the log cannot be written.
        """
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)

        def opened(host: str) -> None:
            self._log.event("outbound", None, {"host": host, "state": "opened", "why": why})

        ledger = _Ledger(url := _endpoint(endpoint), opened)
        connection = Connection(url, ledger)
        try:
            yield connection
        finally:
            connection.close()
            for host, traffic in ledger.traffic.items():
                self._log.event(
                    "outbound",
                    None,
                    {
                        "host": host,
                        "received_bytes": traffic.received,
                        "sent_bytes": traffic.sent,
                        "state": "closed",
                        "why": why,
                    },
                )


@dataclass
class _Traffic:
    received: int = 0
    sent: int = 0


@dataclass
class _Ledger:
    """Where a connection may go, and what went there and back."""

    endpoint: httpx2.URL
    opened: Callable[[str], None]
    """Told each host before the first request to it."""
    traffic: dict[str, _Traffic] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._schemes = {"https", self.endpoint.scheme}
        self._hosts = {_host(self.endpoint)}

    def admit(self, request: httpx2.Request) -> None:
        """Before each request, redirected ones too."""
        host = _host(request.url)
        if request.url.scheme not in self._schemes or host not in self._hosts:
            raise UsageProblem(
                host,
                f"may not be reached over {request.url.scheme} from {_host(self.endpoint)}",
                "check HF_ENDPOINT; nothing was sent there",
            )
        if host not in self.traffic:
            self.opened(host)
            self.traffic[host] = _Traffic()
        self.traffic[host].sent += (
            len(f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n")
            + _head_bytes(request.headers)
            + int(request.headers.get("Content-Length", 0))
        )

    def note(self, response: httpx2.Response) -> None:
        """After each head that arrived, before its body."""
        traffic = self.traffic[_host(response.request.url)]
        traffic.received += len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n")
        traffic.received += _head_bytes(response.headers)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Counted(response.stream, traffic)
        if response.has_redirect_location:
            self._hosts.add(_host(response.request.url.join(response.headers["Location"])))


class _Counted(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, traffic: _Traffic) -> None:
        self._stream = stream
        self._traffic = traffic

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            self._traffic.received += len(block)
            yield block

    def close(self) -> None:
        self._stream.close()


def _endpoint(address: str) -> httpx2.URL:
    try:
        url = httpx2.URL(address.rstrip("/"))
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageProblem("HF_ENDPOINT", "is not an http(s) address", "set it to https://HOST or unset it")
    return url


def _host(url: httpx2.URL) -> str:
    """Host, and port where it is not the usual one; never user, path or query."""
    return url.netloc.decode("ascii").lower()


def _head_bytes(headers: httpx2.Headers) -> int:
    return sum(len(name) + len(value) + len(b": \r\n") for name, value in headers.raw) + len(b"\r\n")


@contextmanager
def _as(kind: type[Unreachable]) -> Iterator[None]:
    try:
        yield
    except httpx2.RequestError as error:
        raise kind(_host(error.request.url), _reason(error)) from None


def _reason(error: httpx2.RequestError) -> str:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if isinstance(error, httpx2.ProxyError):
        return "the proxy refuses"
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS:.0f} s"
    if isinstance(error, httpx2.TimeoutException):
        return f"silent for {READ_SECONDS:.0f} s"
    if isinstance(error, httpx2.TooManyRedirects):
        return "it sends us in circles"
    if caused_by(socket.gaierror):
        return "its name is not known here (DNS)"
    if caused_by(ssl.SSLError):
        return "its certificate is not trusted or the encryption fails"
    if caused_by(ConnectionRefusedError):
        return "it refuses the connection"
    if isinstance(error, httpx2.ConnectError):
        return "no way there"
    return "the connection broke off"
