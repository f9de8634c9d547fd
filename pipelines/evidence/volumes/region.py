"""The part of a volume that a question is about, where it says so in words that can be measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.volumes.lungs import lung_slices
from pipelines.evidence.volumes.volume import Plane, Volume

_WORDS: Final = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split(),
        (*range(1, 13), 15, 20, 30, 40, 50),
        strict=True,
    )
)
_NUMBER: Final = rf"(?:\d{{1,5}}|{'|'.join(_WORDS)})"
_SLICES: Final = r"(?:slices?|images?|cuts?)"
_TO: Final = r"\s*(?:-|–|to|through|till|until)\s*"
_NO_SIZE: Final = r"(?![\d.]*\s*(?:mm|cm|millimet|centimet|%|percent)|\.\d)\b"
_FURTHER: Final = rf"\d{{1,5}}{_NO_SIZE}(?:{_TO}\d{{1,5}}{_NO_SIZE})?"
_LIST: Final = re.compile(
    rf"\b{_SLICES}\s+(?:numbers?\s+|no\.?\s*|from\s+|#\s*)?"
    rf"({_NUMBER}{_NO_SIZE}(?:{_TO}(?:{_SLICES}\s+)?{_NUMBER}{_NO_SIZE})?"
    rf"(?:\s*(?:,\s*and|,|and|&|or)\s*(?:{_SLICES}\s+)?{_FURTHER})*)",
    re.I,
)
"""Slices by number, and ranges of them."""
_ITEM: Final = re.compile(rf"({_NUMBER})(?:{_TO}(?:{_SLICES}\s+)?({_NUMBER}))?", re.I)
_BETWEEN: Final = re.compile(rf"\bbetween\s+{_SLICES}\s+({_NUMBER})\s+and\s+(?:{_SLICES}\s+)?({_NUMBER})\b", re.I)
_END: Final = re.compile(
    rf"\b(first|last|lowest|highest|top|bottom|uppermost|lowermost)\s+({_NUMBER})\s+{_SLICES}\b", re.I
)
_ONLY: Final = (
    r"(?:\b(?:only|just|solely|limit(?:ed)?|restrict(?:ed)?|confine[ds]?|focus(?:ed|ing)?(?:\s+only)?"
    r"|look(?:ing)?(?:\s+only)?\s+(?:at|in|through))\s+(?:[a-z]+\s+){0,3}?)"
)
_OF_IT: Final = r"(?:\s+of\s+(?:the\s+|this\s+|these\s+)?(?:slices|images|volume|scan|stack|series|study|ct|mri?|data))"
_SIDES: Final = (
    r"upper|lower|superior|inferior|top|bottom|cranial|caudal|anterior|posterior|front|back|ventral|dorsal|left|right"
    r"|middle|central"
)
_SHARES: Final = r"half|third|quarter"
_PART: Final = re.compile(rf"{_ONLY}(?:the\s+)?({_SIDES})\s+({_SHARES})\b|\b({_SIDES})\s+({_SHARES}){_OF_IT}\b", re.I)
_LUNG: Final = re.compile(
    rf"{_ONLY}(?:the\s+|both\s+|each\s+)?"
    r"(lower\s+(?:lung\s+)?(?:lobes?|zones?|fields?)|lower\s+lungs?|(?:lung|pulmonary)\s+bases|bases\s+of\s+(?:the\s+)?lungs"
    r"|upper\s+(?:lung\s+)?(?:lobes?|zones?|fields?)|upper\s+lungs?|(?:lung|pulmonary)\s+apices|apices(?:\s+of\s+(?:the\s+)?lungs)?"
    r"|lungs)\b",
    re.I,
)
_NOT: Final = re.compile(
    r"\b(?:except|excluding|ignor\w+|without|not|other\s+than|apart\s+from|besides|skip\w*)\s+(?:\w+\s+){0,2}$", re.I
)
_SHARE: Final = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}
_ENDS: Final[dict[Plane, tuple[frozenset[str], frozenset[str]]]] = {
    "axial": (
        frozenset({"lower", "inferior", "bottom", "caudal"}),
        frozenset({"upper", "superior", "top", "cranial"}),
    ),
    "coronal": (frozenset({"anterior", "front", "ventral"}), frozenset({"posterior", "back", "dorsal"})),
    "sagittal": (frozenset({"right"}), frozenset({"left"})),
}
"""Words for the slices that are numbered first, and for those numbered last."""
_FROM: Final[dict[Plane, str]] = {
    "axial": "counted from the feet",
    "coronal": "counted from the front",
    "sagittal": "counted from the patient's right",
}


class Region(NamedTuple):
    """The slices that a question is about."""

    numbers: tuple[int, ...]
    """From 1, in order."""
    said: str | None
    """A sentence for the reader; None where it is all of them."""
    by_number: bool = False
    """Whether the question calls them by their numbers in the volume: only then does a model have to know those."""


def chosen(question: str, volume: Volume) -> Region:
    """Slices by number ("slices 30 to 50", "the first 20 slices"), by a share of the stack ("only the upper third"), or
    by the lungs ("only the lower lobes"), which are looked for in the pixels of an axial CT. Words for any other part
    of the body choose nothing: all slices are shown.

    Raises:
        BadInput: slices are named by number, and the volume has none of them.
    """
    count = volume.about.slices
    named = _ranges(question, count)
    if named:
        wanted = {number for low, high in named for number in range(max(1, low), min(high, count) + 1)}
        if not wanted:
            listed = ", ".join(f"{low} to {high}" if low < high else str(low) for low, high in named)
            raise BadInput("request", f"names slice {listed} of a volume of {count}", f"name slices from 1 to {count}")
        return _region(tuple(sorted(wanted)), volume, "as asked")._replace(by_number=True)
    part = _share_of(question, volume)
    if part is not None:
        return part
    lungs = _unless_negated(_LUNG, question)
    if lungs is not None and volume.about.plane == "axial" and volume.about.units == "HU":
        return _of_lungs(" ".join(lungs[1].lower().split()), volume)
    return Region(tuple(range(1, count + 1)), None)


def _ranges(question: str, count: int) -> list[tuple[int, int]]:
    """First and last number of each run of slices that a question names."""
    found: list[tuple[int, int]] = []
    rest = question
    for match in _BETWEEN.finditer(question):
        if not _is_negated(question, match.start()):
            found.append(_in_order(match[1], match[2]))
        rest = rest.replace(match[0], " ")
    for match in _LIST.finditer(rest):
        if not _is_negated(rest, match.start()):
            found += [_in_order(item[1], item[2] or item[1]) for item in _ITEM.finditer(match[1])]
    for match in _END.finditer(rest):
        if not _is_negated(rest, match.start()):
            many = min(_value(match[2]), count)
            low = match[1].lower() in {"first", "lowest", "bottom", "lowermost"}
            found.append((1, many) if low else (count - many + 1, count))
    return found


def _in_order(one: str, other: str) -> tuple[int, int]:
    low, high = sorted((_value(one), _value(other)))
    return low, high


def _share_of(question: str, volume: Volume) -> Region | None:
    match = _unless_negated(_PART, question)
    ends = _ENDS.get(volume.about.plane)
    if match is None or ends is None:
        return None
    side, share = (each.lower() for each in match.groups() if each)
    count = volume.about.slices
    many = max(1, round(count * _SHARE[share]))
    if side in {"middle", "central"}:
        low = (count - many) // 2
    elif side in ends[0]:
        low = 0
    elif side in ends[1]:
        low = count - many
    else:
        return None
    return _region(tuple(range(low + 1, low + many + 1)), volume, f"the {side} {share}")


def _of_lungs(named: str, volume: Volume) -> Region:
    extent = lung_slices(volume)
    count = volume.about.slices
    if extent is None:
        return Region(tuple(range(1, count + 1)), "No lungs were found in the volume, so all slices were taken.")
    low, high = extent
    half = (low + high) // 2
    if "apices" in named:
        low = high - (high - low) // 4
    elif "bases" in named:
        high = low + (high - low) // 3
    elif named.startswith("lower"):
        high = half
    elif named.startswith("upper"):
        low = half
    why = f"the {named}, approximately: where air was found within the body"
    return _region(tuple(range(low, high + 1)), volume, why)


def _region(numbers: tuple[int, ...], volume: Volume, why: str) -> Region:
    count = volume.about.slices
    if len(numbers) == count:
        return Region(numbers, None)
    ordered = _FROM.get(volume.about.plane)
    counted = f", {ordered}" if ordered else ""
    plural = "slice" if len(numbers) == 1 else "slices"
    return Region(numbers, f"Chosen: {plural} {_spelled(numbers)} of {count}{counted} ({why}).")


def _spelled(numbers: Sequence[int]) -> str:
    """``3, 5 to 9, 12``"""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _unless_negated(pattern: re.Pattern[str], question: str) -> re.Match[str] | None:
    return next((match for match in pattern.finditer(question) if not _is_negated(question, match.start())), None)


def _is_negated(question: str, start: int) -> bool:
    return _NOT.search(question[:start]) is not None


def _value(text: str) -> int:
    return _WORDS.get(text.lower()) or int(text)
