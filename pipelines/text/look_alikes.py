"""Drugs that are easily taken for one another, in writing or by ear.

Pairs of the kind that safety agencies list (ISMP, FDA), written for this project. A reader is told of one partner at
each mention of a drug, the one that comes closest in sound and spelling, however sure the recogniser was.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from pipelines.text.nearest import closeness_of_texts

_BEGINNING: Final = 2
_RUN_OF_SPACE: Final = r"\s+"


class LookAlike(NamedTuple):
    """``text[start:end]`` names ``drug``, which is easily taken for ``other``."""

    start: int
    end: int
    drug: str
    other: str


def look_alikes(drug: str) -> tuple[str, ...]:
    """What a drug is taken for, the likeliest first; nothing where no pair is known. Case does not matter."""
    return _partners().get(" ".join(drug.lower().split()), ())


def find_look_alikes(text: str) -> tuple[LookAlike, ...]:
    """Every mention of a drug of a pair, in order. Where both of a pair stand in the text, both are still told: one of
    them may be wrong."""
    return tuple(
        LookAlike(*match.span(), match.group(), look_alikes(match.group())[0]) for match in _pattern().finditer(text)
    )


@lru_cache(maxsize=1)
def pairs() -> tuple[tuple[str, str], ...]:
    """All pairs, each once, in the order of the alphabet."""
    text = files(__package__).joinpath("look_alike_pairs.txt").read_text(encoding="utf-8")
    return tuple((one, other) for one, _, other in (line.partition(" / ") for line in text.splitlines()))


@lru_cache(maxsize=1)
def _partners() -> dict[str, tuple[str, ...]]:
    partners: dict[str, list[str]] = {}
    for one, other in pairs():
        partners.setdefault(one.lower(), []).append(other)
        partners.setdefault(other.lower(), []).append(one)
    return {
        drug: tuple(sorted(others, key=lambda other: -closeness_of_texts(drug, other)))
        for drug, others in partners.items()
    }


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_partners(), key=lambda drug: (-len(drug), drug))
    # By their first letters, so that at most places all of them are passed over at once.
    ends: dict[str, list[str]] = {}
    for drug in longest_first:
        ends.setdefault(drug[:_BEGINNING], []).append(drug[_BEGINNING:])
    names = "|".join(
        f"{beginning}(?:{'|'.join(_RUN_OF_SPACE.join(map(re.escape, end.split(' '))) for end in rest)})"
        for beginning, rest in sorted(ends.items())
    )
    return re.compile(rf"\b(?:{names})\b", re.IGNORECASE)
