"""A recorded value in the unit that a question asks for, with the recorded one beside it and the factor shown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from pipelines.tasks.record.measurements import Measurement
from pipelines.tasks.record.sentences import number
from pipelines.tasks.record.words import Words, tokens

_TABLE: Final = "units.toml"
_CONCENTRATIONS: Final = {"mass concentration", "substance concentration"}


@dataclass(frozen=True)
class Unit:
    """A unit of the table (``units.toml``), by its UCUM code; ``shown`` is how clinicians write it."""

    code: str
    kind: str
    per: Decimal
    shown: str


@dataclass(frozen=True)
class Converted:
    """The value in another unit: what a sentence says of it, and its facts."""

    text: str
    facts: dict[str, Any]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(_TABLE).read_text(encoding="utf-8"))


@cache
def _units() -> Mapping[str, Unit]:
    """Units by every way in which records write them."""
    return {
        written: Unit(entry["code"], entry["kind"], Decimal(entry["per"]), entry.get("shown", entry["code"]))
        for entry in _table()["unit"]
        for written in entry["written"]
    }


@cache
def _grams() -> Mapping[str, Decimal]:
    """Grams to a mole, by LOINC code."""
    return {code: Decimal(entry["grams"]) for entry in _table()["mole"] for code in entry["loinc"]}


@cache
def _spoken() -> tuple[tuple[str, str], ...]:
    """("in" and a unit as it is said, its code), those of more words first."""
    said = {tuple(tokens(phrase)): entry["code"] for entry in _table()["unit"] for phrase in entry["spoken"]}
    return tuple((" ".join(("in", *phrase)), said[phrase]) for phrase in sorted(said, key=len, reverse=True))


def take_unit(words: Words) -> str | None:
    """Take the unit that a question asks for ("in millimoles per liter"): its UCUM code."""
    return next((code for phrase, code in _spoken() if words.take(phrase)), None)


def converted(m: Measurement, code: str) -> Converted | None:
    """The measurement in the unit ``code``; None where that is its own, or no way leads there."""
    unit, value = _units().get(str(m.unit)), number(m.value.value)
    wanted = next((each for each in _units().values() if each.code == code), None)
    if unit is None or wanted is None or value is None or m.second or unit.code == wanted.code:
        return None
    if unit.kind == wanted.kind == "temperature":
        celsius = unit.code == "Cel"
        result = value * Decimal("1.8") + 32 if celsius else (value - 32) / Decimal("1.8")
        return _said(result, wanted, "times 1.8 plus 32" if celsius else "minus 32, divided by 1.8")
    factor = unit.per / wanted.per
    if unit.kind != wanted.kind:
        grams = next((grams for each in sorted(m.codes) if (grams := _grams().get(each))), None)
        if grams is None or {unit.kind, wanted.kind} != _CONCENTRATIONS:
            return None
        factor = factor / grams if unit.kind == "mass concentration" else factor * grams
    return _said(value * factor, wanted, f"times {_figures(factor, 5)}")


def _said(value: Decimal, unit: Unit, how: str) -> Converted:
    shown = _figures(value, 4)
    return Converted(f"; converted: {shown} {unit.shown} ({how})", {"value": float(value), "unit": unit.code})


def _figures(value: Decimal, figures: int) -> str:
    """Rounded to so many significant figures, without an exponent."""
    if not value:
        return "0"
    rounded = round(value, figures - 1 - value.adjusted())
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
