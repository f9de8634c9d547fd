"""Questions about any FHIR bundle, with answers reckoned straight from its JSON, without a line of the product."""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.support.record_voices import Names, Table, Voice, voice, voices

Raw = dict[str, Any]
TODAY: Final = date(2026, 6, 1)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()


def questions(bundle: Raw, of_voices: tuple[str, ...], seed: int, every: int = 1) -> Iterator[Raw]:
    """Cases ``{"category", "voice", "question", "answer", "match"}`` in every wording of the voices.

    Args:
        bundle: of one patient; all its resources are taken for that patient's.
        of_voices: of `tests.support.record_voices`.
        seed: chooses the names, dates and years that fill a wording.
        every: only each so many-th wording, from a place that the seed chooses.
    """
    chance = random.Random(seed)
    held = _Held([entry["resource"] for entry in bundle["entry"] if "resource" in entry])
    for name in of_voices:
        asker = voice(name)
        for category, wordings in asker.wordings.items():
            for n, wording in enumerate(wordings):
                if (n + seed) % every:
                    continue
                found = _TRUTHS[category](held, _Asker.chosen(asker, chance))
                if found:
                    slots, answer, match = found
                    question = wording.format(**slots)
                    yield {"category": category, "voice": name, "question": question, "answer": answer, "match": match}


Truth = tuple[dict[str, str], Any, str]


@dataclass(frozen=True)
class _Asker:
    """Chance, and how one question calls things and says dates."""

    chance: random.Random
    names: Names
    dates: str

    @classmethod
    def chosen(cls, asker: Voice, chance: random.Random) -> _Asker:
        return cls(chance, chance.choice(asker.names), chance.choice(asker.dates))

    def calls(self, table: Table, recorded: Iterable[str]) -> tuple[str, str] | None:
        """(what the recorded name holds, what it is called) for something that is there."""
        names = list(recorded)
        there = [(word, said) for word, said in self.names[table].items() if any(_holds(name, word) for name in names)]
        if not there:
            return None
        word, said = self.chance.choice(there)
        return word, self.chance.choice(said)

    def day(self, day: str) -> str:
        return _spoken_date(day, self.chance, self.dates)

    def year(self, year: int) -> str:
        return _spoken_year(year) if self.dates == "spoken" else str(year)


class _Held:
    """The resources of a bundle by type, those withdrawn left out."""

    def __init__(self, resources: list[Raw]) -> None:
        self.all = [r for r in resources if r.get("status") not in ("entered-in-error", "cancelled")]
        self.patient = next(r for r in self.all if r["resourceType"] == "Patient")

    def of(self, *types: str) -> list[Raw]:
        return [r for r in self.all if r["resourceType"] in types]

    def labs(self, code: str) -> list[tuple[str, float, str]]:
        """(instant, value, unit) of every result of the code, oldest first."""
        found = [
            (r["effectiveDateTime"], float(r["valueQuantity"]["value"]), r["valueQuantity"].get("unit", ""))
            for r in self.of("Observation")
            if code in _codes(r["code"]) and "value" in r.get("valueQuantity", {}) and "effectiveDateTime" in r
        ]
        return sorted(found, key=lambda each: each[0])

    def choose_lab(self, asker: _Asker, least: int = 1) -> tuple[str, list[tuple[str, float, str]]]:
        names = asker.names["analytes"]
        there = [code for code in names if len({t for t, *_ in self.labs(code)}) >= least]
        if not there:
            return "", []
        code = asker.chance.choice(there)
        return asker.chance.choice(names[code]), self.labs(code)


def _codes(concept: Any) -> set[str]:
    return {c.get("code") for c in concept.get("coding", [])} if isinstance(concept, dict) else set()


def _name(concept: Any) -> str:
    return str(concept.get("text") or next(iter(concept.get("coding", [])), {}).get("display", ""))


def _holds(name: str, word: str) -> bool:
    """Whether a recorded name holds the word, as a word."""
    return re.search(rf"(?<!\w){re.escape(word)}", name.lower()) is not None


def _day(instant: str) -> str:
    return instant.split("T", maxsplit=1)[0]


def _spoken_date(day: str, chance: random.Random, voice: str) -> str:
    year, month, number = day.split("-")
    name, n = _MONTHS[int(month) - 1], int(number)
    suffix = "th" if 10 < n < 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    ordinal = (_ORDINALS + ["twenty " + o for o in _ORDINALS[:9]] + ["thirtieth", "thirty first"])[n - 1]
    return {
        "terse": chance.choice((day, f"{int(month)}/{n}/{year}")),
        "polite": chance.choice((f"{name} {n}, {year}", f"{n} {name} {year}", f"the {n}{suffix} of {name} {year}")),
        "spoken": f"{name.lower()} {ordinal} {_spoken_year(int(year))}",
        "other": chance.choice(
            (day, f"{name} {n}{suffix}, {year}", f"{name[:3]} {n} {year}", f"the {ordinal} of {name} {year}")
        ),
    }[voice]  # fmt: skip


def _spoken_year(year: int) -> str:
    words = (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    ).split()
    tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
    rest = year % 100
    low = words[rest] if rest < 20 else tens[rest // 10] + (f" {words[rest % 10]}" if rest % 10 else "")
    if 2000 <= year < 2010:
        return "two thousand" + (f" {low}" if rest else "")
    return f"{'nineteen' if year < 2000 else 'twenty'} {f'oh {low}' if rest < 10 else low}"


def _edge(pick: Callable[[list[tuple[str, float, str]]], tuple[str, float, str]]) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        name, labs = held.choose_lab(asker)
        if not labs:
            return None
        at, value, unit = pick(labs)
        if len([1 for t, v, _ in labs if t == at]) > 1:
            return None
        return (
            {"a": name},
            {"value": value, "unit": unit, "date": _day(at)},
            "numeric(±0.5% or rounded to 1 decimal)+date",
        )

    return truth


def _extreme(sign: int) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        name, labs = held.choose_lab(asker, 2)
        if not labs:
            return None
        best = max(sign * v for _, v, _ in labs) * sign
        days = {_day(t) for t, v, _ in labs if v == best}
        answer = {"value": best} | ({"date": days.pop()} if len(days) == 1 else {})
        return {"a": name}, answer, "numeric(±0.5%)+date"

    return truth


def _trend(held: _Held, asker: _Asker) -> Truth | None:
    name, labs = held.choose_lab(asker, 2)
    return ({"a": name}, *_changed(labs)) if labs else None


def _changed(labs: list[tuple[str, float, str]]) -> tuple[Raw, str]:
    first, last = labs[0], labs[-1]
    answer = {
        "first": first[1], "first_date": _day(first[0]), "last": last[1], "last_date": _day(last[0]),
        "change": round(last[1] - first[1], 2), "unit": last[2],
    }  # fmt: skip
    return answer, "numeric(±0.1)+dates"


def _change_between(held: _Held, asker: _Asker) -> Truth | None:
    name, labs = held.choose_lab(asker, 2)
    years = sorted({int(t[:4]) for t, *_ in labs})
    if len(years) < 2:
        return None
    a, b = sorted(asker.chance.sample(years, 2))
    within = [each for each in labs if a <= int(each[0][:4]) <= b]
    return {"a": name, "y1": asker.year(a), "y2": asker.year(b)}, *_changed(within)


def _value_on(held: _Held, asker: _Asker) -> Truth | None:
    name, labs = held.choose_lab(asker)
    if not labs:
        return None
    at = asker.chance.choice(labs)[0]
    there = [each for each in labs if _day(each[0]) == _day(at)]
    if len(there) > 1:
        return None
    answer = {"value": there[0][1], "unit": there[0][2]}
    return {"a": name, "d": asker.day(_day(at))}, answer, "numeric(±0.5%)"


def _count_lab(held: _Held, asker: _Asker) -> Truth | None:
    name, labs = held.choose_lab(asker)
    return ({"a": name}, len(labs), "int") if labs else None


def _count_lab_year(held: _Held, asker: _Asker) -> Truth | None:
    name, labs = held.choose_lab(asker)
    if not labs:
        return None
    year = asker.chance.choice([t[:4] for t, *_ in labs])
    return {"a": name, "y1": asker.year(int(year))}, len([1 for t, *_ in labs if t[:4] == year]), "int"


def _pressures(held: _Held) -> list[tuple[str, float, float]]:
    found = []
    for r in held.of("Observation"):
        parts = {code: c for c in r.get("component", []) for code in _codes(c["code"])}
        if "8480-6" in parts and "8462-4" in parts:
            upper, lower = parts["8480-6"]["valueQuantity"]["value"], parts["8462-4"]["valueQuantity"]["value"]
            found.append((r["effectiveDateTime"], float(upper), float(lower)))
    return sorted(found)


def _last_bp(held: _Held, asker: _Asker) -> Truth | None:
    found = _pressures(held)
    if not found:
        return None
    at, upper, lower = found[-1]
    return {}, {"systolic": upper, "diastolic": lower, "date": _day(at), "unit": "mm[Hg]"}, "numeric(±1)+date"


def _highest_systolic(held: _Held, asker: _Asker) -> Truth | None:
    found = _pressures(held)
    return ({}, {"value": max(upper for _, upper, _ in found)}, "numeric(±1)") if found else None


def _state(r: Raw) -> str:
    status = r.get("clinicalStatus")
    return next(iter(_codes(status)), "") if isinstance(status, dict) else str(status)


def _conditions(active: bool) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        found = held.of("Condition")
        names = sorted({_name(r["code"]) for r in found if (_state(r) == "active") is active})
        return ({}, names, "set(case-insensitive)") if names else None

    return truth


def _condition_onset(held: _Held, asker: _Asker) -> Truth | None:
    found = [r for r in held.of("Condition") if "onsetDateTime" in r]
    chosen = asker.calls("conditions", [_name(r["code"]) for r in found])
    if not chosen:
        return None
    days = {_day(r["onsetDateTime"]) for r in found if _holds(_name(r["code"]), chosen[0])}
    return ({"c": chosen[1]}, days.pop(), "date") if len(days) == 1 else None


def _has_condition(held: _Held, asker: _Asker) -> Truth | None:
    chosen = asker.calls("conditions", [_name(r["code"]) for r in held.of("Condition")])
    return ({"c": chosen[1]}, True, "bool") if chosen else None


def _conditions_on(held: _Held, asker: _Asker) -> Truth | None:
    found = [r for r in held.of("Condition") if "onsetDateTime" in r]
    if not found:
        return None
    day = _day(asker.chance.choice(found)["onsetDateTime"])
    if len(day) < 10:
        return None
    names = {
        _name(r["code"])
        for r in found
        if _day(r["onsetDateTime"]) <= day and ("abatementDateTime" not in r or _day(r["abatementDateTime"]) >= day)
        and ("abatementDateTime" in r or _state(r) == "active")
    }  # fmt: skip
    return ({"d": asker.day(day)}, sorted(names), "set") if names else None


def _conditions_in(held: _Held, asker: _Asker) -> Truth | None:
    found = [r for r in held.of("Condition") if "onsetDateTime" in r]
    if not found:
        return None
    year = asker.chance.choice(found)["onsetDateTime"][:4]
    names = sorted({_name(r["code"]) for r in found if r["onsetDateTime"][:4] == year})
    return {"y1": asker.year(int(year))}, names, "set"


def _drug(r: Raw) -> str:
    return _name(r.get("medicationCodeableConcept", {}))


def _medications(active: bool) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        found = held.of("MedicationRequest")
        names = sorted({_drug(r) for r in found if (r["status"] == "active") is active})
        return ({}, names, "set") if names else None

    return truth


def _on_drug(held: _Held, asker: _Asker) -> Truth | None:
    found = held.of("MedicationRequest")
    chosen = asker.calls("drugs", [_drug(r) for r in found])
    if not chosen:
        return None
    active = any(r["status"] == "active" for r in found if _holds(_drug(r), chosen[0]))
    return {"m": chosen[1]}, active, "bool"


def _drug_start(held: _Held, asker: _Asker) -> Truth | None:
    found = held.of("MedicationRequest")
    chosen = asker.calls("drugs", [_drug(r) for r in found])
    days = {_day(r["authoredOn"]) for r in found if chosen and _holds(_drug(r), chosen[0])}
    return ({"m": chosen[1]}, min(days), "date") if chosen else None


def _drug_reason(held: _Held, asker: _Asker) -> Truth | None:
    by_id = {f"urn:uuid:{r.get('id')}": r for r in held.all} | {
        f"{r['resourceType']}/{r.get('id')}": r for r in held.all
    }
    reasons: dict[str, set[str]] = {}
    for r in held.of("MedicationRequest"):
        for reference in r.get("reasonReference", []):
            target = by_id.get(reference.get("reference"))
            if target:
                reasons.setdefault(_drug(r), set()).add(_name(target["code"]))
        for concept in r.get("reasonCode", []):
            reasons.setdefault(_drug(r), set()).add(_name(concept))
    chosen = asker.calls("drugs", list(reasons))
    if not chosen:
        return None
    same = [why for drug, why in reasons.items() if _holds(drug, chosen[0])]
    return {"m": chosen[1]}, sorted(set.union(*same)), "set"


def _medications_in(held: _Held, asker: _Asker) -> Truth | None:
    found = held.of("MedicationRequest")
    if not found:
        return None
    year = asker.chance.choice(found)["authoredOn"][:4]
    return {"y1": asker.year(int(year))}, sorted({_drug(r) for r in found if r["authoredOn"][:4] == year}), "set"


def _allergies(held: _Held, asker: _Asker) -> Truth | None:
    names = sorted({_name(r["code"]) for r in held.of("AllergyIntolerance") if _state(r) == "active"})
    return {}, names or "NOT_RECORDED", "set" if names else "abstain"


def _shots(held: _Held, asker: _Asker) -> tuple[str, list[str]] | None:
    found = [r for r in held.of("Immunization") if r["status"] == "completed"]
    chosen = asker.calls("vaccines", [_name(r["vaccineCode"]) for r in found])
    if not chosen:
        return None
    days = sorted(_day(r["occurrenceDateTime"]) for r in found if _holds(_name(r["vaccineCode"]), chosen[0]))
    return chosen[1], days


def _immunization(held: _Held, asker: _Asker) -> Truth | None:
    found = _shots(held, asker)
    return ({"v": found[0]}, {"last_date": found[1][-1], "count": len(found[1])}, "date+int") if found else None


def _immunization_last(held: _Held, asker: _Asker) -> Truth | None:
    found = _shots(held, asker)
    return ({"v": found[0]}, found[1][-1], "date") if found else None


def _immunizations_list(held: _Held, asker: _Asker) -> Truth | None:
    names = {_name(r["vaccineCode"]) for r in held.of("Immunization") if r["status"] == "completed"}
    return ({}, sorted(names), "set") if names else None


def _done(held: _Held, asker: _Asker) -> tuple[str, list[str]] | None:
    found = [r for r in held.of("Procedure") if r["status"] == "completed"]
    chosen = asker.calls("procedures", [_name(r["code"]) for r in found])
    if not chosen:
        return None
    starts = [
        r.get("performedDateTime") or r["performedPeriod"]["start"]
        for r in found
        if _holds(_name(r["code"]), chosen[0])
    ]
    return chosen[1], sorted(starts)


def _procedure_last(held: _Held, asker: _Asker) -> Truth | None:
    found = _done(held, asker)
    return ({"p": found[0]}, _day(found[1][-1]), "date") if found else None


def _procedure_count(held: _Held, asker: _Asker) -> Truth | None:
    found = _done(held, asker)
    return ({"p": found[0]}, len(found[1]), "int") if found else None


def _procedures_in(held: _Held, asker: _Asker) -> Truth | None:
    found = [
        ((r.get("performedDateTime") or r["performedPeriod"]["start"])[:4], _name(r["code"]))
        for r in held.of("Procedure")
        if r["status"] == "completed"
    ]
    if not found:
        return None
    year = asker.chance.choice(found)[0]
    return {"y1": asker.year(int(year))}, sorted({name for at, name in found if at == year}), "set"


def _around(after: bool) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        found = _done(held, asker)
        name, labs = held.choose_lab(asker)
        if not found or len(found[1]) != 1 or not labs:
            return None
        at = found[1][0]
        side = [each for each in labs if _day(each[0]) != _day(at) and (each[0] > at) is after]
        if any(_day(each[0]) == _day(at) for each in labs) or not side:
            return None
        when, value, unit = side[0 if after else -1]
        return {"a": name, "p": found[0]}, {"value": value, "unit": unit, "date": _day(when)}, "numeric(±0.5%)+date"

    return truth


def _starts(held: _Held, *classes: str) -> list[str]:
    return sorted(r["period"]["start"] for r in held.of("Encounter") if not classes or r["class"]["code"] in classes)


def _encounter_count(held: _Held, asker: _Asker) -> Truth | None:
    year = asker.chance.choice(_starts(held))[:4]
    return {"y1": asker.year(int(year))}, len([1 for s in _starts(held) if s[:4] == year]), "int"


def _encounter_count_between(held: _Held, asker: _Asker) -> Truth | None:
    years = sorted({int(s[:4]) for s in _starts(held)})
    if len(years) < 2:
        return None
    a, b = sorted(asker.chance.sample(years, 2))
    count = len([1 for s in _starts(held) if a <= int(s[:4]) <= b])
    return {"y1": asker.year(a), "y2": asker.year(b)}, count, "int"


def _stays(*classes: str, count: bool) -> Callable[..., Truth | None]:
    def truth(held: _Held, asker: _Asker) -> Truth | None:
        starts = _starts(held, *classes)
        if not starts:
            return None
        return ({}, len(starts), "int") if count else ({}, _day(starts[-1]), "date")

    return truth


def _person(held: _Held, asker: _Asker) -> Truth | None:
    died = held.patient.get("deceasedDateTime")
    answer = {
        "birthDate": held.patient["birthDate"], "gender": held.patient["gender"], "deceased": died is not None,
        "deceased_date": _day(died) if died else None,
    }  # fmt: skip
    return {}, answer, "fields"


def _birth(held: _Held, asker: _Asker) -> Truth | None:
    return {}, held.patient["birthDate"], "date"


def _phone(held: _Held, asker: _Asker) -> Truth | None:
    found = [t["value"] for t in held.patient.get("telecom", []) if t.get("system") == "phone"]
    return ({}, found[0], "text") if found else None


def _city(held: _Held, asker: _Asker) -> Truth | None:
    found = held.patient.get("address", [])
    return ({}, {"city": found[0]["city"]}, "text") if found and "city" in found[0] else None


def _marital(held: _Held, asker: _Asker) -> Truth | None:
    found = held.patient.get("maritalStatus")
    return ({}, _name(found), "text") if found else None


_TRUTHS: Final[dict[str, Callable[[_Held, _Asker], Truth | None]]] = {
    "last_lab": _edge(lambda labs: labs[-1]),
    "first_lab": _edge(lambda labs: labs[0]),
    "highest_lab": _extreme(1),
    "lowest_lab": _extreme(-1),
    "trend": _trend,
    "change_between": _change_between,
    "value_on": _value_on,
    "count_lab": _count_lab,
    "count_lab_year": _count_lab_year,
    "last_bp": _last_bp,
    "highest_systolic": _highest_systolic,
    "active_conditions": _conditions(True),
    "resolved_conditions": _conditions(False),
    "condition_onset": _condition_onset,
    "has_condition": _has_condition,
    "conditions_on": _conditions_on,
    "conditions_in": _conditions_in,
    "active_medications": _medications(True),
    "past_medications": _medications(False),
    "on_drug": _on_drug,
    "drug_start": _drug_start,
    "drug_reason": _drug_reason,
    "medications_in": _medications_in,
    "allergies": _allergies,
    "immunization": _immunization,
    "immunization_last": _immunization_last,
    "immunizations_list": _immunizations_list,
    "procedure_last": _procedure_last,
    "procedure_count": _procedure_count,
    "procedures_in": _procedures_in,
    "time_since": _procedure_last,
    "lab_before": _around(after=False),
    "lab_after": _around(after=True),
    "encounter_count": _encounter_count,
    "encounter_count_between": _encounter_count_between,
    "encounter_total": _stays(count=True),
    "last_encounter": _stays(count=False),
    "emergency_count": _stays("EMER", count=True),
    "last_admission": _stays("IMP", "ACUTE", "NONAC", count=False),
    "demographics": _person,
    "birth": _birth,
    "phone": _phone,
    "city": _city,
    "marital": _marital,
    #: No record of the sets holds an answer to these: any value is made up.
    "unanswerable": lambda _held, _asker: ({}, "NOT_RECORDED", "abstain"),
}


def main() -> None:
    """Write cases for `assistant evaluate record-questions`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("patients", nargs="+", type=Path)
    parser.add_argument("--voices", nargs="+", default=voices(), choices=voices())
    given = parser.parse_args()
    lines = []
    for seed, path in enumerate(given.patients):
        for n, case in enumerate(questions(json.loads(path.read_bytes()), tuple(given.voices), seed)):
            about = {"id": f"{seed}-{n}", "patient_file": str(path.resolve()), "today": TODAY.isoformat()}
            lines.append(json.dumps(about | case, ensure_ascii=False))
    given.out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
