"""A result in sentences -> a FHIR document: a Bundle with a Composition.

Facts: hl7.org/fhir/R4/composition.html and documents.html. Codes of documents and sections are LOINC's, given only
where a shipped template's section is what the code says; elsewhere the heading alone tells.
"""

from __future__ import annotations

from typing import Final

from pipelines.fhir.narrative import narrative, paragraph, table
from pipelines.fhir.parties import bundle, document, engine, media, patient, product, provenance
from pipelines.fhir.regions import region_observations
from pipelines.fhir.told import Part, Told, standing
from pipelines.fhir.values import Json, by_hash, concept, hash_uri, id_of, loinc, reference, some, string
from pipelines.records import Citation, TaskName

_UNTITLED: Final = "Result"
_PICTURES: Final = "What the model was shown"
_DOCUMENTS: Final = {
    "soap": ("11506-3", "Progress note"),
    "consult-letter": ("11488-4", "Consult note"),
    "discharge-summary": ("18842-5", "Discharge summary"),
    "radiology-report": ("18748-4", "Diagnostic imaging study"),
}
_SUMMARY: Final = ("60591-5", "Patient summary Document")
_SECTIONS: Final = {
    "soap": {
        "subjective": ("61150-9", "Subjective Narrative"),
        "objective": ("61149-1", "Objective Narrative"),
        "assessment": ("51848-0", "Evaluation note"),
        "plan": ("18776-5", "Plan of care note"),
    },
    "discharge-summary": {
        "hospital_course": ("8648-8", "Hospital course Narrative"),
        "discharge_medications": ("10183-2", "Hospital discharge medications Narrative"),
    },
    "radiology-report": {
        "indication": ("18785-6", "Radiology Reason for study (narrative)"),
        "technique": ("55111-9", "Current imaging procedure descriptions Document"),
        "comparison": ("18834-2", "Radiology Comparison study (observation)"),
        "findings": ("18782-3", "Radiology Study observation (narrative)"),
        "impression": ("19005-8", "Radiology Imaging study [Impression] (narrative)"),
    },
}


def composition_bundle(told: Told) -> Json:
    """The document: preliminary until a person stands for it, written by this program as a device.

    Each section's narrative numbers its sentences; the last section says where each comes from. What a sentence cites
    is named in the section's entries: resources by their address in the record that is named by its hash.
    """
    whom = patient(told.run, told.patient) if told.patient else None
    author = product(told.run, told.version)
    engines = [engine(told.run, maker) for maker in told.makers]
    documents = [document(told.run, one) for one in told.attachments]
    pictures = [media(told, shown, whom) for shown in told.pictures]
    marked = region_observations(told, whom, documents)
    composition = some(
        resourceType="Composition",
        id=id_of(told.run, "composition"),
        identifier=by_run(told.run),
        status=standing(told.status),
        type=_kind(told),
        subject=reference(whom) if whom else None,
        date=told.written,
        author=[reference(author)],
        title=string(told.title) or _UNTITLED,
        text=narrative(*map(paragraph, told.notices)),
        section=[
            *(_section(told, part) for part in told.parts),
            *_marked(told, marked),
            *_shown(told, pictures),
            _sources(told),
        ],
    )
    made = provenance(told, [composition, *marked, *pictures], author, engines, documents)
    resources = [composition, *marked, *([whom] if whom else []), author, *engines, *documents, *pictures, made]
    return bundle(told, "document", resources)


def by_run(run: str) -> Json:
    """An Identifier of the run in the session log."""
    return some(type=concept("run of the session log"), value=string(run))


def _kind(told: Told) -> Json:
    known = _DOCUMENTS.get(told.template or "") if told.task is TaskName.DICTATION_NOTE else None
    if told.task is TaskName.RECORD_SUMMARY:
        known = _SUMMARY
    return concept(string(told.title) or _UNTITLED, *(loinc(*known) if known else ()))


def _section(told: Told, part: Part) -> Json:
    known = _SECTIONS.get(told.template or "", {}).get(part.key or "")
    heading = string(part.heading)
    blocks = [paragraph(f"{one.text} [{one.number}]", "; ".join(one.marks)) for one in part.sentences]
    cited = {_name(place): place for one in part.sentences for place in one.citations if place.kind != "transcript"}
    return some(
        title=heading,
        code=concept(heading, *loinc(*known)) if known else None,
        text=narrative(*blocks, status="additional"),
        entry=list(map(_entry, cited.values())),
    )


def _marked(told: Told, observations: list[Json]) -> list[Json]:
    if not observations:
        return []
    rows = [(f"[{one.number}]", one.label, ", ".join(map(str, one.box))) for one in told.regions]
    text = narrative(table(("sentence", "label", "left, upper, right and lower edge in pixels"), rows))
    return [some(title="Marked regions", text=text, entry=list(map(reference, observations)))]


def _shown(told: Told, pictures: list[Json]) -> list[Json]:
    if not pictures:
        return []
    text = narrative(*(paragraph(shown.caption) for shown in told.pictures))
    return [some(title=_PICTURES, text=text, entry=list(map(reference, pictures)))]


def _sources(told: Told) -> Json:
    rows = [(f"[{one.number}]", one.source) for part in told.parts for one in part.sentences]
    return some(title="Sources and checks", text=narrative(table(("sentence", "origin, check and source"), rows)))


def _name(place: Citation) -> str:
    match place.kind:
        case "record":
            return f"{place.attachment} {place.resource} {place.version}"
        case "page":
            return f"{place.attachment} {place.page}"
        case "image":
            return f"{place.frame} {place.box}"
        case _:
            return ""


def _entry(place: Citation) -> Json:
    """A logical reference: what it leads to lies in an attachment, not in the bundle."""
    match place.kind:
        case "record":
            resource, version = string(place.resource) or "unnamed", string(place.version)
            identifier = {"system": hash_uri(place.attachment), "value": resource}
            return {"identifier": identifier, "display": f"{resource}, version {version}" if version else resource}
        case "page":
            page = f"page={place.page}"
            return {"identifier": by_hash(place.attachment, page), "display": f"page {place.page}"}
        case "image":
            name = string(place.label) or "the picture that the model was shown"
            if place.box is None:
                return {"identifier": by_hash(place.frame), "display": name}
            left, upper, right, lower = place.box
            region = f"xywh={left},{upper},{right - left},{lower - upper}"
            return {"identifier": by_hash(place.attachment, region), "display": f"{name}, region in pixels"}
        case _:
            raise ValueError(place.kind)
