"""The entries of a Continuity of Care Document as resources, by the templates of C-CDA R2.1.

Names and codes are those of FHIR, so that one set of questions serves both; where each element stands is kept with
it. How statuses and negations carry over follows HL7's guide "C-CDA on FHIR". What a section states only in words
(its narrative) is not made a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from pipelines.evidence.records.cda.place import At, Draft

New = Callable[[str, At], Draft]
"""A new draft of a resource of some type for a statement."""

XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_TEMPLATE: Final = "2.16.840.1.113883.10.20.22.4."
ACT_STATUS: Final[Mapping[str, str]] = {
    "active": "active",
    "completed": "inactive",
    "aborted": "inactive",
    "suspended": "inactive",
    "nullified": "entered-in-error",
    "cancelled": "entered-in-error",
}
#: SNOMED CT codes of the Problem Status value set.
CLINICAL_STATUS: Final[Mapping[str, str]] = {
    "55561003": "active",
    "73425007": "inactive",
    "413322009": "resolved",
    "246455001": "recurrence",
    "263855007": "relapse",
    "277022003": "remission",
}
RESULT_STATUS: Final[Mapping[str, str]] = {
    "completed": "final",
    "active": "preliminary",
    "held": "registered",
    "suspended": "registered",
    "aborted": "cancelled",
    "cancelled": "cancelled",
    "nullified": "entered-in-error",
}
EVENT_STATUS: Final[Mapping[str, str]] = {
    "completed": "completed",
    "active": "in-progress",
    "aborted": "stopped",
    "cancelled": "not-done",
    "nullified": "entered-in-error",
}
MEDICATION_STATUS: Final[Mapping[str, str]] = {
    "active": "active",
    "completed": "completed",
    "aborted": "stopped",
    "suspended": "on-hold",
    "held": "on-hold",
    "cancelled": "entered-in-error",
    "nullified": "entered-in-error",
}
#: What a negated statement of a whole kind says, by the SNOMED CT code that it negates: (code, name).
NONE_KNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "55607006": ("160245001", "No known problems"),
    "404684003": ("160245001", "No known problems"),
    "419199007": ("716186003", "No known allergy"),
    "420134006": ("716186003", "No known allergy"),
    "416098002": ("409137002", "No known drug allergy"),
    "414285001": ("429625007", "No known food allergy"),
    "410942007": ("787481004", "No known medications"),
}


def problems(entry: At, new: New) -> Iterator[Draft]:
    for act in entry.all("act"):
        for observation in _within(act, "4"):
            draft = new("Condition", observation)
            value = observation.one("value")
            if not _negated_whole(draft, observation, value, "code") and not draft.put_code("code", value):
                continue
            _clinical_status(draft, act, observation, "6")
            _concern(draft, act, observation)
            draft.put_time("onsetDateTime", observation.one("effectiveTime/low"))
            draft.put_time("abatementDateTime", observation.one("effectiveTime/high"))
            yield draft


def allergies(entry: At, new: New) -> Iterator[Draft]:
    for act in entry.all("act"):
        for observation in _within(act, "7"):
            draft = new("AllergyIntolerance", observation)
            substance = observation.one("participant/participantRole/playingEntity/code")
            named = draft.put_code("code", substance)
            entity = observation.one("participant/participantRole/playingEntity/name")
            if not named:
                named = draft.put_text("code.text", entity)
            if _is_negated(observation) and not named:
                named = _negated_whole(draft, observation, observation.one("value"), "code")
            elif _is_negated(observation):
                _refute(draft, observation)
            if not named:
                continue
            _clinical_status(draft, act, observation, "28")
            _concern(draft, act, observation)
            draft.put_time("onsetDateTime", observation.one("effectiveTime/low"))
            for n, reaction in enumerate(_within(observation, "9")):
                draft.put_code(f"reaction[{n}].manifestation[0]", reaction.one("value"))
            yield draft


def medications(entry: At, new: New) -> Iterator[Draft]:
    for given in entry.all("substanceAdministration"):
        draft = new("MedicationStatement", given)
        material = given.one("consumable/manufacturedProduct/manufacturedMaterial/code")
        if _is_negated(given):
            if not _negated_whole(draft, given, material, "medicationCodeableConcept"):
                draft.put_code("medicationCodeableConcept", material)
                draft.put("status", "not-taken", given.place("negationInd"))
        elif not draft.put_code("medicationCodeableConcept", material):
            name = given.one("consumable/manufacturedProduct/manufacturedMaterial/name")
            if not draft.put_text("medicationCodeableConcept.text", name):
                continue
        if "status" not in draft.raw:
            _status(draft, given, "status", MEDICATION_STATUS)
        _period(draft, "effectivePeriod", "effectiveDateTime", given)
        draft.put_code("dosage[0].route", given.one("routeCode"))
        dose = given.one("doseQuantity")
        if dose:
            _quantity(draft, "dosage[0].doseAndRate[0].doseQuantity", dose)
        for n, reason in enumerate(_within(given, "19")):
            draft.put_code(f"reasonCode[{n}]", reason.one("value"))
        yield draft


def immunizations(entry: At, new: New) -> Iterator[Draft]:
    for given in entry.all("substanceAdministration"):
        draft = new("Immunization", given)
        if not draft.put_code("vaccineCode", given.one("consumable/manufacturedProduct/manufacturedMaterial/code")):
            continue
        if _is_negated(given):
            draft.put("status", "not-done", given.place("negationInd"))
        else:
            _status(draft, given, "status", EVENT_STATUS)
        time = given.one("effectiveTime")
        draft.put_time("occurrenceDateTime", time if time and time.get("value") else given.one("effectiveTime/low"))
        yield draft


def results(entry: At, new: New) -> Iterator[Draft]:
    """Results and vital signs, which stand in organizers; observations of the social history, which stand alone."""
    for organizer in entry.all("organizer"):
        for component in organizer.all("component"):
            for observation in component.all("observation"):
                yield from _observation(observation, organizer, new)
    for observation in entry.all("observation"):
        yield from _observation(observation, None, new)


def encounters(entry: At, new: New) -> Iterator[Draft]:
    for encounter in entry.all("encounter"):
        draft = new("Encounter", encounter)
        if not draft.put_code("type[0]", encounter.one("code")):
            continue
        code = encounter.one("code")
        for each in (code, *code.all("translation")) if code else ():
            if each.get("codeSystem") == "2.16.840.1.113883.5.4" and (sort := each.get("code")):
                draft.put("class.code", sort, each.place("code"))
        _period(draft, "period", "period.start", encounter)
        yield draft


def procedures(entry: At, new: New) -> Iterator[Draft]:
    for name in ("procedure", "observation", "act"):
        for done in entry.all(name):
            draft = new("Procedure", done)
            if not draft.put_code("code", done.one("code")):
                continue
            if _is_negated(done):
                draft.put("status", "not-done", done.place("negationInd"))
            else:
                _status(draft, done, "status", EVENT_STATUS)
            _period(draft, "performedPeriod", "performedDateTime", done)
            yield draft


def _observation(observation: At, organizer: At | None, new: New) -> Iterator[Draft]:
    draft = new("Observation", observation)
    value = observation.one("value")
    if _is_negated(observation) or not draft.put_code("code", observation.one("code")):
        return
    _status(draft, observation, "status", RESULT_STATUS)
    _period(draft, "effectivePeriod", "effectiveDateTime", observation)
    if organizer and not {"effectivePeriod", "effectiveDateTime"} & draft.raw.keys():
        time = organizer.one("effectiveTime")
        at = time if time and time.get("value") else organizer.one("effectiveTime/low")
        if at:
            draft.put_time("effectiveDateTime", at)
    if value:
        _value(draft, value)
    for n, each in enumerate(observation.all("interpretationCode")):
        draft.put_code(f"interpretation[{n}]", each)
    for n, each in enumerate(observation.all("referenceRange")):
        for bound in ("low", "high"):
            limit = each.one(f"observationRange/value/{bound}")
            if limit and limit.get("value"):
                _quantity(draft, f"referenceRange[{n}].{bound}", limit)
        draft.put_text(f"referenceRange[{n}].text", each.one("observationRange/text"))
    yield draft


def _value(draft: Draft, value: At) -> None:
    """By its type: a quantity, a code, words, or a range of which one end is known (``<5``)."""
    kind = (value.node.get(XSI) or "").rpartition(":")[2]
    if kind == "PQ" or (not kind and value.get("unit")):
        _quantity(draft, "valueQuantity", value)
    elif kind in {"CD", "CE", "CO", "CV", "CS"}:
        draft.put_code("valueCodeableConcept", value)
    elif kind == "IVL_PQ":
        low, high = value.one("low"), value.one("high")
        if low and low.get("value") and high and high.get("value"):
            _quantity(draft, "valueRange.low", low)
            _quantity(draft, "valueRange.high", high)
        elif limit := next((each for each in (high, low) if each and each.get("value")), None):
            _quantity(draft, "valueQuantity", limit)
            sign = ("<" if limit is high else ">") + ("" if limit.get("inclusive") == "false" else "=")
            draft.put("valueQuantity.comparator", sign, limit.place("inclusive"))
    elif kind in {"INT", "REAL"} and value.get("value"):
        _quantity(draft, "valueQuantity", value)
    elif not draft.put_text("valueString", value) and value.get("value"):
        draft.put("valueString", value.get("value"), value.place("value"))


def _quantity(draft: Draft, path: str, at: At) -> None:
    text = at.get("value")
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        return
    if not number.is_finite():
        return
    draft.put(f"{path}.value", number, at.place("value"))
    if (unit := at.get("unit")) and unit != "1":
        draft.put(f"{path}.unit", unit, at.place("unit"))


def _period(draft: Draft, period: str, moment: str, at: At) -> None:
    """Of the first time that states one: a period from low to high, or a moment."""
    for time in at.all("effectiveTime"):
        if time.get("value"):
            draft.put_time(moment, time)
            return
        low, high = time.one("low"), time.one("high")
        if (low and low.get("value")) or (high and high.get("value")):
            draft.put_time(f"{period}.start", low)
            draft.put_time(f"{period}.end", high)
            return


def _within(at: At, template: str) -> Iterator[At]:
    for relation in at.all("entryRelationship"):
        for observation in relation.all("observation"):
            if observation.has_template(_TEMPLATE + template):
                yield observation


def _status(draft: Draft, at: At, path: str, words: Mapping[str, str]) -> None:
    code = at.one("statusCode")
    if code and (status := words.get(code.get("code") or "")):
        draft.put(path, status, code.place("code"))


def _clinical_status(draft: Draft, act: At, observation: At, template: str) -> None:
    """What the statement's own status says, else whether it ended, else whether anybody is still concerned with it."""
    path = "clinicalStatus.coding[0].code"
    for stated in _within(observation, template):
        value = stated.one("value")
        if value and (status := CLINICAL_STATUS.get(value.get("code") or "")):
            draft.put(path, status, value.place("code"))
            return
    high = observation.one("effectiveTime/high")
    if high and high.get("value"):
        draft.put(path, "resolved", high.place("value"))
        return
    code = act.one("statusCode")
    if code and (status := ACT_STATUS.get(code.get("code") or "")) and status != "entered-in-error":
        draft.put(path, status, code.place("code"))


def _concern(draft: Draft, *statements: At) -> None:
    for at in statements:
        code = at.one("statusCode")
        if code and ACT_STATUS.get(code.get("code") or "") == "entered-in-error":
            draft.put("verificationStatus.coding[0].code", "entered-in-error", code.place("code"))


def _is_negated(at: At) -> bool:
    return at.get("negationInd") == "true"


def _negated_whole(draft: Draft, at: At, negated: At | None, path: str) -> bool:
    """ "No known …": the statement is negated, and what it negates is a whole kind and nothing in particular."""
    if not _is_negated(at):
        return False
    found = NONE_KNOWN.get((negated.get("code") if negated else None) or "")
    if found is None:
        _refute(draft, at)
        return False
    draft.put(f"{path}.coding[0].system", "http://snomed.info/sct", at.place("negationInd"))
    draft.put(f"{path}.coding[0].code", found[0], at.place("negationInd"))
    draft.put(f"{path}.text", found[1], at.place("negationInd"))
    return True


def _refute(draft: Draft, at: At) -> None:
    draft.put("verificationStatus.coding[0].code", "refuted", at.place("negationInd"))
