"""The one way out of this machine (design, rule 7): known hosts only, every byte counted, every host in the log.

A connection is opened only inside a command by which the user asks for it, or for an engine that he has chosen by name.
It reaches its endpoint and, where it only asks, the hosts to which that endpoint sends it on, over https; over http
only where the endpoint itself is http. A form, which may hold what a patient said, goes to its address alone. The
user's token goes to the endpoint alone and is never handed out from here.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from assistant import __version__
from assistant.sessions import SessionLog
from pipelines.errors import UsageProblem
from pipelines.ports import Answer, Form, Unreachable

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
#: They log whole addresses, and the query of a redirect may be a signature.
_CHATTY: Final = ("httpx2", "httpcore2")
_BLOCK: Final = 1 << 20


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
        with self._logged(_endpoint(endpoint), why) as ledger:
            connection = Connection(ledger.endpoint, ledger)
            try:
                yield connection
            finally:
                connection.close()

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        """See `pipelines.ports.Outbound.post_form`. The event of state ``opened`` says how many bytes will be sent."""
        address = _form_address(url)
        deadline = _Deadline(timeout)
        with (
            self._logged(address, why) as ledger,
            _form_client(ledger, timeout, secret=address.scheme == "https") as client,
        ):
            request = client.build_request(
                "POST",
                address,
                # A list of pairs would be taken for a body, so names that repeat are given as lists.
                data={name: [value for key, value in form.fields if key == name] for name, _ in form.fields},
                files={form.file_field: (form.file_name, form.data, form.media_type)},
                headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
                extensions={"trace": deadline.watch},
            )
            ledger.announced = int(request.headers["Content-Length"])
            try:
                with deadline, contextlib.closing(client.send(request, stream=True)) as response:
                    body, whole = _at_most(response.iter_bytes(), most_bytes)
            except httpx2.RequestError as error:
                late = deadline.passed or (
                    isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout)
                )
                reason = f"no whole answer within {timeout:g} s" if late else _reason(error)
                raise Unreachable(_host(address), reason) from None
            if deadline.passed and whole:
                raise Unreachable(_host(address), f"no whole answer within {timeout:g} s")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(_host(address), response.status_code, headers, body, whole)

    @contextmanager
    def _logged(self, endpoint: httpx2.URL, why: str) -> Iterator[_Ledger]:
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)

        def opened(host: str, announced: int | None) -> None:
            sending = {} if announced is None else {"sending_bytes": announced}
            self._log.event("outbound", None, {"host": host, **sending, "state": "opened", "why": why})

        ledger = _Ledger(endpoint, opened)
        try:
            yield ledger
        finally:
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


class FolderOutbound:
    """`Outbound` for engines, which may be made before any log is open: opens that of a data folder for each call.

    Args:
        data_dir: where the log lies.
        busy_seconds: how long to wait for another program that holds it.
    """

    def __init__(self, data_dir: Path, busy_seconds: float) -> None:
        self._data_dir = data_dir
        self._busy_seconds = busy_seconds

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        """See `pipelines.ports.Outbound.post_form`."""
        with SessionLog.open(self._data_dir, busy_seconds=self._busy_seconds) as log:
            return Outbound(log).post_form(url, form, why=why, timeout=timeout, bearer=bearer, most_bytes=most_bytes)


@dataclass
class _Traffic:
    received: int = 0
    sent: int = 0


@dataclass
class _Ledger:
    """Where a connection may go, and what went there and back."""

    endpoint: httpx2.URL
    opened: Callable[[str, int | None], None]
    """Told each host before the first request to it, and how much will be sent where that is known."""
    announced: int | None = None
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
            self.opened(host, self.announced)
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


def _form_address(address: str) -> httpx2.URL:
    """Where a form may go. Its host alone is named in what is said against it: the rest may hold secrets."""
    try:
        url = httpx2.URL(address.strip())
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageProblem("the address to send to", "is not an http(s) address", "name it as https://HOST/…")
    if url.userinfo:
        raise UsageProblem(_host(url), "has a name or password in its address", "give the key by its own setting")
    if url.scheme == "http" and not _is_near(url.host):
        raise UsageProblem(
            _host(url),
            "would be sent what was said unencrypted",
            "use https, or the numeric address of a machine in your own network",
        )
    return url


def _is_near(host: str) -> bool:
    """This machine, or a numeric address that no router of the internet passes on."""
    if host == "localhost":
        return True
    try:
        at = ipaddress.ip_address(host)
    except ValueError:
        return False
    return at.is_loopback or at.is_private or at.is_link_local


def _form_client(ledger: _Ledger, timeout: float, *, secret: bool) -> httpx2.Client:
    try:
        return httpx2.Client(
            headers={"User-Agent": f"clinical-assistant/{__version__}", "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            follow_redirects=False,
            # A proxy sees what goes over http.
            trust_env=secret,
            event_hooks={"request": [ledger.admit], "response": [ledger.note]},
        )
    except (ValueError, ImportError):
        raise UsageProblem(
            "HTTPS_PROXY", "names a proxy that cannot be used", "set it to http://HOST:PORT or unset it"
        ) from None


def _at_most(blocks: Iterator[bytes], most: int) -> tuple[bytes, bool]:
    body = bytearray()
    for block in blocks:
        body += block
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


class _Deadline:
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
