"""Things asked for by their recorded names alone, and names that the record does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.tasks.record import entries, grammar, meaning
from pipelines.tasks.record.about_entries import CONDITION, MEDICATION
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.entries import Entry
from pipelines.tasks.record.listing import events, listed, moment_of, why
from pipelines.tasks.record.measurements import measurements
from pipelines.tasks.record.sentences import Answer, looked_up
from pipelines.tasks.record.words import term_domain, terms

#: "The last stress test" is no condition, though one may be called "Stress".
_INVESTIGATION: Final = frozenset(
    "test tests exam examination study scan imaging screening level levels culture".split()
)


def by_recorded_name(asked: Asked) -> list[Answer] | None:
    """Words that nothing here knows but that are the name of a procedure, condition, medicine or vaccination."""
    words, record = asked.words, asked.record
    reason = words.take(*grammar.REASON)
    held = {
        "procedure": entries.procedures(record),
        "condition": entries.conditions(record),
        "medication": entries.medications(record),
        "vaccination": entries.vaccinations(record),
    }
    ended = words.take(*grammar.STOPPED)
    if reason and ended:
        return None
    begun = words.take(*grammar.STARTED, *grammar.ONSET)
    timed = asked.when or asked.elapsed or asked.lasted or begun
    last, first = words.take(*grammar.LAST), words.take(*grammar.FIRST)
    words.take("ever", *grammar.ACTIVE)
    count = asked.take_count()
    vaccines = words.take_terms("vaccine") if (timed or last or count) and not reason else []
    if vaccines and not asked.left():
        found = [e for e in held["vaccination"] if any(entries.match([e], [term], ()) for term in vaccines)]
        want = "elapsed" if asked.elapsed or asked.lasted else "last" if timed or last else "count"
        name = " and ".join(term.name for term in vaccines)
        return [_answer(asked, "vaccination", found, name, want, timed, ended, reason)] if found else None
    phrase = asked.phrase([name.value for group in held.values() for e in group for name in e.names], strict=True)
    if not grammar.HANDLED.isdisjoint(words.all):
        return None
    if not phrase or term_domain(phrase) == "observation":
        return None
    if grammar.FOUND.intersection(words.all) and not (asked.when or asked.count):
        return None
    if _INVESTIGATION.intersection(words.all) - set(phrase):
        held = {"procedure": held["procedure"]}
    for kind, group in held.items():
        if found := entries.match(group, (), phrase):
            want = "elapsed" if asked.elapsed or asked.lasted else "count" if count else "first" if first else "last"
            return [_answer(asked, kind, found, " ".join(phrase), want, bool(timed or last or ended), ended, reason)]
    return None


def _answer(
    asked: Asked, kind: str, found: Sequence[Entry], name: str, want: str, timed: bool, ended: bool, reason: bool
) -> Answer:
    text = MEDICATION if kind == "medication" else CONDITION
    if kind in {"procedure", "vaccination"}:
        noun = "procedure named {}" if kind == "procedure" else "{} vaccination"
        return events(asked.record, found, name, kind, noun, asked.period, want, asked.today)
    if reason:
        return why(asked.record, found, name, f"{kind}-reason", text)
    if timed:
        moment = "elapsed" if asked.elapsed else "lasted" if want == "elapsed" else "stopped" if ended else "started"
        return moment_of(asked.record, found, name, kind, text, moment, asked.today)
    if asked.period:
        found = [entry for entry in found if entry.during(asked.period)]
    return listed(asked.record, found, kind, name, text, f"{kind}s".capitalize(), asked.period, each=True)


def no_such_name(question: str, record: Record, today: date) -> list[Answer] | None:
    """That the record holds nothing of a name, where a question asks for one thing by a name that nothing here knows.

    ``by_name_only`` marks the answer: a language model may know another name for the same thing.
    """
    asked = Asked(question, record, today)
    words = asked.words
    want = words.take(*grammar.LAST, *grammar.FIRST, *grammar.HIGHEST, *grammar.LOWEST)
    words.take("ever", *grammar.ACTIVE, *grammar.ONSET, *grammar.STARTED, *grammar.STOPPED, *grammar.REASON)
    name = asked.unknown_name()
    shaped = asked.one_thing or asked.count or want
    if not name or not shaped or len(name) > 4 or meaning.DRUG_CLASS.intersection(name):
        return None
    if asked.period or any(term.spoken and set(term.spoken[0]) & set(name) for term in terms()):
        return None
    said = f"No entry named {' '.join(name)} is recorded in this record."
    about = {"question_kind": "by-name", "found": False, "looked_for": " ".join(name), "by_name_only": True}
    return [Answer((looked_up(record, said, ()),), about)]


def recorded_names(record: Record) -> list[str]:
    """What the record calls the things in it."""
    readers = (
        entries.conditions, entries.medications, entries.allergies, entries.vaccinations, entries.procedures,
        entries.others,
    )  # fmt: skip
    held = [name.value for read in readers for entry in read(record) for name in entry.names]
    return [*dict.fromkeys((*held, *measurements(record).names))]
