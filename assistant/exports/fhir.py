"""A run's result -> a FHIR R4 Bundle: a laboratory report's rows as Observations, everything else as a Composition."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from assistant import __version__
from assistant.exports.document import Document
from assistant.exports.lab import reports_of
from assistant.exports.of_run import heading_of, marks_of, patients_of
from assistant.exports.regions import regions_of
from assistant.exports.workers import workers
from assistant.sessions.views import RunView
from assistant.shown import pictures_of
from pipelines.fhir.composition import composition_bundle
from pipelines.fhir.lab_writing import lab_bundle
from pipelines.fhir.told import Maker, Part, Sentence, Shown, Told
from pipelines.fhir.values import to_json
from pipelines.ports import Store
from pipelines.records import Patient, Result


def fhir_bytes(view: RunView, document: Document, result: Result, store: Store) -> bytes:
    """The bundle as JSON.

    Args:
        store: holds the pictures that go with it.
    """
    told = _told(view, document, result, store)
    reports = reports_of(result)
    return to_json(lab_bundle(told, reports) if reports else composition_bundle(told))


def _told(view: RunView, document: Document, result: Result, store: Store) -> Told:
    template = result.data.get("template")
    return Told(
        run=view.id,
        written=document.written,
        version=__version__,
        task=result.task,
        title=document.title,
        template=template if isinstance(template, str) else None,
        status=result.status,
        patient=_subject(view),
        notices=(*document.notices, *filter(None, (document.message,))),
        parts=tuple(_parts(document, result)),
        attachments=view.attachments,
        recording=view.request.recording,
        makers=tuple(Maker(one.doing, one.engine) for one in workers(view)),
        regions=regions_of(result),
        pictures=tuple(Shown(one.sha256, one.caption, store.get(one.sha256)) for one in pictures_of(result)),
    )


def _subject(view: RunView) -> Patient | None:
    """Whom the run was given, as the evidence names them; else whom the evidence names."""
    named = patients_of(view)
    return next((one for one in named if one.id == view.request.patient), None) or next(iter(named), None)


def _parts(document: Document, result: Result) -> Iterator[Part]:
    numbered = zip(result.statements, document.sources, strict=True)
    for key, group in groupby(numbered, key=lambda one: one[0].section):
        sentences = tuple(
            Sentence(
                number=source.number,
                text=statement.text,
                marks=marks_of(statement, source),
                source=f"{source.origin}; {source.verdict}; {source.where}",
                citations=statement.citations,
            )
            for statement, source in group
        )
        yield Part(key, heading_of(key, result) if key else None, sentences)
