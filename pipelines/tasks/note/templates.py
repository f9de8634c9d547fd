"""Note templates: TOML files that name the sections of a note, their order and the headings that open them."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError, model_validator

from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Value
from pipelines.tasks.note.cues import roles

_SHIPPED: Final = ("soap", "radiology-report", "discharge-summary", "consult-letter")
_KEY = r"^[a-z][a-z0-9_]*$"


@dataclass(frozen=True)
class Section:
    """One section of a note.

    ``synonyms`` are other headings for the whole section, lower case: spoken, they open it and are not written again.
    A phrase that two sections list opens both, and the wording then decides. ``parts`` are labels within it ("family
    history"): they open it too, but stay in the text, since what follows would mean something else without them.
    ``letters`` are its short forms, found only before a colon ("S:"). ``lead_ins`` open a sentence of it ("on
    examination, ..."): the words stay, and a heading's rule ends there.
    ``holds`` names the roles of sentences that belong here where no heading was spoken (``filing_cues.toml``);
    without any, only a heading opens the section.
    """

    key: str
    heading: str
    synonyms: tuple[str, ...]
    order: int
    parts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    lead_ins: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The section's own names, as ``heading_phrase`` writes them."""
        return frozenset({heading_phrase(self.heading), heading_phrase(self.key)})


@dataclass(frozen=True)
class Template:
    """``sha256`` is that of the file's bytes."""

    name: str
    version: str
    title: str
    sections: tuple[Section, ...]
    sha256: str

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


class _SectionFile(Value):
    key: Annotated[str, Field(pattern=_KEY)]
    heading: Annotated[str, Field(min_length=1)]
    synonyms: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    lead_ins: tuple[str, ...] = ()


class _TemplateFile(Value):
    title: str
    version: str
    sections: Annotated[tuple[_SectionFile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _keys_differ(self) -> _TemplateFile:
        if len({section.key for section in self.sections}) < len(self.sections):
            raise ValueError("two sections have the same key")
        return self


def templates() -> list[str]:
    """The names of the shipped templates."""
    return list(_SHIPPED)


def load_template(name_or_path: str) -> Template:
    """A shipped template by name, or one of the user's own by the path of its ``.toml`` file.

    Raises:
        UsageProblem: neither a shipped name nor a file.
        BadInput: the file is not a template.
    """
    if name_or_path in _SHIPPED:
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".toml" or not path.is_file():
        raise UsageProblem(
            f"template {name_or_path}", "no such template", f"choose one of {', '.join(_SHIPPED)}, or give a .toml file"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(path.name, f"cannot be read ({error.strerror})", "give a template file you may read") from error
    return _parse(path.stem, data)


@cache
def _shipped(name: str) -> Template:
    return _parse(name, resources.files("pipelines.tasks.note").joinpath("shipped", f"{name}.toml").read_bytes())


def _parse(name: str, data: bytes) -> Template:
    try:
        file = _TemplateFile.model_validate(tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(
            f"template {name}", "is not a TOML file", "write it like one of the shipped templates"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "sections"
        raise BadInput(f"template {name}", f"{place}: {first['msg']}", "write it like a shipped template") from error
    unknown = {role for section in file.sections for role in section.holds} - roles()
    if unknown:
        raise BadInput(f"template {name}", f"unknown role {min(unknown)}", f"use only {', '.join(sorted(roles()))}")
    sections = tuple(
        Section(
            key=section.key,
            heading=section.heading,
            synonyms=tuple(synonym.lower() for synonym in section.synonyms),
            order=order,
            parts=tuple(part.lower() for part in section.parts),
            holds=section.holds,
            letters=section.letters,
            lead_ins=section.lead_ins,
        )
        for order, section in enumerate(file.sections)
    )
    return Template(name, file.version, file.title, sections, hashlib.sha256(data).hexdigest())


# What each kind of dictation says; a kind is chosen by how many different ones are heard.
_LETTER: Final = re.compile(
    r"\bdear (?:dr|doctor|colleague|prof|mr|mrs|ms)\b"
    r"|\bthank(?:s| you)(?: very much| so much| kindly)? for (?:(?:your|the|this|kindly) )?"
    r"(?:refer|asking|seeing|sending|letter|involving)"
    r"|\bconsult(?:ation)? letter\b|\b(?:reason for (?:referral|consultation)|referral question)\b"
    r"|\b(?:kind regards|best regards|yours (?:sincerely|faithfully|truly))\b"
    r"|\b(?:gentleman|lady|woman|man) was referred\b|\bthis (?:pleasant|delightful|lovely) (?:lady"
    r"|gentleman|man|woman)\b",
    re.IGNORECASE,
)
_NAMED_DISCHARGE: Final = re.compile(
    r"(?<!previous )(?<!last )(?<!his )(?<!her )(?<!their )(?<!reviewed the )(?<!read the )(?<!in the )(?<!outside )"
    r"\bdischarge summary\b",
    re.IGNORECASE,
)
_DISCHARGE: Final = re.compile(
    r"\bdischarge (?:letter|medications?|diagnos[ie]s|condition|instructions|plan)\b|\bhospital course\b"
    r"|\bcourse in hospital\b"
    r"|\b(?:at|on|upon) discharge\b|\b(?:reason for )?admission\b|\bwas discharged\b|\bdischarged (?:home|to|on|with)\b"
    r"|\bdischarging (?:him|her|them|this)\b|\badmitted (?:with|for|on|to|after|because)\b"
    r"|\b(?:brought in by ambulance|came in with|presented to the emergency)\b|\b(?:goes|went|going|sent) home\b"
    r"|\bthe ward\b|\bby (?:the )?(?:day \w+|\w+ day)\b|\bthe (?:first|second|third|fourth|fifth) (?:day|night)\b"
    r"|\bintravenous|\bweaned\b|\btransfus|\bwhen s?he left\b",
    re.IGNORECASE,
)
_RADIOLOGY: Final = re.compile(
    r"\btechnique\b|\bcomparison\b|\bindication\b|\bfindings\b|\bimpression\b"
    r"|\b(?:views?|radiographs?|films?|mri?|ct|ultrasound|tomogra\w+) of (?:the|both)\b"
    r"|\b(?:pa|ap)(?: and|,)? lateral\b|\b(?:ap|pa|single|portable|frontal) (?:portable )?views?\b"
    r"|\baxial\b|\bmultiplanar\b"
    r"|\bcontrast\b|\bcompared (?:with|to) (?:the )?(?:prior|previous|film|study|ct|mri|x-?ray|radiograph)"
    r"|\b(?:no|the) (?:prior|previous) (?:films?|study|studies|imaging|exams?|radiographs?)\b"
    r"|\bno (?:pneumothorax|pleural effusion|acute fracture|acute intracranial|hydronephrosis|midline shift|effusion)"
    r"|\bcostophrenic|\bcardiomediastinal|\bcardiac silhouette|\bbi-?rads\b|\bhilar\b|\blung fields\b|\battenuation\b"
    r"|\bsignal intensity\b|\bechogenic|\bhypo(?:echoic|dense)|\balignment\b|\bsoft tissues?\b"
    r"|\bparenchyma|\bendotracheal tube\b"
    r"|\bperihilar\b|\bdisc protrusion\b|\bfracture of the\b|\bjoint effusion\b|\bcarina\b|\bopacit|\bmidline\b",
    re.IGNORECASE,
)
_VISIT: Final = re.compile(
    r"\b(?:denies|complains? of|reports|says|blood pressure|heart rate|on examination"
    r"|past medical history|takes|continue|we will"
    r"|i will|subjective|objective|assessment|afebrile|vitals?|prescribe\w*|start(?:ed)?|mg)\b",
    re.IGNORECASE,
)


def choose_template(transcript_text: str) -> str:
    """The shipped template whose kind of dictation this is; ``soap`` where no other's wording is plain."""
    if _NAMED_DISCHARGE.search(transcript_text):
        return "discharge-summary"
    discharge, radiology, visit = (_different(kind, transcript_text) for kind in (_DISCHARGE, _RADIOLOGY, _VISIT))
    if _LETTER.search(transcript_text):
        return "consult-letter"
    if discharge >= 2 and discharge > radiology:
        return "discharge-summary"
    if radiology >= 2 and radiology > visit:
        return "radiology-report"
    return "soap"


def _different(kind: re.Pattern[str], text: str) -> int:
    return len({match.group().lower() for match in kind.finditer(text)})
