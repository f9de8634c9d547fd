"""Questions about conditions and medications: lists, on a date, one by name, since when, why, at what dose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipelines.tasks.record import entries, grammar, meaning
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.entries import Entry
from pipelines.tasks.record.event import take_visit
from pipelines.tasks.record.listing import counted, going_on, line, listed, moment_of, why
from pipelines.tasks.record.prescribed import detailed
from pipelines.tasks.record.sentences import Answer, not_recorded, plain_day
from pipelines.tasks.record.words import Domain, Term, term_domain, terms

CONDITION: Final = line("Condition", "onset", "resolved")
MEDICATION: Final = line("Medication", "ordered", "ended")
#: Words that make "now" the time of an absence: "no longer", "off of".
_NO_LONGER: Final = frozenset({"off", "longer"})
#: Words that ask what somebody had, where a time is given: "what did she develop in 2010".
_FELL_ILL: Final = frozenset("develop developed contract contracted catch caught ill".split())
#: Words that ask for a list as well.
_SUMMARY: Final = ("summarise", "summarize", "summary", "overview", "rundown", "outline", "recap")
#: Words that no medicine is called that was stopped.
_STILL: Final = frozenset("still active actively ongoing open unresolved".split())
_NO_MORE: Final = frozenset("past previously formerly no longer".split())
_ON_AND_OFF: Final = ("put on", "come off", "came off", "taken off", "off of")
#: Words that ask what was ordered in a period, not what was taken.
_ORDERED: Final = frozenset(
    "prescribed ordered order orders written prescribe started start begin began commence commenced new issued rx "
    "prescriptions prescription scripts".split()
)


def about_conditions(asked: Asked) -> list[Answer] | None:
    """Conditions: those of a time or a state, or those of one name."""
    words = asked.words
    held = entries.conditions(asked.record)
    recorded, wanted = take_names(asked, held, "condition")
    all_of_them = bool({"history", "all", "ever", "hx", "every", "total"}.intersection(words.all))
    onset = words.take(*grammar.ONSET)
    diagnosed = "dx" in words.all or "diagnos" in " ".join(words.all)
    over = words.has("resolved") or words.has("recovered") or words.has("inactive") or words.has("cleared up")
    past = words.take(*grammar.PAST)
    fell_ill = bool(_FELL_ILL.intersection(words.all)) and asked.period is not None
    mentioned = words.take(*grammar.CONDITION) or diagnosed or over or fell_ill
    active = words.take(*grammar.ACTIVE)
    stopped = words.take(*grammar.STOPPED)
    edge = _take_edge(asked)
    mentioned = mentioned or ((active or past) and words.all[0].startswith("what") and _is_having(words.all))
    words.take(
        "where",
        "ever",
        "history",
        "all",
        "every",
        "each",
        "chronic",
        "marked",
        "suffer",
        "suffers",
        "suffered",
        "under",
        "have",
        "fall",
        "fell",
        "ill",
        *_SUMMARY,
    )
    count = asked.take_count()
    if not (recorded or wanted or mentioned) or _means_a_vaccine(asked, held, wanted):
        return None
    phrase = [] if recorded or wanted else asked.phrase(_names(held))
    if phrase is None or (not phrase and asked.left()):
        return unknown(asked, "condition named {}", "condition") if mentioned and not wanted else None
    if recorded or wanted or phrase:
        if count and not asked.yes_no:
            return None
        moment = _moment(asked, onset, stopped) or "started"
        timed = asked.when or asked.lasted or asked.elapsed or (onset and not asked.yes_no)
        return [
            _condition(asked, found, name, moment if timed else None, onset)
            for name, found in with_names(held, recorded, wanted, phrase)
        ]
    if edge and not (past or stopped or asked.period):
        return [
            _edge(held, edge, active, lambda found: _list(asked, found, "conditions", CONDITION, "Conditions", False))
        ]
    if asked.period and (onset or not (active or past or asked.period.first == asked.period.last)):
        began = [entry for entry in held if entry.began_in(asked.period)]
        if onset or asked.period.first != asked.period.last:
            return [_list(asked, began, "conditions", CONDITION, "Conditions", count)]
    if asked.period:
        return [going_on(asked.record, held, "conditions", CONDITION, "Conditions", asked.period)]
    if (past or stopped) and (over or "history" not in words.all):
        ended = [entry for entry in held if not entry.active]
        return [_list(asked, ended, "past conditions", CONDITION, "Past conditions", count)]
    if all_of_them and not active:
        return [_list(asked, held, "conditions", CONDITION, "Conditions", count)]
    current = [entry for entry in held if entry.active]
    nothing = "Active conditions" if held else "Conditions"
    return [_list(asked, current, "active conditions", CONDITION, nothing, count)]


def _is_having(said: Sequence[str]) -> bool:
    """Whether all that is asked is what somebody has or had: "what does she have at the moment"."""
    return bool({"have", "got", "had"}.intersection(said)) and all(
        word in meaning.FILLER or word in grammar.NOW or word in _STILL or word in _NO_MORE for word in said
    )


def _means_a_vaccine(asked: Asked, held: Sequence[Entry], wanted: Sequence[Term]) -> bool:
    """Whether the name of an illness that the record does not hold means its vaccine: "when was the last COVID"."""
    timed = asked.when or asked.count or {"last", "latest"}.intersection(asked.words.all)
    if not wanted or asked.yes_no or not timed:
        return False
    vaccines = {phrase for term in terms() if term.domain == "vaccine" for phrase in term.spoken}
    return all(vaccines.intersection(term.spoken) and not entries.match(held, [term], ()) for term in wanted)


def _condition(asked: Asked, found: Sequence[Entry], name: str, moment: str | None, onset: bool) -> Answer:
    period = asked.period
    if period:
        found = [entry for entry in found if (entry.began_in(period) if onset else entry.during(period))]
    if not found:
        return not_recorded(asked.record, "condition named {}", name, "condition", period)
    if moment and not period:
        return moment_of(asked.record, found, name, "condition", CONDITION, moment, asked.today)
    return listed(asked.record, found, "condition", name, CONDITION, "", each=True)


def about_medications(asked: Asked) -> list[Answer] | None:
    """Medications: those of a time or a state, or those of one name, and why, since when, at what dose, by whom."""
    words = asked.words
    held = entries.medications(asked.record)
    recorded, wanted = take_names(asked, held, "medication")
    if not grammar.HANDLED.isdisjoint(words.all):
        return None
    take_visit(asked)
    ordered = bool(_ORDERED.intersection(words.all)) or words.has("put on")
    reason = words.take(*grammar.REASON) or asked.what_for
    detail = "dose" if words.take(*grammar.DOSE) else "who" if words.take(*grammar.WHO) else None
    mentioned = words.take(*grammar.MEDICATION) or asked.on or any(map(words.has, _ON_AND_OFF))
    past, active = words.take(*grammar.PAST), words.take(*grammar.ACTIVE)
    started, stopped = words.take(*grammar.STARTED), words.take(*grammar.STOPPED)
    still = bool(_STILL.intersection(words.all))
    active = active and not _NO_LONGER.intersection(words.all) and (still or not (past or stopped))
    edge = _take_edge(asked)
    words.take("written", "name", "every", "all", "ever", "list", "as", "currently", "under", "being", "new", "newly")
    words.take("treatment", "treatments", "regular", "repeat", "usual", "routine", "home", *_SUMMARY)
    count = asked.take_count()
    if not (recorded or wanted or mentioned or (reason and not asked.count)):
        return None
    phrase = [] if recorded or wanted else asked.phrase(_names(held))
    if phrase and term_domain(phrase) == "observation":
        return None  # "sodium" is no "Naproxen sodium"
    if phrase is None or (not phrase and asked.left()):
        known = mentioned and not wanted and not reason and (asked.yes_no or asked.on)
        return unknown(asked, "medication named {}", "medication") if known else None
    if reason and not started and not set(grammar.STOPPED).isdisjoint(words.all):
        return None  # why it was stopped is not recorded with an order
    if recorded or wanted or phrase:
        moment = _moment(asked, started or (ordered and not active), stopped)
        return [
            _medication(asked, found, name, "why" if reason else detail or moment)
            for name, found in with_names(held, recorded, wanted, phrase)
        ]
    if reason or detail or not mentioned:
        return None
    if edge and not (past or stopped or asked.period):
        return [
            _edge(
                held, edge, active, lambda found: _list(asked, found, "medications", MEDICATION, "Medications", False)
            )
        ]
    if asked.period and ordered and not active:
        began = [entry for entry in held if entry.began_in(asked.period)]
        return [_list(asked, began, "medications", MEDICATION, "Medications", count)]
    if asked.period:
        return [going_on(asked.record, held, "medications", MEDICATION, "Medications", asked.period)]
    if (past or stopped) and not active:
        ended = [entry for entry in held if not entry.active]
        return [_list(asked, ended, "past medications", MEDICATION, "Past medications", count)]
    current = [entry for entry in held if entry.active]
    return [
        _list(asked, current, "active medications", MEDICATION, "Active medications" if held else "Medications", count)
    ]


def _take_edge(asked: Asked) -> str | None:
    """Whether only the newest or the oldest entry is asked for, where no name is."""
    last, first = asked.words.take(*grammar.LAST), asked.words.take(*grammar.FIRST)
    return None if last is first else "last" if last else "first"


def _edge(held: Sequence[Entry], edge: str, active: bool, answer: Callable[[Sequence[Entry]], Answer]) -> Answer:
    """The answer about the newest or the oldest of the entries that have a date, all of its day."""
    dated = [entry for entry in held if entry.date and (entry.active or not active)]
    if not dated:
        return answer([entry for entry in held if entry.active or not active])
    chosen = plain_day(dated[-1 if edge == "last" else 0].date)
    return answer([entry for entry in dated if plain_day(entry.date) == chosen])


def _moment(asked: Asked, started: bool, stopped: bool) -> str | None:
    if asked.elapsed or asked.lasted:
        return "elapsed" if asked.elapsed else "lasted"
    if stopped and not started:
        return "stopped"
    return "started" if (asked.when or started) and not asked.yes_no else None


def _medication(asked: Asked, found: Sequence[Entry], name: str, want: str | None) -> Answer:
    if asked.period:
        found = [entry for entry in found if entry.during(asked.period)]
    if not found:
        return not_recorded(asked.record, "medication named {}", name, "medication", asked.period)
    if want == "why":
        return why(asked.record, found, name, "medication-reason", MEDICATION)
    if want in {"dose", "who"}:
        return detailed(asked.record, found, name, want)
    if want:
        return moment_of(asked.record, found, name, "medication", MEDICATION, want, asked.today)
    answer = listed(asked.record, found, "medication", name, MEDICATION, "", each=True)
    return Answer(answer.statements, answer.data | {"affirmed": any(entry.active for entry in found)})


def _list(
    asked: Asked, found: Sequence[Entry], label: str, text: Callable[[Entry], str], nothing: str, count: bool
) -> Answer:
    kind = label.rsplit(maxsplit=1)[-1]
    if count:
        return counted(asked.record, found, label.removesuffix("s"), kind, asked.period)
    return listed(asked.record, found, kind, label, text, nothing, asked.period)


def take_names(asked: Asked, held: Sequence[Entry], domain: Domain) -> tuple[list[str], list[Term]]:
    names = _names(held)
    recorded = asked.take_recorded(names)
    before = asked.words.mark()
    wanted = asked.words.take_terms(domain)
    if wanted and not recorded and (beside := asked.name_words(names)):
        # More words of a recorded name than those of the term: "laceration of the hand".
        after = asked.words.mark()
        asked.words.back_to(before)
        every = asked.name_words(names)
        if len(every) > len(beside) and entries.match(held, (), every):
            return recorded, []
        asked.words.back_to(after)
    return recorded, wanted


def _names(held: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(name.value for entry in held for name in entry.names))


def with_names(
    held: Sequence[Entry], recorded: Sequence[str], wanted: Sequence[Term], phrase: Sequence[str]
) -> list[tuple[str, list[Entry]]]:
    """(name, its entries): each name gets an answer of its own, so that one found never hides one that is not."""
    found = [(name, [e for e in held if any(each.value == name for each in e.names)]) for name in recorded]
    covered = {id(entry) for _, group in found for entry in group}
    for term in wanted:
        meant = entries.match(held, [term], ())
        if not (meant and all(id(entry) in covered for entry in meant)):
            found.append((term.name, meant))
    if phrase:
        found.append((" ".join(phrase), entries.match(held, (), phrase)))
    return found


def unknown(asked: Asked, noun: str, kind: str) -> list[Answer] | None:
    """What was asked after by a name that the record does not hold."""
    name = asked.unknown_name()
    if not name or not asked.one_thing or meaning.DRUG_CLASS.intersection(name):
        return None
    answer = not_recorded(asked.record, noun, " ".join(name), kind, asked.period)
    return [Answer(answer.statements, answer.data | {"by_name_only": True})]
