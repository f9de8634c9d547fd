"""Inserted statements held against the texts that the speaker called for: in the file's words, asked for by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.records import Check, Statement, Transcript, TranscriptCitation
from pipelines.tasks.note.template import Macro, Template, heading_phrase

_MARKS: Final = re.compile(r"[\W_]+")
_NORMAL: Final = re.compile(r"\b(?:normals?|unremarkable|within normal limits)\b", re.IGNORECASE)


def check(
    statements: Sequence[Statement],
    transcript: Transcript,
    template: Template,
    macros: Mapping[str, Macro],
    inserted: Sequence[Mapping[str, Any]],
) -> tuple[Check, ...]:
    """One check an inserted statement (aspect ``inserted``).

    Supported where the account of what was put in (``inserted``) names a text of this hash that is there now, the text
    holds the statement, and the words that the statement cites call for it.

    Args:
        macros: those that can be called for, by every name.
    """
    accounts = {index: account for account in inserted for index in account["statements"]}
    return tuple(
        _checked(index, statement, transcript, template, macros, accounts.get(index))
        for index, statement in enumerate(statements)
        if statement.origin == "inserted"
    )


def _checked(
    index: int,
    statement: Statement,
    transcript: Transcript,
    template: Template,
    macros: Mapping[str, Macro],
    account: Mapping[str, Any] | None,
) -> Check:
    spans = [citation for citation in statement.citations if isinstance(citation, TranscriptCitation)]
    said = " ".join(transcript.text[span.start : span.end] for span in spans)
    source = _source(said, template, macros, account) if account else None
    sound = source is not None and _letters(statement.text) in _letters(source)
    return Check(
        statement=index,
        verdict="supported" if sound else "contradicted",
        aspect="inserted",
        statement_text=statement.text,
        source_text=source,
    )


def _source(said: str, template: Template, macros: Mapping[str, Macro], account: Mapping[str, Any]) -> str | None:
    """The text that the words call for, if it is the one of the account."""
    if account["sha256"] == template.sha256:
        normals = (normal.text for section in template.sections for normal in section.normals)
        return " ".join(normals) if _NORMAL.search(said) else None
    words = f" {heading_phrase(said)} "
    called = (macro for phrase, macro in macros.items() if f" {phrase} " in words)
    return next((macro.text for macro in called if macro.digest() == account["sha256"]), None)


def _letters(text: str) -> str:
    return _MARKS.sub("", text.lower())
