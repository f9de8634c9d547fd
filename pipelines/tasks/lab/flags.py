"""Flags as they are printed, and the same computed from the value and its printed range."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from pipelines.tasks.lab.rows import Comparator, FlagCode, Limits

_PRINTED: Final[dict[str, FlagCode | None]] = {
    "h": "H", "high": "H", "hi": "H", "↑": "H", "▲": "H", "^": "H", "above": "H", "above range": "H",
    "above high normal": "H",
    "l": "L", "low": "L", "lo": "L", "↓": "L", "▼": "L", "v": "L", "below": "L", "below range": "L",
    "below low normal": "L",
    "hh": "HH", "h!": "HH", "critical high": "HH", "crit high": "HH", "panic high": "HH", "high critical": "HH",
    "↑↑": "HH", "⇈": "HH", "ch": "HH", "hc": "HH", "high panic": "HH",
    "ll": "LL", "l!": "LL", "critical low": "LL", "crit low": "LL", "panic low": "LL", "low critical": "LL",
    "↓↓": "LL", "⇊": "LL", "cl": "LL", "lc": "LL", "low panic": "LL",
    "a": "A", "abn": "A", "abnormal": "A", "*": "A", "!": "A", "⚠": "A", "out of range": "A", "ab": "A",
    "aa": "AA", "critical": "AA", "crit": "AA", "**": "AA", "c": "AA", "!!": "AA", "panic": "AA", "very abnormal": "AA",
    "n": "N", "normal": "N", "wnl": "N", "within range": "N", "in range": "N", "ok": "N", "nl": "N", "norm": "N",
}  # fmt: skip
_NORMAL_TEXTS: Final = (
    ("negative", "neg", "not detected", "none detected", "non-reactive", "nonreactive", "non reactive", "absent",
     "none seen", "none", "nil", "no growth", "undetected", "not seen"),
    ("positive", "pos", "detected", "reactive", "present", "seen"),
)  # fmt: skip
_DESCRIBED: Final = frozenset(
    {"trace", "normal", "abnormal", "yellow", "pale yellow", "dark yellow", "straw", "amber", "colorless", "colourless",
     "clear", "hazy", "slightly hazy", "cloudy", "turbid", "few", "rare", "occasional", "moderate", "many",
     "numerous", "small", "large", "borderline", "equivocal", "indeterminate", "weak positive", "weakly positive",
     "weakly reactive", "light yellow", "slightly cloudy"}
)  # fmt: skip
_GRADE: Final = re.compile(r"[1-4]\s?\+|\+{1,4}")
_SIGNS: Final = ("+", "++", "-", "--", "–", "−")
_ABOVE: Final = frozenset({"H", "HH", "A", "AA"})
_BELOW: Final = frozenset({"L", "LL", "A", "AA"})


def printed_flag(text: str) -> FlagCode | None:
    """The code of a printed flag; None for none and for what says nothing about the value ("Final")."""
    plain = " ".join(text.lower().split()).strip("()[]").strip()
    plain = re.sub(r"(?<=\w)[*!]$|^\*(?=\w)", "", plain) if plain not in _PRINTED else plain
    return _PRINTED.get(plain)


def signed_flag(text: str, computed: FlagCode | None) -> FlagCode | None:
    """The code of a plus or minus beside a number.

    A stroke also stands where there is no flag, so that it is one only where the range says the same.
    """
    if not is_sign(text):
        return None
    if text.startswith("+"):
        return "H"
    return "L" if computed == "L" else None


def is_sign(text: str) -> bool:
    """Whether it is printed as `signed_flag` says."""
    return text in _SIGNS


def is_flag(text: str) -> bool:
    return printed_flag(text) is not None


def computed_flag(
    value: str | None, comparator: Comparator | None, text: str | None, limits: Limits | None
) -> FlagCode | None:
    """Normal, low, high or abnormal by the printed range; None where that cannot be told for certain."""
    if limits is None:
        return None
    if value is None:
        return _by_text(text, limits.expected)
    if limits.low is None and limits.high is None:
        return None
    number = Decimal(value)
    low = None if limits.low is None else Decimal(limits.low)
    high = None if limits.high is None else Decimal(limits.high)
    below = low is not None and (number < low or (number == low and (not limits.low_counts or comparator == "<")))
    above = high is not None and (number > high or (number == high and (not limits.high_counts or comparator == ">")))
    if comparator in ("<", "<="):
        # Somewhere below the number: certainly low where that is; else normal only where nothing is too low.
        return "L" if below else "N" if low is None and not _reaches_above(number, limits, comparator) else None
    if comparator in (">", ">="):
        return "H" if above else "N" if high is None and not _reaches_below(number, limits, comparator) else None
    return "L" if below else "H" if above else "N"


def disagrees(printed: FlagCode | None, computed: FlagCode | None, *, flags_are_used: bool) -> bool:
    """Whether the printed flag says otherwise than the range.

    Args:
        flags_are_used: whether the report has a place for flags; only then does a missing one say "normal".
    """
    if computed is None:
        return False
    if printed is None:
        return flags_are_used and computed != "N"
    if computed == "N":
        return printed != "N"
    if computed == "A":
        return printed == "N"
    return printed not in (_ABOVE if computed == "H" else _BELOW)


def _reaches_above(number: Decimal, limits: Limits, comparator: Comparator) -> bool:
    """Whether what is said to be below ``number`` may still lie above the upper limit."""
    if limits.high is None:
        return False
    high = Decimal(limits.high)
    return number > high or (number == high and comparator == "<=" and not limits.high_counts)


def _reaches_below(number: Decimal, limits: Limits, comparator: Comparator) -> bool:
    if limits.low is None:
        return False
    low = Decimal(limits.low)
    return number < low or (number == low and comparator == ">=" and not limits.low_counts)


def _by_text(text: str | None, expected: str | None) -> FlagCode | None:
    if text is None or expected is None:
        return None
    found, wanted = _kind(text), _kind(expected)
    if found is None or wanted is None:
        return "N" if text.strip().lower() == expected.strip().lower() else None
    return "N" if found == wanted else "A"


def is_word(text: str) -> bool:
    """Whether it is a result in words or in grades."""
    return text.lower() in _DESCRIBED or is_finding(text) or _GRADE.fullmatch(text) is not None


def is_finding(text: str) -> bool:
    """Whether it is one of the words that say whether something was found."""
    return _kind(text) is not None


def _kind(text: str) -> int | None:
    plain = " ".join(text.lower().split()).strip(".")
    return next((kind for kind, texts in enumerate(_NORMAL_TEXTS) if plain in texts), None)
