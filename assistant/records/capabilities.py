"""What a FHIR server says that it can do: its CapabilityStatement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from assistant.records.written import Json, dicts
from pipelines.errors import BadInput

#: What of a record is fetched: the types of FHIR R4's patient compartment in which clinical facts stand (its
#: compartment definition, http://hl7.org/fhir/R4/compartmentdefinition-patient.html), but for bills and messages.
TYPES: Final = (
    "AllergyIntolerance", "CarePlan", "CareTeam", "ClinicalImpression", "Composition", "Condition", "Device",
    "DeviceUseStatement", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare",
    "FamilyMemberHistory", "Flag", "Goal", "ImagingStudy", "Immunization", "MedicationAdministration",
    "MedicationDispense", "MedicationRequest", "MedicationStatement", "NutritionOrder", "Observation", "Procedure",
    "QuestionnaireResponse", "RiskAssessment", "ServiceRequest", "Specimen",
)  # fmt: skip
#: They may name their drug in a resource of its own.
_OF_DRUGS: Final = frozenset(
    {"MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement"}
)
_RELEASES: Final = {"1": "DSTU2", "3": "STU3", "5": "R5", "6": "R6"}
_REMEDY: Final = "name the address of its FHIR R4 interface"


@dataclass(frozen=True)
class Searched:
    """How a type is searched for by patient."""

    type: str
    parameter: str
    include: str | None
    """What is wanted with it (``_include``), where the server says that it can."""


@dataclass(frozen=True)
class Capabilities:
    """Of a FHIR R4 server."""

    version: str
    searched: tuple[Searched, ...]
    not_offered: tuple[str, ...]
    """Of `TYPES`, those that it does not let anybody search for by patient."""
    everything: bool
    """Whether it hands out a whole record by itself (``$everything``)."""


def read_capabilities(statement: Json, name: str) -> Capabilities:
    """From a CapabilityStatement.

    Args:
        name: of the record that is to be fetched, for errors.

    Raises:
        BadInput: it is that of another release than R4, or none.
    """
    kind = statement.get("resourceType") if isinstance(statement, dict) else None
    if kind == "Conformance":
        raise BadInput(name, "is on a server of FHIR DSTU2", _REMEDY)
    version = statement.get("fhirVersion") if kind == "CapabilityStatement" else None
    if not isinstance(version, str):
        raise BadInput(name, "is on no FHIR server: it does not say what it can do (metadata)", _REMEDY)
    if not version.startswith("4."):
        release = _RELEASES.get(version.partition(".")[0])
        stated = version if re.fullmatch(r"[0-9A-Za-z.\-]{1,20}", version) else "unknown"
        what = f"{release} ({stated})" if release else f"version {stated}"
        raise BadInput(name, f"is on a server of FHIR {what}", _REMEDY)
    offered = {each["type"]: each for each in _resources(statement)}
    if not offered:  # It says nothing: whatever it has is asked for.
        return Capabilities(version, tuple(Searched(one, "patient", None) for one in TYPES), (), everything=False)
    found = {one: _searched(one, offered[one]) for one in TYPES if one in offered}
    searched = tuple(how for how in found.values() if how is not None)
    not_offered = tuple(one for one in TYPES if found.get(one) is None)
    return Capabilities(version, searched, not_offered, "everything" in set(_operations(offered.get("Patient", {}))))


def _resources(statement: Json) -> Iterator[Json]:
    for rest in dicts(statement.get("rest")):
        if rest.get("mode", "server") == "server":
            yield from (each for each in dicts(rest.get("resource")) if isinstance(each.get("type"), str))


def _searched(name: str, resource: Json) -> Searched | None:
    interactions = {each.get("code") for each in dicts(resource.get("interaction"))}
    if interactions and "search-type" not in interactions:
        return None
    parameters = {each.get("name") for each in dicts(resource.get("searchParam"))}
    by_patient = [one for one in ("patient", "subject") if one in parameters or not parameters]
    if not by_patient:
        return None
    stated = resource.get("searchInclude")
    wanted = f"{name}:medication"
    can = name in _OF_DRUGS and isinstance(stated, list) and (wanted in stated or "*" in stated)
    return Searched(name, by_patient[0], wanted if can else None)


def _operations(patient: Json) -> Iterator[str]:
    for operation in dicts(patient.get("operation")):
        yield str(operation.get("name", "")).removeprefix("$")
