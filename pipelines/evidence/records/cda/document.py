"""A C-CDA Continuity of Care Document as a record: its patient, and the entries of its sections as resources.

Read as data only: a document type, entities and whatever lies outside the file are refused. Other CDA documents are
recognised and refused, for their sections mean other things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from pipelines.errors import BadInput
from pipelines.evidence.records.cda import statements
from pipelines.evidence.records.cda.place import V3, At, Draft, system_of, words
from pipelines.evidence.records.parts import Part
from pipelines.evidence.records.resource import Resource
from pipelines.evidence.records.shelf import Shelf
from pipelines.evidence.records.whose import Candidate, Chosen

CCD: Final = "2.16.840.1.113883.10.20.22.1.2"
_REMEDY: Final = "export a Continuity of Care Document (C-CDA R2.1), or FHIR R4"
_LARGEST: Final = 1 << 26
_GENDERS: Final[Mapping[str, str]] = {"F": "female", "M": "male", "UN": "other"}
#: Sections by their LOINC code.
_SECTIONS: Final[Mapping[str, Callable[[At, statements.New], Iterator[Draft]]]] = {
    "11450-4": statements.problems,
    "48765-2": statements.allergies,
    "10160-0": statements.medications,
    "11369-6": statements.immunizations,
    "30954-2": statements.results,
    "8716-3": statements.results,
    "29762-2": statements.results,
    "46240-8": statements.encounters,
    "47519-4": statements.procedures,
}


@dataclass(frozen=True)
class Document:
    """A parsed Continuity of Care Document."""

    name: str
    data: bytes
    root: Node

    def patients(self) -> Iterator[Candidate]:
        for n, target in enumerate(self.root.findall(f"{V3}recordTarget"), 1):
            yield Candidate(self._patient(n, At(target)))

    def shelf(self, chosen: Chosen) -> Shelf:
        return Shelf.of(self._resources(), chosen, self.name)

    def _resources(self) -> Iterator[Resource]:
        narrative = {each.get("ID", ""): each for each in self.root.iter() if each.get("ID")}
        for n, section in enumerate(self.root.iter(f"{V3}section"), 1):
            code = section.find(f"{V3}code")
            read = _SECTIONS.get(code.get("code", "") if code is not None else "")
            for k, entry in enumerate(section.findall(f"{V3}entry") if read else [], 1):
                place = f"section[{n}]/entry[{k}]"

                def new(kind: str, at: At, place: str = place) -> Draft:
                    return Draft(kind, place, at.path, self.data, narrative)

                for draft in read(At(entry), new) if read else ():
                    yield draft.done()

    def _patient(self, number: int, target: At) -> Resource:
        draft = Draft("Patient", f"recordTarget[{number}]", "", self.data, {})
        count = 0
        role = target.one("patientRole")
        for ident in role.all("id") if role else ():
            source = "extension" if ident.get("extension") else "root"
            if value := ident.get(source):
                draft.put(f"identifier[{count}].value", value, ident.place(source))
                if system := system_of(ident.get("root")):
                    draft.put(f"identifier[{count}].system", system, ident.place("root"))
                count += 1
        person = target.one("patientRole/patient")
        if person:
            _person(draft, person)
        patient = draft.done()
        own = patient.element("identifier[0].value")
        return replace(patient, made={**patient.raw, "id": own.value}) if own else patient


def open_document(part: Part, name: str) -> Document:
    """
    Raises:
        BadInput: it is no XML, or another kind of document.
    """
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    data = part.read()
    if data is None or len(data) > _LARGEST:
        raise BadInput(name, "is more than 64 MB of XML", _REMEDY)
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise BadInput(name, "is XML that declares a document type or entities", "remove its DOCTYPE") from None
    except (ParseError, ValueError, LookupError, RecursionError):
        raise BadInput(name, "is XML that cannot be read", _REMEDY) from None
    if root.tag.startswith("{http://hl7.org/fhir}"):
        raise BadInput(name, "is FHIR as XML", "give it as JSON")
    if root.tag != f"{V3}ClinicalDocument":
        raise BadInput(name, "is XML but no C-CDA document", _REMEDY)
    if not At(root).has_template(CCD):
        raise BadInput(name, f"is a CDA document of another kind{_kind(root)}", _REMEDY)
    return Document(name, data, root)


def _kind(root: Node) -> str:
    """Its LOINC code in brackets, where it states one."""
    code = root.find(f"{V3}code")
    text = code.get("code", "") if code is not None else ""
    return f" (LOINC {text})" if text.replace("-", "").isdigit() and text.isascii() and len(text) < 12 else ""


def _person(draft: Draft, person: At) -> None:
    for n, name in enumerate(person.all("name")):
        path = f"name[{n}]"
        if name.get("use") == "OLD":
            draft.put(f"{path}.use", "old", name.place("use"))
        for k, given in enumerate(name.all("given")):
            if text := words(given.node):
                draft.put(f"{path}.given[{k}]", text, given.path)
        family = name.one("family")
        if family and (text := words(family.node)):
            draft.put(f"{path}.family", text, family.path)
        elif not list(name.node) and (text := words(name.node)):
            draft.put(f"{path}.text", text, name.path)
    draft.put_time("birthDate", person.one("birthTime"))
    gender = person.one("administrativeGenderCode")
    if gender and (word := _GENDERS.get(gender.get("code") or "")):
        draft.put("gender", word, gender.place("code"))
    marital = person.one("maritalStatusCode")
    if marital:
        draft.put_code("maritalStatus", marital)
