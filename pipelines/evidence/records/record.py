"""A FHIR R4 bundle -> Record: one patient's resources, each with its address.

Only what belongs to that patient and was not withdrawn is kept: a resource that names another subject, or is marked
entered-in-error or cancelled, never answers a question. Bundles of other FHIR versions are refused where reading them
as R4 would silently lose facts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from pipelines.errors import BadInput, PersonNeeded
from pipelines.evidence.records.resource import Json, Resource, items, walk, written
from pipelines.records import Patient

WITHDRAWN: Final = frozenset({"entered-in-error", "cancelled"})
_STATUS: Final = ("status", "verificationStatus", "verificationStatus.coding[0].code")
_SUBJECT: Final = ("subject", "patient", "beneficiary", "for")
_REMEDY: Final = "give a FHIR R4 Bundle as JSON"


@dataclass(frozen=True, eq=False)
class Record:
    """One patient's record. ``attachment`` is the SHA-256 that citations name, ``source`` the bytes as given."""

    attachment: str
    name: str
    source: bytes
    patient: Patient
    patient_resource: Resource
    resources: tuple[Resource, ...]
    left_out: int
    """Resources of this patient that were withdrawn, and resources of other subjects."""
    links: Mapping[str, Resource]
    """Resources by every reference that leads to them."""

    @cached_property
    def _by_type(self) -> dict[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return {name: tuple(group) for name, group in found.items()}

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        return tuple(resource for name in types for resource in self._by_type.get(name, ()))

    def resolve(self, holder: Resource, path: str) -> tuple[Resource, str] | None:
        """Where the Reference at ``path`` of ``holder`` leads: the resource that holds the target and the path of
        the target within it (``contained[0]``, or empty for a resource of its own)."""
        reference = walk(holder.raw, f"{path}.reference")
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            for n, contained in enumerate(items(holder.raw.get("contained"))):
                if isinstance(contained, dict) and contained.get("id") == reference[1:]:
                    return holder, f"contained[{n}]"
            return None
        target = _follow(self.links, reference)
        return (target, "") if target else None


def read_record(data: bytes, name: str, attachment: str, patient: str | None = None) -> Record:
    """Read a bundle.

    Args:
        data: the bundle's bytes.
        name: file name, for errors.
        attachment: the attachment's SHA-256, for citations.
        patient: resource id or identifier value of the patient meant; needed only where there are several.

    Raises:
        BadInput: not a readable R4 bundle, no patient in it, or several and none chosen.
        PersonNeeded: ``patient`` is none of the record's patients.
    """
    resources, links = _resources(data, name)
    patients = _patients(resources, name)
    chosen = _choose(patients, name, patient)
    own = chosen.raw.get("id")
    identifiers = _identifiers(chosen)
    kept: list[Resource] = []
    for resource in resources:
        if resource.type == "Patient":
            continue
        mine = _belongs(resource, chosen, links, identifiers, alone=len(patients) == 1, own=own)
        if mine and not any(written(walk(resource.raw, path)) in WITHDRAWN for path in _STATUS):
            kept.append(resource)
    return Record(
        attachment=attachment,
        name=name,
        source=data,
        patient=_identity(chosen),
        patient_resource=chosen,
        resources=tuple(kept),
        left_out=len(resources) - len(patients) - len(kept),
        links=links,
    )


def is_patient(data: bytes, name: str, patient: str) -> bool:
    """Whether ``patient`` is the resource id or any identifier value of someone in the bundle."""
    resources, _ = _resources(data, name)
    return any(patient in _known_as(resource) for resource in _patients(resources, name))


def _resources(data: bytes, name: str) -> tuple[list[Resource], dict[str, Resource]]:
    try:
        bundle = json.loads(data, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadInput(name, "is not JSON", _REMEDY) from None
    if b"\\ud" in data.lower() and _broken_unicode(bundle):
        raise BadInput(name, "holds broken Unicode", _REMEDY)
    if not isinstance(bundle, dict):
        raise BadInput(name, "is JSON but not a FHIR resource", _REMEDY)
    if bundle.get("resourceType") != "Bundle":
        kind = bundle.get("resourceType")
        what = f"is a FHIR {kind}" if isinstance(kind, str) and kind.isalpha() and len(kind) < 40 else "is JSON"
        raise BadInput(name, f"{what}, not a Bundle", _REMEDY)
    resources: list[Resource] = []
    links: dict[str, Resource] = {}
    newest: dict[str, int] = {}
    for n, entry in enumerate(items(bundle.get("entry"))):
        raw = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(raw, dict) or not isinstance(raw.get("resourceType"), str):
            continue
        _refuse_other_versions(raw, name)
        ident = raw.get("id")
        address = f"{raw['resourceType']}/{ident}" if isinstance(ident, str) and ident else f"entry[{n}].resource"
        resource = Resource(address, raw)
        if address in newest:  # two versions of one resource: the later one counts
            if _version(raw) >= _version(resources[newest[address]].raw):
                resources[newest[address]] = resource
            else:
                continue
        else:
            newest[address] = len(resources)
            resources.append(resource)
        links[address] = resource
        full = entry.get("fullUrl")
        if isinstance(full, str) and full:
            links[full] = resource
    return resources, links


def _refuse_constant(text: str) -> Json:
    raise ValueError(text)


def _broken_unicode(bundle: Json) -> bool:
    """Half of a surrogate pair can be written in JSON but never as text."""
    try:
        json.dumps(bundle, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return True
    return False


def _version(raw: Mapping[str, Json]) -> str:
    return written(walk(raw, "meta.lastUpdated")) or ""


def _refuse_other_versions(raw: Mapping[str, Json], name: str) -> None:
    kind = raw["resourceType"]
    later = (
        (kind == "Encounter" and (isinstance(raw.get("class"), list) or "actualPeriod" in raw))
        or (kind in {"MedicationRequest", "MedicationStatement"} and isinstance(raw.get("medication"), dict))
        or kind == "MedicationUsage"
    )
    earlier = kind in {"MedicationOrder", "ProcedureRequest", "DiagnosticOrder"} or (
        kind == "Immunization" and "date" in raw and "occurrenceDateTime" not in raw
    )
    if later or earlier:
        version = "R5" if later else "STU3 or earlier"
        raise BadInput(name, f"holds a {kind} in the shape of FHIR {version}", "export the record as FHIR R4")


def _patients(resources: list[Resource], name: str) -> list[Resource]:
    patients = [r for r in resources if r.type == "Patient" and written(r.raw.get("status")) not in WITHDRAWN]
    if not patients:
        raise BadInput(name, "holds no Patient", "give a bundle that includes the Patient resource")
    return patients


def _choose(patients: list[Resource], name: str, patient: str | None) -> Resource:
    ids = ", ".join(r.address.removeprefix("Patient/") for r in patients[:5]) + (", …" if len(patients) > 5 else "")
    if patient is None:
        if len(patients) > 1:
            raise BadInput(name, f"holds {len(patients)} patients ({ids})", "choose one with --patient ID")
        return patients[0]
    for resource in patients:
        if patient in _known_as(resource):
            return resource
    raise PersonNeeded(name, f"does not hold patient {patient} but {ids}", "give the right record or --patient ID")


def _identifiers(patient: Resource) -> set[tuple[str, str]]:
    return {
        (str(each.get("system", "")), each["value"])
        for each in items(patient.raw.get("identifier"))
        if isinstance(each, dict) and isinstance(each.get("value"), str)
    }


def _known_as(patient: Resource) -> set[str]:
    return {patient.address.removeprefix("Patient/")} | {value for _, value in _identifiers(patient)}


def _identity(patient: Resource) -> Patient:
    system = patient.element("identifier[0].system")
    birth = patient.element("birthDate")
    return Patient(
        id=patient.address.removeprefix("Patient/"),
        system=system.value if system else None,
        name=_human_name(patient),
        birth_date=birth.value if birth else None,
    )


def _human_name(patient: Resource) -> str | None:
    for raw in items(patient.raw.get("name")):
        if not isinstance(raw, dict) or raw.get("use") == "old":
            continue
        if isinstance(raw.get("text"), str):
            return str(raw["text"])
        parts = [*items(raw.get("given")), raw.get("family")]
        text = " ".join(part for part in parts if isinstance(part, str))
        if text:
            return text
    return None


def _belongs(
    resource: Resource,
    patient: Resource,
    links: Mapping[str, Resource],
    identifiers: set[tuple[str, str]],
    alone: bool,
    own: Json,
) -> bool:
    subject = next((raw for key in _SUBJECT if isinstance(raw := resource.raw.get(key), dict)), None)
    if subject is None:
        return True
    reference = subject.get("reference")
    if isinstance(reference, str):
        target = _follow(links, reference)
        if target is not None:
            return target is patient
        return isinstance(own, str) and reference.rstrip("/").split("/_history")[0].endswith(f"Patient/{own}")
    identifier = subject.get("identifier")
    if isinstance(identifier, dict):
        return (str(identifier.get("system", "")), written(identifier.get("value"))) in identifiers
    return alone


def _follow(links: Mapping[str, Resource], reference: str) -> Resource | None:
    plain = reference.split("/_history/", maxsplit=1)[0]
    found = links.get(plain)
    if found is None and plain.count("/") > 1:
        found = links.get("/".join(plain.rsplit("/", 2)[-2:]))
    return found
