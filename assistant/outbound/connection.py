"""Questions to one endpoint, with the user's token where he has signed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx2

from assistant.outbound.addresses import host_of
from assistant.outbound.clients import asking_client
from assistant.outbound.failures import failing_as
from assistant.outbound.ledger import Ledger
from assistant.outbound.reply import Reply
from pipelines.errors import UsageProblem
from pipelines.ports import Unreachable


class Connection:
    """Asks one endpoint. Made by `Outbound.connect`."""

    def __init__(self, ledger: Ledger) -> None:
        self.host = host_of(ledger.endpoint)
        self.signed_in = False
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
        with failing_as(Unreachable):
            response = self._client.send(request, stream=True)
        try:
            yield Reply(response)
        finally:
            response.close()

    def head(self, path: str) -> Reply:
        """What the endpoint itself says about ``path``. Raises `Unreachable`."""
        with failing_as(Unreachable):
            return Reply(self._client.head(path, follow_redirects=False))

    def close(self) -> None:
        self._client.close()

    def _new_client(self) -> httpx2.Client:
        return asking_client(self._ledger)
