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


def json_address(address: str, off_machine: bool) -> httpx2.URL:
    """Where JSON may go: as a form, and to this machine alone unless ``off_machine``.

    Raises:
        UsageProblem: it may not go there.
    """
    url = form_address(address)
    if not off_machine and not _is_here(url.host):
        raise UsageProblem(
            host_of(url), "is another machine, and nothing may leave this one", "allow it by the engine's own setting"
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
    at = _numeric(host)
    return _is_here(host) or (at is not None and (at.is_private or at.is_link_local))


def _is_here(host: str) -> bool:
    """This machine by its name for itself, or by an address that never leaves it."""
    at = _numeric(host)
    return host == "localhost" or (at is not None and at.is_loopback)


def _numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        at = ipaddress.ip_address(host)
    except ValueError:
        return None
    # An IPv4 address in IPv6 form is judged as what it is: the form itself counts as private.
    return getattr(at, "ipv4_mapped", None) or at
