"""A bundle as `lab_writing` makes it -> the same LabReports."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from pipelines.errors import BadInput
from pipelines.fhir.lab_writing import BY_RANGE, READING, REPORT, notes
from pipelines.fhir.places import place_of
from pipelines.fhir.ranges import reference_of
from pipelines.fhir.values import LOINC, UCUM, Json, items, printed_of
from pipelines.tasks.lab.rows import Doubt, Earlier, LabReport, Named, NotUnderstood, Row

_REMEDY: Final = "give a bundle that `assistant export RUN --format fhir` made of a laboratory report"


def read_lab_bundle(data: bytes, name: str) -> tuple[LabReport, ...]:
    """The reports of a bundle, in their order.

    Args:
        name: file name, for errors.

    Raises:
        BadInput: it is not such a bundle.
    """
    try:
        bundle = json.loads(data, parse_float=Decimal, parse_int=Decimal)
        return _Reading(bundle).reports()
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError, ValidationError):
        raise BadInput(name, "is no bundle of a laboratory report that was written here", _REMEDY) from None


class _Reading:
    def __init__(self, bundle: Json) -> None:
        self._resources = {one["fullUrl"]: one["resource"] for one in items(bundle, "entry")}

    def reports(self) -> tuple[LabReport, ...]:
        found = [one for one in self._resources.values() if one["resourceType"] == "DiagnosticReport"]
        if not found:
            raise ValueError(found)
        return tuple(map(self._report, found))

    def _report(self, at: Json) -> LabReport:
        aside = _parts(at, REPORT)
        performer = self._first(at, "performer")
        return LabReport(
            patient=_named(self._found(at.get("subject"))),
            laboratory=performer.get("name"),
            collected=_moment(at),
            specimen=self._specimen(next(iter(items(at, "specimen")), None)),
            rows=tuple(self._rows(at)),
            not_understood=tuple(_not_understood(one) for one in aside if one["url"] == "not-understood"),
            notes=tuple(one["valueString"] for one in aside if one["url"] == "note"),
        )

    def _rows(self, report: Json) -> list[Row]:
        rows = []
        for one in items(report, "result"):
            top = self._found(one)
            members = items(top, "hasMember")
            rows += [self._row(self._found(member), top["code"]["text"]) for member in members]
            rows += [self._row(top, None)] if not members else []
        return rows

    def _row(self, at: Json, panel: str | None) -> Row:
        parts = _parts(at, READING)
        said = {part["url"]: part.get("valueString", part.get("valueBoolean")) for part in parts}
        of_report = {part["valueCode"] for part in parts if part["url"] == "of-the-report"}
        amount = at.get("valueQuantity")
        flags = [one for one in items(at, "interpretation") if one.get("text") != BY_RANGE]
        computed = [one for one in items(at, "interpretation") if one.get("text") == BY_RANGE]
        place = place_of(at["derivedFrom"][0]["identifier"]["value"])
        if place is None or place[1] is None:
            raise ValueError(place)
        row = Row(
            panel=panel,
            test=at["code"]["text"],
            loinc=next((one["code"] for one in items(at["code"], "coding") if one["system"] == LOINC), None),
            value=f"{amount['value']:f}" if amount else None,
            comparator=amount.get("comparator") if amount else None,
            text=at.get("valueString"),
            printed=_printed(at),
            unit=amount.get("unit") if amount else said.get("unit"),
            ucum=_ucum(amount) if amount else said.get("ucum"),
            reference=reference_of(items(at, "referenceRange")),
            flag=_code(flags[0]) if flags else None,
            flag_printed=flags[0].get("text") if flags else None,
            computed=_code(computed[0]) if computed else None,
            flag_disagrees=bool(said.get("flag-disagrees", False)),
            specimen=None if "specimen" in of_report else self._specimen(at.get("specimen")),
            collected=None if "collected" in of_report else _moment(at),
            earlier=tuple(_earlier(part) for part in parts if part["url"] == "earlier"),
            page=place[0],
            box=place[1],
            read=said.get("read", ""),
            doubts=tuple(_doubt(part) for part in parts if part["url"] == "doubt"),
        )
        ours = len(notes(row))
        printed_below = [one["text"] for one in items(at, "note")][: len(items(at, "note")) - ours]
        return row.model_copy(update={"comment": printed_below[0]}) if printed_below else row

    def _found(self, to: Json | None) -> Json:
        found: Json = self._resources[to["reference"]] if to else {}
        return found

    def _first(self, at: Json, name: str) -> Json:
        return self._found(next(iter(items(at, name)), None))

    def _specimen(self, to: Json | None) -> str | None:
        found = self._found(to)
        return found["type"]["text"] if found else None


def _parts(at: Json, url: str) -> list[Json]:
    return [part for one in items(at, "extension") if one.get("url") == url for part in items(one, "extension")]


def _texts(part: Json) -> dict[str, Any]:
    """The texts within a part of an extension, by name."""
    kinds = ("valueString", "valueCode", "valueUri")
    return {one["url"]: next((one[kind] for kind in kinds if kind in one), None) for one in items(part, "extension")}


def _named(patient: Json) -> Named:
    return Named(
        name=next((one["text"] for one in items(patient, "name")), None),
        birth_date=printed_of(patient.get("_birthDate")) or patient.get("birthDate"),
        sex=patient.get("gender"),
        id=next((one["value"] for one in items(patient, "identifier")), None),
    )


def _moment(at: Json) -> str | None:
    return printed_of(at.get("_effectiveDateTime")) or at.get("effectiveDateTime")


def _printed(at: Json) -> str:
    absent = at.get("dataAbsentReason", {}).get("text", "")
    return printed_of(at.get("valueQuantity")) or printed_of(at.get("_valueString")) or str(absent)


def _ucum(amount: Json) -> str | None:
    return amount.get("code") if amount.get("system") == UCUM else None


def _code(interpretation: Json) -> Any:
    return next((one["code"] for one in items(interpretation, "coding")), None)


def _doubt(part: Json) -> Doubt:
    return Doubt.model_validate(_texts(part))


def _earlier(part: Json) -> Earlier:
    texts = _texts(part)
    return Earlier(printed=texts.get("printed", ""), heading=texts.get("heading", ""))


def _not_understood(part: Json) -> NotUnderstood:
    texts = _texts(part)
    place = place_of(texts["place"])
    if place is None or place[1] is None:
        raise ValueError(place)
    return NotUnderstood(text=texts.get("text", ""), why=texts.get("why", ""), page=place[0], box=place[1])
