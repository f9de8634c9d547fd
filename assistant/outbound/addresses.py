"""Which addresses may be asked, and what of them may be said: host and port, never user, path or query."""

from __future__ import annotations

import ipaddress

import httpx2

from pipelines.errors import UsageProblem


def host_of(url: httpx2.URL) -> str:
    """Host, and port where it is not the usual one; never user, path or query."""
    return url.netloc.decode("ascii").lower()


def endpoint_address(address: str) -> httpx2.URL:
    """Where a connection may start.

    Raises:
        UsageProblem: it is no http(s) address.
    """
    url = _http_address(address.rstrip("/"))
    if url is None:
        raise UsageProblem("HF_ENDPOINT", "is not an http(s) address", "set it to https://HOST or unset it")
    return url


def form_address(address: str) -> httpx2.URL:
    """Where a form may go. Its host alone is named in what is said against it: the rest may hold secrets.

    Raises:
        UsageProblem: no form may go there.
    """
    url = _http_address(address.strip())
    if url is None:
        raise UsageProblem("the address to send to", "is not an http(s) address", "name it as https://HOST/…")
    if url.userinfo:
        raise UsageProblem(host_of(url), "has a name or password in its address", "give the key by its own setting")
    if url.scheme == "http" and not _is_near(url.host):
        raise UsageProblem(
            host_of(url),
            "would be sent what was said unencrypted",
            "use https, or the numeric address of a machine in your own network",
        )
    return url


def _http_address(address: str) -> httpx2.URL | None:
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def _is_near(host: str) -> bool:
    """This machine, or a numeric address that no router of the internet passes on."""
    if host == "localhost":
        return True
    try:
        at = ipaddress.ip_address(host)
    except ValueError:
        return False
    return at.is_loopback or at.is_private or at.is_link_local
