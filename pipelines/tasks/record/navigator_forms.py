"""What of each kind of resource is told as one line: which elements, in which order, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True)
class Part:
    """One element, or each of a list (``[]``). Of several ``paths`` the first that is there counts."""

    label: str
    paths: tuple[str, ...]
    sort: Literal["value", "name", "reference"] = "value"
    """A scalar; what a CodeableConcept is called; or what the resource that a Reference leads to is called."""


@dataclass(frozen=True)
class Form:
    """``holds`` is the kind in words, ``noun`` what its absence is called where a lookup states that."""

    holds: str
    name: tuple[Part, ...]
    dates: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    leads_to: tuple[str, ...] = ()
    """References to entries that belong to it, and are retrieved with it."""
    noun: str | None = None


def _value(label: str, *paths: str) -> Part:
    return Part(label, paths)


def _name(label: str, *paths: str) -> Part:
    return Part(label, paths, "name")


def _reference(label: str, *paths: str) -> Part:
    return Part(label, paths, "reference")


_CODE: Final = (_name("", "code"),)
_MEDICATION: Final = (_name("", "medicationCodeableConcept"), _reference("", "medicationReference"))
_REASONS: Final = (_name("reason", "reasonCode[]"), _reference("reason", "reasonReference[]"))
_STATUS: Final = _value("status", "status")

#: The kinds that a question may be about, in the order in which they are listed.
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "Condition": Form(
            "problems and diagnoses",
            _CODE,
            ("onsetDateTime", "onsetPeriod.start", "recordedDate"),
            (
                _value("status", "clinicalStatus.coding[0].code", "clinicalStatus"),
                _value("verification", "verificationStatus.coding[0].code", "verificationStatus"),
                _name("severity", "severity"),
                _value("ended", "abatementDateTime", "abatementPeriod.start"),
                _value("note", "note[].text"),
            ),
            noun="Conditions",
        ),
        "MedicationRequest": Form(
            "medicines ordered",
            _MEDICATION,
            ("authoredOn",),
            (_STATUS, _value("dosage", "dosageInstruction[].text"), *_REASONS, _value("note", "note[].text")),
            ("reasonReference[]",),
            noun="Medications",
        ),
        "MedicationStatement": Form(
            "medicines that the patient is said to take",
            _MEDICATION,
            ("effectivePeriod.start", "effectiveDateTime", "dateAsserted"),
            (
                _STATUS,
                _value("until", "effectivePeriod.end"),
                _value("dosage", "dosage[].text"),
                *_REASONS,
                _value("note", "note[].text"),
            ),
            ("reasonReference[]",),
            noun="Medications",
        ),
        "MedicationAdministration": Form(
            "doses that were given",
            _MEDICATION,
            ("effectiveDateTime", "effectivePeriod.start"),
            (_STATUS, _value("dosage", "dosage.text"), *_REASONS),
            ("reasonReference[]",),
        ),
        "AllergyIntolerance": Form(
            "allergies and intolerances",
            _CODE,
            ("onsetDateTime", "recordedDate"),
            (
                _value("status", "clinicalStatus.coding[0].code", "clinicalStatus"),
                _value("verification", "verificationStatus.coding[0].code", "verificationStatus"),
                _value("criticality", "criticality"),
                _name("reaction", "reaction[].manifestation[]"),
                _value("severity", "reaction[].severity"),
            ),
            noun="Allergies",
        ),
        "Observation": Form(
            "measurements: laboratory results, vital signs, scores, habits",
            _CODE,
            ("effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued"),
            (
                _value("status", "status"),
                _name("flag", "interpretation[]"),
                _value("reference range", "referenceRange[].text"),
                _name("not measured", "dataAbsentReason"),
                _value("note", "note[].text"),
            ),
            ("hasMember[]",),
        ),
        "DiagnosticReport": Form(
            "reports of examinations and laboratory panels",
            _CODE,
            ("effectiveDateTime", "effectivePeriod.start", "issued"),
            (_STATUS, _value("conclusion", "conclusion"), _name("conclusion", "conclusionCode[]")),
            ("result[]",),
        ),
        "Procedure": Form(
            "procedures and operations",
            _CODE,
            ("performedDateTime", "performedPeriod.start"),
            (
                _STATUS,
                _value("until", "performedPeriod.end"),
                _name("site", "bodySite[]"),
                _name("outcome", "outcome"),
                _name("complication", "complication[]"),
                *_REASONS,
                _value("note", "note[].text"),
            ),
            ("reasonReference[]",),
            noun="Procedures",
        ),
        "Immunization": Form(
            "vaccinations",
            (_name("", "vaccineCode"),),
            ("occurrenceDateTime", "occurrenceString"),
            (_STATUS, _value("dose", "protocolApplied[].doseNumberPositiveInt")),
            noun="Vaccinations",
        ),
        "Encounter": Form(
            "visits, stays in hospital, contacts",
            (_name("", "type[]"),),
            ("period.start",),
            (
                _value("until", "period.end"),
                _value("class", "class.display", "class.code", "class"),
                _STATUS,
                *_REASONS,
                _reference("diagnosis", "diagnosis[].condition"),
                _value("at", "serviceProvider.display"),
            ),
            ("reasonReference[]", "diagnosis[].condition"),
            noun="Encounters",
        ),
        "FamilyMemberHistory": Form(
            "illnesses in the family",
            (_name("", "relationship"),),
            ("date",),
            (_name("had", "condition[].code"), _STATUS),
            noun="Family history",
        ),
        "ServiceRequest": Form(
            "examinations and treatments ordered",
            _CODE,
            ("authoredOn", "occurrenceDateTime"),
            (_STATUS, _value("intent", "intent"), *_REASONS),
            ("reasonReference[]",),
        ),
        "CarePlan": Form(
            "plans of care",
            (_value("", "title"), _name("", "category[]")),
            ("period.start", "created"),
            (
                _STATUS,
                _value("until", "period.end"),
                _name("activity", "activity[].detail.code"),
                _reference("for", "addresses[]"),
            ),
            ("addresses[]",),
        ),
        "Goal": Form(
            "goals of treatment",
            (_name("", "description"),),
            ("startDate", "statusDate"),
            (_value("status", "lifecycleStatus"), _reference("for", "addresses[]")),
        ),
        "CareTeam": Form(
            "who takes care of the patient",
            (_value("", "name"), _name("", "category[]")),
            ("period.start",),
            (_STATUS, _value("member", "participant[].member.display"), _name("role", "participant[].role[]")),
        ),
        "ImagingStudy": Form(
            "imaging studies",
            (_value("", "description"), _name("", "procedureCode[]"), _value("", "series[0].modality.display")),
            ("started",),
            (_STATUS, _value("site", "series[].bodySite.display")),
        ),
        "Device": Form("devices and implants", (_name("", "type"),), ("manufactureDate",), (_STATUS,)),
        "DocumentReference": Form(
            "documents, by their titles alone",
            (_value("", "description"), _name("", "type")),
            ("date",),
            (_STATUS, _value("title", "content[].attachment.title")),
        ),
    }
)
