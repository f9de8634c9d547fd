"""Is all the evidence about one patient, and the run's own?"""

from __future__ import annotations

from collections.abc import Iterable
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
    people: list[Patient] = []
    for patient in named:
        if not any(same_person(patient, other) for other in people):
            people.append(patient)
    own = [p for p in people if p.id == expected]
    others = [p for p in people if p not in own]
    question = None
    if expected is not None and others:
        # All of them: a yes counts for those who were named, and for nobody else.
        named_here = " and ".join(map(_call, others))
        ending = "Is it the same patient?" if len(others) == 1 else "Are they all the same patient?"
        question = f"The evidence is about {named_here}, the run about patient {expected}. {ending}"
    elif len(others) > 1:
        named_here = ", ".join(map(_call, others))
        question = f"The evidence is about several patients: {named_here}. Are they the same patient?"
    if stated is None:
        return question
    contradicted = [one for one in people if not _may_be(stated, one)]
    if question is not None:
        return f"What was said is about {_stated(stated)}. {question}" if contradicted else question
    if contradicted:
        evidence = " and ".join(map(_call, contradicted))
        return f"What was said is about {_stated(stated)}, the evidence about {evidence}. Is it the same patient?"
    if expected is not None and not people and not _may_be(stated, Patient(id=expected)):
        return f"What was said is about {_stated(stated)}, the run about patient {expected}. Is it the same patient?"
    return None


def same_person(one: Patient, other: Patient) -> bool:
    """The same id, or the same name and birth date: archives and records number people differently."""
    if one.id == other.id:
        return True
    if None in (one.name, one.birth_date, other.name, other.birth_date):
        return False
    return one.birth_date == other.birth_date and _name_parts(one) == _name_parts(other)


def same_number(one: str, other: str) -> bool:
    """By letters and digits alone: nobody says where the hyphens are."""
    return _bare(one) == _bare(other)


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number)).casefold()


def _may_be(stated: Stated, patient: Patient) -> bool:
    """Whether nothing that was said speaks against it. A number of another archive does not where name and birth date
    are the same; names are compared by their sound, as they may be written as they were heard."""
    alike = None if None in (stated.name, patient.name) else _sound_alike(stated.name or "", patient)
    same_day = None if None in (stated.birth_date, patient.birth_date) else stated.birth_date == patient.birth_date
    if alike is False or same_day is False:
        return False
    return stated.id is None or same_number(stated.id, patient.id) or (alike is True and same_day is True)


def _sound_alike(said: str, patient: Patient) -> bool:
    """Whether each part of the shorter name sounds like one of the other, in any order; an initial like any with it.
    Recognisers cut names where they like."""
    if _bare(said) == _bare(patient.name or ""):
        return True
    one, other = sorted((_parts(said), _parts(patient.name or "")), key=len)
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


def _call(patient: Patient) -> str:
    return f"{patient.name} ({patient.id})" if patient.name else f"patient {patient.id}"


def _stated(stated: Stated) -> str:
    called = f"{stated.name} ({stated.id})" if stated.name and stated.id else stated.name or f"patient {stated.id}"
    if stated.birth_date is None:
        return called
    return f"{called}, born {stated.birth_date}" if stated.name or stated.id else f"a patient born {stated.birth_date}"
