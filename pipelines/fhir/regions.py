"""Boxes on a picture -> Observations.

R4 has no resource for a part of an image (ImagingSelection came with R5): an Observation says what is there, its
components say where in pixels, and ``derivedFrom`` names the attachment by its hash with the place as a media fragment
(W3C Media Fragments: left, upper, width and height).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pipelines.fhir.told import Region, Told, standing
from pipelines.fhir.values import URI, Json, coding, concept, hash_uri, id_of, quantity, reference, some, string

_CATEGORY: Final = coding("http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")
_WHAT: Final = "approximate region on an image"
_EDGES: Final = ("left edge", "upper edge", "right edge", "lower edge")
_PIXEL: Final = "{pixel}"


def region_observations(told: Told, subject: Json | None, documents: list[Json]) -> list[Json]:
    """One for each region, in their order.

    Args:
        subject: the patient, as a resource.
        documents: of the attachments, in their order.
    """
    sources = {one.sha256: document for one, document in zip(told.attachments, documents, strict=True)}
    return [_observation(told, region, n, subject, sources.get(region.attachment)) for n, region in _numbered(told)]


def _numbered(told: Told) -> list[tuple[int, Region]]:
    return list(enumerate(told.regions, start=1))


def _observation(told: Told, region: Region, n: int, subject: Json | None, source: Json | None) -> Json:
    label = string(region.label)
    return some(
        resourceType="Observation",
        id=id_of(told.run, f"region {n}"),
        status=standing(told.status),
        category=[concept(None, _CATEGORY)],
        code=concept(_WHAT),
        subject=reference(subject) if subject else None,
        issued=told.written,
        bodySite=concept(label) if label else None,
        method=concept("marked by a model"),
        note=[{"text": f"Sentence {region.number} of the result."}],
        derivedFrom=[_place(region, source)],
        component=[
            {"code": concept(edge), "valueQuantity": quantity(Decimal(value), "pixels", _PIXEL)}
            for edge, value in zip(_EDGES, region.box, strict=True)
        ],
    )


def _place(region: Region, source: Json | None) -> Json:
    left, upper, right, lower = region.box
    where = f"xywh=pixel:{left},{upper},{right - left},{lower - upper}"
    identifier = {"system": URI, "value": hash_uri(region.attachment, where)}
    return some(**(reference(source) if source else {}), identifier=identifier, display=string(region.label))
