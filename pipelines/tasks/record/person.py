"""Who the patient is: name, date of birth, age, sex, and whether a death is recorded."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items, walk
from pipelines.records import Statement
from pipelines.tasks.record.period import span_of
from pipelines.tasks.record.sentences import Answer, absent, looked_up

Field = Literal[
    "name", "birth", "age", "sex", "alive", "phone", "email", "address", "marital", "language", "race", "ethnicity",
    "identifier", "provider", "contact",
]  # fmt: skip
_NOUNS: Final[dict[Field, str]] = {
    "phone": "Telephone", "email": "E-mail", "address": "Address", "marital": "Marital status", "language": "Language",
    "race": "Race", "ethnicity": "Ethnicity", "identifier": "Medical record number", "provider": "General practitioner",
    "contact": "Emergency contact",
}  # fmt: skip
_US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


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
    if field in _NOUNS:
        return _stated(record, field)
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


def _stated(record: Record, field: Field) -> Answer:
    """A field that is given as it stands; its parts, where it has several."""
    noun, found = _NOUNS[field], _elements(record, field)
    if not found:
        return absent(record, f"{noun}: not recorded in this record.", "demographics", noun.lower())
    value = ", ".join(map(str, found))
    data: dict[str, Any] = {field: value, "values": [each.value for each in found]}
    if field == "address":
        data |= {each.path.rsplit(".", 1)[-1].split("[")[0]: each.value for each in found}
    return Answer((looked_up(record, f"{noun}: {value}.", found),), data)


def _elements(record: Record, field: Field) -> list[Element]:
    patient = record.patient_resource
    paths: list[str]
    if field in {"phone", "email"}:
        paths = [
            f"telecom[{n}].value"
            for n, each in enumerate(items(patient.raw.get("telecom")))
            if isinstance(each, dict) and each.get("system") == field
        ]
    elif field == "address":
        lines = range(len(items(walk(patient.raw, "address[0].line"))))
        parts = [*(f"line[{n}]" for n in lines), "city", "state", "postalCode", "country"]
        paths = (
            [f"address[0].{part}" for part in parts]
            if lines or patient.element("address[0].city")
            else ["address[0].text"]
        )
    elif field in {"race", "ethnicity"}:
        paths = [
            f"extension[{n}].extension[{m}].{key}"
            for n, each in enumerate(items(patient.raw.get("extension")))
            if isinstance(each, dict) and each.get("url") == f"{_US_CORE}{field}"
            for m, inner in enumerate(items(each.get("extension")))
            if isinstance(inner, dict) and inner.get("url") == "text"
            for key in ("valueString",)
        ]
    elif field == "identifier":
        numbers = enumerate(items(patient.raw.get("identifier")))
        paths = [f"identifier[{n}].value" for n, _ in numbers if "MR" in dict(_codes(patient, n))]
    elif field == "contact":
        paths = [
            f"contact[{n}].{part}"
            for n in range(len(items(patient.raw.get("contact"))))
            for part in ("name.text", "name.given[0]", "name.family", "relationship[0].text", "telecom[0].value")
        ]
    elif field == "provider":
        return _providers(record)
    else:
        named = patient.name("maritalStatus" if field == "marital" else "communication[0].language")
        return [named] if named else []
    return [element for path in paths if (element := patient.element(path))]


def _codes(patient: Resource, n: int) -> list[tuple[str, str]]:
    return [(code, system) for system, code in patient.codings(f"identifier[{n}].type")]


def _providers(record: Record) -> list[Element]:
    found = []
    for n in range(len(items(record.patient_resource.raw.get("generalPractitioner")))):
        named = record.patient_resource.element(f"generalPractitioner[{n}].display")
        target = None if named else record.resolve(record.patient_resource, f"generalPractitioner[{n}]")
        if target and not target[1]:
            named = target[0].element("name[0].text", "name[0].family", "name")
        found += [named] if named else []
    return found


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
