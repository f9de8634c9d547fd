"""Entries as answers: lists, the entries of one name, the last event of a kind, why, and how long ago.

What is not recorded is called "none recorded", which never says that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import items, walk
from pipelines.records import Statement
from pipelines.tasks.record import elapsed
from pipelines.tasks.record.entries import NONE_KNOWN, Entry, allergies, match, reasons
from pipelines.tasks.record.period import Period
from pipelines.tasks.record.sentences import (
    Answer,
    absent,
    day,
    looked_up,
    none_recorded,
    not_recorded,
    plain_day,
    sentence,
    within,
)
from pipelines.tasks.record.words import Term


def listed(
    record: Record,
    entries: Sequence[Entry],
    kind: str,
    label: str,
    text: Callable[[Entry], str],
    nothing: str,
    period: Period | None = None,
    each: bool = False,
) -> Answer:
    """One sentence an entry: equal names once (their latest entry), or ``each`` of them."""
    if not entries:
        return none_recorded(record, nothing, kind, period)
    latest = {entry.name.value.lower(): entry for entry in entries}
    kept = list(entries) if each else [entry for entry in entries if latest[entry.name.value.lower()] is entry]
    first = next((entry for entry in kept if entry.date), kept[0])
    return Answer(
        tuple(looked_up(record, text(entry), entry.elements) for entry in kept),
        {
            "question_kind": kind,
            "found": True,
            "affirmed": True,
            "looked_for": label,
            "names": list(dict.fromkeys(entry.name.value for entry in kept)),
            "date": plain_day(first.date),
            "entries": [facts(entry) for entry in kept],
        },
    )


def facts(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name.value,
        "status": entry.status.value if entry.status else None,
        "date": plain_day(entry.date),
        "ended": plain_day(entry.ended),
    }


def line(noun: str, verb: str, end: str) -> Callable[[Entry], str]:
    """ "Medication: NAME, active, ordered on DATE.", leaving out what is not known."""

    def text(entry: Entry) -> str:
        status = f", {entry.status.value.split('T')[0]}" if entry.status else ", status not recorded"
        ended = f", {end} {day(entry.ended)}" if entry.ended else ""
        return f"{noun}: {entry.name}{status}, {verb} {day(entry.date)}{ended}."

    return text


def counted(record: Record, entries: Sequence[Entry], noun: str, kind: str, period: Period | None) -> Answer:
    """How many entries there are, by their names: two of one name count once where both are the same thing."""
    when = f" {period.text}" if period else ""
    kept = list({entry.name.value.lower(): entry for entry in entries}.values())
    if not kept:
        none = none_recorded(record, f"{noun}s".capitalize(), kind, period)
        return Answer(none.statements, none.data | {"count": 0})
    text = f"{len(kept)} {noun}{'s are' if len(kept) > 1 else ' is'} recorded{when}."
    statement = looked_up(record, text, [entry.name for entry in kept])
    about = {"question_kind": kind, "found": True, "looked_for": f"{noun}s", "count": len(kept)}
    return Answer((statement,), about | {"names": [entry.name.value for entry in kept]})


def going_on(
    record: Record, entries: Sequence[Entry], kind: str, text: Callable[[Entry], str], nothing: str, period: Period
) -> Answer:
    """What went on in a period; what may have, since its end is not recorded, is said apart."""
    sure = [entry for entry in entries if entry.during(period)]
    names = {entry.name.value.lower() for entry in sure}
    open_ended = [e for e in entries if e.during(period) is None and e.name.value.lower() not in names]
    unsure = [(text(e).removesuffix(".") + " (when it ended is not recorded).", e.elements) for e in open_ended]
    said = tuple(looked_up(record, each, cited) for each, cited in unsure)
    if not sure and said:
        about = {"question_kind": kind, "found": True, "looked_for": nothing.lower(), "names": []}
        return Answer(said, about | {"uncertain": [e.name.value for e in open_ended]})
    answer = listed(record, sure, kind, nothing.lower(), text, nothing, period)
    return Answer((*answer.statements, *said), answer.data | {"uncertain": [e.name.value for e in open_ended]})


def moment_of(
    record: Record, found: Sequence[Entry], name: str, kind: str, text: Callable[[Entry], str], want: str, today: date
) -> Answer:
    """When entries of one name began (``started``) or ended (``stopped``), how long ago they began (``elapsed``), or
    how long what still goes on has lasted (``lasted``)."""
    dated = [entry for entry in found if (entry.ended if want == "stopped" else entry.date)]
    if not dated:
        what = "end" if want == "stopped" else "start"
        nothing = f"{text(found[-1]).removesuffix('.')}; {what} not recorded."
        statement = looked_up(record, nothing, found[-1].elements)
        return Answer((statement,), {"question_kind": kind, "found": False, "looked_for": name})
    answer = listed(record, dated, kind, name, text, "", each=True)
    chosen = dated[-1] if want == "stopped" else dated[0]
    data = answer.data | {"date": plain_day(chosen.ended if want == "stopped" else chosen.date)}
    data |= {"first_date": plain_day(dated[0].date), "last_date": plain_day(dated[-1].date)}
    data |= {"started": plain_day(chosen.date), "stopped": plain_day(chosen.ended)}
    going_on = want == "lasted" and chosen.active and chosen.ended is None
    lasted = elapsed.since(chosen.date, today) if want == "elapsed" or going_on else None
    if lasted is None:
        return Answer(answer.statements, data)
    said = f"{text(chosen).removesuffix('.')}; that is {lasted} before {today}."
    return Answer((*_without(answer, chosen, dated), looked_up(record, said, chosen.elements)), data | lasted.facts)


def _without(answer: Answer, chosen: Entry, entries: Sequence[Entry]) -> tuple[Statement, ...]:
    pairs = zip(answer.statements, entries, strict=True)
    return tuple(statement for statement, entry in pairs if entry is not chosen)


def why(record: Record, found: Sequence[Entry], name: str, kind: str, text: Callable[[Entry], str]) -> Answer:
    """The recorded reasons for entries of one name; equal ones once."""
    given = [(entry, why) for entry in found if (why := reasons(record, entry.resource))]
    if not given:
        named = list(dict.fromkeys(entry.name for entry in found))
        said = f"No reason for {name} is recorded in this record; what is recorded: {'; '.join(map(str, named))}."
        return absent(record, said, kind, f"reason for {name}", named)
    statements: dict[str, Statement] = {}
    for entry, because in given:
        distinct = list({each.value: each for each in because}.values())
        said = f"{text(entry).removesuffix('.')}; reason: {', '.join(map(str, distinct))}."
        statements.setdefault(said, looked_up(record, said, (*entry.elements, *distinct)))
    names = list(dict.fromkeys(each.value for _, because in given for each in because))
    about = {"question_kind": kind, "found": True, "looked_for": f"reason for {name}"}
    return Answer(tuple(statements.values()), about | {"names": names, "reasons": names})


def allergy_answer(record: Record, phrase: Sequence[str], wanted: Sequence[Term]) -> Answer:
    entries = [entry for entry in allergies(record) if entry.active]
    if not entries:
        return none_recorded(record, "Allergies", "allergies")
    absence = [e for e in entries if {code for _, code in e.resource.codings("code")} & NONE_KNOWN]
    stated = [entry for entry in entries if entry not in absence]
    if not stated:
        return listed(record, absence, "allergies", "allergies", lambda e: f"Recorded as: {e.name}{_status(e)}.", "")
    if not phrase and not wanted:
        return listed(record, stated, "allergies", "allergies", _allergy, "")
    found = match(stated, wanted, phrase)
    looked_for = " ".join(phrase) or wanted[0].name
    if not found:
        names = list(dict.fromkeys(entry.name for entry in entries))
        return not_recorded(record, "allergy to {}", looked_for, "allergy-to", cited=names)
    return listed(record, found, "allergy-to", looked_for, _allergy, "")


def reaction_answer(record: Record, phrase: Sequence[str], wanted: Sequence[Term]) -> Answer:
    """What happened, and how bad it was or may be, as the allergies of a name record it."""
    entries = [entry for entry in allergies(record) if entry.active]
    found = match(entries, wanted, phrase) if phrase or wanted else entries
    if not found:
        return allergy_answer(record, phrase, wanted)
    statements, names = [], []
    for entry in found:
        shown = [
            each
            for n in range(len(items(entry.resource.raw.get("reaction"))))
            for m in range(len(items(walk(entry.resource.raw, f"reaction[{n}].manifestation"))))
            if (each := entry.resource.name(f"reaction[{n}].manifestation[{m}]"))
        ]
        risk = entry.resource.element("criticality")
        said = f"reaction: {', '.join(map(str, shown))}" if shown else "reaction not recorded"
        high = f", criticality {risk}" if risk else ""
        text = f"{_allergy(entry).removesuffix('.')}; {said}{high}."
        statements.append(looked_up(record, text, (entry.name, entry.status, *shown, risk)))
        names += [each.value for each in shown]
    about = {"question_kind": "allergy-reaction", "found": bool(names), "looked_for": "reactions"}
    return Answer(tuple(statements), about | {"names": list(dict.fromkeys(names))})


def _allergy(entry: Entry) -> str:
    return f"Allergy: {entry.name}{_status(entry)}."


def _status(entry: Entry) -> str:
    return f", {entry.status}" if entry.status else ""


def events(
    record: Record,
    found: Sequence[Entry],
    name: str,
    kind: str,
    noun: str,
    period: Period | None,
    want: str,
    today: date,
) -> Answer:
    """Vaccinations or procedures (``kind``) of one name, or all of them where there is none.

    Args:
        record: they are of.
        found: the entries, oldest first.
        name: as asked for; empty for all of the kind.
        kind: "vaccination" or "procedure".
        noun: how one that is not there is called, with a place for the name.
        period: that they have to lie in.
        want: ``list``, ``first``, ``last``, ``count`` or ``elapsed``.
        today: what ``elapsed`` is reckoned to.
    """
    kept = {resource.address for resource, _ in within([(e.resource, e.date) for e in found], period)}
    found = [entry for entry in found if entry.resource.address in kept]
    if not found:
        whole = not name
        none = (
            none_recorded(record, f"{kind}s".capitalize(), kind, period)
            if whole
            else not_recorded(record, noun, name, kind, period)
        )
        return Answer(none.statements, none.data | {"count": 0}) if want == "count" else none
    chosen = found[0] if want == "first" else found[-1]
    about = {
        "question_kind": kind,
        "found": True,
        "affirmed": True,
        "looked_for": name or f"{kind}s",
        "date": plain_day(chosen.date),
        "first_date": plain_day(found[0].date),
        "last_date": plain_day(found[-1].date),
        "count": len(found),
    }
    if want == "list":
        said = (f"{kind.capitalize()}: {e.name} {day(e.date)}." for e in found)
        statements = tuple(looked_up(record, text, (e.name, e.date)) for text, e in zip(said, found, strict=True))
        return Answer(statements, about | {"names": list(dict.fromkeys(e.name.value for e in found))})
    named = f"{name} " if name else ""
    ago = elapsed.since(chosen.date, today) if want == "elapsed" else None
    since = f"; that is {ago} before {today}" if ago else ""
    which = "first" if want == "first" else "last"
    text = sentence(f"{which} {named}{kind}: {chosen.name} {day(chosen.date)}{since}.")
    latest = looked_up(record, text, (chosen.name, chosen.date))
    when, many = f" {period.text}" if period else "", len(found) > 1
    count = looked_up(
        record,
        f"{len(found)} {named}{kind}{'s are' if many else ' is'} recorded{when}.",
        [entry.date or entry.name for entry in found],
    )
    return Answer((latest, count), about | {"name": chosen.name.value} | (ago.facts if ago else {}))
