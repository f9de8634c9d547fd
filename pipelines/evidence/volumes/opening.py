"""From an attachment to the CT and MR volumes in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.formats import Format
from pipelines.evidence.volumes.dicom_volume import dicom_volume
from pipelines.evidence.volumes.files import File, files_of
from pipelines.evidence.volumes.header import header_of
from pipelines.evidence.volumes.people import of_one_person
from pipelines.evidence.volumes.pixels import refuse_undecodable
from pipelines.evidence.volumes.stacks import Stack, stacks_of
from pipelines.evidence.volumes.stored import Stored, stored_in
from pipelines.evidence.volumes.volume import Volume
from pipelines.ports import Store
from pipelines.records import Attachment, Kind, Patient

_MODALITY: Final = {Kind.CT_SERIES: "CT", Kind.MR_SERIES: "MR"}
_KIND: Final = {modality: kind for kind, modality in _MODALITY.items()}
_SHOWN: Final = 3
#: What systems and archives put beside images.
_LITTER: Final = re.compile(r"(^|/)(\.[^/]*|__MACOSX/.*|Thumbs\.db|desktop\.ini|DICOMDIR)$", re.IGNORECASE)
_SCOUT: Final = re.compile(r"(?<![a-z])(?:locali[sz]er|scout|topogram|surview|survey|loc|3[ -]?plane)(?![a-z])", re.I)


class Opened(NamedTuple):
    """What was found in an attachment."""

    volumes: tuple[Volume, ...]
    patient: Patient | None
    warnings: tuple[str, ...]
    """About the attachment as a whole; each volume has them as well."""


def volumes_in(attachment: Attachment, store: Store, patient: str | None) -> tuple[Volume, ...]:
    """Every volume of an attachment, of its kind's modality; only headers are read.

    Those of DICOM are numbered by series number, then UID; scouts and single images beside volumes are none.

    Args:
        attachment: a folder, a zip archive, a DICOM file (one image, or many frames) or a NIfTI file.
        patient: whom the run is about: picks one patient from a study that holds several.

    Raises:
        BadInput: there is none, or it cannot be read.
        PersonNeeded: it is about several patients, and ``patient`` is none of them.
    """
    return open_volumes(attachment, store, patient).volumes


def open_volumes(attachment: Attachment, store: Store, patient: str | None) -> Opened:
    """See `volumes_in`."""
    if attachment.media_type == Format.NIFTI and not attachment.members:
        from pipelines.evidence.volumes.nifti_volume import nifti_volume

        volume = nifti_volume(store.path(attachment.sha256), attachment)
        return Opened((volume,), None, volume.about.warnings)
    files = files_of(attachment, store)
    found = _scan(files)
    if not found.images:
        raise found.why_none(attachment.name)
    images, who, note = of_one_person(found.images, attachment.name, patient)
    stacks = _of_kind(stacks_of(images), attachment)
    stacks, aside = _volumes(stacks)
    stacks, undecodable = _decodable(stacks)
    warnings = (*found.warnings(), *([note] if note else []), *aside, *undecodable)
    volumes = tuple(
        dicom_volume(stack, number, attachment.name, who, warnings) for number, stack in enumerate(stacks, 1)
    )
    return Opened(volumes, who, warnings)


@dataclass
class _Scan:
    """What a look at every header found."""

    images: list[Stored] = field(default_factory=list)
    damaged: list[BadInput] = field(default_factory=list)
    other_formats: int = 0
    archives: int = 0
    no_slices: int = 0

    def warnings(self) -> tuple[str, ...]:
        notes = []
        if self.damaged:
            names = ", ".join(problem.subject for problem in self.damaged[:_SHOWN])
            more = ", …" if len(self.damaged) > _SHOWN else ""
            notes.append(f"{_count(len(self.damaged), 'damaged file')} left out: {names}{more}")
        if self.other_formats:
            notes.append(f"{_count(self.other_formats, 'file')} left out that {_verb(self.other_formats)} no DICOM")
        if self.archives:
            notes.append(f"{_count(self.archives, 'archive')} inside not opened")
        if self.no_slices:
            notes.append(f"{_count(self.no_slices, 'DICOM file')} left out that show no slices of a CT or MR volume")
        return tuple(notes)

    def why_none(self, name: str) -> BadInput:
        if self.damaged and not self.no_slices:
            return self.damaged[0]
        return BadInput(name, "holds no slices of a CT or MR volume", "attach the folder of a CT or MR series")


def _scan(files: Sequence[File]) -> _Scan:
    found = _Scan()
    for file in files:
        if _LITTER.search(file.name):
            continue
        try:
            kind = file.format()
            if kind is not Format.DICOM:
                found.archives += kind is Format.ZIP
                found.other_formats += kind is not Format.ZIP
                continue
            images = stored_in(file, header_of(file))
        except BadInput as problem:
            found.damaged.append(problem)
            continue
        found.no_slices += not images
        found.images += images
    return found


def _of_kind(stacks: Sequence[Stack], attachment: Attachment) -> Sequence[Stack]:
    """Those of the modality that the attachment's kind names."""
    wanted = _MODALITY.get(attachment.kind)
    fitting = [stack for stack in stacks if wanted in {None, stack.slices[0].series.modality}]
    if not fitting:
        other = stacks[0].slices[0].series.modality
        raise BadInput(
            attachment.name, f"holds {other} and no {wanted}", f"name its kind: {_KIND[other]}={attachment.name}"
        )
    return fitting


def _volumes(stacks: Sequence[Stack]) -> tuple[Sequence[Stack], Sequence[str]]:
    """Without scouts and single images, where there is anything else; and what to say of those."""
    notes = []
    volumes = [stack for stack in stacks if not _is_scout(stack)] or stacks
    if len(volumes) < len(stacks):
        notes.append(f"{_count(_slices(stacks) - _slices(volumes), 'image')} of scouts left out")
    several = [stack for stack in volumes if len(stack.slices) > 1] or volumes
    if len(several) < len(volumes):
        notes.append(f"{_count(len(volumes) - len(several), 'single image')} left out")
    return several, notes


def _decodable(stacks: Sequence[Stack]) -> tuple[Sequence[Stack], Sequence[str]]:
    """Without those that are compressed in a way that is not decoded here, and what to say of these.

    Raises:
        BadInput: all of them are.
    """
    kept, problems = [], []
    for stack in stacks:
        try:
            for pixels in {stored.pixels.syntax: stored.pixels for stored in stack.slices}.values():
                refuse_undecodable(pixels)
        except BadInput as problem:
            problems.append(problem)
            continue
        kept.append(stack)
    if not kept:
        raise problems[0]
    return kept, tuple(f"a volume left out that {problem.problem}" for problem in problems)


def _is_scout(stack: Stack) -> bool:
    """Of CT the header says so image by image; of MR only the name of the series does."""
    return _SCOUT.search(stack.slices[0].series.description) is not None


def _slices(stacks: Sequence[Stack]) -> int:
    return sum(len(stack.slices) for stack in stacks)


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _verb(number: int) -> str:
    return "is" if number == 1 else "are"
