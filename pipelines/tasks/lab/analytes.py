"""What common analytes are called on reports, their LOINC codes by unit, and which values ask for a second look."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.tasks.record.words import terms, tokens

_PROPERTY: Final = re.compile(r"\[[^\]]*\]")
_METHOD: Final = re.compile(
    r"\b(?:by|on)\s+[\w\s-]*$|\((?:calc(?:ulated)?|automated|auto|direct)\.?\)|,?\s*calculated\b", re.IGNORECASE
)
_SHORT: Final = re.compile(r"([^()]*[^()\s])\s*\(([^()]+)\)")
#: Words that tell the sample or nothing; a name with another word than these is another name.
_FILLING: Final = frozenset({"in", "of", "serum", "plasma", "or", "blood", "level", "levels", "venous", "s", "p"})
_ELSEWHERE: Final = re.compile(
    r"urin|\bcsf\b|cerebrospinal|fluid|stool|f[ae]ec|saliva|sweat|semen|synovial|pleural|ascit|dialysate|capillary|arterial|cord",
    re.IGNORECASE,
)


class Usual(NamedTuple):
    """Of an analyte in one unit."""

    loinc: str | None
    least: Decimal
    most: Decimal


@dataclass(frozen=True)
class Analyte:
    name: str
    units: dict[str, Usual]
    """By UCUM unit; the empty one for none."""
    automated: str | None


def known_name(name: str) -> bool:
    """Whether it is what a common analyte is called, in blood."""
    return _find(name) is not None


def known_word(word: str) -> bool:
    """Whether it stands in the name of a common analyte."""
    return any(word.lower() in name for name in _by_words())


def analyte_of(name: str, *said_elsewhere: str | None) -> Analyte | None:
    """The analyte in blood, serum or plasma that the name is of; None where name, panel or specimen say otherwise.

    Args:
        said_elsewhere: panel and specimen.
    """
    if any(_ELSEWHERE.search(text) for text in (name, *said_elsewhere) if text):
        return None
    return _find(name)


def loinc_of(analyte: Analyte | None, ucum: str | None, *said: str | None) -> str | None:
    """The code for the analyte in this unit; None where the unit is not one of its own.

    Args:
        said: name and panel, which may tell that an analyser counted.
    """
    usual = analyte.units.get(ucum or "") if analyte else None
    if analyte is None or usual is None:
        return None
    if analyte.automated and any("automated" in text.lower() for text in said if text):
        return analyte.automated
    return usual.loinc


def implausible(analyte: Analyte | None, ucum: str | None, value: Decimal) -> bool:
    """Whether the value lies beyond what is ever measured in this unit."""
    usual = analyte.units.get(ucum or "") if analyte else None
    return usual is not None and not usual.least <= value <= usual.most


def _find(name: str) -> Analyte | None:
    plain = _METHOD.sub(" ", _PROPERTY.sub(" ", name)).replace("+", " ").replace("-", " ")
    whole = _by_words().get(_words(plain))
    short = _SHORT.fullmatch(plain.strip())
    if whole is not None or short is None:
        return whole
    # "Urea nitrogen (BUN)": the short name must not be another analyte's.
    long_one, short_one = (_by_words().get(_words(part)) for part in short.groups())
    return long_one if short_one in (None, long_one) else None


def _words(name: str) -> frozenset[str]:
    said = tokens(name)
    return frozenset(said) - _FILLING or frozenset(said)


@cache
def _by_words() -> dict[frozenset[str], Analyte]:
    table = tomllib.loads(Path(__file__).with_name("analytes.toml").read_text(encoding="utf-8"))["analyte"]
    spoken = {term.name: term.spoken for term in terms() if term.domain == "observation"}
    found: dict[frozenset[str], Analyte] = {}
    for entry in table:
        units = {
            unit: Usual(loinc or None, Decimal(str(least)), Decimal(str(most)))
            for unit, (loinc, least, most) in entry["units"].items()
        }
        analyte = Analyte(entry["name"], units, entry.get("automated"))
        for phrase in (*map(" ".join, spoken[entry["name"]]), entry["name"], *entry.get("printed", ())):
            found.setdefault(_words(phrase), analyte)
    return found
