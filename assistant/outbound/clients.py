"""Clients of the HTTP library. Nothing else makes one, and each asks its ledger before every request."""

from __future__ import annotations

from typing import Final

import httpx2

from assistant import __version__
from assistant.outbound.ledger import Ledger
from pipelines.errors import UsageProblem

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0


def asking_client(ledger: Ledger) -> httpx2.Client:
    """For questions below the endpoint; goes where that sends it."""
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return _client(ledger, timeout, base_url=ledger.endpoint, follow_redirects=True)


def sending_client(ledger: Ledger, seconds: float) -> httpx2.Client:
    """For one request to the endpoint alone: no redirects, and over http no proxy, which would see what goes there.

    Args:
        seconds: without a byte before it gives up.
    """
    timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    secure = ledger.endpoint.scheme == "https"
    # Over http there is nobody to verify, and reading all certificates takes longer than a short answer.
    return _client(ledger, timeout, follow_redirects=False, trust_env=secure, verify=secure)


def _client(
    ledger: Ledger,
    timeout: httpx2.Timeout,
    *,
    base_url: httpx2.URL | str = "",
    follow_redirects: bool,
    trust_env: bool = True,
    verify: bool = True,
) -> httpx2.Client:
    try:
        return httpx2.Client(
            base_url=base_url,
            # Byte ranges and sizes are those of the file itself only where nothing is packed.
            headers={"User-Agent": f"clinical-assistant/{__version__}", "Accept-Encoding": "identity"},
            timeout=timeout,
            follow_redirects=follow_redirects,
            trust_env=trust_env,
            verify=verify,
            event_hooks={"request": [ledger.admit], "response": [ledger.note]},
        )
    except (ValueError, ImportError):
        raise UsageProblem(
            "HTTPS_PROXY", "names a proxy that cannot be used", "set it to http://HOST:PORT or unset it"
        ) from None
