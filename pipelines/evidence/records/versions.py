"""Resources in the shape of another FHIR version than R4: recognised, and refused before facts are lost in silence.

The shapes are those of the resource pages of hl7.org/fhir (STU3, R4, R5) where the versions differ in something that
would be read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.records.json_text import Json
from pipelines.evidence.records.resource import items, walk

Raw = Mapping[str, Json]

_DATE: Final = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?!\d)|$)|$)", re.ASCII)
_EARLIER_TYPES: Final = frozenset(
    (
        "MedicationOrder ProcedureRequest DiagnosticOrder ReferralRequest DeviceUseRequest DeviceComponent DataElement "
        "EligibilityRequest EligibilityResponse ProcessRequest ProcessResponse Sequence BodySite Conformance"
    ).split()
)
_LATER_TYPES: Final = frozenset(
    (
        "MedicationUsage DeviceUsage NutritionIntake GenomicStudy EncounterHistory InventoryItem InventoryReport "
        "FormularyItem BiologicallyDerivedProductDispense DeviceAssociation DeviceDispense Transport Requirements "
        "ActorDefinition ArtifactAssessment ConditionDefinition GenomicStudy ImagingSelection Permission TestPlan"
    ).split()
)


def _concept_or_reference(raw: Raw, *keys: str) -> bool:
    """R5's CodeableReference, where R4 has a ``…CodeableConcept`` or a ``…Reference``."""
    each = [one for key in keys for one in (items(raw.get(key)) or [raw.get(key)])]
    return any({"concept", "reference"} & _keys(one) for one in each)


def _dated(value: Json) -> bool:
    return isinstance(value, str) and _DATE.match(value) is not None


def _keys(node: Json) -> set[str]:
    return set(node) if isinstance(node, dict) else set()


_LATER: Final[Mapping[str, Callable[[Raw], bool]]] = {
    "Encounter": lambda raw: any(map(_keys, items(raw.get("class")))) or "actualPeriod" in raw,
    "MedicationRequest": lambda raw: _concept_or_reference(raw, "medication", "reason"),
    "MedicationStatement": lambda raw: _concept_or_reference(raw, "medication", "reason"),
    "MedicationAdministration": lambda raw: _concept_or_reference(raw, "medication") or "occurenceDateTime" in raw,
    "Procedure": lambda raw: bool(_dated(raw.get("occurrenceDateTime")) or _keys(raw.get("occurrencePeriod"))),
    "AllergyIntolerance": lambda raw: walk(raw, "type.coding[0].code") in ("allergy", "intolerance"),
    "Immunization": lambda raw: "informationSource" in raw,
}
_EARLIER: Final[Mapping[str, Callable[[Raw], bool]]] = {
    "Immunization": lambda raw: ("date" in raw and "occurrenceDateTime" not in raw) or "notGiven" in raw,
    "Procedure": lambda raw: bool({"notDone", "notPerformed", "context"} & raw.keys()),
    "Observation": lambda raw: "context" in raw,
    "DiagnosticReport": lambda raw: "context" in raw,
    "Condition": lambda raw: bool({"assertedDate", "dateRecorded"} & raw.keys()),
    "AllergyIntolerance": lambda raw: bool({"assertedDate", "substance"} & raw.keys()),
    "MedicationRequest": lambda raw: "context" in raw,
    "MedicationStatement": lambda raw: bool({"taken", "wasNotTaken"} & raw.keys()),
}
#: Types whose resources tell the version by their shape.
TELLING: Final = tuple(dict.fromkeys((*_LATER, *_EARLIER)))


def refuse_type(kind: str, name: str) -> None:
    """Raises: BadInput: R4 has no such resource type, but another version has."""
    if kind in _LATER_TYPES:
        raise _refusal(name, kind, "R5")
    if kind in _EARLIER_TYPES:
        raise _refusal(name, kind, "STU3 or earlier")


def refuse_shape(kind: str, raw: Raw, name: str) -> None:
    """Raises: BadInput: the resource has the shape of another version."""
    later, earlier = _LATER.get(kind), _EARLIER.get(kind)
    if later and later(raw):
        raise _refusal(name, kind, "R5")
    if earlier and earlier(raw):
        raise _refusal(name, kind, "STU3 or earlier")


def _refusal(name: str, kind: str, version: str) -> BadInput:
    return BadInput(name, f"holds a {kind} in the shape of FHIR {version}", "export the record as FHIR R4")
