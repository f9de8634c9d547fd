"""Sentences without a heading, filed by their wording.

Every sentence is weighed against the cues of each role (``filing_cues.toml``), a section weighs what its best role
weighs, and the note as a whole decides: neighbours tend to stay together and sections tend to come in order. The best
sequence is found exactly (Viterbi), so the same words are always filed the same way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from pipelines.tasks.templates import Section, Template

_WEIGHTS: Final = {"strong": 3.0, "cue": 1.5, "hint": 0.6, "against": -2.0}
_MOST: Final = 6.0
"""More cues than two strong ones say nothing new."""
_STAY: Final = 1.2
_NEXT: Final = 0.2
_SKIP: Final = -0.2
_BACK: Final = -1.5
_START_LATE: Final = -0.4


@dataclass(frozen=True)
class Clause:
    """One sentence to be filed; ``allowed`` are the keys of the sections it may go to, all where empty."""

    text: str
    allowed: tuple[str, ...] = ()


def file_by_wording(clauses: Sequence[Clause], template: Template) -> list[str]:
    """The section key of every sentence, in order."""
    sections = template.sections
    if not any(section.holds for section in sections):
        return [clause.allowed[0] if clause.allowed else sections[0].key for clause in clauses]
    best: list[float] = []
    came_from: list[list[int]] = []
    for clause in clauses:
        weights = [_weight(clause, section) for section in sections]
        if not best:
            best = [weight + _START_LATE * position for position, weight in enumerate(weights)]
            continue
        before = [
            max(range(len(sections)), key=lambda earlier: best[earlier] + _move(earlier, here))
            for here in range(len(sections))
        ]
        best = [best[before[here]] + _move(before[here], here) + weights[here] for here in range(len(sections))]
        came_from.append(before)
    if not best:
        return []
    path = [max(range(len(sections)), key=best.__getitem__)]
    for before in reversed(came_from):
        path.append(before[path[-1]])
    return [sections[position].key for position in reversed(path)]


def role_weights(sentence: str) -> dict[str, float]:
    """How much the wording speaks for each role."""
    text = " ".join(sentence.lower().replace("’", "'").split())
    return {role: min(_MOST, sum(weight for cue, weight in cues if cue.search(text))) for role, cues in _cues().items()}


def roles() -> frozenset[str]:
    """The roles that a template's sections may hold."""
    return frozenset(_cues())


def _move(earlier: int, here: int) -> float:
    step = here - earlier
    if step == 0:
        return _STAY
    if step == 1:
        return _NEXT
    return _SKIP * step if step > 0 else _BACK


def _weight(clause: Clause, section: Section) -> float:
    if clause.allowed and section.key not in clause.allowed:
        return float("-inf")
    if not section.holds:
        return _BACK
    weights = role_weights(clause.text)
    return max(weights.get(role, 0.0) for role in section.holds)


@cache
def _cues() -> Mapping[str, tuple[tuple[re.Pattern[str], float], ...]]:
    data = resources.files("pipelines.tasks").joinpath("filing_cues.toml").read_text("utf-8")
    return {
        role: tuple((re.compile(cue), _WEIGHTS[strength]) for strength, cues in strengths.items() for cue in cues)
        for role, strengths in tomllib.loads(data).items()
    }
