"""Drugs that are easily taken for one another, in writing or by ear.

Pairs of the kind that safety agencies list (ISMP, FDA), written for this project. Each drug is named with the partner
that it is confused with most; a reader is told of that one whenever the drug is heard, however sure the recogniser was.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


class LookAlike(NamedTuple):
    """``text[start:end]`` names ``drug``, which is easily taken for ``other``."""

    start: int
    end: int
    drug: str
    other: str


def look_alikes(drug: str) -> tuple[str, ...]:
    """What a drug is taken for, the likeliest first; nothing where no pair is known. Case does not matter."""
    return _partners().get(drug.lower(), ())


def find_look_alikes(text: str) -> tuple[LookAlike, ...]:
    """Every mention of a drug of a pair, in order. Where both of a pair stand in the text, both are told apart there
    and are still reported: one of them may be wrong."""
    return tuple(
        LookAlike(*match.span(), match.group(), look_alikes(match.group())[0]) for match in _pattern().finditer(text)
    )


@lru_cache(maxsize=1)
def pairs() -> tuple[tuple[str, str], ...]:
    """All pairs as they are listed: a drug and what it is taken for."""
    text = files(__package__).joinpath("look_alike_pairs.txt").read_text(encoding="utf-8")
    return tuple((drug, other) for drug, _, other in (line.partition(" / ") for line in text.splitlines()))


@lru_cache(maxsize=1)
def _partners() -> dict[str, tuple[str, ...]]:
    partners: dict[str, dict[str, None]] = {}
    for drug, other in pairs():
        partners.setdefault(drug.lower(), {})[other] = None
    for drug, other in pairs():
        partners.setdefault(other.lower(), {})[drug] = None
    return {drug: tuple(others) for drug, others in partners.items()}


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_partners(), key=lambda drug: (-len(drug), drug))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
