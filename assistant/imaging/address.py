"""Addresses of images in a DICOMweb archive: a study, a series, one image, or the latest studies of a patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from assistant.imaging.dicom_json import UID, is_uid
from assistant.records.address import ServerAddress
from pipelines.addresses import is_address
from pipelines.errors import UsageProblem

SCHEME: Final = "dicomweb+"
#: Of one patient at once: what compares them takes two.
MOST_STUDIES: Final = 10
_SUBJECT: Final = "the address of the images"
#: How the settings begin by which the user says who he is there.
ACCOUNT: Final = "ASSISTANT_DICOMWEB"
_PLACE: Final = re.compile(
    rf"(?P<base>.*)/studies(?:/(?P<study>{UID})(?:/series/(?P<series>{UID})(?:/instances/(?P<instance>{UID}))?)?)?/?"
)
_HOW: Final = "name it as dicomweb+https://HOST/BASE/studies/UID, or …/studies?PatientID=ID"
_QUERY: Final = ("PatientID", "ModalitiesInStudy", "StudyDate", "limit")
_VALUE: Final = {
    "ModalitiesInStudy": re.compile(r"[A-Z]{2,16}"),
    "StudyDate": re.compile(r"[0-9]{8}|[0-9]{8}-([0-9]{8})?|-[0-9]{8}"),
    "limit": re.compile(rf"[1-9]|{MOST_STUDIES}"),
}


@dataclass(frozen=True)
class Search:
    """Which studies of one patient."""

    patient: str
    """Exactly as the archive has it: no signs that stand for others."""
    modality: str | None = None
    dates: str | None = None
    """One day or a range, as DICOM writes them: ``20260101-20260630``."""
    limit: int | None = None
    """So many of the latest."""

    @property
    def asked(self) -> str:
        """What the archive is asked for; the rest is the choice of whoever asks."""
        given = zip(_QUERY, (self.patient, self.modality, self.dates), strict=False)
        return urlencode([(name, value) for name, value in given if value is not None])

    @property
    def query(self) -> str:
        """As the user wrote it."""
        return self.asked if self.limit is None else f"{self.asked}&limit={self.limit}"


@dataclass(frozen=True)
class ImagesAddress:
    """What is wanted of an archive: a study or a part of it, or else a search."""

    archive: ServerAddress
    study: str | None = None
    series: str | None = None
    instance: str | None = None
    search: Search | None = None

    @classmethod
    def parse(cls, address: str) -> ImagesAddress:
        """From ``dicomweb+https://HOST/BASE/studies/UID[/series/UID[/instances/UID]]`` or
        ``dicomweb+https://HOST/BASE/studies?PatientID=ID[&ModalitiesInStudy=CR][&StudyDate=…][&limit=N]``.

        Raises:
            UsageProblem: it is no such address, or no images may be fetched from there.
        """
        url = address.strip()[len(SCHEME) :]
        try:
            parts = urlsplit(url)
            named = _PLACE.fullmatch(parts.path)
        except ValueError:
            named = None
        if named is None or not is_address(url) or not all(map(is_uid, filter(None, named.groups()[1:]))):
            raise UsageProblem(_SUBJECT, "is not that of a study in a DICOMweb archive", _HOW)
        if parts.fragment or (named["study"] is not None and parts.query):
            raise UsageProblem(_SUBJECT, "goes on behind what it names", _HOW)
        search = _search(parts.query) if named["study"] is None else None
        base = f"{parts.scheme}://{parts.netloc}{named['base']}"
        archive = ServerAddress.parse(base, _SUBJECT, has="images", account=ACCOUNT)
        return cls(archive, named["study"], named["series"], named["instance"], search)

    @property
    def name(self) -> str:
        """What it is called: the innermost that is named, and the host. Never the patient."""
        for kind, uid in (("instances", self.instance), ("series", self.series), ("studies", self.study)):
            if uid is not None:
                return f"{kind}/{uid}@{self.archive.host}"
        return f"studies@{self.archive.host}"

    @property
    def path(self) -> str:
        """Below the archive's base, without the search."""
        steps = (("studies", self.study), ("series", self.series), ("instances", self.instance))
        return "/".join(f"{kind}/{uid}" for kind, uid in steps if uid is not None) or "studies"

    @property
    def url(self) -> str:
        """Of the place itself, without the search and without `SCHEME`."""
        return self.archive.below(self.path)

    @property
    def argument(self) -> str:
        """What `parse` makes this of."""
        return f"{SCHEME}{self.url}{f'?{self.search.query}' if self.search else ''}"


def is_images(place: str) -> bool:
    """Whether what a user attaches is meant as an address in an archive."""
    return place.strip().lower().startswith(SCHEME)


def _search(query: str) -> Search:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UsageProblem(_SUBJECT, "asks for studies in a way that cannot be read", _HOW) from None
    given = dict(pairs)
    unknown = [name for name in given if name not in _QUERY]
    if unknown or len(pairs) > len(given):
        raise UsageProblem(_SUBJECT, "asks for studies by something else or twice", f"use {', '.join(_QUERY)}")
    patient = given.get("PatientID", "").strip()
    if not patient:
        raise UsageProblem(_SUBJECT, "does not say which study or whose", _HOW)
    if len(patient) > 64 or not patient.isprintable() or set(patient) & set("*?\\"):
        raise UsageProblem(_SUBJECT, "has no patient's ID but what stands for several", "write the ID in full")
    for name, form in _VALUE.items():
        if name in given and not form.fullmatch(given[name]):
            raise UsageProblem(_SUBJECT, f"has a {name} that cannot be", "see docs/imaging.md")
    limit = given.get("limit")
    return Search(patient, given.get("ModalitiesInStudy"), given.get("StudyDate"), int(limit) if limit else None)
