"""What a note template is: its sections, their order, the headings that open them, and texts that can be put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field

from pipelines.records import Value

Phrase = Annotated[str, Field(min_length=1)]


class Normal(Value):
    """A sentence for what was found normal and not spoken of ("otherwise normal")."""

    text: Phrase
    unless: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    """Words by which its matter is spoken of: where the section holds one of them it is not put in."""


class Macro(Value):
    """A text that a speaker calls for by its name ("insert normal chest"). Its ``digest`` names it in the result."""

    name: Phrase
    text: Phrase
    says: tuple[Phrase, ...] = ()
    """Other names of it."""
    headings: tuple[Phrase, ...] = ()
    """Where it belongs when it is called for under no heading: the first of these that the template knows."""
    templates: tuple[Phrase, ...] = ()
    """For these templates only; for all where empty."""

    @property
    def phrases(self) -> frozenset[str]:
        """Every name, as ``heading_phrase`` writes it."""
        return frozenset(map(heading_phrase, (self.name, *self.says)))


@dataclass(frozen=True)
class Section:
    """One section of a note.

    ``synonyms`` are other headings for the whole section, lower case: spoken, they open it and are not written again.
    A phrase that two sections list opens both, and the wording then decides. ``parts`` are labels within it ("family
    history"): they open it too, but stay in the text, since what follows would mean something else without them.
    ``announcements`` are other words for it that open it only where they stand alone or before a colon ("what we will
    do"). ``letters`` are its short forms, found only before a colon ("S:"). ``lead_ins`` open a sentence of it ("on
    examination, ..."): the words stay, and a heading's rule ends there.
    ``holds`` names the roles of sentences that belong here where no heading was spoken (``filing_cues.toml``);
    without any, only a heading opens the section. ``required`` says that a note without it is not whole. ``normals``
    are put in only where the speaker asks for them.
    """

    key: str
    heading: str
    synonyms: tuple[str, ...]
    order: int
    parts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    lead_ins: tuple[str, ...] = ()
    announcements: tuple[str, ...] = ()
    required: bool = False
    normals: tuple[Normal, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The section's own names, as ``heading_phrase`` writes them."""
        return frozenset({heading_phrase(self.heading), heading_phrase(self.key)})


@dataclass(frozen=True)
class Template:
    """``sha256`` is that of the file's bytes. ``macros`` are those that only this template has."""

    name: str
    version: str
    title: str
    sections: tuple[Section, ...]
    sha256: str
    macros: tuple[Macro, ...] = ()

    @cached_property
    def headings(self) -> Mapping[str, tuple[str, ...]]:
        """Every phrase that heads a section, as ``heading_phrase`` writes it, and the sections' keys."""
        named = {name: (section.key,) for section in self.sections for name in section.names}
        return self._opening(lambda section: section.synonyms) | named

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """Every label within a section, and the keys of the sections that it opens."""
        return self._opening(lambda section: section.parts)

    @cached_property
    def announcements(self) -> Mapping[str, tuple[str, ...]]:
        """Every phrase that heads a section only by itself, and the sections' keys."""
        return self._opening(lambda section: section.announcements)

    @cached_property
    def letters(self) -> Mapping[str, tuple[str, ...]]:
        """Every short form ("s", "a p"), and the keys of the sections that it opens."""
        return self._opening(lambda section: section.letters)

    @cached_property
    def lead_ins(self) -> Mapping[str, tuple[str, ...]]:
        """Every phrase that leads into a section, and the sections' keys."""
        return self._opening(lambda section: section.lead_ins)

    def _opening(self, phrases: Callable[[Section], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for section in self.sections:
            for phrase in map(heading_phrase, phrases(section)):
                found[phrase] = (*found.get(phrase, ()), section.key)
        return found


def heading_phrase(text: str) -> str:
    """A heading as it is compared: lower case, words only, hyphens as spaces."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
