"""Which sections are open to a sentence, by the headings and labels that were spoken before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.tasks.note.cues import is_name
from pipelines.tasks.note.template import Template
from pipelines.text.headings import Heading

_WITHIN: Final = 2
"""After so many announcements of one section they are of its parts."""


def opened_by(heading: Heading, template: Template) -> tuple[str, ...]:
    """The sections that it heads; none for a label or for what this template has no place for."""
    for known in (template.headings, template.announcements, template.letters):
        if heading.phrase in known:
            return known[heading.phrase]
    return ()


class Reign:
    """Which sections are open to the sentences after a heading.

    ``structured`` says that the speaker gives the note its form by headings and labels all along: then a label rules
    until the next one even where no heading came before it.
    """

    def __init__(self, template: Template, *, structured: bool) -> None:
        self._template = template
        self._structured = structured
        self._order = {section.key: place for place, section in enumerate(template.sections)}
        self._open: tuple[str, ...] = ()
        self._scope: tuple[str, ...] = ()
        """What the last heading opened, where that is several sections: labels then lead to and fro among them."""
        self._by: list[str] = []
        """In what words the open section was announced, since it was opened."""
        self._headed = False
        self._turned = 0
        """How many announcements in other words opened what is open."""
        self._briefly: list[tuple[str, ...]] = []
        self._fresh = False
        self._begun = False
        self._labels: set[str] = set()
        """Those spoken since the last problem's name."""

    def begin(self, heading: Heading, own_line: bool) -> bool:
        """Take note of a heading; True if its words stay in the text."""
        opened = opened_by(heading, self._template)
        if (
            opened
            and opened == self._open
            and not heading.alone
            and (self._turned >= _WITHIN or _alike(heading.phrase, self._by))
        ):
            # "Physical exam. ... Examination: right knee" says again what is open, and heads no more than a part of it;
            # so does what comes after other parts of it that were announced in words of their own.
            return True
        self._briefly = []
        self._fresh = True
        if opened:
            self._begin(opened, heading.phrase, headed=True)
            return False
        labelled = self._template.parts.get(heading.phrase)
        self._labels.add(heading.phrase)
        if labelled is None:
            self._open = self._scope = ()
        elif within := tuple(key for key in labelled if key in self._scope):
            # "Medical reasoning: ... Medical treatment: ..." under "assessment and plan", problem by problem.
            self._open = self._scope
            self._briefly = [within]
        elif own_line or (self._open and self._leads_on(labelled)) or self._gives_form(labelled):
            self._begin(labelled, heading.phrase, headed=False)
            self._scope = ()
        elif not self._open and self._may_be_its_own(labelled):
            # A label in running text speaks for its own sentence and for the one that it announces, no further.
            self._briefly = [labelled] * (2 if heading.alone else 1)
        return True

    def problem_before(self, label: Heading, sentence: str) -> tuple[str, ...]:
        """Where a problem's name belongs that stands right before its first label, problem by problem: "Gout. Medical
        reasoning: ..."; nothing if it is none."""
        found = tuple(section.key for section in self._template.sections if "diagnosis" in section.holds)
        labelled = self._template.parts.get(label.phrase, ())
        if not found or not labelled or self._order[labelled[0]] < self._order[found[0]] or not is_name(sentence):
            return ()
        if label.phrase not in self._labels and (self._labels or label.alone):
            return ()
        self._labels.clear()
        return found

    def next_item(self) -> None:
        """A further item of a list, or a new paragraph."""
        self._open = self._scope or self._open

    def turn(self, sections: tuple[str, ...], words: str) -> None:
        """What was announced without a heading ("So what we agreed: ...") opens its sections."""
        self._briefly = []
        again = self._turned if sections == self._open else 0
        self._begin(sections, words.lower(), headed=False)
        self._fresh = bool(words)
        self._turned = again + 1

    def hear(self, sentence: str) -> None:
        """A sentence that leads into a later section by itself ("On examination, ...") ends a heading's rule: from
        there on the wording decides, but never back."""
        for phrase, keys in self._template.lead_ins.items():
            if self._open and re.match(rf"{re.escape(phrase)}\b", sentence, re.IGNORECASE) and self._leads_on(keys):
                self._open = tuple(self._order)[self._order[self._open[-1]] :]
                self._scope = ()
                break

    def next_sentence(self) -> tuple[tuple[str, ...], bool]:
        """The sections open to the next sentence, and whether it is the first after a heading."""
        fresh, self._fresh = self._fresh, False
        self._begun = True
        return (self._briefly.pop() if self._briefly else self._open), fresh

    def aside(self) -> tuple[tuple[str, ...], bool]:
        """The sections open to what was said before the heading itself and goes with it."""
        return self._open, False

    def _begin(self, sections: tuple[str, ...], words: str, *, headed: bool) -> None:
        self._by = [*(self._by if sections == self._open else []), words]
        self._open, self._headed, self._turned = sections, headed, 0
        self._scope = sections if len(sections) > 1 else ()

    def _gives_form(self, labelled: tuple[str, ...]) -> bool:
        """Whether a label rules though no heading came before it."""
        return self._structured and not self._open and self._may_be_its_own(labelled)

    def _may_be_its_own(self, labelled: tuple[str, ...]) -> bool:
        """What a note begins with is no label of its end: "Follow-up." said first is why the patient came."""
        return self._begun or self._order[labelled[0]] == 0

    def _leads_on(self, labelled: tuple[str, ...]) -> bool:
        """A label leads on, never back: "medications" said under the plan belong to the plan."""
        step = self._order[labelled[0]] - self._order[self._open[-1]]
        # Reasoning and treatment, problem by problem, where no heading was spoken.
        return step >= 0 or (step == -1 and not self._headed)


def _alike(phrase: str, others: Sequence[str]) -> bool:
    """Whether a phrase shares a word's beginning with another: "examination" with "physical exam"."""
    return bool({word[:4] for word in phrase.split()} & {word[:4] for other in others for word in other.split()})
