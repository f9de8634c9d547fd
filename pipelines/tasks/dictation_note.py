"""The task `dictation-note`: the clinician's own sentences, filed into a template's sections, no word added or lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.records import Result, Statement, Status, TaskName, Transcript, TranscriptCitation
from pipelines.tasks.filing import Clause, file_by_wording
from pipelines.tasks.templates import Template, heading_phrase, load_template, templates
from pipelines.text.headings import Heading, find
from pipelines.text.sentences import split

_SPOKEN_HEADINGS: Final = frozenset({"exam type", "procedure"})
"""Headings that dictation systems know and no shipped template has as a section."""


@dataclass(frozen=True)
class _Piece:
    """A sentence, or what a heading leaves of one: ``text[start:end]``, and the sections it may go to."""

    start: int
    end: int
    allowed: tuple[str, ...]


def file_note(transcript: Transcript, template: Template) -> Result:
    """File every sentence of ``transcript.text`` under one section.

    A heading opens its section until the next one and is not repeated; one that the template has no section for stays
    in the text. ``data`` holds the template's name, version and hash, ``sections`` (key to sentences, in the
    template's order) and ``filed_by`` (how many sentences a heading placed, and how many their wording).

    Where nothing was dictated the result is ``needs-input``.
    """
    text = transcript.text
    pieces = tuple(_pieces(text, template))
    if not pieces:
        return Result(
            task=TaskName.DICTATION_NOTE,
            status=Status.NEEDS_INPUT,
            message="Nothing was dictated that could be filed. Record the note again.",
        )
    clauses = [Clause(text[piece.start : piece.end], piece.allowed) for piece in pieces]
    keys = file_by_wording(clauses, template)
    order = {section.key: section.order for section in template.sections}
    statements = tuple(
        _statement(transcript, piece, key)
        for key, piece in sorted(zip(keys, pieces, strict=True), key=lambda filed: (order[filed[0]], filed[1].start))
    )
    by_heading = sum(len(piece.allowed) == 1 for piece in pieces)
    return Result(
        task=TaskName.DICTATION_NOTE,
        status=Status.DRAFT,
        statements=statements,
        data={
            "template": template.name,
            "template_version": template.version,
            "template_sha256": template.sha256,
            "sections": {key: [s.text for s in statements if s.section == key] for key in order},
            "filed_by": {"heading": by_heading, "wording": len(pieces) - by_heading},
        },
    )


def _statement(transcript: Transcript, piece: _Piece, section: str) -> Statement:
    time = transcript.audio_time(piece.start, piece.end)
    audio_start, audio_end = time or (None, None)
    return Statement(
        text=" ".join(transcript.text[piece.start : piece.end].split()),
        origin="dictated",
        section=section,
        citations=(TranscriptCitation(start=piece.start, end=piece.end, audio_start=audio_start, audio_end=audio_end),),
    )


def _pieces(text: str, template: Template) -> Iterator[_Piece]:
    """The sentences in order, without the headings that open sections, each with the sections open to it."""
    headings, parts = template.headings, template.parts
    foreign = _foreign(template)
    sentences = split(text)
    found = [
        heading
        for heading in find(text, sentences, headings.keys() | foreign, parts.keys())
        if heading.phrase not in foreign or heading.alone
    ]
    open_keys: tuple[str, ...] = ()
    waiting = list(found)
    for start, end in sentences:
        at = start
        while waiting and waiting[0].start < end:
            heading = waiting.pop(0)
            yield from _piece(text, at, heading.start, open_keys)
            at = heading.start
            if heading.phrase in headings:
                open_keys, at = headings[heading.phrase], heading.end
            elif heading.phrase in parts:
                open_keys = _after_part(open_keys, parts[heading.phrase], heading, template)
            else:
                open_keys = ()
        yield from _piece(text, at, end, open_keys)


def _piece(text: str, start: int, end: int, allowed: tuple[str, ...]) -> Iterator[_Piece]:
    stripped = text[start:end].strip()
    if stripped:
        start = text.index(stripped, start)
        yield _Piece(start, start + len(stripped), allowed)


def _after_part(
    open_keys: tuple[str, ...], opened: tuple[str, ...], heading: Heading, template: Template
) -> tuple[str, ...]:
    """A label in running text leads on, never back: "medications" under a spoken "plan" belong to the plan."""
    if not open_keys or heading.alone:
        return opened
    order: Sequence[str] = [section.key for section in template.sections]
    return opened if order.index(opened[0]) >= order.index(open_keys[-1]) else open_keys


def _foreign(template: Template) -> frozenset[str]:
    """Headings that this template has no place for."""
    known = {heading_phrase(s.heading) for name in templates() for s in load_template(name).sections}
    return frozenset(known | _SPOKEN_HEADINGS) - template.headings.keys() - template.parts.keys()
