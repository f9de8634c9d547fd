"""Addresses of servers that a user names: whether they are any, whether they are this machine, and what of them may be
shown."""

from __future__ import annotations

import ipaddress
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


def is_this_machine(url: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    if not is_address(url):
        return False
    host = urlsplit(url.strip()).hostname or ""
    if host == "localhost":
        return True
    try:
        at = ipaddress.ip_address(host)
    except ValueError:
        return False
    return bool((getattr(at, "ipv4_mapped", None) or at).is_loopback)
