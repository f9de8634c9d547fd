"""Whom the images of a study are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.errors import PersonNeeded
from pipelines.evidence.dicom import patient_of, reading
from pipelines.evidence.identity import same_person
from pipelines.evidence.records.whose import is_id
from pipelines.evidence.volumes.files import File
from pipelines.evidence.volumes.header import full_header
from pipelines.evidence.volumes.stored import Stored
from pipelines.records import Patient

_SHOWN = 5


def of_one_person(
    images: Sequence[Stored], name: str, patient: str | None
) -> tuple[Sequence[Stored], Patient | None, str | None]:
    """The images of the patient who is meant, who that is, and what to say of those of others.

    Images that name nobody belong to the one who is named, where there is but one.

    Args:
        name: of the attachment, for errors.
        patient: whom the run is about.

    Raises:
        PersonNeeded: they are about several patients, and ``patient`` is none of them.
    """
    files: dict[str, File] = {}
    for one in images:
        if one.person:
            files.setdefault(one.person, one.pixels.file)
    people = [_named(file, identifier) for identifier, file in files.items()]
    groups: list[list[Patient]] = []
    for person in people:
        for group in groups:
            if any(same_person(person, other) for other in group):
                group.append(person)
                break
        else:
            groups.append([person])
    if len(groups) <= 1:
        own = next((each for each in people if each.id == patient), people[0] if people else None)
        return images, own, None
    for group in groups:
        own = next((each for each in group if each.id == patient), None)
        if own is not None:
            ids = {each.id for each in group}
            kept = [one for one in images if one.person in ids]
            return kept, own, f"{len(images) - len(kept)} images of other patients left out"
    listed = _listed(each[0].id for each in groups)
    if patient is None:
        raise PersonNeeded(name, f"holds images of {len(groups)} patients ({listed})", "choose one with --patient ID")
    raise PersonNeeded(name, f"does not hold patient {patient} but {listed}", "give the right study or --patient ID")


def _named(file: File, identifier: str) -> Patient:
    """With the name and birth date in the header, whatever its alphabet."""
    header = full_header(file)
    with reading(file.name, "is not a readable DICOM file", "export it again from the archive"):
        found = patient_of(header)
    return found.model_copy(update={"id": identifier}) if found is not None else Patient(id=identifier)


def _listed(ids: Iterable[str]) -> str:
    every = [each if is_id(each) else "one without a plain id" for each in ids]
    return ", ".join(every[:_SHOWN]) + (", …" if len(every) > _SHOWN else "")
