"""The part of a volume that a question is about, where it says so in words that can be measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.volumes.lungs import lung_slices
from pipelines.evidence.volumes.slice_numbers import called, is_elsewhere, is_ruled_out
from pipelines.evidence.volumes.volume import Plane, Volume

#: Of the volume, and not of something in it, nor of what lies beside it.
_LOOK: Final = (
    r"(?:(?:in|at|on|to|through|from|within|about|it|this|the|your|yourself|me|look(?:ing)?|show|use|check|review|see|read"
    r"|report|describe|assess|evaluate|examine|consider|search|attention|question|answer|with)\s+){0,4}"
)
_ONLY: Final = (
    r"\b(?:only|just|solely|limit(?:ed)?|restrict(?:ed)?|confine[ds]?|focus(?:ed|ing)?|look(?:ing)?\s+(?:at|in|through))"
    rf"\s+(?:only\s+)?{_LOOK}"
)
_ALONE: Final = r"\s+(?:only|alone)\b"
_OF_IT: Final = (
    r"\s+of\s+(?:it|them|everything|(?:all\s+)?(?:the\s+|this\s+|these\s+|that\s+)?(?:whole\s+|entire\s+)?"
    r"(?:slices|images|volume|scan|stack|series|study|ct|mri?|data))\b"
)
_SIDES: Final = (
    r"upper|lower|superior|inferior|top|bottom|cranial|caudal|anterior|posterior|front|back|ventral|dorsal|left|right"
    r"|middle|central"
)
_SIDE_OF: Final = rf"({_SIDES})\s+(half|third|quarter)\b"
_PART: Final = re.compile(
    rf"{_ONLY}(?:the\s+)?{_SIDE_OF}(?:{_OF_IT}|(?!\s+of\b))|\b{_SIDE_OF}(?:{_OF_IT}|{_ALONE}(?!\s+of\b))", re.I
)
_LUNGS: Final = (
    r"(?:the\s+|both\s+|each\s+)?(?:left\s+|right\s+)?"
    r"(lower\s+(?:lung\s+)?(?:lobes?|zones?|fields?)|lower\s+lungs?|(?:lung|pulmonary)\s+bases|bases\s+of\s+(?:the\s+)?lungs"
    r"|upper\s+(?:lung\s+)?(?:lobes?|zones?|fields?)|upper\s+lungs?|(?:lung|pulmonary)\s+apices|apices(?:\s+of\s+(?:the\s+)?lungs)?"
    r"|lungs)\b"
)
_LUNG: Final = re.compile(rf"{_ONLY}{_LUNGS}|(?<!\w){_LUNGS}{_ALONE}", re.I)
_RESTRICTS: Final = re.compile(
    r"(?:only|just|solely|limited|restricted|confine[ds]|focused)\b|.*\s(?:only|alone)$", re.I | re.S
)
_CLAIM: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|does|did|has|have|had|if|whether|seems?|appears?)\b[^.,;:?!]*$", re.I
)
"""Before such words: whether the disease is there alone is asked, and the rest has to be seen for that."""
_NEAR: Final = 200
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
    """Slices by number ("slices 30 to 50", "the first 20 slices"; see `called`), by a share of the stack ("only the
    upper third"), or by the lungs ("only the lower lobes"), which are looked for in the pixels of an axial CT. Words
    for any other part of the body choose nothing: all slices are shown.

    Raises:
        BadInput: slices are named by number, and the volume has none of them, or none is left.
    """
    count, upwards = volume.about.slices, volume.about.plane == "axial" and volume.about.in_order
    named = called(question, count, axial=upwards)
    if named.wanted:
        wanted = _within(named.wanted, count) - _within(named.unwanted, count)
        if not wanted:
            listed = ", ".join(f"{low} to {high}" if low < high else str(low) for low, high in named.wanted)
            raise BadInput("request", f"names slice {listed} of a volume of {count}", f"name slices from 1 to {count}")
        all_there = all(low >= 1 and high <= count for low, high in named.wanted)
        why = "as asked" if all_there else "as asked, so far as it has them"
        return _region(tuple(sorted(wanted)), volume, why)._replace(by_number=True)
    part = _share_of(question, volume)
    if part is not None:
        return part
    lungs = _meant(_LUNG, question)
    if lungs is not None and upwards and volume.about.units == "HU":
        return _of_lungs(" ".join((lungs[1] or lungs[2]).lower().split()), volume)
    return Region(tuple(range(1, count + 1)), None)


def _within(runs: Sequence[tuple[int, int]], count: int) -> set[int]:
    return {number for low, high in runs for number in range(max(1, low), min(high, count) + 1)}


def _share_of(question: str, volume: Volume) -> Region | None:
    match = _meant(_PART, question)
    ends = _ENDS.get(volume.about.plane) if volume.about.in_order else None
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
    ordered = _FROM.get(volume.about.plane) if volume.about.in_order else None
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


def _meant(pattern: re.Pattern[str], question: str) -> re.Match[str] | None:
    return next((match for match in pattern.finditer(question) if _is_meant(match, question)), None)


def _is_meant(match: re.Match[str], question: str) -> bool:
    start, end = match.span()
    if is_ruled_out(question, start, end) or is_elsewhere(question, start):
        return False
    return not (_RESTRICTS.match(match[0]) and _CLAIM.search(question[max(0, start - _NEAR) : start]))
