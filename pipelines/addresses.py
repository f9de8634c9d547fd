"""Addresses of servers that a user names: whether they are any, and what of them may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_address(url: str) -> bool:
    """Whether this is an http(s) address at all."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def host_of(url: str) -> str:
    """Host and port; nothing of an address that may be secret."""
    return urlsplit(url.strip()).netloc.rpartition("@")[2].lower() if is_address(url) else "no host"
