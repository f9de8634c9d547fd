"""Opens connections, each host of which is in the log before it is asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2

from assistant.outbound.addresses import endpoint_address, form_address, json_address
from assistant.outbound.connection import Connection
from assistant.outbound.exchanges import exchange_json
from assistant.outbound.forms import send_form
from assistant.outbound.ledger import Ledger
from assistant.sessions import SessionLog
from pipelines.ports import Answer, Arriving, Form, JsonRequest

#: They log whole addresses, and the query of a redirect may be a signature.
_CHATTY: Final = ("httpx2", "httpcore2")


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
        with self._logged(endpoint_address(endpoint), why) as ledger:
            connection = Connection(ledger)
            try:
                yield connection
            finally:
                connection.close()

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        """See `pipelines.ports.Outbound.post_form`. The event of state ``opened`` says how many bytes will be sent."""
        with self._logged(form_address(url), why) as ledger:
            return send_form(ledger, form, timeout=timeout, bearer=bearer, most_bytes=most_bytes)

    @contextmanager
    def ask_json(self, request: JsonRequest) -> Iterator[Arriving]:
        """See `pipelines.ports.Outbound.ask_json`. The event of state ``opened`` says how many bytes will be sent."""
        with (
            self._logged(json_address(request.url, request.off_machine), request.why) as ledger,
            exchange_json(ledger, request) as arriving,
        ):
            yield arriving

    @contextmanager
    def _logged(self, endpoint: httpx2.URL, why: str) -> Iterator[Ledger]:
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)

        def opened(host: str, announced: int | None) -> None:
            sending = {} if announced is None else {"sending_bytes": announced}
            self._log.event("outbound", None, {"host": host, **sending, "state": "opened", "why": why})

        ledger = Ledger(endpoint, opened)
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
