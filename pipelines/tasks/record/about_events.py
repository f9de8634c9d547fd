"""Questions about allergies, vaccinations, procedures and visits."""

from __future__ import annotations

from pipelines.tasks.record import entries, grammar, meaning
from pipelines.tasks.record.about_entries import take_names, unknown, with_names
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.encounters import Sort, Want, encounter_answer, encounter_names
from pipelines.tasks.record.listing import allergy_answer, events, listed, reaction_answer, why
from pipelines.tasks.record.sentences import Answer, day
from pipelines.tasks.record.words import Term, tokens


def about_allergies(asked: Asked) -> list[Answer] | None:
    words = asked.words
    mentioned = words.take(*grammar.ALLERGY)
    reaction = words.take("reaction", "reactions", "severe", "severity", "happens", "manifestation", "criticality")
    words.take(
        "adverse",
        "foods",
        "flag",
        "flags",
        "alert",
        "alerts",
        "give",
        "not",
        "history",
        "summarise",
        "summarize",
        "summary",
    )
    words_of_both = mentioned and reaction
    if not mentioned and not reaction:
        return None
    held = entries.allergies(asked.record)
    recorded = asked.take_recorded([name.value for entry in held for name in entry.names])
    words.take(*grammar.ACTIVE, "drug", "medication", "food", "environmental", "substances", "substance", "agents")
    words.take("documented", "known", "avoid", "giving", "because", "should", "to", "list", "medicines", "drugs")
    wanted = words.take_terms("medication")
    if asked.period or meaning.DRUG_CLASS.intersection(words.rest(meaning.FILLER)):
        return None
    if recorded:
        return [allergy_answer(asked.record, tokens(name), ()) for name in recorded] if not asked.left() else None
    phrase = [] if wanted else asked.phrase([name.value for entry in held for name in entry.names])
    if phrase is None or (wanted and asked.left()) or (not phrase and asked.left()):
        name = asked.unknown_name()
        if not (name and asked.one_thing) or wanted:
            return None
        return [allergy_answer(asked.record, name, ())]
    if reaction:
        reactions = [reaction_answer(asked.record, phrase, each) for each in _one_by_one(wanted)]
        if phrase or wanted or not words_of_both:
            return reactions
        return [Answer(reactions[0].statements, allergy_answer(asked.record, (), ()).data)]
    if asked.count and not (phrase or wanted):
        answer = allergy_answer(asked.record, (), ())
        return [Answer(answer.statements, answer.data | {"count": len(answer.data.get("names", ()))})]
    return [allergy_answer(asked.record, phrase, each) for each in _one_by_one(wanted)]


def _one_by_one(wanted: list[Term]) -> list[list[Term]]:
    """Each name gets an answer of its own, so that one found never hides one that is not."""
    return [[term] for term in wanted] or [[]]


def about_vaccinations(asked: Asked) -> list[Answer] | None:
    words = asked.words
    if not words.take(*grammar.VACCINATION):
        return None
    held = entries.vaccinations(asked.record)
    recorded, wanted = take_names(asked, held, "vaccine")
    want = _event_want(asked)
    words.take(
        "ever",
        "received",
        "administered",
        "given",
        "against",
        "got",
        "status",
        "list",
        "history",
        "doses",
        "dose",
        "summary",
    )
    phrase = [] if recorded or wanted else asked.phrase([name.value for e in held for name in e.names])
    if phrase is None or (asked.left() and not phrase):
        return None
    named = with_names(held, recorded, wanted, phrase)
    if not named:
        everything = "list" if want == "default" else want
        return [_events(asked, held, "", "vaccination", "{} vaccination", everything)]
    # Several names for one vaccine are one vaccine.
    name = " and ".join(name for name, _ in named)
    found = [entry for entry in held if any(entry in group for _, group in named)]
    return [_events(asked, found, name, "vaccination", "{} vaccination", want)]


def _event_want(asked: Asked) -> str:
    last, first = asked.words.take(*grammar.LAST), asked.words.take(*grammar.FIRST)
    asked.words.take("over the years", "through the years", "over time")
    count = asked.take_count()
    if asked.elapsed or (asked.lasted and not asked.yes_no):
        return "elapsed"
    if last or (asked.when and not first):
        return "last"
    if first:
        return "first"
    if count:
        return "count"
    return "list" if asked.words.take(*grammar.ALL) else "default"


def _events(asked: Asked, found: list[entries.Entry], name: str, kind: str, noun: str, want: str) -> Answer:
    return events(asked.record, found, name, kind, noun, asked.period, want, asked.today)


def about_procedures(asked: Asked) -> list[Answer] | None:
    words = asked.words
    held = entries.procedures(asked.record)
    recorded, wanted = take_names(asked, held, "procedure")
    mentioned = words.take(*grammar.PROCEDURE)
    if not (recorded or wanted or mentioned):
        return None
    if grammar.FOUND.intersection(words.all) and not (asked.when or asked.count):
        return None
    reason = words.take(*grammar.REASON)
    want = _event_want(asked)
    words.take("ever", "underwent", "undergone", "undergo", "everything", "done", "most", "place", "previous", "past")
    phrase = [] if recorded or wanted else asked.phrase([name.value for e in held for name in e.names])
    if phrase is None or (not phrase and asked.left()):
        return unknown(asked, "procedure named {}", "procedure") if not wanted else None
    named = with_names(held, recorded, wanted, phrase)
    if not named:
        if reason:
            return None
        everything = "list" if want == "default" else want
        return [_events(asked, held, "", "procedure", "procedure named {}", everything)]
    if reason:
        return [
            why(asked.record, found, name, "procedure-reason", _procedure) for name, found in named if found
        ] or None
    return [_events(asked, found, name, "procedure", "procedure named {}", want) for name, found in named]


def _procedure(entry: entries.Entry) -> str:
    return f"Procedure: {entry.name} {day(entry.date)}."


_SORTS: tuple[tuple[Sort, tuple[str, ...]], ...] = (
    ("admission", grammar.ADMISSION),
    ("emergency visit", grammar.EMERGENCY),
    ("outpatient visit", ("outpatient", "ambulatory")),
    ("virtual visit", ("virtual", "video", "telehealth", "telemedicine")),
    ("home visit", ("home",)),
)


def about_encounters(asked: Asked) -> list[Answer] | None:
    words = asked.words
    recorded = asked.take_recorded(encounter_names(asked.record))
    sort: Sort | None = None
    for each, spoken in _SORTS:
        if words.take(*spoken):
            sort = sort or each
    visits = words.take(*grammar.VISIT)
    came = not visits and sort is None and "off" not in words.all and words.take(*grammar.CAME_IN)
    if sort is None and not (visits or came or recorded):
        return None
    if words.has("happened") and not (asked.when or asked.count):
        return None
    reason, who = words.take(*grammar.REASON), words.take(*grammar.WHO)
    last, first = words.take(*grammar.LAST), words.take(*grammar.FIRST)
    words.take(
        "start", "started", "starting", "begin", "began", "beginning", "come", "came", "go", "went", "ever", "all",
        "clinic", "doctor", "stay", "stays", "fell", "started in", "took", "every", "room", "department",
        "with a start date",
        "happen", "happened", "total", "going", "been", "office", "list", "number", "during", "inclusive",
    )  # fmt: skip
    count = asked.take_count()
    names: tuple[str, ...] = tuple(recorded)
    if not names and asked.left():
        phrase = asked.phrase(encounter_names(asked.record))
        if not phrase:
            return None
        same = entries.same_names(encounter_names(asked.record), phrase)
        if not same:
            return None
        names = tuple(same)
    elif asked.left():
        return None
    want: Want = "count" if count else "last" if last else "first" if first else "list"
    if want == "list" and asked.when and not asked.period:
        want = "last"
    if asked.elapsed:
        want = "elapsed"
    elif asked.lasted and not asked.count:
        want = "last"
    if reason or who:
        want = "why" if reason else "who"
    return [encounter_answer(asked.record, sort or "encounter", want, asked.period, asked.today, names)]


def about_other_entries(asked: Asked) -> list[Answer] | None:
    """Reports, pictures and plans by their recorded names."""
    held = entries.others(asked.record)
    want = _event_want(asked)
    asked.words.take("ever")
    phrase = asked.phrase([name.value for e in held for name in e.names], strict=True)
    found = entries.match(held, (), phrase) if phrase else []
    if not found:
        return None
    name = " ".join(phrase or ())
    if want in {"last", "default", "elapsed", "first", "count"}:
        return [_events(asked, found, name, "entry", "entry named {}", want)]
    text = lambda e: f"Entry: {e.name} {day(e.date)}."  # noqa: E731
    return [listed(asked.record, found, "entries", name, text, "", asked.period, each=True)]
