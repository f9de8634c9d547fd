"""Texts that are put into a note because the speaker called for them: macros, and a section's normals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.tasks.note.calls import Call
from pipelines.tasks.note.template import Macro, Normal, Section, Template, heading_phrase
from pipelines.text.sentences import split

NORMALS = "normals"
"""Stands for a macro's name where a section's normals were put in."""


@dataclass(frozen=True)
class Insertion:
    """``sentences`` of the macro or template with this hash. ``left_out`` are so many whose matter was spoken of."""

    name: str
    sha256: str
    sentences: tuple[str, ...]
    left_out: int = 0


def insertions_of(
    call: Call | None, section: Section, template: Template, spoken: Sequence[str]
) -> Iterator[Insertion]:
    """What a call puts into the section that it was filed under.

    Args:
        spoken: what was dictated in that section.
    """
    if call is None:
        return
    for macro in call.macros:
        yield Insertion(macro.name, macro.digest(), sentences_of(macro.text))
    if call.normals and section.normals:
        fitting = [normal for normal in section.normals if not _is_spoken_of(normal, spoken)]
        sentences = tuple(sentence for normal in fitting for sentence in sentences_of(normal.text))
        yield Insertion(NORMALS, template.sha256, sentences, len(section.normals) - len(fitting))


def sentences_of(text: str) -> tuple[str, ...]:
    """A text that is put in, as statements."""
    return tuple(" ".join(text[start:end].split()) for start, end in split(text))


def sections_for(macro: Macro, template: Template) -> tuple[str, ...]:
    """Where a macro goes that is called for under no heading; all sections are open where it does not say."""
    for heading in map(heading_phrase, macro.headings):
        for known in (template.headings, template.parts):
            if heading in known:
                return known[heading]
    return ()


def _is_spoken_of(normal: Normal, spoken: Sequence[str]) -> bool:
    words = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in normal.unless)
    return any(re.search(rf"\b(?:{words})s?\b", sentence, re.IGNORECASE) for sentence in spoken)
