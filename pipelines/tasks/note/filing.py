"""Sentences without a heading, filed by their wording.

Every sentence is weighed against the cues of each role (``filing_cues.toml``), a section weighs what its best role
weighs, and the note as a whole decides: neighbours tend to stay together and sections tend to come in order. The best
sequence is found exactly (Viterbi), so the same words are always filed the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.tasks.note.cues import names_system, role_weights
from pipelines.tasks.note.template import Section, Template

# Prices of moving through the sections, on the scale of the cues' weights; chosen on tests/data/notes.jsonl
# and on the development half of docs/accuracy.md.
STAY: Final = 1.2
_NEXT: Final = 0.2
_SKIP: Final = -0.2
_BACK: Final = -1.5
_FAR_BACK: Final = -6.0
# For staying with what was just named ("Respiratory.").
_TOGETHER: Final = 4.0
# For every section that a note leaves out at its start, and for not ending in the last one.
START_LATE: Final = -1.0
_END_EARLY: Final = -1.2
# A heading for two sections is followed by the first of them, unless the wording says otherwise.
_FIRST_OPEN: Final = 1.0


@dataclass(frozen=True)
class Clause:
    """One sentence to be filed.

    ``allowed`` are the keys of the sections it may go to, all where empty. ``headed`` says that a heading stands
    right before it: where the sentence before was filed means nothing then.
    """

    text: str
    allowed: tuple[str, ...] = ()
    headed: bool = False


def file_by_wording(clauses: Sequence[Clause], template: Template) -> list[str]:
    """The section key of every sentence, in order."""
    if not clauses:
        return []
    sections = template.sections
    if not any(section.holds for section in sections):
        return [clause.allowed[0] if clause.allowed else sections[0].key for clause in clauses]
    places = range(len(sections))
    best = [START_LATE * place for place in places]
    came_from: list[list[int]] = []
    for index, clause in enumerate(clauses):
        said = role_weights(clause.text) if len(clause.allowed) != 1 else {}
        weights = [_weight(clause, section, said) for section in sections]
        if index == 0:
            best = [best[place] + weights[place] for place in places]
            continue
        price = _no_move if clause.headed else _within if names_system(clauses[index - 1].text) else move
        before = [max(places, key=lambda earlier: best[earlier] + price(earlier, here)) for here in places]
        best = [best[before[here]] + price(before[here], here) + weights[here] for here in places]
        came_from.append(before)
    path = [max(places, key=lambda place: best[place] + (_END_EARLY if place < places[-1] else 0.0))]
    for before in reversed(came_from):
        path.append(before[path[-1]])
    return [sections[place].key for place in reversed(path)]


def move(earlier: int, here: int) -> float:
    """What it counts to go from one section to another, by their places in the template."""
    step = here - earlier
    if step == 0:
        return STAY
    if step == 1:
        return _NEXT
    if step > 0:
        return _SKIP * step
    # To and fro between neighbours, as problem by problem; hardly ever further back.
    return _BACK if step == -1 else _FAR_BACK


def _within(earlier: int, here: int) -> float:
    """From the name of an organ system to what is said of it."""
    return _TOGETHER if earlier == here else move(earlier, here)


def _no_move(_earlier: int, _here: int) -> float:
    return 0.0


def _weight(clause: Clause, section: Section, said: Mapping[str, float]) -> float:
    if clause.allowed and section.key not in clause.allowed:
        return float("-inf")
    if len(clause.allowed) == 1:
        # Nothing is left to weigh.
        return 0.0
    if not section.holds:
        return _BACK
    first = clause.headed and clause.allowed[:1] == (section.key,)
    return max(said[role] for role in section.holds) + (_FIRST_OPEN if first else 0.0)
