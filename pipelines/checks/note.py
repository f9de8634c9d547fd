"""A dictated note held against its sources: the speaker's words, the texts that they called for, and what a model
drafted of them, each by its own check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.checks import drafted, inserted, verbatim
from pipelines.ports import Store
from pipelines.records import Check, Result, Transcript
from pipelines.tasks.note.calls import calls_for
from pipelines.tasks.note.template import Template
from pipelines.tasks.note.templates import macros_for


def check(
    result: Result, transcript: Transcript, template: Template, templates: Path | None, store: Store
) -> tuple[Check, ...]:
    """The checks of every statement of the note; see `verbatim`, `inserted` and `drafted`.

    Args:
        templates: the folder of the user's own templates and macros.
    """
    headings = (
        *template.headings,
        *template.parts,
        *template.announcements,
        *_said(result, transcript, template, templates),
    )
    answer = result.data.get("drafted", {}).get("answer", "")
    return (
        *verbatim.check(result.statements, transcript, headings),
        *inserted.check(
            result.statements,
            transcript,
            template,
            macros_for(template, templates),
            result.data.get("inserted", ()),
        ),
        *drafted.check(result.statements, answer, store),
    )


def _said(result: Result, transcript: Transcript, template: Template, templates: Path | None) -> Iterator[str]:
    """The words that the result says were said to the product, where they read as such once more."""
    read_call = calls_for(template, templates)
    for place in result.data.get("calls", ()):
        call = read_call(transcript.text, place["start"], place["end"])
        if call is not None and not call.stays:
            yield transcript.text[call.start : call.end]
