"""The task `dictation-note`: the clinician's own sentences, filed into a template's sections, no word added or lost.

What a speaker calls for by name is put in and marked as inserted; nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.records import Result, Statement, Status, TaskName, Transcript, TranscriptCitation
from pipelines.tasks.note.calls import Call, CallReader
from pipelines.tasks.note.filing import Clause, file_by_wording
from pipelines.tasks.note.inserting import Insertion, insertions_of, sections_for
from pipelines.tasks.note.pieces import Piece, pieces_of
from pipelines.tasks.note.template import Template

Filer = Callable[[Sequence[Clause], Template], tuple[list[str], str]]
"""Gives every clause its section's key, in order, and says by what: ``wording`` or ``model``."""


@dataclass(frozen=True)
class Filed:
    """A piece of the dictation in its section, or the call that stands there."""

    piece: Piece
    section: str
    call: Call | None


def by_wording(clauses: Sequence[Clause], template: Template) -> tuple[list[str], str]:
    """The filer that needs nothing else."""
    return file_by_wording(clauses, template), "wording"


def file_note(
    transcript: Transcript,
    template: Template,
    file: Filer = by_wording,
    read_call: CallReader = lambda _text, _start, _end: None,
) -> Result:
    """File every sentence of ``transcript.text`` under one section.

    A heading opens its section until the next one and is not repeated; one that the template has no section for stays
    in the text. ``data`` holds the template's name, version and hash, ``sections`` (key to sentences, in the
    template's order) and ``filed_by`` (how many sentences a heading placed, and how many their wording or a model).
    Where there are any it also holds:

    * ``inserted``: what was called for and put in: ``macro`` (its name; ``normals`` for a section's own), ``sha256``
      (of the macro, or of the template), ``start`` and ``end`` of the words that called for it, and the indices of
      its ``statements``; ``left_out`` counts the normals of what was spoken of;
    * ``labels``: ``start`` and ``end`` of the labels and announcements that stand in the note ("family history");
    * ``calls``: ``start`` and ``end`` of the words that were said to the product and obeyed; they do not stand in the
      note;
    * ``unknown_calls``: ``start`` and ``end`` of words that call for what nobody knows; they stay in the note;
    * ``missing``: keys of required sections in which nothing stands; they are never filled;
    * ``draft``: what a model is asked to draft: ``impression`` or ``summary``.

    Where nothing was dictated the result is ``needs-input``.
    """
    text = transcript.text
    said = [part for piece in pieces_of(text, template) for part in _with_call(text, piece, template, read_call)]
    filed, filer = _filed(text, said, template, file)
    statements, inserted = _statements(transcript, filed, template)
    if not statements:
        return Result(
            task=TaskName.DICTATION_NOTE,
            status=Status.NEEDS_INPUT,
            message="Nothing was dictated that could be filed. Record the note again.",
        )
    order = [section.key for section in template.sections]
    dictated = [one.piece for one in filed if one.call is None or one.call.stays]
    by_heading = sum(len(piece.allowed) == 1 for piece in dictated)
    data: dict[str, Any] = {
        "template": template.name,
        "template_version": template.version,
        "template_sha256": template.sha256,
        "sections": {key: [s.text for s in statements if s.section == key] for key in order},
        "filed_by": {"heading": by_heading, filer: len(dictated) - by_heading},
    }
    calls = [call for _, call in said if call is not None]
    missing = [one.key for one in template.sections if one.required and not data["sections"][one.key]]
    unknown = [{"start": call.start, "end": call.end} for call in calls if call.unknown]
    more = {
        "inserted": inserted,
        "labels": [{"start": piece.start, "end": piece.labelled} for piece in dictated if piece.labelled],
        "calls": [{"start": call.start, "end": call.end} for call in calls if not call.stays],
        "unknown_calls": unknown,
        "missing": missing,
        "draft": next((call.draft for call in calls if call.draft), None),
    }
    data |= {name: value for name, value in more.items() if value}
    return Result(
        task=TaskName.DICTATION_NOTE,
        status=Status.DRAFT,
        statements=statements,
        data=data,
        message=_message(template, missing, len(unknown), sum(one.get("left_out", 0) for one in inserted)),
    )


def _with_call(text: str, piece: Piece, template: Template, read_call: CallReader) -> list[tuple[Piece, Call | None]]:
    """The piece with what it calls for; what was said before a call is a piece of its own."""
    call = read_call(text, piece.start, piece.end)
    if call is None:
        return [(piece, None)]
    if call.normals == "inserted" and not _with_normals(piece, template):
        call = Call(call.start, call.end, unknown=True)
    before = text[piece.start : call.start].rstrip()
    if not before or call.stays:
        return [(piece, call)]
    rest = Piece(call.start, call.end, piece.allowed, piece.headed)
    return [(Piece(piece.start, piece.start + len(before), piece.allowed, piece.headed), None), (rest, call)]


def _filed(
    text: str, said: Sequence[tuple[Piece, Call | None]], template: Template, file: Filer
) -> tuple[list[Filed], str]:
    """Every piece that stands in the note, or has something put in its place, in its section, in the order spoken."""
    standing = [(piece, call) for piece, call in said if call is None or call.stays or call.inserts]
    keys, filer = file([_clause(text, piece, call, template) for piece, call in standing], template)
    filed = [Filed(piece, key, call) for (piece, call), key in zip(standing, keys, strict=True)]
    return filed, filer


def _clause(text: str, piece: Piece, call: Call | None, template: Template) -> Clause:
    if call is None or call.stays:
        return Clause(text[piece.start : piece.end], piece.allowed, piece.headed)
    if call.normals:
        return Clause("", _with_normals(piece, template), piece.headed)
    allowed = piece.allowed or sections_for(call.macros[0], template)
    return Clause(" ".join(macro.text for macro in call.macros), allowed, piece.headed)


def _with_normals(piece: Piece, template: Template) -> tuple[str, ...]:
    """The sections with normals that are open there."""
    keys = tuple(section.key for section in template.sections if section.normals)
    return tuple(key for key in keys if key in piece.allowed) if piece.allowed else keys


def _statements(
    transcript: Transcript, filed: Sequence[Filed], template: Template
) -> tuple[tuple[Statement, ...], list[dict[str, Any]]]:
    """In the template's order, and within a section as it was spoken; with the account of what was put in."""
    statements: list[Statement] = []
    inserted: list[dict[str, Any]] = []
    for section in template.sections:
        here = [one for one in filed if one.section == section.key]
        spoken = [transcript.text[one.piece.start : one.piece.end] for one in here if one.call is None]
        for one in here:
            citation = _citation(transcript, one.piece)
            if one.call is None or one.call.stays:
                words = " ".join(transcript.text[one.piece.start : one.piece.end].split())
                statements.append(_statement(words, "dictated", section.key, citation))
            for insertion in insertions_of(one.call, section, template, spoken):
                first = len(statements)
                statements += [_statement(words, "inserted", section.key, citation) for words in insertion.sentences]
                inserted.append(_account(insertion, one.piece, range(first, len(statements))))
    return tuple(statements), inserted


def _statement(text: str, origin: Any, section: str, citation: TranscriptCitation) -> Statement:
    return Statement(text=text, origin=origin, section=section, citations=(citation,))


def _citation(transcript: Transcript, piece: Piece) -> TranscriptCitation:
    audio_start, audio_end = transcript.audio_time(piece.start, piece.end) or (None, None)
    return TranscriptCitation(start=piece.start, end=piece.end, audio_start=audio_start, audio_end=audio_end)


def _account(insertion: Insertion, piece: Piece, statements: range) -> dict[str, Any]:
    left_out = {"left_out": insertion.left_out} if insertion.left_out else {}
    return {
        "macro": insertion.name,
        "sha256": insertion.sha256,
        "start": piece.start,
        "end": piece.end,
        "statements": list(statements),
        **left_out,
    }


def _message(template: Template, missing: Sequence[str], unknown: int, left_out: int) -> str | None:
    """What a reader must know about the note: in names of sections and numbers, never in words of the patient's."""
    told = []
    if missing:
        headings = [section.heading for section in template.sections if section.key in missing]
        told.append(f"Required by the template and not dictated: {', '.join(headings)}.")
    if unknown:
        what = "1 call is" if unknown == 1 else f"{unknown} calls are"
        told.append(f"{what} for a text or template that is not known; the words stay as dictated.")
    if left_out:
        what = "1 normal is" if left_out == 1 else f"{left_out} normals are"
        told.append(f"{what} left out, as the section speaks of its matter.")
    return " ".join(told) or None
