"""JSON sent, once, and the answer read while it comes, within a limit of time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx2

from assistant.outbound.addresses import host_of
from assistant.outbound.clients import sending_client
from assistant.outbound.deadline import Deadline
from assistant.outbound.failures import reason
from assistant.outbound.ledger import Ledger
from pipelines.errors import Cancelled, UsageProblem
from pipelines.ports import Arriving, JsonRequest, TooLate, Unreachable


@contextmanager
def exchange_json(ledger: Ledger, request: JsonRequest) -> Iterator[Arriving]:
    """Send what is asked to the ledger's endpoint. See `pipelines.ports.Outbound.ask_json`."""
    host = host_of(ledger.endpoint)
    deadline = Deadline(request.timeout, request.cancelled)
    with sending_client(ledger, min(request.timeout, request.silence or request.timeout)) as client:
        sent = client.build_request(
            "GET" if request.body is None else "POST",
            ledger.endpoint,
            content=request.body,
            headers=_headers(host, request),
            extensions={"trace": deadline.watch},
        )
        ledger.announced = int(sent.headers.get("Content-Length", 0))
        with deadline:
            with _failing(host, deadline, request):
                response = client.send(sent, stream=True)
            with closing(response):
                headers = {name.lower(): value for name, value in response.headers.items()}
                blocks = _blocks(response, host, deadline, request)
                yield Arriving(host, response.status_code, headers, blocks)


def _headers(host: str, request: JsonRequest) -> dict[str, str]:
    named = {"Content-Type": None if request.body is None else request.media_type, "Accept": request.accept}
    headers = {name: value for name, value in named.items() if value is not None}
    bearer = request.bearer
    if bearer:
        if not bearer.isascii() or not bearer.isprintable() or " " in bearer:
            raise UsageProblem(f"the key for {host}", "is no key: it has other signs", "set it anew")
        headers["Authorization"] = f"Bearer {bearer}"
    elif request.login is not None:
        shown = f"{request.login.user}:{request.login.password}".encode()
        headers["Authorization"] = f"Basic {b64encode(shown).decode()}"
    return headers


def _blocks(response: httpx2.Response, host: str, deadline: Deadline, request: JsonRequest) -> Iterator[bytes]:
    taken = 0
    stream = response.iter_bytes()
    while True:
        with _failing(host, deadline, request):
            block = next(stream, None)
        # Where a body ends with its connection, one that we ended looks whole.
        _require_wanted(host, deadline, request.timeout)
        if block is None:
            return
        taken += len(block)
        if taken > request.most_bytes:
            raise Unreachable(host, f"it answers more than {request.most_bytes:,} bytes")
        yield block


@contextmanager
def _failing(host: str, deadline: Deadline, request: JsonRequest) -> Iterator[None]:
    try:
        yield
    except httpx2.RequestError as error:
        _require_wanted(host, deadline, request.timeout)
        silent = isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout)
        if silent and request.silence is None:
            raise _too_late(host, request.timeout) from None
        raise Unreachable(host, reason(error)) from None


def _require_wanted(host: str, deadline: Deadline, timeout: float) -> None:
    if deadline.cancelled:
        raise Cancelled
    if deadline.passed:
        raise _too_late(host, timeout)


def _too_late(host: str, timeout: float) -> TooLate:
    return TooLate(host, f"no whole answer within {timeout:g} s")
