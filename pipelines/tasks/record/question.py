"""record-question: a spoken question about a FHIR record, answered by lookup.

The grammar is words, not word order, because recognisers drop punctuation and small words. Every word of a question
must be understood (or be filler) before anything is looked up: a word left over means that something else was asked,
and then the question waits for a language model instead of getting an answer to a simpler one.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from pipelines.evidence.records.record import Record
from pipelines.records import Result, Status, TaskName
from pipelines.tasks.record import entries, grammar
from pipelines.tasks.record.encounters import Sort, Want, encounter_answer
from pipelines.tasks.record.observations import Which, matching, measurements, named
from pipelines.tasks.record.observations import answer as observation_answer
from pipelines.tasks.record.period import Period, take_period
from pipelines.tasks.record.person import person_answer
from pipelines.tasks.record.sentences import Answer, not_recorded
from pipelines.tasks.record.words import Term, Words, tokens

_REMEDY: Final = (
    "the question is kept until this assistant asks a language model about records; or ask for what the record states"
)


def answer(question: str, record: Record, today: date | None = None) -> Result:
    """Answer ``question`` from ``record``.

    Args:
        question: as spoken or typed, with or without punctuation.
        record: one patient's record.
        today: what "this year" and ages are reckoned from; the current day unless given.

    Returns:
        A draft whose statements are looked up and cited (or say that nothing is recorded), or a ``needs-model`` result
        without statements where the question is beyond lookup.
    """
    found = _answers(question, record, today or date.today())
    if isinstance(found, str):
        return Result(task=TaskName.RECORD_QUESTION, status=Status.NEEDS_MODEL, message=f"{found}; {_REMEDY}")
    data: dict[str, Any] = (
        found[0].data if len(found) == 1 else {"question_kind": "several", "answers": [each.data for each in found]}
    )
    return Result(
        task=TaskName.RECORD_QUESTION,
        status=Status.DRAFT,
        statements=tuple(statement for each in found for statement in each.statements),
        data=data,
    )


def _answers(question: str, record: Record, today: date) -> list[Answer] | str:
    """The whole question at once, else each of its parts; why not, where any part is beyond lookup."""
    whole = _Question(question, record, today).read()
    if not isinstance(whole, str):
        return whole
    parts = [part for part in re.split(r"[?;,.](?=\s)|\band\b|\balso\b", question, flags=re.I) if tokens(part)]
    if len(parts) < 2:
        return whole
    found: list[Answer] = []
    for part in parts:
        read = _Question(part, record, today).read()
        if isinstance(read, str):
            return whole
        found += read
    return found


class _Question:
    """One question (or part of one) being read; what is understood leaves ``words``."""

    def __init__(self, text: str, record: Record, today: date) -> None:
        self.record, self.today = record, today
        self.words = words = Words(text)
        for part in tokens(record.patient.name or ""):
            words.take(part.rstrip("0123456789"), part)
        words.take(*grammar.COURTESY)
        words.take_first("ok", "okay", "so", "and", "well")
        self.yes_no = bool(words.all) and words.all[0] in grammar.YES_NO
        self.on = bool(grammar.ON.search(" ".join(words.all)))
        #: Only a question after one thing ("is she …", "when was …") is answered with its absence; other words that
        #: are no name in the record may not have been meant as one.
        self.one_thing = self.yes_no or bool({"when", "last"}.intersection(words.all))
        self.count = words.take(*grammar.COUNT)
        self.period: Period | None = take_period(words, today)

    def read(self) -> list[Answer] | str:
        """The answers, or why there are none."""
        if not self.words.all:
            return "no question was recognised"
        for reader in (
            self._family,
            self._allergies,
            self._vaccinations,
            self._named_conditions,
            self._observations,
            self._encounters,
            self._medications,
            self._conditions,
            self._person,
            self._procedures,
            self._by_recorded_name,
        ):
            before = self.words.mark()
            if found := reader():
                return found
            self.words.back_to(before)
        judged = next((word for word in self._left() if word in grammar.JUDGEMENT), None)
        if judged:
            return f"'{judged}' asks for a judgement, which lookup cannot give"
        return "this is beyond lookup in the record"

    def _left(self) -> list[str]:
        return self.words.rest(grammar.FILLER)

    def _phrase(self) -> list[str] | None:
        """What is left as the name of something, or None where it asks for more than a name."""
        left = self._left()
        return None if len(left) > 5 or grammar.NEVER_A_NAME.intersection(left) else left

    def _family(self) -> list[Answer] | None:
        if not self.words.take(*grammar.KIN):
            return None
        history = self.words.take("medical history", "history")
        about = self.words.take_terms("condition") or history
        return [entries.family_answer(self.record)] if about and not self._left() and not self.period else None

    def _allergies(self) -> list[Answer] | None:
        if not self.words.take(*grammar.ALLERGY):
            return None
        self.words.take(*grammar.ACTIVE, "drug", "medication", "food", "environmental")
        wanted = self.words.take_terms("medication")
        phrase = self._phrase()
        if phrase is None or (phrase and wanted) or self.period or grammar.DRUG_CLASS.intersection(phrase):
            return None
        if phrase and not (self.one_thing or entries.match(entries.allergies(self.record), (), phrase)):
            return None
        return [entries.allergy_answer(self.record, phrase, each) for each in _one_by_one(wanted)]

    def _vaccinations(self) -> list[Answer] | None:
        if not self.words.take(*grammar.VACCINATION):
            return None
        wanted = self.words.take_terms("vaccine")
        last = self.words.take(*grammar.LAST)
        self.words.take("ever")
        phrase = self._phrase()
        if phrase is None or (phrase and wanted):
            return None
        if phrase and not entries.match(entries.vaccinations(self.record), (), phrase):
            return None
        everything = not (last or self.count or self.yes_no or wanted or phrase)
        return [entries.vaccination_answer(self.record, phrase, wanted, self.period, everything)]

    def _named_conditions(self) -> list[Answer] | None:
        wanted = self.words.take_terms("condition")
        if not wanted:
            return None
        self.words.take(*grammar.CONDITION, *grammar.ACTIVE, *grammar.PAST)
        if self._left() or self.period or self.count:
            return None
        return [self._conditions_answer((term,), ()) for term in wanted]

    def _observations(self) -> list[Answer] | None:
        wanted = self.words.take_terms("observation")
        if not wanted or (self.on and self.yes_no):
            return None
        which = self._which()
        self.words.take("ever")
        if self._left():
            return None
        found = measurements(self.record)
        return [observation_answer(self.record, t.name, matching(found, t), which, self.period) for t in wanted]

    def _which(self) -> Which:
        words = self.words
        trend = words.take(*grammar.TREND)
        first, last = words.take(*grammar.FIRST), words.take(*grammar.LAST)
        if trend or (first and last):
            return "trend"
        if words.take("highest", "maximum", "peak", "max"):
            return "highest"
        if words.take("lowest", "minimum", "min"):
            return "lowest"
        if self.count:
            return "count"
        if words.take("all", "every", "each", "history"):
            return "all"
        return "first" if first else "last"

    def _encounters(self) -> list[Answer] | None:
        sort: Sort | None = None
        if self.words.take(*grammar.ADMISSION):
            sort = "admission"
        emergency = self.words.take(*grammar.EMERGENCY)
        if emergency:
            sort = "emergency visit"
        visits = self.words.take(*grammar.VISIT)
        if sort is None and not visits:
            return None
        last, first = self.words.take(*grammar.LAST), self.words.take(*grammar.FIRST)
        self.words.take(
            "start", "started", "begin", "began", "come", "came", "go", "went", "ever", "all", "clinic", "doctor"
        )
        if self._left():
            return None
        want: Want = "count" if self.count else "last" if last else "first" if first else "list"
        if want == "list" and "when" in self.words.all and not self.period:
            want = "last"
        return [encounter_answer(self.record, sort or "encounter", want, self.period)]

    def _medications(self) -> list[Answer] | None:
        asked = self.words.take(*grammar.MEDICATION) or self.on
        wanted = self.words.take_terms("medication")
        if not asked and not (wanted and self.yes_no):
            return None
        active = self.words.take(*grammar.ACTIVE)
        past = self.words.take(*grammar.PAST)
        phrase = self._phrase()
        if (
            phrase is None
            or (phrase and wanted)
            or grammar.DRUG_CLASS.intersection(phrase)
            or self.period
            or self.count
        ):
            return None
        if (phrase or wanted) and not (self.yes_no or self.on):
            return None
        found = entries.medications(self.record)
        text = entries.line("Medication", "ordered")
        if not phrase and not wanted:
            if past and not active:
                ended = [entry for entry in found if not entry.active]
                return [entries.listed(self.record, ended, "medications", "past medications", text, "Past medications")]
            current = [entry for entry in found if entry.active]
            nothing = "Active medications" if found else "Medications"
            return [entries.listed(self.record, current, "medications", "active medications", text, nothing)]
        return [self._medication(found, phrase, each) for each in _one_by_one(wanted)]

    def _medication(self, found: list[entries.Entry], phrase: list[str], wanted: list[Term]) -> Answer:
        named_so = entries.match(found, wanted, phrase)
        name = " ".join(phrase) or wanted[0].name
        if not named_so:
            return not_recorded(self.record, "medication named {}", name, "medication")
        return entries.listed(self.record, named_so, "medication", name, entries.line("Medication", "ordered"), "")

    def _conditions(self) -> list[Answer] | None:
        if not self.words.take(*grammar.CONDITION):
            return None
        phrase = self.words.rest(grammar.FILLER | frozenset(grammar.ACTIVE) | frozenset(grammar.PAST) | {"medical"})
        if self.period or self.count or (phrase and self._phrase() is None):
            return None
        if phrase and not (self.one_thing or entries.match(entries.conditions(self.record), (), phrase)):
            return None
        return [self._conditions_answer((), phrase)]

    def _conditions_answer(self, wanted: tuple[Term, ...], phrase: list[str] | tuple[()]) -> Answer:
        found = entries.conditions(self.record)
        text = entries.line("Condition", "onset")
        if wanted or phrase:
            name = " ".join(phrase) or wanted[0].name
            named_so = entries.match(found, wanted, phrase)
            if not named_so:
                return not_recorded(self.record, "condition named {}", name, "condition")
            return entries.listed(self.record, named_so, "condition", name, text, "")
        asked = set(self.words.all)
        if {"history", "all"} & asked:
            return entries.listed(self.record, found, "conditions", "conditions", text, "Conditions")
        if asked.intersection(grammar.PAST):
            ended = [entry for entry in found if not entry.active]
            return entries.listed(self.record, ended, "conditions", "past conditions", text, "Past conditions")
        current = [entry for entry in found if entry.active]
        nothing = "Active conditions" if found else "Conditions"
        return entries.listed(self.record, current, "conditions", "active conditions", text, nothing)

    def _person(self) -> list[Answer] | None:
        fields = [field for field, spoken in grammar.PERSON.items() if self.words.take(*spoken)]
        if not fields or self._left() or self.period or self.count:
            return None
        if "age" in fields and "birth" in fields:
            fields.remove("birth")
        return [person_answer(self.record, fields, self.today)]

    def _procedures(self) -> list[Answer] | None:
        if not self.words.take(*grammar.PROCEDURE):
            return None
        last = self.words.take(*grammar.LAST)
        phrase = self._phrase()
        if phrase is None:
            return None
        if phrase and not (self.one_thing or entries.match(entries.procedures(self.record), (), phrase)):
            return None
        everything = not (last or self.count or phrase)
        return [entries.procedure_answer(self.record, phrase, self.period, everything)]

    def _by_recorded_name(self) -> list[Answer] | None:
        """Words that nothing here knows but that are a name in this record."""
        which = self._which()
        self.words.take("ever")
        phrase = self._phrase()
        if not phrase:
            return None
        name = " ".join(phrase)
        if found := named(measurements(self.record), phrase):
            return [observation_answer(self.record, name, found, which, self.period)]
        if entries.match(entries.procedures(self.record), (), phrase):
            return [entries.procedure_answer(self.record, phrase, self.period, everything=which == "all")]
        if self.yes_no and not self.period and entries.match(entries.conditions(self.record), (), phrase):
            return [self._conditions_answer((), phrase)]
        return None


def _one_by_one(wanted: list[Term]) -> list[list[Term]]:
    """Each name gets an answer of its own, so that one found never hides one that is not."""
    return [[term] for term in wanted] or [[]]
