"""What a person would notice first in a request: what it names, what shape it has, whether it holds two wishes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from pipelines.records import Kind
from pipelines.routing.lexicon import ANALYTE, CUT_OFF, DRUG, FUNCTION, JOIN, NAMES, ORDERED, SHAPES, WISHES

#: Longer words are mostly of the trade.
_LEARNED: Final = 7

#: Names that do not say which attachment is meant.
_LOOSE: Final = frozenset({"film", "scan", "image", "bone", "guideline", "document"})

#: Kinds of which one attached is what the name means; other names mean the kind of that name.
_PRESENT: Final[dict[str, frozenset[Kind]]] = {
    "chest-xray": frozenset({Kind.CHEST_XRAY, Kind.IMAGE}),
    "film": frozenset({Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.IMAGE}),
    "bone": frozenset({Kind.RADIOGRAPH, Kind.CT_SERIES, Kind.MR_SERIES, Kind.IMAGE}),
    "scan": frozenset({Kind.CT_SERIES, Kind.MR_SERIES}),
    "patch": frozenset({Kind.HISTOPATHOLOGY_PATCH, Kind.WHOLE_SLIDE, Kind.IMAGE}),
    "whole-slide": frozenset({Kind.WHOLE_SLIDE}),
    "dermatology": frozenset({Kind.DERMATOLOGY, Kind.IMAGE}),
    "fundus": frozenset({Kind.FUNDUS, Kind.IMAGE}),
    "image": frozenset(
        {Kind.IMAGE, Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH}
    ),
    "lab-report": frozenset({Kind.LAB_REPORT, Kind.DOCUMENT, Kind.IMAGE}),
}


def named(words: str) -> tuple[str, ...]:
    """Which of ``NAMES`` the lower-case words hold."""
    return tuple(name for name, pattern in NAMES.items() if pattern.search(words))


def cues(text: str, words: Sequence[str], kinds: Sequence[Kind]) -> Iterator[str]:
    """Names of the cues that hold. ``words`` are those of ``text``, in lower case."""
    joined = " ".join(words)
    stripped = text.rstrip()
    ending = stripped[-1:] if stripped[-1:] in ("?", ".", "!", "]", "…") else ""
    length = next((str(limit) for limit in (0, 1, 2, 4, 8, 14, 22, 35, 60) if len(words) <= limit), "long")
    sentences = min(4, len(re.findall(r"[.?!](?:\s|$)", stripped)))
    yield f"length {length}"
    yield f"ending {ending}"
    yield f"length {length} {ending}"
    yield f"sentences {sentences} questions {min(2, stripped.count('?'))}"
    shapes = list(_shapes(joined, words, ending))
    names = named(joined)
    attached = frozenset(kinds)
    context = ",".join(sorted(attached)) or "none"
    for shape in shapes:
        yield f"shape {shape}"
        yield f"shape {shape} {length}"
    for shape in (*shapes, "-"):
        yield f"shape {shape} with {context}"
    yield from _pairs(joined, shapes, names)
    missing = 0
    for name in names:
        held = bool(_PRESENT.get(name, frozenset({Kind(name)} if name in set(Kind) else ())) & attached)
        missing += not held
        yield f"name {name}"
        yield f"name {name} {held}"
        yield f"name {name} with {context}"
        for shape in shapes:
            yield f"name {name} {held} {shape}"
    yield f"missing {min(3, missing)} of {min(4, len(names))}"
    if not names:
        yield f"nothing named with {context} {length}"


def _shapes(joined: str, words: Sequence[str], ending: str) -> Iterator[str]:
    yield from (name for name, pattern in SHAPES.items() if pattern.search(joined))
    content = [word for word in words if word not in FUNCTION]
    if not content:
        yield "no content"
    if words and words[-1] in CUT_OFF and ending != "?":
        yield "cut off"
    if ANALYTE.search(joined):
        yield "analyte"
    if DRUG.search(joined):
        yield "drug"
    yield f"learned {min(sum(len(word) > _LEARNED for word in content), 3)}"
    yield f"content {min(len(content), 3)}"


def _pairs(joined: str, shapes: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Signs of two wishes, and of an order between them."""
    exact = [name for name in names if name not in _LOOSE]
    how = f"joined {bool(JOIN.search(joined))} ordered {bool(ORDERED.search(joined))}"
    yield how
    yield f"names {min(3, len(exact))}"
    for name, other in combinations(exact, 2):
        yield f"names {name} {other}"
        yield f"names {name} {other} {how}"
        yield f"two names {how}"
    for wish, other in combinations([shape for shape in shapes if shape in WISHES], 2):
        yield f"wishes {wish} {other} {how}"
