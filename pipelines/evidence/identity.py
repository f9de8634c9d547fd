"""Is all the evidence about one patient, and the run's own?"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.records import Patient


def identity_question(expected: str | None, named: Iterable[Patient]) -> str | None:
    """What to ask when the evidence is not about one patient, the run's own; None when it is.

    Args:
        expected: the run's patient, if it names one.
        named: whom the attachments name, each once or more often.
    """
    people: list[Patient] = []
    for patient in named:
        if not any(same_person(patient, other) for other in people):
            people.append(patient)
    own = [p for p in people if p.id == expected]
    others = [p for p in people if p not in own]
    if expected is not None and others:
        # All of them: a yes counts for those who were named, and for nobody else.
        named_here = " and ".join(map(_call, others))
        ending = "Is it the same patient?" if len(others) == 1 else "Are they all the same patient?"
        return f"The evidence is about {named_here}, the run about patient {expected}. {ending}"
    if len(others) > 1:
        return f"The evidence is about several patients: {', '.join(map(_call, others))}. Are they the same patient?"
    return None


def same_person(one: Patient, other: Patient) -> bool:
    """The same id, or the same name and birth date: archives and records number people differently."""
    if one.id == other.id:
        return True
    if None in (one.name, one.birth_date, other.name, other.birth_date):
        return False
    return one.birth_date == other.birth_date and _name_parts(one) == _name_parts(other)


def _name_parts(patient: Patient) -> set[str]:
    """Case and order left out, and the digits that synthetic names carry."""
    return {"".join(filter(str.isalpha, part)).casefold() for part in (patient.name or "").replace(",", " ").split()}


def _call(patient: Patient) -> str:
    return f"{patient.name} ({patient.id})" if patient.name else f"patient {patient.id}"
