"""Why there was no answer, in words that name the host and nothing else of the address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from assistant.outbound.addresses import host_of
from pipelines.ports import Unreachable


class BrokenOff(Unreachable):
    """The connection ended in the middle of an answer."""


@contextmanager
def failing_as(kind: type[Unreachable]) -> Iterator[None]:
    """What the HTTP library raises becomes a ``kind``."""
    try:
        yield
    except httpx2.RequestError as error:
        raise kind(host_of(error.request.url), reason(error)) from None


def reason(error: httpx2.RequestError) -> str:
    """Why, in a few words."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if isinstance(error, httpx2.ProxyError):
        return "the proxy refuses"
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {_seconds(error, 'connect')} s"
    if isinstance(error, httpx2.TimeoutException):
        return f"silent for {_seconds(error, 'read')} s"
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


def _seconds(error: httpx2.RequestError, doing: str) -> str:
    """How long this request was given for it."""
    return f"{error.request.extensions['timeout'][doing]:g}"
