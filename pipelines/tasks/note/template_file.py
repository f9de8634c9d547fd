"""Templates and macros as people write them: TOML files, read and held to what they may say."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, ValidationError, model_validator

from pipelines.errors import BadInput
from pipelines.records import Value
from pipelines.tasks.note.cues import roles
from pipelines.tasks.note.template import Macro, Normal, Phrase, Section, Template, heading_phrase

_KEY: Final = r"^[a-z][a-z0-9_]*$"
_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


class Problem(NamedTuple):
    """What is wrong with a file, and in which line (1 where it is wanting)."""

    line: int
    text: str


class _SectionFile(Value):
    key: Annotated[str, Field(pattern=_KEY)]
    heading: Phrase
    synonyms: tuple[Phrase, ...] = ()
    announcements: tuple[Phrase, ...] = ()
    parts: tuple[Phrase, ...] = ()
    holds: tuple[Phrase, ...] = ()
    letters: tuple[Phrase, ...] = ()
    lead_ins: tuple[Phrase, ...] = ()
    required: bool = False
    normals: tuple[Normal, ...] = ()


class _TemplateFile(Value):
    title: Phrase
    version: Phrase
    sections: Annotated[tuple[_SectionFile, ...], Field(min_length=1)]
    macros: tuple[Macro, ...] = ()

    @model_validator(mode="after")
    def _keys_differ(self) -> _TemplateFile:
        if len({section.key for section in self.sections}) < len(self.sections):
            raise ValueError("two sections have the same key")
        return self


class _MacroFile(Value):
    macros: Annotated[tuple[Macro, ...], Field(min_length=1)]


def parse_template(name: str, data: bytes) -> Template:
    """A template from its file.

    Raises:
        BadInput: the file is not one.
    """
    if problems := problems_of(data):
        first = problems[0]
        raise BadInput(f"template {name}", f"line {first.line}: {first.text}", f"see: assistant templates check {name}")
    read = tomllib.loads(data.decode("utf-8"))
    if "sections" not in read:
        raise BadInput(f"template {name}", "holds macros and no sections", "name a file that has sections")
    file = _TemplateFile.model_validate(read)
    sections = tuple(
        Section(
            key=section.key,
            heading=section.heading,
            synonyms=_lower(section.synonyms),
            order=order,
            parts=_lower(section.parts),
            holds=section.holds,
            letters=section.letters,
            lead_ins=section.lead_ins,
            announcements=_lower(section.announcements),
            required=section.required,
            normals=section.normals,
        )
        for order, section in enumerate(file.sections)
    )
    return Template(name, file.version, file.title, sections, hashlib.sha256(data).hexdigest(), file.macros)


def parse_macros(name: str, data: bytes) -> tuple[Macro, ...]:
    """The macros of a file that holds nothing else; none where it is a template.

    Raises:
        BadInput: the file is neither.
    """
    if problems := problems_of(data):
        first = problems[0]
        raise BadInput(f"macros {name}", f"line {first.line}: {first.text}", f"see: assistant templates check {name}")
    read = tomllib.loads(data.decode("utf-8"))
    return () if "sections" in read else _MacroFile.model_validate(read).macros


def problems_of(data: bytes) -> tuple[Problem, ...]:
    """Everything that is wrong with a file of a template, or of macros alone; in the order of its lines."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return (Problem(data[: error.start].count(b"\n") + 1, "is not UTF-8 text"),)
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _AT.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        return (Problem(line, f"is not TOML: {_AT.sub('', str(error)).lower()}"),)
    kind = _MacroFile if "macros" in read and "sections" not in read else _TemplateFile
    try:
        file = kind.model_validate(read)
    except ValidationError as error:
        wrong = [one for one in error.errors() if not _is_of_others(one, error.errors())]
        found = [Problem(_line(text, one["loc"]), _in_words(one)) for one in wrong]
    else:
        found = list(_doubts(text, file))
    return tuple(sorted(found))


def _doubts(text: str, file: _TemplateFile | _MacroFile) -> list[Problem]:
    """What is well formed and cannot be meant."""
    found: list[Problem] = []
    names: dict[str, int] = {}
    for index, macro in enumerate(file.macros):
        for phrase in sorted(macro.phrases):
            if not phrase:
                found.append(Problem(_line(text, ("macros", index, "name")), "a macro's name holds no letter"))
            elif phrase in names and not {*macro.templates} ^ {*file.macros[names[phrase]].templates}:
                found.append(Problem(_line(text, ("macros", index, "name")), f"two macros are called {phrase!r}"))
            names.setdefault(phrase, index)
    if isinstance(file, _MacroFile):
        return found
    known = {heading_phrase(name): section.key for section in file.sections for name in (section.heading, section.key)}
    for index, section in enumerate(file.sections):
        for role in sorted({*section.holds} - roles()):
            place = _line(text, ("sections", index, "holds"))
            found.append(Problem(place, f"unknown role {role}; known: {', '.join(sorted(roles()))}"))
        for field in ("synonyms", "announcements", "parts"):
            place = _line(text, ("sections", index, field))
            for phrase in map(heading_phrase, getattr(section, field)):
                if not phrase:
                    found.append(Problem(place, f"a phrase of {field} holds no letter"))
                elif known.get(phrase, section.key) != section.key:
                    found.append(Problem(place, f"{phrase!r} is the name of section {known[phrase]}"))
        for phrase in sorted({*map(heading_phrase, section.synonyms)} & {*map(heading_phrase, section.parts)}):
            place = _line(text, ("sections", index, "parts"))
            found.append(Problem(place, f"{phrase!r} is a synonym and a part: it can go or stay, not both"))
    return found


def _is_of_others(error: Any, errors: list[Any]) -> bool:
    """Whether a list is called empty only because its items are wrong, which is told."""
    place = error["loc"]
    within = (one["loc"] for one in errors if one is not error)
    return error["type"] == "too_short" and any(other[: len(place)] == place != other for other in within)


def _in_words(error: Any) -> str:
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"{place}: there is no such entry"
        case "missing":
            return f"{place} is missing"
        case "too_short" | "string_too_short":
            return f"{place} is empty"
        case "string_pattern_mismatch":
            return f"{place}: write small letters, digits and _ only, a letter first"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message.lower()}" if place else message.lower()


def _line(text: str, place: tuple[int | str, ...]) -> int:
    """Where an entry of the file stands: its own line, else that of the table that lacks it."""
    lines = text.splitlines()
    at, end, path = 0, len(lines), ""
    for index, part in enumerate(place):
        if isinstance(part, int):
            opens = re.compile(rf"\s*\[\[\s*{re.escape(path)}\s*\]\]")
            tables = [number for number in range(at, end) if opens.match(lines[number])]
            if part >= len(tables):
                break
            at = tables[part]
            end = tables[part + 1] if part + 1 < len(tables) else end
            continue
        path = f"{path}.{part}" if path else part
        nested = index + 1 < len(place) and isinstance(place[index + 1], int)
        entry = re.compile(rf"\s*[\"']?{re.escape(part)}[\"']?\s*=")
        found = [number for number in range(at, end) if entry.match(lines[number])]
        if found:
            return found[0] + 1
        if not nested:
            break
    return at + 1


def _lower(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(phrase.lower() for phrase in phrases)
