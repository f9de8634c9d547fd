"""One form sent, once, and its answer read whole or up to a limit, within a limit of time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx2

from assistant.outbound.addresses import host_of
from assistant.outbound.clients import sending_client
from assistant.outbound.deadline import Deadline
from assistant.outbound.failures import reason
from assistant.outbound.ledger import Ledger
from pipelines.ports import Answer, Form, Unreachable


def send_form(ledger: Ledger, form: Form, *, timeout: float, bearer: str | None, most_bytes: int) -> Answer:
    """Send ``form`` to the ledger's endpoint. See `pipelines.ports.Outbound.post_form`."""
    host = host_of(ledger.endpoint)
    deadline = Deadline(timeout)
    with sending_client(ledger, timeout) as client:
        request = client.build_request(
            "POST",
            ledger.endpoint,
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
            raise Unreachable(host, _too_late(timeout) if late else reason(error)) from None
        if deadline.passed and whole:
            raise Unreachable(host, _too_late(timeout))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(host, response.status_code, headers, body, whole)


def _at_most(blocks: Iterator[bytes], most: int) -> tuple[bytes, bool]:
    body = bytearray()
    for block in blocks:
        body += block
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _too_late(timeout: float) -> str:
    return f"no whole answer within {timeout:g} s"
