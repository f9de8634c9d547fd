"""Printed reference ranges as `Observation.referenceRange`, there and back.

FHIR's range has a low and a high value that both count as normal. What else a report may print goes into an extension:
a bound that does not count itself, a text that is normal, and which of several ranges holds for this patient.
"""

from __future__ import annotations

from typing import Any, Final

from pipelines.fhir.values import Json, complex_extension, concept, extension, items, number, quantity, some, string
from pipelines.tasks.lab.rows import Limits, Reference

EXCLUDED: Final = "urn:uuid:0462a188-9593-4d19-8834-d066b1996f71"
"""Extension of ours on a low or high value: the value itself lies outside."""
RANGE: Final = "urn:uuid:124bd9fc-331c-4dfb-9d23-5b8033fb8da0"
"""Extension of ours on a range: ``expected`` (the text that is normal), ``listed`` (one of several that are printed),
``holds`` (of several, the one for this patient)."""


def ranges(reference: Reference | None, unit: str | None, ucum: str | None) -> list[Json]:
    if reference is None:
        return []
    if not reference.others:
        return [made] if (made := _range(reference, reference.limits or Limits(), unit, ucum)) else []
    holding = reference.limits
    entries = []
    for one in reference.others:
        entries.append(_range(reference, one, unit, ucum, listed=True, holds=one == holding))
        holding = None if one == holding else holding
    if holding is not None:
        entries.append(_range(reference, holding, unit, ucum, holds=True))
    return entries


def reference_of(entries: list[Json]) -> Reference | None:
    """What `ranges` wrote."""
    if not entries:
        return None
    text = str(entries[0].get("text", ""))
    facets = [_facets(one) for one in entries]
    limits = [_limits(entry, facet) for entry, facet in zip(entries, facets, strict=True)]
    if not any("listed" in facet for facet in facets):
        return Reference(text=text, limits=None if limits[0] == Limits() else limits[0])
    holds = [one for one, facet in zip(limits, facets, strict=True) if "holds" in facet]
    listed = tuple(one for one, facet in zip(limits, facets, strict=True) if "listed" in facet)
    return Reference(text=text, limits=holds[0] if holds else None, others=listed)


def _range(
    reference: Reference, limits: Limits, unit: str | None, ucum: str | None, listed: bool = False, holds: bool = False
) -> Json:
    facets = [extension("expected", valueString=expected)] if (expected := string(limits.expected)) else []
    facets += [extension(name, valueBoolean=True) for name, said in (("listed", listed), ("holds", holds)) if said]
    return some(
        extension=complex_extension(RANGE, facets),
        low=_bound(limits.low, limits.low_counts, unit, ucum),
        high=_bound(limits.high, limits.high_counts, unit, ucum),
        appliesTo=[concept(limits.for_whom)] if string(limits.for_whom) else None,
        text=string(reference.text),
    )


def _bound(written: str | None, counts: bool, unit: str | None, ucum: str | None) -> Json | None:
    value = number(written)
    if value is None:
        return None
    excluded = None if counts else [extension(EXCLUDED, valueBoolean=True)]
    return some(extension=excluded, **quantity(value, unit, ucum))


def _facets(entry: Json) -> dict[str, Any]:
    parts = [part for one in items(entry, "extension") if one.get("url") == RANGE for part in items(one, "extension")]
    return {str(part.get("url")): part.get("valueString", part.get("valueBoolean")) for part in parts}


def _limits(entry: Json, facets: dict[str, Any]) -> Limits:
    low, high = entry.get("low"), entry.get("high")
    whom = items(entry, "appliesTo")
    return Limits(
        low=_written(low),
        high=_written(high),
        low_counts=not _excluded(low),
        high_counts=not _excluded(high),
        expected=facets.get("expected"),
        for_whom=whom[0].get("text") if whom else None,
    )


def _written(bound: Json | None) -> str | None:
    return f"{bound['value']:f}" if bound else None


def _excluded(bound: Json | None) -> bool:
    return any(one.get("url") == EXCLUDED for one in items(bound, "extension"))
