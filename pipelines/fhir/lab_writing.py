"""What was read of a laboratory report -> DiagnosticReport and Observations.

Facts: hl7.org/fhir/R4/diagnosticreport.html and observation.html. A panel is an Observation whose members are its rows;
what the standard has no element for goes into extensions of ours (``urn:uuid:…``), so that `lab_reading` gives the same
rows back. A doubt also stands in the notes, for whoever does not know our extensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from pipelines.fhir.narrative import narrative, paragraph, table
from pipelines.fhir.parties import bundle, document, engine, product, provenance
from pipelines.fhir.places import place_uri
from pipelines.fhir.ranges import ranges
from pipelines.fhir.told import Told, standing
from pipelines.fhir.values import (
    URI,
    Json,
    coding,
    complex_extension,
    concept,
    date,
    extension,
    id_of,
    loinc,
    number,
    printed,
    quantity,
    reference,
    some,
    string,
)
from pipelines.tasks.lab.rows import LabReport, Named, Row

READING: Final = "urn:uuid:e8c3d279-d3bf-4de8-9ddf-ac07c0daa279"
"""Extension of ours on an Observation: what the reading of its row found besides the result."""
REPORT: Final = "urn:uuid:7f508b1a-2d7e-4054-b304-5e5455718e22"
"""Extension of ours on a DiagnosticReport: notes on the reading, and lines that were not understood."""
BY_RANGE: Final = "by the printed range"
"""The text of an interpretation that the laboratory did not print."""
INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_CATEGORY: Final = coding("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
_SERVICE: Final = coding("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory")
_ABSENT: Final = coding("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown", "Unknown")


def lab_bundle(told: Told, reports: Sequence[tuple[str, LabReport]]) -> Json:
    """A collection: each report with its results in their order, then what they were made by and of.

    Args:
        reports: each with the SHA-256 of the attachment that it was read from.
    """
    documents = {one.sha256: document(told.run, one) for one in told.attachments}
    writings = [
        _Writing(told, report, n, attachment, documents.get(attachment))
        for n, (attachment, report) in enumerate(reports, start=1)
    ]
    written = [writing.resources() for writing in writings]
    author = product(told.run, told.version)
    engines = [engine(told.run, maker) for maker in told.makers]
    made = provenance(told, [one[0] for one in written], author, engines, list(documents.values()))
    own = [resource for resources in written for resource in resources]
    return bundle(told, "collection", [*own, author, *engines, *documents.values(), made])


class _Writing:
    """Of the ``n``-th report."""

    def __init__(self, told: Told, report: LabReport, n: int, attachment: str, source: Json | None) -> None:
        self._told = told
        self._report = report
        self._n = n
        self._attachment = attachment
        self._source = source
        self._patient = self._made("Patient", "patient", **_named(report.patient))
        self._laboratory = self._made("Organization", "laboratory", name=string(report.laboratory))
        named = dict.fromkeys(filter(None, map(string, (report.specimen, *(row.specimen for row in report.rows)))))
        self._specimens = {
            name: self._made("Specimen", f"specimen {name}", type=concept(name), subject=self._subject())
            for name in named
        }

    def resources(self) -> list[Json]:
        """The DiagnosticReport first."""
        results: list[Json] = []
        members: list[Json] = []
        numbered = enumerate(self._report.rows, start=1)
        for panel, group in groupby(numbered, key=lambda one: one[1].panel):
            rows = [self._row(at, row) for at, row in group]
            members += rows
            results += [self._panel(panel, rows)] if panel is not None else rows
        panels = [one for one in results if "hasMember" in one]
        parties = [one for one in (self._patient, self._laboratory) if _says_something(one)]
        return [self._diagnostic_report(results), *panels, *members, *self._specimens.values(), *parties]

    def _made(self, kind: str, what: str, **elements: object) -> Json:
        return some(resourceType=kind, id=id_of(self._told.run, f"report {self._n} {what}"), **elements)

    def _subject(self) -> Json | None:
        return reference(self._patient) if _says_something(self._patient) else None

    def _diagnostic_report(self, results: list[Json]) -> Json:
        report = self._report
        specimen = self._specimens.get(string(report.specimen) or "")
        form = self._source["content"][0]["attachment"] if self._source else None
        return self._made(
            "DiagnosticReport",
            "report",
            text=_narrative(self._told, report),
            extension=complex_extension(REPORT, list(self._aside())),
            status=standing(self._told.status),
            category=[concept(None, _SERVICE)],
            code=concept("Laboratory report", *loinc("11502-2", "Laboratory report")),
            subject=self._subject(),
            **_moment(report.collected),
            issued=self._told.written,
            performer=[reference(self._laboratory)] if string(report.laboratory) else None,
            specimen=[reference(specimen)] if specimen else None,
            result=list(map(reference, results)),
            presentedForm=[form] if form else None,
        )

    def _aside(self) -> Iterator[Json]:
        for note in filter(None, map(string, self._report.notes)):
            yield extension("note", valueString=note)
        for line in self._report.not_understood:
            said = (("text", string(line.text)), ("why", string(line.why)))
            parts = [extension(name, valueString=text) for name, text in said if text]
            parts.append(extension("place", valueUri=place_uri(self._attachment, line.page, line.box)))
            yield {"url": "not-understood", "extension": parts}

    def _panel(self, panel: str, rows: list[Json]) -> Json:
        return self._made(
            "Observation",
            f"panel of {rows[0]['id']}",
            status=standing(self._told.status),
            category=[concept(None, _CATEGORY)],
            code=concept(panel) or concept("unnamed panel"),
            subject=self._subject(),
            hasMember=list(map(reference, rows)),
        )

    def _row(self, n: int, row: Row) -> Json:
        report = self._report
        specimen = self._specimens.get(string(row.specimen or report.specimen) or "")
        return self._made(
            "Observation",
            f"row {n}",
            extension=complex_extension(READING, list(_reading(row, report))),
            status=standing(self._told.status),
            category=[concept(None, _CATEGORY)],
            code=concept(row.test, *loinc(row.loinc)) or concept("unnamed test"),
            subject=self._subject(),
            **_moment(row.collected or report.collected),
            **_value(row),
            interpretation=list(_interpretations(row)),
            note=[{"text": text} for text in notes(row)],
            specimen=reference(specimen) if specimen else None,
            referenceRange=ranges(row.reference, row.unit, row.ucum),
            derivedFrom=[self._place(row)],
        )

    def _place(self, row: Row) -> Json:
        identifier = {"system": URI, "value": place_uri(self._attachment, row.page, row.box)}
        source = reference(self._source) if self._source else {}
        return some(**source, identifier=identifier, display=f"page {row.page}")


def _says_something(resource: Json) -> bool:
    """Besides its type and id."""
    return len(resource) > 2


def notes(row: Row) -> tuple[str, ...]:
    """The comment that is printed under the row, a line for each doubt, and one where the flag does not agree."""
    comment = string(row.comment)
    doubts = (f"The {doubt.cell} is doubtful: {string(doubt.why) or 'unknown'}" for doubt in row.doubts)
    flag = "The printed flag says otherwise than" if row.flag else "No flag is printed, though it lies outside"
    disagreement = (f"{flag} the printed range.",) if row.flag_disagrees else ()
    return (*((comment,) if comment else ()), *doubts, *disagreement)


def _named(named: Named) -> Json:
    """As printed; a birth date that is no date goes along as text."""
    name, identifier = string(named.name), string(named.id)
    born = date(named.birth_date)
    return some(
        identifier=[{"value": identifier}] if identifier else None,
        name=[{"text": name}] if name else None,
        gender=named.sex,
        birthDate=born,
        _birthDate=printed(named.birth_date) if named.birth_date != born else None,
    )


def _moment(collected: str | None) -> Json:
    """FHIR wants a time zone with every time, and a report prints none: the day, and the whole as it is printed."""
    day = date(collected)
    return some(effectiveDateTime=day, _effectiveDateTime=printed(collected) if collected != day else None)


def _value(row: Row) -> Json:
    value = number(row.value)
    if value is not None:
        amount = quantity(value, row.unit, row.ucum, row.comparator)
        return {"valueQuantity": some(**(printed(row.printed) or {}), **amount)}
    text = string(row.text) or string(row.value)
    if text is not None:
        return some(valueString=text, _valueString=printed(row.printed))
    return {"dataAbsentReason": concept(row.printed, _ABSENT)}


def _interpretations(row: Row) -> Iterator[Json]:
    codes = [coding(INTERPRETATION, row.flag)] if row.flag else []
    if codes or string(row.flag_printed):
        yield concept(row.flag_printed, *codes)
    if row.computed:
        yield concept(BY_RANGE, coding(INTERPRETATION, row.computed))


def _reading(row: Row, report: LabReport) -> Iterator[Json]:
    if read := string(row.read):
        yield extension("read", valueString=read)
    if number(row.value) is None and (unit := string(row.unit)):
        yield extension("unit", valueString=unit)
    if number(row.value) is None and (ucum := string(row.ucum)):
        yield extension("ucum", valueString=ucum)
    if row.flag_disagrees:
        yield extension("flag-disagrees", valueBoolean=True)
    for name, own, of_report in (
        ("collected", row.collected, report.collected),
        ("specimen", row.specimen, report.specimen),
    ):
        if own is None and of_report is not None:
            yield extension("of-the-report", valueCode=name)
    for doubt in row.doubts:
        parts = [extension("cell", valueCode=doubt.cell), extension("why", valueString=string(doubt.why) or "unknown")]
        yield {"url": "doubt", "extension": parts}
    for earlier in row.earlier:
        said = (("printed", string(earlier.printed)), ("heading", string(earlier.heading)))
        yield {"url": "earlier", "extension": [extension(name, valueString=text) for name, text in said if text]}


def _narrative(told: Told, report: LabReport) -> Json | None:
    headings = ("panel", "test", "result", "unit", "reference", "flag", "page", "note")
    rows = (
        (
            row.panel or "",
            row.test,
            row.printed,
            row.unit or "",
            row.reference.text if row.reference else "",
            row.flag_printed or row.flag or "",
            str(row.page),
            " ".join(notes(row)),
        )
        for row in report.rows
    )
    missed = [f"Not understood, page {one.page}: {one.text} ({one.why})" for one in report.not_understood]
    return narrative(*map(paragraph, (*told.notices, *report.notes)), table(headings, rows), *map(paragraph, missed))
