"""The task `dictation-note`: the clinician's own sentences, filed into a template's sections, no word added or lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.records import Result, Statement, Status, TaskName, Transcript, TranscriptCitation
from pipelines.tasks.note.filing import Clause, file_by_wording
from pipelines.tasks.note.templates import Template, heading_phrase, load_template, templates
from pipelines.text.headings import Heading, find, is_filler
from pipelines.text.sentences import Sentence, split

_SPOKEN_HEADINGS: Final = frozenset({"exam type", "procedure"})
"""Headings that dictation systems know and no shipped template has as a section."""


@dataclass(frozen=True)
class _Piece:
    """A sentence, or what a heading leaves of one: ``text[start:end]``, and the sections it may go to."""

    start: int
    end: int
    allowed: tuple[str, ...]
    headed: bool


Filer = Callable[[Sequence[Clause], Template], tuple[list[str], str]]
"""Gives every clause its section's key, in order, and says by what: ``wording`` or ``model``."""


def by_wording(clauses: Sequence[Clause], template: Template) -> tuple[list[str], str]:
    """The filer that needs nothing else."""
    return file_by_wording(clauses, template), "wording"


def file_note(transcript: Transcript, template: Template, file: Filer = by_wording) -> Result:
    """File every sentence of ``transcript.text`` under one section.

    A heading opens its section until the next one and is not repeated; one that the template has no section for stays
    in the text. ``data`` holds the template's name, version and hash, ``sections`` (key to sentences, in the
    template's order) and ``filed_by`` (how many sentences a heading placed, and how many their wording or a model).

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
    clauses = [Clause(text[piece.start : piece.end], piece.allowed, piece.headed) for piece in pieces]
    keys, filer = file(clauses, template)
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
            "filed_by": {"heading": by_heading, filer: len(pieces) - by_heading},
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
    sentences = split(text)
    waiting = _headings(text, sentences, template)
    reign = _Reign(template)
    for start, end in sentences:
        at = start
        while waiting and waiting[0].start < end:
            heading = waiting.pop(0)
            filler = is_filler(text[at : heading.start])
            if not filler:
                yield from _piece(text, at, heading.start, reign)
            kept = reign.begin(heading, _on_own_line(text, heading))
            if filler:
                yield from _piece(text, at, heading.start, reign, aside=True)
            at = heading.start if kept or _says_all(text, heading, waiting) else heading.end
        if at == start:
            reign.hear(text[start:end])
        yield from _piece(text, at, end, reign)


def _headings(text: str, sentences: Sequence[Sentence], template: Template) -> list[Heading]:
    """Those of this template, and those of others that stand alone.

    One between commas counts only where it goes on in the template's order: after a heading, or with so many words
    that nothing else can be meant.
    """
    foreign = _foreign(template)
    found = find(text, sentences, template.headings.keys() | foreign, template.parts.keys(), template.letters.keys())
    order = [section.key for section in template.sections]
    reached = -1
    kept: list[Heading] = []
    for heading in found:
        if heading.phrase in foreign and not heading.alone:
            continue
        opened = _opened(heading, template)
        place = order.index(opened[-1]) if opened else reached
        if heading.listed and (place <= reached or (reached < 0 and " " not in heading.phrase)):
            continue
        if kept and _answers(text, kept[-1], heading, template):
            continue
        reached = place
        kept.append(heading)
    return kept


def _answers(text: str, before: Heading, label: Heading, template: Template) -> bool:
    """Whether a label is what stands under the heading right before it: "Chief complaint. Follow-up." """
    opened = template.headings.get(before.phrase, ())
    labelled = template.parts.get(label.phrase, ())
    nothing_between = not text[before.end : label.start].strip()
    return bool(opened and labelled) and label.alone and nothing_between and not {*opened} & {*labelled}


def _says_all(text: str, heading: Heading, later: Sequence[Heading]) -> bool:
    """Whether nothing follows under what was taken for a heading: "Follow up." is then the sentence itself."""
    end = later[0].start if later else len(text)
    said = text[heading.start : heading.end].rstrip()
    return heading.alone and not said.endswith(":") and not text[heading.end : end].strip()


def _opened(heading: Heading, template: Template) -> tuple[str, ...]:
    """The sections that it heads; none for a label or for what this template has no place for."""
    return template.headings.get(heading.phrase) or template.letters.get(heading.phrase, ())


class _Reign:
    """Which sections are open to the sentences after a heading."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._open: tuple[str, ...] = ()
        self._briefly: list[tuple[str, ...]] = []
        self._fresh = False

    def begin(self, heading: Heading, own_line: bool) -> bool:
        """Take note of a heading; True if its words stay in the text."""
        self._briefly = []
        self._fresh = True
        if opened := _opened(heading, self._template):
            self._open = opened
            return False
        labelled = self._template.parts.get(heading.phrase)
        if labelled is None:
            self._open = ()
        elif own_line or (self._open and self._leads_on(labelled)):
            self._open = labelled
        elif not self._open:
            # A label in running text speaks for its own sentence and for the one that it announces, no further.
            self._briefly = [labelled] * (2 if heading.alone else 1)
        return True

    def hear(self, sentence: str) -> None:
        """A sentence that leads into a later section by itself ("On examination, ...") ends a heading's rule: from
        there on the wording decides, but never back."""
        order = [section.key for section in self._template.sections]
        for phrase, keys in self._template.lead_ins.items():
            if self._open and re.match(rf"{re.escape(phrase)}\b", sentence, re.IGNORECASE) and self._leads_on(keys):
                self._open = tuple(order[order.index(self._open[-1]) :])
                return

    def next_sentence(self) -> tuple[tuple[str, ...], bool]:
        """The sections open to the next sentence, and whether it is the first after a heading."""
        fresh, self._fresh = self._fresh, False
        return (self._briefly.pop() if self._briefly else self._open), fresh

    def aside(self) -> tuple[tuple[str, ...], bool]:
        """The sections open to what was said before the heading itself and goes with it."""
        return self._open, False

    def _leads_on(self, labelled: tuple[str, ...]) -> bool:
        """A label leads on, never back: "medications" said under the plan belong to the plan."""
        order = [section.key for section in self._template.sections]
        return order.index(labelled[0]) >= order.index(self._open[-1])


def _on_own_line(text: str, heading: Heading) -> bool:
    before, after = text[: heading.start].rstrip(" \t"), text[heading.end :].lstrip(" \t")
    return heading.alone and (not before or before.endswith("\n")) and after.startswith("\n")


def _piece(text: str, start: int, end: int, reign: _Reign, *, aside: bool = False) -> Iterator[_Piece]:
    stripped = text[start:end].strip()
    if stripped:
        start = text.index(stripped, start)
        allowed, headed = reign.aside() if aside else reign.next_sentence()
        yield _Piece(start, start + len(stripped), allowed, headed)


def _foreign(template: Template) -> frozenset[str]:
    """Headings that this template has no place for."""
    known = {heading_phrase(s.heading) for name in templates() for s in load_template(name).sections}
    return frozenset(known | _SPOKEN_HEADINGS) - template.headings.keys() - template.parts.keys()
