"""Whether a record holds what a statement says is not recorded: every entry of that sort is looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Raw = Mapping[str, Any]

_WHOLE: Final = re.compile(r"^(?P<what>[\w -]+?): (?:none|not) recorded(?P<when> .+?)? in this record\.$")
_NAMED: Final = re.compile(
    r"^No (?P<named>.+?) is recorded(?P<when> (?:in|on|since|before|from) \d.*?)? in this record(?:; .*)?\.$"
)
_ENTRY: Final = re.compile(r"^entry named (.+)$")
_REASON: Final = re.compile(r"^reason for (.+)$")
_ABNORMAL: Final = re.compile(r"^(.+) marked abnormal$")
_SORTS: Final[dict[str, tuple[str, ...]]] = {
    "allergies": ("AllergyIntolerance",),
    "conditions": ("Condition",),
    "active conditions": ("Condition",),
    "past conditions": ("Condition",),
    "medications": ("MedicationRequest", "MedicationStatement"),
    "active medications": ("MedicationRequest", "MedicationStatement"),
    "past medications": ("MedicationRequest", "MedicationStatement"),
    "results": ("Observation",),
    "vaccinations": ("Immunization",),
    "procedures": ("Procedure",),
    "encounters": ("Encounter",),
    "family history": ("FamilyMemberHistory",),
    "care teams": ("CareTeam",),
    "care plans": ("CarePlan",),
    "goals": ("Goal",),
}
_PERSON: Final = {
    "date of birth": ("birthDate",),
    "sex": ("gender",),
    "name": ("name",),
    "death": ("deceasedDateTime",),
    "telephone": ("telecom",),
    "e-mail": ("telecom",),
    "address": ("address",),
    "marital status": ("maritalStatus",),
    "language": ("communication",),
    "race": ("us-core-race",),
    "ethnicity": ("us-core-ethnicity",),
    "medical record number": ("MR",),
    "general practitioner": ("generalPractitioner",),
    "emergency contact": ("contact",),
}
_STAYS: Final = {
    "admissions": {"IMP", "ACUTE", "NONAC", "inpatient"},
    "emergency visits": {"EMER", "emergency"},
    "outpatient visits": {"AMB", "outpatient", "ambulatory"},
    "virtual visits": {"VR", "virtual"},
    "home visits": {"HH", "home"},
}
_NOUNS: Final = (
    (re.compile(r"^(.+) result$"), ("Observation",)),
    (re.compile(r"^allergy to (.+)$"), ("AllergyIntolerance",)),
    (re.compile(r"^medication named (.+)$"), ("MedicationRequest", "MedicationStatement")),
    (re.compile(r"^condition named (.+)$"), ("Condition",)),
    (re.compile(r"^procedure named (.+)$"), ("Procedure",)),
    (re.compile(r"^(.+) vaccination$"), ("Immunization",)),
    (re.compile(r"^family history of (.+)$"), ("FamilyMemberHistory",)),
)
_CODES: Final = ("code", "vaccineCode", "medicationCodeableConcept")
_WITHDRAWN: Final = frozenset(("entered-in-error", "cancelled", "not-done", "refuted", "draft", "not-taken", "planned"))
_DATES: Final = ("effectiveDateTime", "occurrenceDateTime", "performedDateTime", "issued")


def is_absence(text: str) -> bool:
    return bool(_WHOLE.match(text) or _NAMED.match(text))


def contradicting(text: str, resources: Sequence[Raw]) -> list[str] | None:
    """What in the record speaks against the absence that ``text`` states; None where that cannot be told."""
    if whole := _WHOLE.match(text):
        return _against_whole(whole["what"].lower(), whole["when"], resources)
    named = _NAMED.match(text)
    if named is None:
        return None
    if match := _ENTRY.match(named["named"]):
        wanted = _words(match[1])
        return [name for raw in resources for name in _names(raw) if wanted <= _words(name)]
    if match := _REASON.match(named["named"]):
        return _reasons(match[1], resources)
    if _ABNORMAL.match(named["named"]):
        held = [raw for raw in _standing(resources, ("Observation",)) if _when(raw, named["when"]) is not False]
        return [name for raw in held if _marked(raw) for name in _names(raw)] if " result marked" in text else None
    for noun, types in _NOUNS:
        if match := noun.match(named["named"]):
            held = [raw for raw in _standing(resources, types) if _when(raw, named["when"]) is not False]
            wanted = _words(match[1])
            close = [name for raw in held for name in _names(raw) if wanted and wanted <= _words(name)]
            exact = [name for name in close if _words(_plain(name)) == wanted or types != ("Observation",)]
            return exact or (None if close else [])
    return None


#: What a sentence about an entry may say is not recorded of it, and where that would stand.
_GAPS: Final = {
    "reason not recorded": ("reasonCode", "reasonReference"),
    "reaction not recorded": ("reaction",),
    "start not recorded": ("onsetDateTime", "onsetPeriod", "authoredOn", "effectivePeriod"),
    "end not recorded": ("abatementDateTime", "abatementPeriod"),
}


def filled_gap(text: str, cited: Sequence[Raw]) -> str | None:
    """What one of the cited entries states that ``text`` says is not recorded of it."""
    return next(
        (key for gap, keys in _GAPS.items() if gap in text for raw in cited for key in keys if raw.get(key)), None
    )


def _is_given(patient: Raw, key: str, what: str) -> bool:
    """Whether the patient's own entry states a field, an extension, or a number or address of a sort."""
    if key == "telecom":
        return any(
            part.get("system") == what.replace("telephone", "phone").replace("-", "") for part in _parts(patient, key)
        )
    if key == "MR":
        return any("MR" in _coded(part.get("type")) for part in _parts(patient, "identifier"))
    if key.startswith("us-core-"):
        return any(str(part.get("url")).endswith(f"/{key}") for part in _parts(patient, "extension"))
    return bool(patient.get(key))


def _parts(raw: Raw, key: str) -> Iterator[Raw]:
    held = raw.get(key)
    yield from (part for part in (held if isinstance(held, list) else []) if isinstance(part, dict))


def _reasons(name: str, resources: Sequence[Raw]) -> list[str]:
    wanted = _words(name)
    return [
        held
        for raw in resources
        for held in _names(raw)
        if wanted <= _words(held) and (raw.get("reasonCode") or raw.get("reasonReference"))
    ]


def _marked(raw: Raw) -> bool:
    """Whether an observation carries a flag of something other than normal."""
    held = raw.get("interpretation")
    codes = {code for concept in (held if isinstance(held, list) else [held]) for code in _coded(concept)}
    return bool(codes - {"N", "NEG", "ND", "NR", "S", "B", "D", "U", "W", "IND", "E", "NS", "EX", "WR"})


def _against_whole(what: str, when: str | None, resources: Sequence[Raw]) -> list[str] | None:
    if what in _PERSON:
        patients = [raw for raw in resources if raw.get("resourceType") == "Patient"]
        return [key for raw in patients for key in _PERSON[what] if _is_given(raw, key, what)]
    if what in _STAYS:
        held = [raw for raw in _standing(resources, ("Encounter",)) if _class(raw) in _STAYS[what]]
    elif what in _SORTS:
        held = _standing(resources, _SORTS[what])
    else:
        return None
    if what.startswith("active "):
        held = [raw for raw in held if _state(raw) == "active"]
    if what.startswith("past "):
        held = [raw for raw in held if _state(raw) not in {"active", ""}]
    if what == "allergies":
        held = [raw for raw in held if _state(raw) in {"active", ""}]
    return [str(raw.get("resourceType")) for raw in held if _when(raw, when) is not False]


def _standing(resources: Sequence[Raw], types: tuple[str, ...]) -> list[Raw]:
    return [
        raw
        for raw in resources
        if raw.get("resourceType") in types
        and not {str(raw.get("status")), *_coded(raw.get("verificationStatus"))} & _WITHDRAWN
        and (raw.get("resourceType") != "Observation" or any(key.startswith("value") for key in _keys(raw)))
    ]


def _keys(raw: Raw) -> Iterator[str]:
    yield from raw
    parts = raw.get("component")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict):
            yield from part


def _coded(concept: Any) -> set[str]:
    if isinstance(concept, str):
        return {concept}
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return {str(c.get("code")) for c in (codings if isinstance(codings, list) else []) if isinstance(c, dict)}


def _state(raw: Raw) -> str:
    codes = _coded(raw.get("clinicalStatus")) or ({str(raw["status"])} if "status" in raw else set())
    return next(iter(codes), "")


def _class(raw: Raw) -> str:
    found = raw.get("class")
    return str(found.get("code")) if isinstance(found, dict) else str(found)


def _names(raw: Raw) -> Iterator[str]:
    for key in _CODES:
        concept = raw.get(key)
        if isinstance(concept, dict):
            codings = concept.get("coding")
            texts = [concept.get("text")] + [
                coding.get("display")
                for coding in (codings if isinstance(codings, list) else [])
                if isinstance(coding, dict)
            ]
            yield from (text for text in texts if isinstance(text, str))
    for part in _parts(raw, "component"):
        yield from _names(part)
    if raw.get("resourceType") == "FamilyMemberHistory":
        relation = " ".join(_names({"code": raw.get("relationship")}))
        yield from (f"{name} {relation}" for part in _parts(raw, "condition") for name in _names(part))


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", text.lower())}


def _plain(name: str) -> str:
    """A laboratory name without its specimen, method and property."""
    return re.split(r"\[| in | by ", name, maxsplit=1)[0]


def _when(raw: Raw, period: str | None) -> bool | None:
    """Whether the entry is dated within the period; None where either is not known."""
    if not period:
        return True
    spans = raw.get("period"), raw.get("performedPeriod"), raw.get("effectivePeriod")
    starts = [span.get("start") for span in spans if isinstance(span, dict)]
    dated = next((d for d in [*(raw.get(key) for key in _DATES), *starts] if isinstance(d, str)), None)
    dates: list[str] = re.findall(r"\d{4}(?:-\d\d)*", period)
    if dated is None or not dates:
        return None if dated else False
    day: str = dated.split("T")[0]
    if period.strip().startswith("since"):
        return day >= dates[0][: len(day)]
    if period.strip().startswith("before"):
        return day < dates[0]
    return day >= dates[0][: len(day)] and day[: len(dates[-1])] <= dates[-1]
