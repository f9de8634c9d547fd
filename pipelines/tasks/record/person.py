"""Who the patient is: name, date of birth, age, sex, and whether a death is recorded."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, items
from pipelines.records import Statement
from pipelines.tasks.record.period import span_of
from pipelines.tasks.record.sentences import Answer, absent, looked_up

Field = Literal["name", "birth", "age", "sex", "alive"]


def person_answer(record: Record, fields: list[Field], today: date) -> Answer:
    statements: list[Statement] = []
    data: dict[str, Any] = {"question_kind": "demographics", "found": True}
    for field in fields:
        found = _field(record, field, today)
        statements += found.statements
        data |= found.data
    return Answer(tuple(statements), data)


def _field(record: Record, field: Field, today: date) -> Answer:
    patient = record.patient_resource
    birth, died = patient.element("birthDate"), patient.element("deceasedDateTime")
    if field == "alive":
        return _alive(record, died)
    if field in {"birth", "age"}:
        if birth is None:
            return absent(record, "Date of birth: not recorded in this record.", "demographics", "date of birth")
        until = span_of(died.value) if died else (today, today)
        born = span_of(birth.value)
        text, cited, data = f"Date of birth: {birth}.", [birth], {"birthDate": birth.value}
        if field == "age" and born and born[0] == born[1] and until and until[0] == until[1]:
            years = age(born[0], until[0])
            text = f"Date of birth: {birth}; age {years} on {until[0]}{' (date of death)' if died else ''}."
            return Answer((looked_up(record, text, [birth, died]),), data | {"age": years})
        return Answer((looked_up(record, text, cited),), data)
    if field == "sex":
        sex = patient.element("gender")
        if sex is None:
            return absent(record, "Sex: not recorded in this record.", "demographics", "sex")
        return Answer((looked_up(record, f"Sex: {sex}.", [sex]),), {"gender": sex.value})
    given = [patient.element(f"name[0].given[{n}]") for n in range(len(items(_first_name(record).get("given"))))]
    parts = [e for e in (*given, patient.element("name[0].family")) if e] or [
        e for e in [patient.element("name[0].text")] if e
    ]
    if not parts:
        return absent(record, "Name: not recorded in this record.", "demographics", "name")
    name = " ".join(str(part) for part in parts)
    return Answer((looked_up(record, f"Name: {name}.", parts),), {"name": name})


def _alive(record: Record, died: Element | None) -> Answer:
    flag = record.patient_resource.element("deceasedBoolean")
    if died:
        text = f"Recorded as deceased, on {died.value.split('T')[0]}."
        return Answer(
            (looked_up(record, text, [died]),), {"death_recorded": True, "deceased_date": died.value.split("T")[0]}
        )
    if flag:
        dead = flag.value == "true"
        text = f"Recorded as {'' if dead else 'not '}deceased (deceased: {flag})."
        return Answer((looked_up(record, text, [flag]),), {"death_recorded": dead, "deceased_date": None})
    text = "Death: none recorded in this record."
    return Answer((looked_up(record, text, []),), {"death_recorded": False, "deceased_date": None})


def _first_name(record: Record) -> dict[str, Any]:
    names = items(record.patient_resource.raw.get("name"))
    return names[0] if names and isinstance(names[0], dict) else {}


def age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
