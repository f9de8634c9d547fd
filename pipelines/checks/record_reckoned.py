"""What a statement reckons from the values it cites, reckoned again: elapsed time, another unit, a reference range."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

_ELAPSED: Final = re.compile(
    r"; that is (?P<said>(?:\d+ (?:years?|months?|days?)(?:, | and )?)+) before (?P<to>\d{4}-\d\d-\d\d)(?=\.|;|$)"
)
_CONVERTED: Final = re.compile(
    r"(?P<from>-?\d+(?:\.\d+)?) (?P<unit>\S+) (?P<between>[^;]*); converted: (?P<to>-?\d+(?:\.\d+)?) (?P<other>\S+)"
    r" \((?P<how>[^)]+)\)"
)
_RANGE: Final = re.compile(
    r": (?P<value>-?\d+(?:\.\d+)?)[^:]*, (?P<where>within|above|below) its reference range"
    r" \((?:(?P<low>-?\d+(?:\.\d+)?) to |from (?P<only>-?\d+(?:\.\d+)?)|up to )?(?P<high>-?\d+(?:\.\d+)?)?\)"
)
#: Relative atomic masses (IUPAC 2021), and what stands for an analyte: its formula. Names as records write them.
_MASS: Final = {
    "C": "12.011", "H": "1.008", "O": "15.999", "N": "14.007", "Ca": "40.078", "Mg": "24.305", "P": "30.974",
    "Fe": "55.845",
}  # fmt: skip
_FORMULA: Final = (
    ("triglyceride", "C57 H104 O6"), ("glucose", "C6 H12 O6"), ("cholesterol", "C27 H46 O"),
    ("lipoprotein", "C27 H46 O"), ("creatinine", "C4 H7 N3 O"), ("urea nitrogen", "N2"), ("bun", "N2"),
    ("bilirubin", "C33 H36 N4 O6"), ("urate", "C5 H4 N4 O3"), ("uric acid", "C5 H4 N4 O3"), ("calcium", "Ca"),
    ("magnesium", "Mg"), ("phosph", "P"), ("iron", "Fe"),
)  # fmt: skip
#: Units by what one of them is in the base unit of its kind: g/L, mol/L, 1/L, kg, m, Pa.
_SCALE: Final = {
    "mg/dL": ("g", "0.01"), "mg/dl": ("g", "0.01"), "g/dL": ("g", "10"), "g/dl": ("g", "10"), "g/L": ("g", "1"),
    "g/l": ("g", "1"), "ug/dL": ("g", "0.00001"), "mmol/L": ("mol", "0.001"), "mmol/l": ("mol", "0.001"),
    "umol/L": ("mol", "0.000001"), "umol/l": ("mol", "0.000001"), "µmol/L": ("mol", "0.000001"),
    "10*3/uL": ("n", "1000000000"), "K/uL": ("n", "1000000000"), "10*9/L": ("n", "1000000000"), "kg": ("kg", "1"),
    "lb": ("kg", "0.45359237"), "lbs": ("kg", "0.45359237"), "[lb_av]": ("kg", "0.45359237"), "cm": ("m", "0.01"),
    "m": ("m", "1"), "in": ("m", "0.0254"), "[in_i]": ("m", "0.0254"), "mm[Hg]": ("Pa", "133.322387415"),
    "mmHg": ("Pa", "133.322387415"), "kPa": ("Pa", "1000"),
}  # fmt: skip
_CELSIUS: Final = frozenset({"Cel", "C", "°C", "degC"})
#: Conventional and exact masses differ a little; a wrong factor by far more.
_SLACK: Final = Decimal("0.002")


def without_reckoned(text: str, values: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """``text`` without what it reckons, and (aspect, what is said) for each part that is reckoned wrongly.

    Args:
        text: the statement.
        values: that it cites.
    """
    wrong = [
        *(("date", m.group()) for m in _ELAPSED.finditer(text) if not _elapsed_holds(m, values)),
        *(("unit", m.group()) for m in _CONVERTED.finditer(text) if not _conversion_holds(m, text)),
        *(("range", m.group()) for m in _RANGE.finditer(text) if not _range_holds(m)),
    ]
    rest = _ELAPSED.sub(" ", text)
    rest = _CONVERTED.sub(lambda m: f"{m['from']} {m['unit']} {m['between']}", rest)
    return rest.replace("its reference range", " "), wrong


def _elapsed_holds(match: re.Match[str], values: Sequence[str]) -> bool:
    parts = {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) (\w+)", match["said"])}
    to = date.fromisoformat(match["to"])
    return any(_plus(start, parts) == to for start in _days(values))


def _days(values: Sequence[str]) -> Iterator[date]:
    for value in values:
        if re.match(r"\d{4}-\d\d-\d\d(?:T|$)", value, re.ASCII):
            try:
                yield date.fromisoformat(value[:10])
            except ValueError:
                continue


def _plus(start: date, parts: dict[str, int]) -> date | None:
    months = start.year * 12 + start.month - 1 + parts.get("year", 0) * 12 + parts.get("month", 0)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    day = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return date.fromordinal(day.toordinal() + parts.get("day", 0))


def _conversion_holds(match: re.Match[str], text: str) -> bool:
    value, said = Decimal(match["from"]), Decimal(match["to"])
    if match["unit"] in _CELSIUS or match["other"] in _CELSIUS:
        celsius, fahrenheit = (value, said) if match["unit"] in _CELSIUS else (said, value)
        return abs(celsius * Decimal("1.8") + 32 - fahrenheit) <= Decimal("0.1")
    here, there = _SCALE.get(match["unit"]), _SCALE.get(match["other"])
    if here is None or there is None:
        return False
    factor = Decimal(here[1]) / Decimal(there[1])
    if here[0] != there[0]:
        mole = _mole(text)
        if mole is None or {here[0], there[0]} != {"g", "mol"}:
            return False
        factor = factor / mole if here[0] == "g" else factor * mole
    shown = re.fullmatch(r"times (\d+(?:\.\d+)?)", match["how"])
    if shown is None or abs(Decimal(shown[1]) / factor - 1) > _SLACK:
        return False
    # The value is shown rounded, and may have been rounded before: both to about three figures.
    return abs(value * factor - said) <= abs(said) * Decimal("0.006") + Decimal("0.001")


def _mole(text: str) -> Decimal | None:
    name = text.split(":", maxsplit=1)[0].lower()
    formula = next((formula for word, formula in _FORMULA if word in name), None)
    if formula is None:
        return None
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    return sum((Decimal(_MASS[element]) * int(count or 1) for element, count in parts), Decimal(0))


def _range_holds(match: re.Match[str]) -> bool:
    value = Decimal(match["value"])
    low = Decimal(match["low"] or match["only"]) if match["low"] or match["only"] else None
    high = Decimal(match["high"]) if match["high"] else None
    if low is None and high is None:
        return False
    where = "below" if low is not None and value < low else "above" if high is not None and value > high else "within"
    return where == match["where"]
