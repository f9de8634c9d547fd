"""Whom the images of a study are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pipelines.errors import PersonNeeded
from pipelines.evidence.dicom import patient_of, reading
from pipelines.evidence.identity import same_person
from pipelines.evidence.records.whose import is_id
from pipelines.evidence.volumes.files import File
from pipelines.evidence.volumes.header import full_header
from pipelines.evidence.volumes.stored import Person, Stored
from pipelines.records import Patient

_SHOWN: Final = 5
_COMPARED: Final = 100
"""Of a folder of thousands of people each is held against so many others: it is about several either way."""
_APART: Final = "attach the images of one of them alone"


def of_one_person(
    images: Sequence[Stored], name: str, patient: str | None
) -> tuple[Sequence[Stored], Patient | None, str | None]:
    """The images of the patient who is meant, who that is, and what to say of those of others.

    Images that name nobody belong to the one who is named, where there is but one.

    Args:
        name: of the attachment, for errors.
        patient: whom the run is about.

    Raises:
        PersonNeeded: they are about several patients, and ``patient`` is none of them, or several of them.
    """
    files: dict[Person, File] = {}
    for one in images:
        if one.person.id:
            files.setdefault(one.person, one.pixels.file)
    people = {person: _named(file, person.id) for person, file in files.items()}
    groups = _grouped(people)
    if len(groups) <= 1:
        own = next((each for each in people.values() if each.id == patient), next(iter(people.values()), None))
        return images, own, None
    if patient is None:
        shared = _shared(groups)
        if shared is not None:
            raise PersonNeeded(name, f"holds images of several patients who share one number ({shared})", _APART)
        listed = _listed(group[0].id for group in groups)
        raise PersonNeeded(name, f"holds images of {len(groups)} patients ({listed})", "choose one with --patient ID")
    meant = [group for group in groups if any(person.id == patient for person in group)]
    if not meant:
        listed = _listed(group[0].id for group in groups)
        raise PersonNeeded(
            name, f"does not hold patient {patient} but {listed}", "give the right study or --patient ID"
        )
    if len(meant) > 1:
        raise PersonNeeded(name, f"holds images of several patients who share the number {patient}", _APART)
    own = next(people[person] for person in meant[0] if person.id == patient)
    kept = [one for one in images if one.person in meant[0]]
    others = len(images) - len(kept)
    return kept, own, f"{'1 image' if others == 1 else f'{others} images'} of other patients left out"


def _grouped(people: dict[Person, Patient]) -> list[list[Person]]:
    """All that is said of each person."""
    groups: list[list[Person]] = []
    for person, named in people.items():
        for group in groups[:_COMPARED]:
            if any(same_person(named, people[other]) for other in group):
                group.append(person)
                break
        else:
            groups.append([person])
    return groups


def _shared(groups: Sequence[Sequence[Person]]) -> str | None:
    """A number that several of them have."""
    met: set[str] = set()
    for group in groups:
        ids = {person.id for person in group}
        if not met.isdisjoint(ids):
            return _listed(sorted(met & ids))
        met |= ids
    return None


def _named(file: File, identifier: str) -> Patient:
    """With the name and birth date in the header, whatever its alphabet."""
    header = full_header(file)
    with reading(file.name, "is not a readable DICOM file", "export it again from the archive"):
        found = patient_of(header)
    return found.model_copy(update={"id": identifier}) if found is not None else Patient(id=identifier)


def _listed(ids: Iterable[str]) -> str:
    every = [each if is_id(each) else "one without a plain id" for each in ids]
    return ", ".join(every[:_SHOWN]) + (", …" if len(every) > _SHOWN else "")
