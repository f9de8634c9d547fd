"""What a question is reckoned from: "before the surgery", "since she started metformin", found in the record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element
from pipelines.records import Statement
from pipelines.tasks.record import entries, grammar, meaning
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.encounters import Sort, stays
from pipelines.tasks.record.period import Period, around, span_of
from pipelines.tasks.record.sentences import Answer, day, looked_up, moment, plain_day, sentence
from pipelines.tasks.record.words import Domain, Term, Words, tokens

_PROCEDURAL: Final = ("pre", "post")
_BEFORE: Final = (
    "pre", "going into", "going in for", "heading into", "before", "prior to", "preceding", "preceded", "ahead of",
    "until", "till", "up to", "leading up to",
)  # fmt: skip
_AFTER: Final = ("post", "coming out of", "after", "following", "since", "subsequent to", "followed")
_PREPOSITION: Final = re.compile(
    r"(?<!\S)(?P<close>(?:immediately|right|shortly|just|straight|directly|soon) )?(?P<how>"
    + "|".join((*_BEFORE, *_AFTER))
    + r")(?!\S)"
)
#: Where the name of the event ends at the latest.
_NEXT: Final = frozenset("what which how when where who did was is can could tell give show and please were".split())
#: Small words before and in the name of an event, and words for its beginning.
_SMALL: Final = frozenset(
    "went sent go the a an her his their she he they patient patients had has having got was were being been of on to "
    "in last first most recent starting started start beginning diagnosed diagnosis with put going it we taking "
    "undergoing underwent undergo getting for at this that receiving received".split()
)
#: The event once more: "the last one before it".
_AGAIN: Final = (
    "before it",
    "after it",
    "before that",
    "after that",
    "beforehand",
    "afterwards",
    "afterward",
    "1 before",
    "last before",
)
_LONGEST: Final = 8
_KINDS: Final[tuple[tuple[Domain, str], ...]] = (
    ("procedure", "procedures"), ("condition", "conditions"), ("medication", "medications"),
    ("vaccine", "vaccinations"),
)  # fmt: skip
_STAYS: Final[tuple[tuple[tuple[str, ...], Sort], ...]] = (
    (grammar.EMERGENCY, "emergency visit"),
    (grammar.ADMISSION, "admission"),
)


@dataclass(frozen=True)
class _Found:
    kind: str
    name: Element | None
    date: Element | None


def take_event(asked: Asked) -> Answer | None:
    """Take the event that a question names and set the period before or after it.

    Returns:
        None where no event is named or one is found; an answer where the one that is named cannot be told: it is not
        recorded, or there are several that it may be.
    """
    words = asked.words
    text = " ".join(words.all)
    match = next((m for m in _PREPOSITION.finditer(text) if _stands(words, text, m)), None)
    if match is None:
        return None
    start = text[: match.start()].count(" ")
    places = dict(words.places())
    at = start + len(match.group().split())
    phrase: list[int] = []
    while at in places and len(phrase) < _LONGEST and not _ends(places, at, phrase):
        phrase.append(at)
        at += 1
    if not phrase or all(places[each] in _SMALL | meaning.FILLER for each in phrase):
        return None
    before = match["how"] in _BEFORE
    first = "first" in (places[each] for each in phrase[:2])
    length, found = _longest(asked.record, [places[each] for each in phrase], match["how"] in _PROCEDURAL)
    if found:
        words.take_at((*range(start, start + len(match.group().split())), *phrase[:length]))
        words.take(*_AGAIN)
        if before:
            words.take("closest", "nearest")
        asked.next_one = not before and (words.take("next", "closest", "nearest") or match["close"] is not None)
        return _reckon(asked, found, before, first)
    if match["how"] in _PROCEDURAL:
        return None
    name = " ".join(places[each] for each in phrase if places[each] not in _SMALL)
    if len(name.split()) > 3 or meaning.JUDGEMENT.intersection(name.split()):
        return None
    nothing = f"No entry named {name} is recorded in this record."
    about = {"question_kind": "event", "found": False, "looked_for": name, "by_name_only": True}
    return Answer((looked_up(asked.record, nothing, ()),), about)


_VISIT: Final = re.compile(
    r"(?<!\S)(?:at|during|on|from|in|of) (?:(?:the|her|his|their|that|this) )?"
    r"(?P<which>very last|last|most recent|latest|first) "
    r"(?:(?P<sort>er|ed|emergency room|emergency department|emergency|hospital|inpatient|office|clinic|outpatient) )?"
    r"(?P<what>visit|appointment|encounter|admission|hospitalization|hospitalisation|stay|check up|checkup)(?!\S)"
)


def take_visit(asked: Asked) -> bool:
    """Take "at her last visit" and set the period to the days of that visit; whether that was done."""
    before = asked.words.mark()
    match = asked.words.take_pattern(_VISIT)
    if match is None or asked.period:
        asked.words.back_to(before)
        return False
    said = f"{match['sort'] or ''} {match['what']}"
    emergency = "emergency" in said or said.split(maxsplit=1)[0] in {"er", "ed"}
    admitted = any(word in said for word in ("admission", "hospital", "inpatient", "stay"))
    sort: Sort = "emergency visit" if emergency else "admission" if admitted else "encounter"
    found = [(name, start) for name, start in stays(asked.record, sort) if start]
    if not found:
        asked.words.back_to(before)
        return False
    found.sort(key=lambda each: moment(each[1]))
    name, start = found[0 if match["which"] == "first" else -1]
    span = span_of(start.value) if start else None
    if span is None:
        asked.words.back_to(before)
        return False
    asked.period = Period(*span, f"on {span[0]}")
    statement = _statement(asked.record, _Found(sort, name, start))
    asked.event = Answer((statement,), {"name": str(name), "date": plain_day(start), "before": False})
    return True


def _ends(places: Mapping[int, str], at: int, phrase: Sequence[int]) -> bool:
    """Whether a word begins the question itself, after the name of the event: "after the surgery what was …"."""
    if places[at] not in _NEXT or all(places[each] in _SMALL for each in phrase):
        return False
    follows = places.get(at + 1, "")
    return not (places[at] in {"was", "were"} and (follows.endswith("ed") or follows in {"done", "taken", "out"}))


def _stands(words: Words, text: str, match: re.Match[str]) -> bool:
    left = dict(words.places())
    start = text[: match.start()].count(" ")
    return all(at in left for at in range(start, start + len(match.group().split())))


def _named(record: Record, said: Sequence[str]) -> Iterator[_Found]:
    """Entries that the words name, all of them: a procedure, a condition, a medicine, a vaccination, a stay."""
    kept = [word for word in said if word not in _SMALL]
    if not kept:
        return
    whole = said[next(n for n, word in enumerate(said) if word not in _SMALL) :]
    for phrases, sort in _STAYS:
        if " ".join(kept) in phrases:
            yield from (_Found("encounter", name, start) for name, start in stays(record, sort))
            return
    readers = {
        "procedures": entries.procedures, "conditions": entries.conditions, "medications": entries.medications,
        "vaccinations": entries.vaccinations,
    }  # fmt: skip
    if " ".join(kept) in {"surgery", "operation", "procedure", "op"}:
        yield from (_Found("procedure", e.name, e.date) for e in entries.procedures(record))
        return
    for domain, kind in _KINDS:
        wanted, left = _terms(whole, domain)
        if not wanted or left:
            wanted, left = _terms(kept, domain)
        held = readers[kind](record)
        if wanted and not left:
            matched = [e for term in wanted for e in entries.match(held, [term], ())]
        else:
            matched = entries.match(held, (), [word for word in kept if word not in meaning.FILLER])
        if matched:
            yield from (_Found(kind.removesuffix("s"), e.name, e.date) for e in matched)
            return


def _longest(record: Record, phrase: Sequence[str], of_procedure: bool) -> tuple[int, list[_Found]]:
    """How many of the words name an event, and its entries; what says nothing more at their end is left out."""
    for length in range(len(phrase), 0, -1):
        said = phrase[:length]
        if said[-1] in _SMALL:
            continue
        found = [each for each in _named(record, said) if each.kind == "procedure" or not of_procedure]
        if found:
            needed = length
            while needed > 1 and phrase[needed - 1] in _SMALL | meaning.FILLER and _same(record, phrase, needed, found):
                needed -= 1
            return needed, found
    return 0, []


def _same(record: Record, said: Sequence[str], length: int, found: Sequence[_Found]) -> bool:
    """Whether the name says as much without its last word."""
    return list(_named(record, said[: length - 1])) == found


def _terms(said: Sequence[str], domain: Domain) -> tuple[list[Term], list[str]]:
    """The names of the table among the words, and the words that mean something else."""
    words = Words(said)
    wanted = words.take_terms(domain)
    return wanted, words.rest(
        meaning.FILLER | _SMALL | {"shot", "vaccine", "vaccination", "therapy", "treatment", "procedure", "operation"}
    )


def _reckon(asked: Asked, found: Sequence[_Found], before: bool, first: bool) -> Answer | None:
    dated = sorted((each for each in found if each.date), key=lambda each: str(each.date))
    names = {" ".join(tokens(str(each.name))) for each in dated}
    if len(names) != 1:
        return _candidates(asked.record, found)
    chosen = dated[0] if first or found[0].kind in {"condition", "medication"} else dated[-1]
    assert chosen.date is not None
    asked.period = around(chosen.date.value, before)
    asked.event = Answer(
        (_statement(asked.record, chosen),),
        {"name": str(chosen.name), "date": plain_day(chosen.date), "before": before},
    )
    return None


def _candidates(record: Record, found: Sequence[_Found]) -> Answer:
    """Several events fit, or the one that does has no date: they are shown, and none is chosen."""
    about = {"question_kind": "event", "found": False, "looked_for": "event"}
    shown = tuple(_statement(record, each) for each in found[:20])
    return Answer(shown, about | {"event_candidates": [str(each.name) for each in found[:20]]})


def _statement(record: Record, event: _Found) -> Statement:
    return looked_up(record, sentence(f"{event.kind}: {event.name} {day(event.date)}."), (event.name, event.date))
