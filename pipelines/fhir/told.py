"""What a run came to, as the writers of FHIR need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.records import Attachment, Citation, Engine, Patient, Recording, Status, TaskName


@dataclass(frozen=True)
class Sentence:
    """One statement, with the number under which its source stands."""

    number: int
    text: str
    marks: tuple[str, ...]
    """What a reader must not overlook."""
    source: str
    """Origin, verdict and place in words."""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Part:
    """Sentences under one heading; ``key`` is the section's in its template."""

    key: str | None
    heading: str | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Maker:
    """An engine and what it did: ``heard by``, ``answered by``."""

    doing: str
    engine: Engine


@dataclass(frozen=True)
class Shown:
    """A PNG that a reader needs to judge the result: what a model was shown, or what was drawn on it."""

    sha256: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Region:
    """A box on an attached picture that sentence ``number`` speaks of."""

    number: int
    label: str
    """As generated; may be empty."""
    box: tuple[int, int, int, int]
    """Left, upper, right and lower edge in pixels of the picture."""
    attachment: str


@dataclass(frozen=True)
class Told:
    """A run's result. ``written`` is an ISO 8601 instant with its time zone."""

    run: str
    written: str
    version: str
    """Of this program."""
    task: TaskName | None
    title: str
    template: str | None
    status: Status
    patient: Patient | None
    notices: tuple[str, ...]
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]
    recording: Recording | None
    makers: tuple[Maker, ...]
    regions: tuple[Region, ...] = ()
    pictures: tuple[Shown, ...] = ()


_FINAL: Final = frozenset({Status.APPROVED, Status.SIGNED})


def standing(status: Status) -> str:
    """The status of a Composition, DiagnosticReport or Observation: final only once a person stands for it."""
    if status is Status.REJECTED:
        return "entered-in-error"
    return "final" if status in _FINAL else "preliminary"
