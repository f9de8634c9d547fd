"""record-question beyond lookup: a model says where in the record to look, code looks there, the model answers.

A subgraph: kinds of entries -> names of those kinds -> entries, by code, date and reference -> an answer that names its
entries. The model chooses among names that this record holds, and writes the answer; it retrieves nothing, and learns
today's date and who the patient is from the context. Between the steps go names, addresses and digests alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from pipelines.evidence.records.record import Record
from pipelines.models.budget import TooLong, as_many
from pipelines.models.consult import Consultant
from pipelines.models.generator import Ask
from pipelines.ports import Key
from pipelines.records import Result, Statement, Status, TaskName
from pipelines.tasks.asking import GENERATED, call_data, sharing_ask
from pipelines.tasks.cited import Fact, Telling, kept, tell
from pipelines.tasks.record.navigator_choices import choose
from pipelines.tasks.record.navigator_facts import Facts
from pipelines.tasks.record.navigator_forms import FORMS
from pipelines.tasks.record.navigator_graph import Way, walk
from pipelines.tasks.record.navigator_manifest import Holding, Manifest, manifest_of
from pipelines.tasks.record.navigator_retrieval import ANY_TIME, LATEST, Selection, retrieve, years_of
from pipelines.tasks.record.period import take_period
from pipelines.tasks.record.sentences import none_recorded
from pipelines.tasks.record.words import Words, said

#: Asked step by step: plans of several parts in one go were measured to fail (a third party's study of 1.5 4B: 0-10 %).
_KINDS: Final = 3
_NAMES_OF_A_KIND: Final = 6
#: Of a kind with so few names all are taken, and of so few entries those of every time.
_FEW_NAMES: Final = 6
_FEW_ENTRIES: Final = 12
#: Names of one kind that are listed, fewer where that is too long for the model.
_NAMES_LISTED: Final = (80, 30, 12, 5)
#: Entries that are shown at most, to a small and to a large model; more than that it cannot keep apart.
_ENTRIES: Final = {False: 120, True: 400}

_NONE: Final = "none of these"
_ENOUGH: Final = "no more"
_ALL: Final = "all of them"


def navigate(
    question: str, record: Record, consultant: Consultant, prompts: Path | None = None, today: date | None = None
) -> Result:
    """Answer ``question`` from ``record`` with the help of a model.

    Args:
        today: the current day unless given.

    Returns:
        A draft: generated statements that cite the entries they come from; or a single one that says that the answer
        is not in this record, and what was looked for; or ``failed``.

    Raises:
        ModelNeeded: no language model is ready.
        NoAnswer: the model did not say where to look.
        BadInput: not even one entry fits into what the model takes.
    """
    consultant.require()
    return _Navigator(" ".join(question.split()), record, consultant, prompts, today or date.today()).result()


@dataclass(frozen=True)
class _Navigator:
    """The steps; each is asked of the model through the journal, so that one that was taken is not taken again."""

    question: str
    record: Record
    consultant: Consultant
    prompts: Path | None
    today: date

    @cached_property
    def manifest(self) -> Manifest:
        return manifest_of(self.record)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.record, self.today)

    @cached_property
    def large(self) -> bool:
        return is_large(self.consultant)

    def result(self) -> Result:
        way = walk(self)
        data: dict[str, Any] = {
            "question_kind": "navigated",
            "found": False,
            "today": self.today.isoformat(),
            "looked_for": [holding.name for holding in self._holdings(way)] or way.get("kinds", []),
            "kinds": way.get("kinds", []),
            "entries": len(way.get("entries", [])),
        }
        if "telling" not in way:
            return self._draft(self._not_there(way), data, ())
        return self._told(way, data)

    # The steps.

    def choose_kinds(self, _: Way) -> Way:
        """Which kinds of entries to look at, one after the other."""
        chosen: list[str] = []
        while len(chosen) < _KINDS:
            picked = self._pick("kind", chosen, lambda listed: [*listed.types, _ENOUGH if chosen else _NONE])
            if picked in (_NONE, _ENOUGH):
                break
            chosen.append(picked)
        return {"kinds": chosen}

    def choose_names(self, way: Way) -> Way:
        """Which names of each kind: all where there are few, else one after the other."""
        places: list[str] = []
        for kind in way["kinds"]:
            held = self.manifest.of(kind)
            chosen: list[str] = []
            while len(held) > _FEW_NAMES and len(chosen) < _NAMES_OF_A_KIND:
                picked = self._pick("name", chosen, partial(_names_of, kind, _ENOUGH if chosen else _ALL), kind)
                if picked in (_ALL, _ENOUGH):
                    break
                chosen.append(picked)
            places += [f"{kind}:{n}" for n, holding in enumerate(held) if not chosen or holding.name in chosen]
        return {"holdings": places}

    def choose_time(self, way: Way) -> Way:
        """From which time: as the question says, or else as the model does where there is much of it."""
        held = self._holdings(way)
        if sum(len(holding.entries) for holding in held) <= _FEW_ENTRIES or take_period(
            Words(said(self.question)), self.today
        ):
            return {"time": ANY_TIME}
        return {"time": self._pick("time", [], lambda _: [ANY_TIME, LATEST, *years_of(held)])}

    def retrieve(self, way: Way) -> Way:
        """The entries themselves, and those that they lead to."""
        period = take_period(Words(said(self.question)), self.today)
        selection = Selection(self._holdings(way), way["time"], period)
        return {"entries": [entry.address for entry in retrieve(self.record, selection)]}

    def answer(self, way: Way) -> Way:
        """Sentences about them."""
        facts = self._facts(way)
        count = min(len(facts), _ENTRIES[self.large])

        def ask(shown: int) -> Telling:
            return tell(self.consultant, self._asking(facts, shown), facts, shown)

        _, telling = as_many(count, ask)
        key = Key(self.consultant.run, f"{self.consultant.node}:told", telling.generation.digest())
        return {"telling": self.consultant.journal.record(key, telling)}

    # What they share.

    def _pick(
        self, step: str, chosen: Sequence[str], options_of: Callable[[Manifest], Sequence[str]], kind: str = ""
    ) -> str:
        """One of the options that are not chosen yet; with fewer names listed where all of them are too long."""
        from prompts import load_prompt

        prompt = load_prompt("record-navigation", self.prompts)
        for most in _NAMES_LISTED:
            listed = replace(self.manifest, most=most)
            options = [option for option in options_of(listed) if option not in chosen]
            ask = sharing_ask(
                prompt,
                today=self.today.isoformat(),
                patient=self.facts.patient().text.removeprefix("Patient: "),
                manifest=listed.text,
                question=self.question,
                step=step,
                kind=kind,
                chosen=list(chosen),
                options=options,
            )
            try:
                return choose(self.consultant, ask, options)
            except TooLong:
                if most == _NAMES_LISTED[-1]:
                    raise
        raise AssertionError("the last of them returns or raises")

    def _asking(self, facts: Sequence[Fact], shown: int) -> Ask:
        from prompts import load_prompt

        name = "record-answer-27b" if self.large else "record-answer"
        return sharing_ask(
            load_prompt(name, self.prompts),
            today=self.today.isoformat(),
            # Told from old to new, whatever mattered most; who it is about comes first.
            facts="\n".join([facts[0].line, *sorted((fact.line for fact in facts[1:shown]), key=_after_address)]),
            not_shown=len(facts) - shown,
            question=self.question,
        )

    def _facts(self, way: Way) -> list[Fact]:
        found = (self.record.find(address) for address in way["entries"])
        return [self.facts.patient(), *(self.facts.of(entry) for entry in found if entry is not None)]

    def _holdings(self, way: Way) -> list[Holding]:
        places = (place.rpartition(":") for place in way.get("holdings", []))
        return [self.manifest.of(kind)[int(n)] for kind, _, n in places]

    # What came of it.

    def _told(self, way: Way, data: dict[str, Any]) -> Result:
        telling = self.consultant.journal.read(way["telling"], Telling)
        generation, facts = telling.generation, self._facts(way)
        data |= {**call_data(telling.ask, generation), "shown": telling.shown - 1}
        task = TaskName.RECORD_QUESTION
        if telling.told is None:
            message = f"{generation.engine.name} gave no answer that can be used: {telling.problem}"
            return Result(task=task, status=Status.FAILED, data=data, message=message)
        from pipelines.models.card import card_for

        said = kept(telling.told, facts[: telling.shown])
        data |= {
            "answer": "\n".join(statement.text for statement in said.statements),
            "left_out": dict(said.left_out),
            "card": card_for(task, None, generation).model_dump(mode="json"),
        }
        missing = len(facts) - telling.shown
        cut = (
            f"{missing} of the entries found were too many to be shown to the model: the latest were."
            if missing
            else ""
        )
        if not said.statements and telling.told.sentences:
            message = f"{generation.engine.name} said nothing that its sources bear out. {said.note}"
            return Result(task=task, status=Status.FAILED, data=data, message=message)
        if telling.told.answered == "no" or not said.statements:
            return self._draft(self._not_there(way), data, [cut])
        return self._draft(said.statements, data | {"found": True}, [GENERATED, said.note, cut])

    def _draft(self, statements: tuple[Statement, ...], data: dict[str, Any], notes: Sequence[str | None]) -> Result:
        message = " ".join(note for note in notes if note)
        return Result(
            task=TaskName.RECORD_QUESTION,
            status=Status.DRAFT,
            statements=statements,
            data=data,
            message=message or None,
        )

    def _not_there(self, way: Way) -> tuple[Statement, ...]:
        """That the answer is not in this record, and what was looked for; where a whole kind is not, that first."""
        kinds = way.get("kinds", [])
        nouns = {FORMS[kind].noun: kind for kind in kinds if not self.manifest.of(kind)}
        absent = tuple(
            statement
            for noun in nouns
            if noun and not any(self.manifest.of(kind) for kind, form in FORMS.items() if form.noun == noun)
            for statement in none_recorded(self.record, noun, "navigated").statements
        )
        held = self._holdings(way)
        names = list(dict.fromkeys(holding.name for holding in held))
        if absent and not held:
            return absent
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            looked = f"looked at the entries named {'; '.join(names[:8])}{more}"
        else:
            looked = f"none of the kinds of entries that it holds bears on it ({', '.join(self.manifest.holdings)})"
        from pipelines.checks.cited import NOT_ANSWERED

        return (*absent, Statement(text=f"{NOT_ANSWERED}{looked}.", origin="looked-up"))


def _names_of(kind: str, last: str, listed: Manifest) -> list[str]:
    return [*(holding.name for holding in listed.shown(kind)), last]


def is_large(consultant: Consultant) -> bool:
    """Whether the model is of the size of MedGemma 27B, by its name."""
    return re.search(r"27b", consultant.generator.engine().model or "", re.IGNORECASE) is not None


def _after_address(line: str) -> str:
    """A line begins with its address, then its date."""
    return line.partition("] ")[2]
