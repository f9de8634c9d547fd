"""Words of a dictation that are said to the product: "insert normal chest", "use template soap", "draft an impression".

They are obeyed only where they are all of a sentence, or all that a heading leaves of one. Whatever sounds like one and
cannot be obeyed stays in the note as it was dictated, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pipelines.tasks.note.template import Macro, Template, heading_phrase
from pipelines.tasks.note.templates import macros_for, template_called
from pipelines.text.headings import is_filler
from pipelines.text.sentences import split

Draft = Literal["impression", "summary"]

_FRONT: Final = r"(?:please\s+)?(?:insert|paste)\s+"
_ANY: Final = re.compile(rf"{_FRONT}(?P<names>\S.*)", re.IGNORECASE | re.DOTALL)
_MARKED: Final = re.compile(
    r"(?:the\s+|my\s+)?(?:(?:macro|text|phrase|template)\s+(?P<after>.+)|(?P<before>.+?)\s+(?:macro|template))$",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN: Final = re.compile(r"(?:macro\s+(?P<name>\S.*))", re.IGNORECASE | re.DOTALL)
_BETWEEN: Final = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_NORMALS: Final = re.compile(
    rf"{_FRONT}(?:the\s+|my\s+|all\s+)?(?:default\s+)?normals(?:\s+(?:for|of)\s+(?:the\s+rest|everything\s+else))?",
    re.IGNORECASE,
)
_KINDS: Final = r"(?:exam(?:ination)?|study|scan|film|radiograph|x-?ray|imaging|findings)"
_OTHERWISE: Final = re.compile(
    rf"(?:(?:and\s+)?(?:the\s+)?{_KINDS}\s+(?:is\s+|was\s+|are\s+)?)?(?:and\s+)?"
    rf"(?:otherwise|(?:everything|all)\s+else|the\s+(?:rest|remainder)(?:\s+of\s+the\s+{_KINDS})?)"
    rf"(?:\s+{_KINDS})?(?:\s+(?:is|was|are|were))?\s+(?:entirely\s+|completely\s+|all\s+)?"
    r"(?:normal|unremarkable|within\s+normal\s+limits)",
    re.IGNORECASE,
)
_TEMPLATE: Final = re.compile(
    r"(?:please\s+)?(?:(?:use|open|load|apply|insert)\s+(?:the\s+|my\s+)?"
    r"(?:template\s+(?P<after>\S.*)|(?P<before>\S.*?)\s+template)|template\s+(?P<bare>\S.*))",
    re.IGNORECASE | re.DOTALL,
)
_DRAFT: Final = re.compile(
    r"(?:please\s+)?(?:draft|generate)\s+(?:me\s+)?(?:an?\s+|the\s+)?(?:(?P<impression>impression|assessment|conclusion)"
    r"|(?P<summary>summary))(?:\s+for\s+(?:me|this|us))?(?:\s+please)?",
    re.IGNORECASE,
)
_ENDS: Final = " \t\r\n.,;:!?"
_CALLS_FOR_TEXT: Final = re.compile(
    rf"(?:{_FRONT}(?:the\s+|my\s+)?(?:(?:default\s+)?normals?\b|macro\b|template\b|text\b|\S.*\s(?:macro|template)$)"
    r"|macro\s+\S)",
    re.IGNORECASE | re.DOTALL,
)
"""What can only have been said to the product; "insert a drain" can not."""


@dataclass(frozen=True)
class Call:
    """``text[start:end]`` is said to the product, and what it asks for.

    ``normals``: ``inserted`` where the words are a command and go, ``said`` where they are a finding and stay.
    """

    start: int
    end: int
    macros: tuple[Macro, ...] = ()
    normals: Literal["inserted", "said"] | None = None
    template: str | None = None
    draft: Draft | None = None
    unknown: bool = False

    @property
    def inserts(self) -> bool:
        """Whether something is put in where it stands."""
        return bool(self.macros or self.normals)

    @property
    def stays(self) -> bool:
        """Whether its words stand in the note: a finding, or what could not be obeyed."""
        return self.unknown or self.normals == "said"


CallReader = Callable[[str, int, int], Call | None]
"""What ``text[start:end]``, a sentence or what a heading leaves of one, asks the product for; None for dictation."""


def calls_for(template: Template, folder: Path | None = None) -> CallReader:
    """Reads the calls in a note of this template, with the macros that it can have and the names of all templates."""
    macros = macros_for(template, folder)
    return lambda text, start, end: _call_in(text, start, end, macros, lambda words: template_called(words, folder))


def _call_in(
    text: str,
    start: int,
    end: int,
    macros: Mapping[str, Macro],
    named_template: Callable[[str], str | None],
) -> Call | None:
    said = text[start:end].rstrip(_ENDS)
    first = re.match(r"\w+[.,]?\s+", said)
    if first and is_filler(first.group()):
        # "Okay, insert normal chest": what is said before it is dictation.
        start, said = start + first.end(), said[first.end() :]
    if match := _DRAFT.fullmatch(said):
        return Call(start, end, draft="summary" if match["summary"] else "impression")
    if _NORMALS.fullmatch(said):
        return Call(start, end, normals="inserted")
    if _OTHERWISE.fullmatch(said):
        return Call(start, end, normals="said")
    if found := _macros(said, macros):
        return Call(start, end, macros=found)
    if (match := _TEMPLATE.fullmatch(said)) and (name := named_template(_named(match))):
        return Call(start, end, template=name)
    return Call(start, end, unknown=True) if _CALLS_FOR_TEXT.match(said) else None


def spoken_template(text: str, folder: Path | None = None) -> str | None:
    """The template that a sentence of the dictation asks for; the first where several do."""
    for start, end in split(text):
        match = _TEMPLATE.fullmatch(text[start:end].rstrip(_ENDS))
        if match and (name := template_called(_named(match), folder)):
            return name
    return None


def _named(match: re.Match[str]) -> str:
    return next(name for name in match.groups() if name)


def _macros(said: str, macros: Mapping[str, Macro]) -> tuple[Macro, ...]:
    """Those that are called for; none unless each name is known."""
    match = _PLAIN.fullmatch(said)
    names = match["name"] if match else None
    if match := _ANY.fullmatch(said):
        names = match["names"]
        # "Insert the knee macro", and "insert template knee" where a macro is called so.
        if heading_phrase(names) not in macros and (marked := _MARKED.fullmatch(names)):
            names = marked["after"] or marked["before"]
        names = re.sub(r"^(?:the|my|a|an)\s+", "", names, flags=re.IGNORECASE)
    if not names:
        return ()
    if whole := macros.get(heading_phrase(names)):
        return (whole,)
    found = [macros.get(heading_phrase(name)) for name in _BETWEEN.split(names)]
    return tuple(macro for macro in found if macro) if all(found) else ()
