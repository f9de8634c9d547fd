"""The address of a chat server: what is asked below it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pipelines.addresses import is_address

_CHAT: Final = "/chat/completions"


def chat_url(url: str) -> str:
    """Where to chat: as given where that names the place, else the protocol's below it; ``/v1`` may be left out."""
    return _below(url, _CHAT)


def models_url(url: str) -> str:
    """Where the server says what models it has."""
    return _below(url, "/models")


def props_url(url: str) -> str | None:
    """Where llama-server says how it is set up; None where the address is not that of a server as a whole."""
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/").removesuffix(_CHAT).removesuffix("/v1")
    return None if path else urlunsplit((parts.scheme, parts.netloc, "/props", "", ""))


def _below(url: str, place: str) -> str:
    if not is_address(url):
        return url.strip()
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/").removesuffix(_CHAT) or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path + place, parts.query, ""))
