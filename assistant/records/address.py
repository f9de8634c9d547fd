"""The address of a server and of a patient on it, and which other addresses belong to the same server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from pipelines.addresses import host_of, is_address, is_this_machine
from pipelines.errors import UsageProblem

#: FHIR's own rule for ids; a path never consists of dots alone.
_PATIENT: Final = re.compile(r"(.*)/Patient/(?!\.\.?$)([A-Za-z0-9\-.]{1,64})/?")
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_HOW: Final = "name it as https://HOST/BASE/Patient/ID"


@dataclass(frozen=True)
class ServerAddress:
    """Where a FHIR server or an image archive is: its base, without a slash at the end."""

    base: str

    @classmethod
    def parse(
        cls, address: str, subject: str, *, has: str = "record", account: str = "ASSISTANT_FHIR"
    ) -> ServerAddress:
        """From what a user writes.

        Args:
            subject: what he calls it, for errors.
            has: what of a patient's is there.
            account: how the settings begin by which the user says who he is there.

        Raises:
            UsageProblem: it is no address that such a thing may be fetched from.
        """
        if not is_address(address):
            raise UsageProblem(subject, "is not an http(s) address", "name it as https://HOST/BASE")
        parts = urlsplit(address.strip())
        if "@" in parts.netloc:
            raise UsageProblem(
                subject, "has a name or password in its address", f"give them by {account}_USER and the keyring"
            )
        if parts.query or parts.fragment or _climbs(parts.path):
            raise UsageProblem(subject, "is more than the address of a server", "leave out everything behind its base")
        if not may_be_asked(address):
            raise UsageProblem(host_of(address), f"would send a patient's {has} unencrypted", "use https")
        host = parts.netloc.lower().removesuffix(f":{_USUAL_PORTS[parts.scheme]}")
        return cls(f"{parts.scheme}://{host}{parts.path.rstrip('/')}")

    @property
    def host(self) -> str:
        """With its port where it has one."""
        return host_of(self.base)

    def below(self, path: str) -> str:
        return f"{self.base}/{path}"

    def holds(self, url: str) -> bool:
        """Whether ``url`` is the base itself or a place below it."""
        if not is_address(url):
            return False
        mine, its = urlsplit(self.base), urlsplit(url)
        if _origin(mine) != _origin(its) or "@" in its.netloc or _climbs(its.path):
            return False
        return its.path == mine.path or its.path.startswith(f"{mine.path}/")

    def followed(self, link: str, seen_at: str) -> str | None:
        """Where ``link``, found at ``seen_at``, leads; None where it leads away from this server."""
        try:
            url = urljoin(seen_at, link)
            return url if url.isprintable() and self.holds(url) else None
        except ValueError:
            return None


@dataclass(frozen=True)
class PatientAddress:
    """One patient on a FHIR server."""

    server: ServerAddress
    patient: str
    """The id of the Patient resource."""

    @classmethod
    def parse(cls, address: str) -> PatientAddress:
        """From ``https://HOST/BASE/Patient/ID``.

        Raises:
            UsageProblem: it is no such address, or no record may be fetched from there.
        """
        try:
            parts = urlsplit(address.strip())
            named = _PATIENT.fullmatch(parts.path)
            _origin(parts)
        except ValueError:
            named = None
        if named is None or not is_address(address):
            raise UsageProblem("the address of the record", "is not that of a patient on a FHIR server", _HOW)
        if parts.query or parts.fragment:
            raise UsageProblem("the address of the record", "goes on behind the patient", _HOW)
        base = f"{parts.scheme}://{parts.netloc}{named[1]}"
        return cls(ServerAddress.parse(base, "the address of the record"), named[2])

    @property
    def name(self) -> str:
        """What the record is called: patient and host."""
        return f"Patient/{self.patient}@{self.server.host}"

    @property
    def url(self) -> str:
        return self.server.below(f"Patient/{self.patient}")


def is_url(place: str) -> bool:
    """Whether what a user attaches is meant as an address rather than a file."""
    return place.lower().startswith(("http://", "https://"))


def may_be_asked(url: str) -> bool:
    """Only over https, but on this machine."""
    return is_address(url) and (urlsplit(url.strip()).scheme == "https" or is_this_machine(url))


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    return scheme, host, port or _USUAL_PORTS.get(scheme)


def _climbs(path: str) -> bool:
    """Whether a path may lead elsewhere than it says."""
    plain = path.lower().replace("%2e", ".").replace("%2f", "/").replace("\\", "/").replace("%5c", "/")
    return any(step in (".", "..") for step in plain.split("/"))
