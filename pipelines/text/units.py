"""Units of measure as they are said, and the symbols that clinicians write for them.

Units stay "units" (a U is read as a zero), micrograms become mcg, and nothing is abbreviated that is better spelt.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipelines.text.tokens import Tokens

# What is said in the singular, all its spellings, and the symbol. A plural takes an s.
_DOSE_UNITS: Final = {
    "milligram milligramme": "mg",
    "microgram microgramme": "mcg",
    "nanogram nanogramme": "ng",
    "gram gramme": "g",
    "milliliter millilitre": "mL",
    "milliequivalent": "mEq",
    "millimole": "mmol",
    "milliunit": "",
    "unit": "",
}
_OTHER_UNITS: Final = {
    "picogram picogramme": "pg",
    "kilogram kilogramme kilo": "kg",
    "liter litre": "L",
    "deciliter decilitre": "dL",
    "microliter microlitre": "µL",
    "micromole": "µmol",
    "nanomole": "nmol",
    "picomole": "pmol",
    "millimeter millimetre": "mm",
    "centimeter centimetre": "cm",
    "millisecond": "ms",
    "millivolt": "mV",
    "milliamp milliampere": "mA",
    "milliosmole": "mOsm",
    "centigray": "cGy",
    "hertz": "Hz",
    "kilocalorie": "kcal",
    "percent": "%",
}
_PHRASES: Final = {
    ("millimeters", "of", "mercury"): "mmHg",
    ("millimetres", "of", "mercury"): "mmHg",
    ("millimeters", "mercury"): "mmHg",
    ("millimetres", "mercury"): "mmHg",
    ("centimeters", "of", "water"): "cmH2O",
    ("centimetres", "of", "water"): "cmH2O",
    ("degrees", "celsius"): "°C",
    ("degrees", "centigrade"): "°C",
    ("degrees", "fahrenheit"): "°F",
    ("per", "cent"): "%",
    ("m", "g"): "mg",
    ("m", "c", "g"): "mcg",
    ("m", "l"): "mL",
    ("k", "g"): "kg",
    ("beats", "per", "minute"): "bpm",
    ("breaths", "per", "minute"): "breaths/min",
    ("square", "centimeters"): "cm²",
    ("square", "centimetres"): "cm²",
    ("square", "millimeters"): "mm²",
    ("square", "millimetres"): "mm²",
    ("cubic", "centimeters"): "cm³",
    ("cubic", "centimetres"): "cm³",
    ("international", "units"): "international units",
    ("international", "unit"): "international unit",
}
_DOSED: Final = frozenset({"international units", "international unit", "mg", "mcg", "mL"})
_PER: Final = {
    "liter": "L",
    "litre": "L",
    "l": "L",
    "deciliter": "dL",
    "decilitre": "dL",
    "dl": "dL",
    "milliliter": "mL",
    "millilitre": "mL",
    "ml": "mL",
    "kilogram": "kg",
    "kilogramme": "kg",
    "kilo": "kg",
    "kg": "kg",
    "gram": "g",
    "milligram": "mg",
    "millimole": "mmol",
    "mole": "mol",
    "hour": "hour",
    "minute": "min",
    "day": "day",
}
_PER_PHRASES: Final = {
    ("meter", "squared"): "m²",
    ("metre", "squared"): "m²",
    ("meters", "squared"): "m²",
    ("metres", "squared"): "m²",
    ("square", "meter"): "m²",
    ("square", "metre"): "m²",
    ("one", "point", "seven", "three", "meters", "squared"): "1.73 m²",
    ("one", "point", "seven", "three", "metres", "squared"): "1.73 m²",
}
# Written already: kept as they stand, but they tell that a dose or a measure precedes.
_SYMBOLS: Final = {
    **dict.fromkeys(("mg", "mcg", "ml", "meq", "ng", "µg", "g"), True),
    **dict.fromkeys(("kg", "dl", "cm", "mm", "mmol", "mmhg", "bpm", "%", "pg", "mosm", "kcal"), False),
}
_CLOSE: Final = frozenset({"%", "°C", "°F"})
_LONGEST: Final = 6


class Unit(NamedTuple):
    """The tokens up to ``end`` (exclusive) are a unit, written ``text``, its gap to the number included.

    ``dose``: what drugs are measured out in, and not a concentration. ``singular``: said without its plural s.
    """

    end: int
    text: str
    dose: bool
    singular: bool


class _Named(NamedTuple):
    text: str
    dose: bool
    singular: bool


def _named() -> dict[str, _Named]:
    named = {}
    for group, dose in ((_DOSE_UNITS, True), (_OTHER_UNITS, False)):
        for spellings, symbol in group.items():
            for spelling in spellings.split():
                named[spelling] = _Named(symbol or spelling, dose, True)
                named[spelling + "s"] = _Named(symbol or spelling + "s", dose, False)
    return named


_NAMED: Final = _named()
STARTS: Final = frozenset({*_NAMED, *(phrase[0] for phrase in _PHRASES), *_SYMBOLS})


def read(tokens: Tokens, index: int) -> Unit | None:
    """The unit of measure that follows a number that ends before ``index``."""
    token = tokens[index]
    if token.key not in STARTS or token.glue not in (" ", "-", ""):
        return None
    if token.glue == "" and token.key not in _SYMBOLS:
        return None
    for phrase, symbol in _PHRASES.items():
        if token.key == phrase[0] and tokens.follows(index + 1, phrase[1:]):
            return _unit(tokens, index, index + len(phrase), _Named(symbol, symbol in _DOSED, False))
    if named := _NAMED.get(token.key):
        return _unit(tokens, index, index + 1, named)
    if token.key in _SYMBOLS:
        return _unit(tokens, index, index + 1, _Named(tokens.said(index), _SYMBOLS[token.key], True))
    return None


def _unit(tokens: Tokens, index: int, end: int, named: _Named) -> Unit:
    glue = tokens[index].glue
    text, dose = named.text, named.dose
    if tokens.joined(end) == "squared" and text in ("cm", "mm"):
        text, end = text + "²", end + 1
    # A rate is still a dose; a concentration is a value from the laboratory.
    while (found := _denominator(tokens, end)) is not None and glue == " ":
        end, symbol = found
        text = f"{text}/{symbol}"
        dose = dose and symbol in ("hour", "min", "day", "kg", "m²")
    gap = "" if text in _CLOSE or glue == "" else glue
    return Unit(end, gap + text, dose, named.singular)


def _denominator(tokens: Tokens, index: int) -> tuple[int, str] | None:
    """Where "per kilogram" and the like ends, and its symbol."""
    if tokens.key(index) != "per":
        return None
    for phrase, symbol in _PER_PHRASES.items():
        if tokens.follows(index + 1, phrase):
            return index + 1 + len(phrase), symbol
    symbol = _PER.get(tokens.key(index + 1), "")
    return (index + 2, symbol) if symbol else None
