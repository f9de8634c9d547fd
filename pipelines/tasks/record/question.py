"""record-question: a spoken question about a FHIR record, answered by lookup.

The grammar is words, not word order, because recognisers drop punctuation and small words. Every word of a question
must be understood (or mean nothing for a lookup) before anything is looked up: a word left over means that something
else was asked, and then the question waits for a language model instead of getting an answer to a simpler one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from pipelines.evidence.records.record import Record
from pipelines.records import Result, Status, TaskName
from pipelines.tasks.record import meaning
from pipelines.tasks.record.about_entries import about_conditions, about_medications
from pipelines.tasks.record.about_events import (
    about_allergies,
    about_encounters,
    about_other_entries,
    about_procedures,
    about_vaccinations,
)
from pipelines.tasks.record.about_person import about_care, about_family, about_person
from pipelines.tasks.record.about_results import about_results, results_by_phrase
from pipelines.tasks.record.asides import other_readings
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.asker import asked_alone, only_states
from pipelines.tasks.record.by_name import by_recorded_name, no_such_name, recorded_names
from pipelines.tasks.record.context import without_context
from pipelines.tasks.record.event import take_event
from pipelines.tasks.record.heard import without_hesitation
from pipelines.tasks.record.repair import repaired
from pipelines.tasks.record.respelling import respelled
from pipelines.tasks.record.sentences import Answer
from pipelines.tasks.record.words import tokens

Reader = Callable[[Asked], list[Answer] | None]

_PART: Final = re.compile(r"[?;,.](?=\s)|\band\b|\balso\b|\bplus\b", re.I)
#: A day that another part names.
_THAT_DAY: Final = re.compile(r"\bthat (?:day|date|month|year|visit)\b", re.I)
_REMEDY: Final = "only a language model could answer it from the record; or ask for what the record states"
#: In the order in which they are tried: what has words of its own first, bare names last.
_READERS: Final[tuple[Reader, ...]] = (
    about_family,
    about_allergies,
    about_vaccinations,
    about_results,
    about_conditions,
    about_care,
    about_person,
    about_procedures,
    about_medications,
    about_encounters,
    results_by_phrase,
    by_recorded_name,
    about_other_entries,
)
#: Those that can say who.
_OF_PEOPLE: Final[tuple[Reader, ...]] = (about_care, about_person, about_medications, about_encounters)
#: Those that can say where somebody lives or something stands.
_OF_PLACES: Final[tuple[Reader, ...]] = (about_results, about_person, results_by_phrase)


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
        statements=tuple(dict.fromkeys(statement for each in found for statement in each.statements)),
        data=data,
    )


def _answers(question: str, record: Record, today: date) -> list[Answer] | str:
    """What is asked as it was meant, else without asides and respelled; why not, where nothing does."""
    meant = repaired(without_hesitation(question))
    if meant is None:
        return "what was taken back cannot be told"
    first = _whole_or_parts(meant, record, today)
    if not isinstance(first, str) and not _only_by_name(first):
        return _without_askers(first, meant, record, today)
    for said in _other_readings(meant, record):
        found = _whole_or_parts(said, record, today)
        if not isinstance(found, str) and not _only_by_name(found):
            return found
    return no_such_name(meant, record, today) or first if isinstance(first, str) else first


def _without_askers(found: list[Answer], meant: str, record: Record, today: date) -> list[Answer]:
    """What was found; but where clauses say who asks, what is found without them: a name may be among their words."""
    alone = without_context(meant, recorded_names(record))
    readings = (alone, *other_readings(alone)) if alone != meant else ()
    for said in dict.fromkeys((*readings, asked_alone(meant))):
        read = _whole_or_parts(said, record, today) if said != meant else ""
        if not isinstance(read, str) and not _only_by_name(read):
            return read
    return found


def _other_readings(question: str, record: Record) -> Iterator[str]:
    names = recorded_names(record)
    readings = [question]
    if (alone := without_context(question, names)) != question:
        yield from (alone, *other_readings(alone))
    for said in other_readings(question):
        readings.append(said)
        yield said
    for said in readings:
        if (spelled := respelled(said, names)) is not None:
            yield spelled
    for said in readings:
        if (alone := without_context(said, names)) != said:
            yield alone
            yield from other_readings(alone)


def _only_by_name(found: list[Answer]) -> bool:
    """Whether nothing was found by a name that may not have been meant as one."""
    return any(each.data.get("by_name_only") for each in found)


def _whole_or_parts(question: str, record: Record, today: date) -> list[Answer] | str:
    """The whole question at once, else each of its parts; why not, where any part is beyond lookup."""
    whole = _read(question, record, today)
    if not isinstance(whole, str):
        return whole
    parts = [part for part in _PART.split(question) if tokens(part)]
    if len(parts) < 2 or any(_THAT_DAY.search(part) or only_states(part) for part in parts):
        return whole
    found: list[Answer] = []
    for part in parts:
        read = _read(part, record, today)
        if isinstance(read, str):
            return whole
        found += read
    return found


def _read(text: str, record: Record, today: date) -> list[Answer] | str:
    """The answers to one question (or part of one), or why there are none."""
    asked = Asked(text, record, today)
    if not asked.words.all:
        return "no question was recognised"
    if asked.in_general:
        return "this is beyond lookup in the record"
    if no_event := take_event(asked):
        return [no_event]
    for reader in _OF_PEOPLE if asked.who else _OF_PLACES if asked.where else _READERS:
        before, period, event = asked.words.mark(), asked.period, asked.event
        if found := reader(asked):
            return _with_event(found, asked.event)
        asked.words.back_to(before)
        asked.period, asked.event = period, event
    judged = next((word for word in asked.words.rest(meaning.FILLER) if word in meaning.JUDGEMENT), None)
    if judged:
        return f"'{judged}' asks for a judgement, which lookup cannot give"
    return "this is beyond lookup in the record"


def _with_event(found: list[Answer], event: Answer | None) -> list[Answer]:
    """The answers, and first of all what they are reckoned from."""
    if event is None:
        return found
    first, *rest = found
    return [Answer((*event.statements, *first.statements), first.data | {"event": event.data}), *rest]
