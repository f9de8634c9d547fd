"""Is all the evidence about one patient, and the run's own?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pipelines.records import Patient, Stated
from pipelines.text.nearest import closeness_of_texts

#: Smyth and Smith, Stephen and Steven, Lee and Leigh; not Lowe and Rowe, Ada and Ida, Jane and Joan.
_SOUNDS_LIKE: Final = 0.82


def identity_question(expected: str | None, named: Iterable[Patient], stated: Stated | None = None) -> str | None:
    """What to ask when evidence and words are not about one patient, the run's own; None when they are.

    Args:
        expected: the run's patient, if it names one.
        named: whom the attachments name, each once or more often.
        stated: whom the words state that they are about.
    """
    people = _people(named)
    own = [known for known in people if any(each.id == expected for each in known)]
    others = [known for known in people if known not in own]
    question = None
    if len(own) > 1 or (expected is None and len(others) > 1):
        named_here = ", ".join(map(_call, people))
        question = f"The evidence is about several patients: {named_here}. Are they the same patient?"
    elif expected is not None and others:
        # All of them: a yes counts for those who were named, and for nobody else.
        named_here = " and ".join(map(_call, others))
        ending = "Is it the same patient?" if len(others) == 1 else "Are they all the same patient?"
        question = f"The evidence is about {named_here}, the run about patient {expected}. {ending}"
    if stated is None:
        return question
    contradicted = [one for one in people if not _may_be(stated, one)]
    if question is not None:
        return f"What was said is about {_stated(stated)}. {question}" if contradicted else question
    if contradicted:
        evidence = " and ".join(map(_call, contradicted))
        return f"What was said is about {_stated(stated)}, the evidence about {evidence}. Is it the same patient?"
    if expected is not None and not people and not _may_be(stated, [Patient(id=expected)]):
        return f"What was said is about {_stated(stated)}, the run about patient {expected}. Is it the same patient?"
    return None


def same_person(one: Patient, other: Patient) -> bool:
    """The same name and birth date, as archives and records number people differently; or the same id, unless both name
    and birth date are another's, as hospitals give the same numbers."""
    if one.id == other.id:
        return not _contradict(one, other)
    if None in (one.name, one.birth_date, other.name, other.birth_date):
        return False
    return one.birth_date == other.birth_date and _name_parts(one) == _name_parts(other)


def _people(named: Iterable[Patient]) -> list[list[Patient]]:
    """All that is said of each person, in whatever order."""
    people: list[list[Patient]] = []
    for patient in named:
        own = [patient]
        for place, known in enumerate(people):
            joins = any(same_person(patient, each) for each in known)
            if joins and not any(_contradict(one, other) for one in own for other in known):
                own = [*known, *own]
                people[place] = []
        place = next((place for place, known in enumerate(people) if not known), len(people))
        people[place:] = [own, *filter(None, people[place:])]
    return people


def _contradict(one: Patient, other: Patient) -> bool:
    if None in (one.name, one.birth_date, other.name, other.birth_date) or one.birth_date == other.birth_date:
        return False
    return not any(_is_alike(part, each) for part in _name_parts(one) for each in _name_parts(other))


def same_number(one: str, other: str) -> bool:
    """By letters and digits alone: nobody says where the hyphens are."""
    return _bare(one) == _bare(other)


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number)).casefold()


def _may_be(stated: Stated, known: Sequence[Patient]) -> bool:
    """Whether nothing that was said speaks against a person. A number of another archive does not where name and birth
    date are the same; names are compared by their sound, as they may be written as they were heard."""
    alike = {_sound_alike(stated.name, each) for each in known if None not in (stated.name, each.name)}
    days = {each.birth_date for each in known if each.birth_date is not None}
    same_day = {stated.birth_date == day for day in days if stated.birth_date is not None}
    if alike == {False} or same_day == {False}:
        return False
    return stated.id is None or any(same_number(stated.id, each.id) for each in known) or bool(alike and same_day)


def _sound_alike(said: str | None, patient: Patient) -> bool:
    """Whether each part of the shorter name sounds like one of the other, in any order; an initial like any with it.
    Recognisers cut names where they like."""
    if _bare(said or "") == _bare(patient.name or ""):
        return True
    one, other = sorted((_parts(said or ""), _parts(patient.name or "")), key=len)
    return bool(one) and all(any(_is_alike(part, each) for each in other) for part in one)


def _is_alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) == 1:
        return one[0] == other[0]
    return closeness_of_texts(one, other) >= _SOUNDS_LIKE


def _name_parts(patient: Patient) -> set[str]:
    """Case and order left out, and the digits that synthetic names carry."""
    return _parts(patient.name or "")


def _parts(name: str) -> set[str]:
    parts = ("".join(filter(str.isalpha, part)).casefold() for part in name.replace(",", " ").split())
    return {part for part in parts if part}


def _call(known: Sequence[Patient]) -> str:
    patient = next((each for each in known if each.name), known[0])
    return f"{patient.name} ({patient.id})" if patient.name else f"patient {patient.id}"


def _stated(stated: Stated) -> str:
    called = f"{stated.name} ({stated.id})" if stated.name and stated.id else stated.name or f"patient {stated.id}"
    if stated.birth_date is None:
        return called
    return f"{called}, born {stated.birth_date}" if stated.name or stated.id else f"a patient born {stated.birth_date}"
