"""A dictation cut into sentences, each with the sections that the headings around it leave open to it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.tasks.note.reign import Reign, opened_by
from pipelines.tasks.note.template import Template, heading_phrase
from pipelines.tasks.note.templates import load_template, templates
from pipelines.tasks.note.turns import Said, turns_of
from pipelines.text.headings import Heading, find, is_filler
from pipelines.text.sentences import Sentence, split

_SPOKEN_HEADINGS: Final = frozenset({"exam type", "procedure"})
"""Headings that dictation systems know and no shipped template has as a section."""
_LIST_MARK: Final = re.compile(r"\(?\d{1,2}[.)]\s")
_NEAR: Final = 40
"""Characters that decide; a bound keeps long dictation linear."""
_STRUCTURED: Final = 3
"""So many headings and labels, and the speaker is giving the note its form."""


@dataclass(frozen=True)
class Piece:
    """A sentence, or what a heading leaves of one: ``text[start:end]``, and the sections it may go to.

    ``labelled`` is where the label or announcement ends that it begins with, and 0 where it begins with none.
    """

    start: int
    end: int
    allowed: tuple[str, ...]
    headed: bool
    labelled: int = 0


def pieces_of(text: str, template: Template) -> Iterator[Piece]:
    """The sentences in order, without the headings that open sections, each with the sections open to it."""
    sentences = split(text)
    waiting = _headings(text, sentences, template)
    turns = turns_of(tuple(_said(text, sentences, waiting, template)), template)
    reign = Reign(template, structured=len(waiting) + len(turns.at) >= _STRUCTURED)
    for start, end in sentences:
        if _begins_item(text, start):
            reign.next_item()
        at, headed, labelled = start, False, 0
        while waiting and waiting[0].start < end:
            heading = waiting.pop(0)
            if start in turns.no_labels:
                continue
            headed = True
            filler = is_filler(text[at : heading.start])
            if not filler:
                yield from _piece(text, at, heading.start, reign, labelled=labelled)
            kept = reign.begin(heading, _on_own_line(text, heading))
            if filler:
                yield from _piece(text, at, heading.start, reign, aside=True)
            at = heading.start if kept or _says_all(text, heading, waiting) else heading.end
            labelled = 0
            if kept and heading.phrase in template.parts:
                at, labelled = _label_start(text, heading), heading.end
        if not headed and (turn := turns.at.get(start)):
            reign.turn(turn.sections, text[start : start + turn.length])
            labelled = start + turn.length if turn.length else 0
        elif not headed:
            reign.hear(text[start:end])
        problem = () if headed or not waiting else _problem(text, (start, end), waiting[0], reign)
        yield from _piece(text, at, end, reign, labelled=labelled, problem=problem)


def _problem(text: str, sentence: tuple[int, int], following: Heading, reign: Reign) -> tuple[str, ...]:
    """Where a sentence belongs that names a problem right before the label of a part of it."""
    start, end = sentence
    return () if text[end : following.start].strip() else reign.problem_before(following, text[start:end])


def _said(text: str, sentences: Sequence[Sentence], headings: Sequence[Heading], template: Template) -> Iterator[Said]:
    """The sentences with what the headings in each open; the last one counts."""
    first = 0
    for start, end in sentences:
        after = bisect_left(headings, end, lo=first, key=lambda heading: heading.start)
        here, first = headings[first:after], after
        opened = [opened_by(heading, template) for heading in here]
        labels = [template.parts.get(heading.phrase, ()) for heading in here]
        last = here[-1].end - start if here else 0
        alone = len(here) == 1 and bool(labels[0]) and here[0].alone and not _on_own_line(text, here[0])
        yield Said(start, text[start:end], _last(opened), _last(labels), alone, last)


def _last(opened: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return next((keys for keys in reversed(opened) if keys), ())


def _headings(text: str, sentences: Sequence[Sentence], template: Template) -> list[Heading]:
    """Those of this template, and those of others that stand alone.

    One between commas counts only where it goes on in the template's order: after a heading, or with so many words
    that nothing else can be meant.
    """
    foreign = _foreign(template)
    found = find(
        text,
        sentences,
        template.headings.keys() | foreign,
        template.parts.keys(),
        template.letters.keys(),
        template.announcements.keys(),
    )
    order = [section.key for section in template.sections]
    reached = -1
    kept: list[Heading] = []
    for heading in found:
        if heading.phrase in foreign and not heading.alone:
            continue
        opened = opened_by(heading, template)
        place = order.index(opened[-1]) if opened else reached
        if heading.listed and (place <= reached or (reached < 0 and " " not in heading.phrase)):
            continue
        if kept and _answers(text, kept[-1], heading, template):
            continue
        reached = place
        kept.append(heading)
    return kept


def _answers(text: str, before: Heading, label: Heading, template: Template) -> bool:
    """Whether a label is what stands under the heading right before it: "Chief complaint. Follow-up." """
    opened = template.headings.get(before.phrase, ())
    labelled = template.parts.get(label.phrase, ())
    nothing_between = not text[before.end : label.start].strip()
    return bool(opened and labelled) and label.alone and nothing_between and not {*opened} & {*labelled}


def _label_start(text: str, label: Heading) -> int:
    """Where the words begin that stay: those around the label ("moving on to the") go, a number before it stays."""
    around = text[label.start : label.said]
    return label.said if any(map(str.isalpha, around)) else label.start


def _says_all(text: str, heading: Heading, later: Sequence[Heading]) -> bool:
    """Whether nothing follows under what was taken for a heading: "Follow up." is then the sentence itself."""
    end = later[0].start if later else len(text)
    said = text[heading.start : heading.end].rstrip()
    return heading.alone and not said.endswith(":") and not text[heading.end : end].strip()


def _begins_item(text: str, start: int) -> bool:
    """Whether a new item begins there: a number, or a line of its own after an empty one."""
    before = text[max(0, start - _NEAR) : start].rstrip(" \t")
    return _LIST_MARK.match(text, start) is not None or before.endswith("\n\n")


def _on_own_line(text: str, heading: Heading) -> bool:
    before = text[max(0, heading.start - _NEAR) : heading.start].rstrip(" \t")
    after = text[heading.end : heading.end + _NEAR].lstrip(" \t")
    return heading.alone and (not before or before.endswith("\n")) and after.startswith("\n")


def _piece(
    text: str,
    start: int,
    end: int,
    reign: Reign,
    *,
    aside: bool = False,
    labelled: int = 0,
    problem: tuple[str, ...] = (),
) -> Iterator[Piece]:
    stripped = text[start:end].strip()
    if stripped:
        start = text.index(stripped, start)
        allowed, headed = reign.aside() if aside else reign.next_sentence()
        yield Piece(start, start + len(stripped), problem or allowed, headed, min(labelled, start + len(stripped)))


def _foreign(template: Template) -> frozenset[str]:
    """Headings that this template has no place for."""
    known = {heading_phrase(s.heading) for name in templates() for s in load_template(name).sections}
    return frozenset(known | _SPOKEN_HEADINGS) - template.headings.keys() - template.parts.keys()
