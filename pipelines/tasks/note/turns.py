"""Where a note turns to another section in words that no template lists, decided over the whole note.

What may be an announcement (``announcements.py``) is one if the note as a whole reads best so: its words, the wording
of the sentences after it, the order of the sections and the headings around it are weighed together. The best reading
is found exactly (Viterbi); where it has no section announced, the wording of each sentence decides later
(``filing.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipelines.tasks.note.announcements import Announcement, announcement_in
from pipelines.tasks.note.cues import role_weights
from pipelines.tasks.note.filing import START_LATE, STAY, move
from pipelines.tasks.note.template import Template

Keys = tuple[str, ...]

# On the scale of the cues' weights; chosen on speakers made up for it and on the development half of docs/accuracy.md.
_BEGUN: Final = -4.0
"""For a note that begins in its first section without saying so."""
_RELEASED: Final = -10.0
_LOST: Final = -20.0
"""For what was announced to end where nothing else is announced, and where the speaker gives the note its form."""
_RETURNED: Final = -6.0
"""For an announcement of what comes before the section that the wording speaks for, and for a heading of what comes
before what was announced."""
_UNNAMED: Final = -7.0
"""For a turn in words that name no section: then the sentences after it must speak for one."""
_FORMED: Final = 4.0
"""At most so much less where the form announces, and the words name nothing that this template has."""
_SKIPPED: Final = -0.8
"""For every section passed over."""
_SECOND: Final = 3.0
"""What a section loses for every unit by which another is named more."""
_SURENESS: Final = 2.0
"""What an announcement's sureness counts."""
_LABEL: Final = 6.0
"""For what can only be a label or a finding of one word to be a label."""
_BOTH: Final = -1.0
_JOINED: Final = 6.0
"""For a turn to two sections at once, where nothing joins their names, and where "and" does."""
_OPEN: Final = 0.4
"""What a sentence costs where two sections are open."""
_STRUCTURED: Final = 3
_MOST: Final = 4.0
_LEAST: Final = 1.5
_SURE: Final = 6.0
"""So many sections opened by headings, labels (each as sure as the surest) or announcements, together so sure, and the
speaker is giving the note its form."""


@dataclass(frozen=True)
class Said:
    """A sentence as it was said, from ``start``; what headings in it open, and labels; where the last of them ends.
    ``alone``: nothing but a label, as a finding can be ("Follow-up.")."""

    start: int
    text: str
    opens: Keys = ()
    label: Keys = ()
    alone: bool = False
    last: int = 0


@dataclass(frozen=True)
class Turn:
    """From here on ``sections`` are open, and all of them where empty. ``length`` characters announce it."""

    sections: Keys
    length: int


@dataclass(frozen=True)
class Turns:
    """By the start of their sentence: the turns that no heading makes, and what is no label though it reads like one
    ("Follow-up." said for why the patient came)."""

    at: Mapping[int, Turn]
    no_labels: frozenset[int] = frozenset()


class _State(NamedTuple):
    """``open`` are the sections that were announced, or the one that the wording speaks for where ``free``."""

    open: Keys
    free: bool = False
    headed: bool = False


class _Step(NamedTuple):
    before: _State
    turned: bool


def turns_of(said: Sequence[Said], template: Template) -> Turns:
    """The turns of a note, read as a whole. A template whose sections hold no roles has none."""
    if not said or not any(section.holds for section in template.sections):
        return Turns({})
    heard = [None if one.opens or one.label else announcement_in(one.text) for one in said]
    structured = _gives_form(said, heard, template)
    heard = [one if one and (structured or not one.names) else None for one in heard]
    if not any(heard) and not any(one.alone for one in said):
        return Turns({})
    return _Reading(template, structured=structured).turns(said, heard)


def _gives_form(said: Sequence[Said], heard: Sequence[Announcement | None], template: Template) -> bool:
    """Whether the speaker gives the note its form: headings, labels and announcements of most sections."""
    sure = {key: _MOST for one in said for key in one.opens or one.label}
    for one in heard:
        for section in template.sections if one else ():
            if one and one.sureness >= _LEAST and {*section.holds} & one.roles.keys():
                sure[section.key] = max(sure.get(section.key, 0.0), min(_MOST, one.sureness))
    return sum(sorted(sure.values())[-_STRUCTURED:]) >= _SURE


class _Reading:
    def __init__(self, template: Template, *, structured: bool) -> None:
        self._structured = structured
        self._sections = template.sections
        self._keys = [section.key for section in template.sections]
        self._place = {key: place for place, key in enumerate(self._keys)}

    def turns(self, said: Sequence[Said], heard: Sequence[Announcement | None]) -> Turns:
        path = self._best(said, heard)
        found: dict[int, Turn] = {}
        if not path[0].before.free and not (said[0].opens or said[0].label):
            found[said[0].start] = Turn(path[0].before.open, 0)
        after = [step.before for step in path[1:]]
        for one, announcement, step, now in zip(said, heard, path[:-1], after, strict=True):
            if step.turned and announcement:
                found[one.start] = Turn(now.open, announcement.end)
            elif now.free and not step.before.free:
                found[one.start] = Turn((), 0)
        no_labels = (one.start for one, step in zip(said, path, strict=False) if one.alone and not step.turned)
        return Turns(found, frozenset(no_labels))

    def _best(self, said: Sequence[Said], heard: Sequence[Announcement | None]) -> list[_Step]:
        """The step to every sentence, and one that ends after the last."""
        best = {_State((key,), free=True): START_LATE * place for key, place in self._place.items()}
        if self._structured and self._sections[0].holds:
            best[_State((self._keys[0],))] = _BEGUN
        steps: list[dict[_State, _Step]] = []
        for one, announcement in zip(said, heard, strict=True):
            weights = self._weights(one.text[announcement.end if announcement else one.last :])
            reached: dict[_State, float] = {}
            by: dict[_State, _Step] = {}
            for here, score in best.items():
                for there, gain, turned in self._moves(here, one, announcement, first=not steps):
                    total = score + gain + self._fit(there, weights)
                    if total > reached.get(there, float("-inf")):
                        reached[there], by[there] = total, _Step(here, turned)
            best = reached
            steps.append(by)
        state = max(best, key=lambda one: best[one])
        path = [_Step(state, turned=False)]
        for by in reversed(steps):
            path.append(by[path[-1].before])
        return path[::-1]

    def _moves(
        self, here: _State, one: Said, heard: Announcement | None, *, first: bool
    ) -> Iterator[tuple[_State, float, bool]]:
        if one.opens:
            returns = not here.free and not here.headed and not self._leads_on(here, one.opens)
            yield _State(one.opens, headed=True), _RETURNED if returns else 0.0, False
        elif one.alone:
            if self._structured if here.free else self._leads_on(here, one.label):
                yield _State(one.label, headed=True), _LABEL, True
            else:
                yield here, 0.0, True
            yield from self._unheaded(here, None, first=first)
        elif one.label and (self._structured if here.free else self._leads_on(here, one.label)):
            yield _State(one.label, headed=True), 0.0, False
        else:
            yield from self._unheaded(here, heard, first=first)

    def _unheaded(
        self, here: _State, heard: Announcement | None, *, first: bool
    ) -> Iterator[tuple[_State, float, bool]]:
        place = self._place[here.open[-1]]
        if here.free:
            for there, key in enumerate(self._keys):
                if not first or there == place:
                    yield _State((key,), free=True), 0.0 if first else move(place, there), False
        else:
            yield here, STAY, False
            if not here.headed:
                for there in range(place, len(self._keys)):
                    released = _LOST if self._structured else _RELEASED
                    yield _State((self._keys[there],), free=True), released + move(place, there), False
        if heard:
            for keys, gain in self._named(here, heard):
                if self._leads_on(here, keys):
                    yield _State(keys), gain, True
                elif here.free:
                    yield _State(keys), gain + _RETURNED, True

    def _named(self, here: _State, heard: Announcement) -> Iterator[tuple[Keys, float]]:
        """The sections that it may open, each with what speaks for it."""
        named = {
            section.key: max((heard.roles.get(role, 0.0) for role in section.holds), default=0.0)
            for section in self._sections
        }
        most = max(named.values())
        sureness = _SURENESS * heard.sureness
        for key, weight in named.items():
            skipped = _SKIPPED * max(0, self._place[key] - self._place[here.open[-1]] - 1)
            if weight:
                yield (key,), sureness - _SECOND * (most - weight) + skipped
            elif here.open != (key,):
                yield (key,), _UNNAMED + (0.0 if most else min(sureness, _FORMED)) + skipped
        for before, after in zip(self._keys, self._keys[1:], strict=False):
            if least := min(named[before], named[after]):
                skipped = _SKIPPED * max(0, self._place[before] - self._place[here.open[-1]] - 1)
                yield (before, after), sureness - (most - least) + (_JOINED if heard.joined else _BOTH) + skipped

    def _leads_on(self, here: _State, there: Keys) -> bool:
        """An announcement leads on, never back."""
        return self._place[there[0]] >= self._place[here.open[-1]]

    def _weights(self, text: str) -> dict[str, float]:
        if not text.strip():
            return {}
        said = role_weights(text)
        return {section.key: max((said[role] for role in section.holds), default=-1.5) for section in self._sections}

    def _fit(self, state: _State, weights: Mapping[str, float]) -> float:
        if not weights:
            return 0.0
        return max(weights[key] for key in state.open) - (_OPEN if len(state.open) > 1 else 0.0)
