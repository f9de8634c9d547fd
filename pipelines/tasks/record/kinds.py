"""Of what kind the things are that a stretch of a question says: which one, when, in what state, of what subject.

Two things of one kind can stand in each other's place: the last for the first, a year for a year, a name for a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final, Literal

from pipelines.tasks.record import grammar, meaning
from pipelines.tasks.record.period import take_period
from pipelines.tasks.record.respelling import grammar_words, is_known
from pipelines.tasks.record.words import DOMAINS, Words, terms
from pipelines.text.ordinary import rank

Kind = Literal["which", "when", "state", "side", "asked", "course", "subject", "event"]
"""An event is the subject that something lies before or after."""
#: A word that nothing here knows and that is not said every day is a name.
_EVERYDAY: Final = 3_000
_LONGEST: Final = 5
_WHOLE: Final = meaning.phrases(
    """
    over the whole record / in the whole record / whole record / overall / altogether / of all time / all time / ever /
    so far / in all / to date / in total / all years
    """
)
_SIDES: Final = (
    "before", "after", "since", "following", "prior to", "until", "ahead of", "preceding", "subsequent to",
)  # fmt: skip
_ASKED: Final = (
    "what", "which", "when", "why", "how", "how long", "how old", "how much", "since when",
    *(f"how many {unit}" for unit in ("years", "months", "weeks", "days")),
)  # fmt: skip
#: What a value does from one time to another.
_COURSES: Final = (
    "drop dropped fall fell fallen rise rose risen increase increased decrease decreased change changed improve "
    "improved"
).split()
#: "Met for min" is cut in pieces.
_LOWEST: Final = tuple(phrase for phrase in grammar.LOWEST if phrase != "min")
#: The subjects of the grammar as nouns; its verbs ("ordered", "seen") say how the thing came about.
_NOUNS: Final = {
    "medication": "medication/medicine/med/drug/prescription/pill/tablet/order/script",
    "allergy": "allergy/allergies/intolerance",
    "condition": "condition/diagnosis/diagnoses/problem/problem list/illness/illnesses/disease/issue/comorbidities",
    "vaccination": "vaccination/vaccine/immunization/immunisation/jab/shot/booster",
    "stay": (
        "admission/hospital/hospital stay/inpatient stay/emergency/emergency room/emergency department/visit"
        "/encounter/appointment/attendance/consultation/contact/check up/er/ed"
    ),
    "procedure": "procedure/operation/surgery/surgeries/intervention",
}
_BEFORE_NAMES: Final = frozenset("the a an her his their its this that these those".split())
_BEFORE_DATES: Final = _BEFORE_NAMES | frozenset("in on from of at for during since year years".split())


@dataclass(frozen=True)
class Unit:
    """The words from ``start`` to ``end`` that say one thing, and what sort of its kind it is."""

    start: int
    end: int
    kind: Kind
    sort: str


def units(words: Sequence[str]) -> list[Unit]:
    """What the words say, in order; words without a meaning of their own are in none."""
    found = _dates(words)
    taken = {at for unit in found for at in range(unit.start, unit.end)}
    at = 0
    while at < len(words):
        unit = None if at in taken else _longest(words, at, taken)
        if unit:
            found.append(unit)
        at = unit.end if unit else at + 1
    return _with_events(_joined(sorted(found, key=lambda unit: unit.start), words), words)


def with_small_words(unit: Unit, words: Sequence[str]) -> int:
    """Where a unit begins with the article, or the preposition of a date, before it."""
    small = _BEFORE_DATES if unit.kind == "when" else _BEFORE_NAMES
    start = unit.start
    while start and words[start - 1] in small:
        start -= 1
    return start


def dates(words: Sequence[str]) -> list[str]:
    """The periods that are named, as they are said."""
    return [" ".join(words[unit.start : unit.end]) for unit in _dates(words)]


def _dates(words: Sequence[str]) -> list[Unit]:
    """Where periods are named, whatever day it is today; all the time from the first to the last is one."""
    found = _from_first_to_last(words)
    left = Words(words)
    while True:
        before = dict(left.places())
        if take_period(left, date(2000, 1, 1)) is None:
            return found
        gone = sorted(before.keys() - dict(left.places()).keys())
        found.append(Unit(gone[0], gone[-1] + 1, "when", "period"))


def _from_first_to_last(words: Sequence[str]) -> list[Unit]:
    text = " ".join(words)
    span = grammar.FROM_FIRST_TO_LAST.search(text)
    if span is None or not span[0].startswith("from "):
        return []
    start, end = (text[:at].count(" ") for at in span.span())
    last = next((at for at in range(end, len(words)) if words[at] in grammar.LAST), end)
    return [Unit(start, last + 1, "when", "whole")]


def _longest(words: Sequence[str], at: int, taken: set[int]) -> Unit | None:
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        if not taken.isdisjoint(range(at, at + length)):
            continue
        if said := _phrases().get(" ".join(words[at : at + length])):
            one = said[0] == "which" and bool({"1", "ones"}.intersection(words[at + length : at + length + 1]))
            return Unit(at, at + length + one, *said)
    return Unit(at, at + 1, "subject", "name") if _may_be_a_name(words[at]) else None


def _may_be_a_name(word: str) -> bool:
    """Whether the grammar has no such word: then it may be a name, or the word before one."""
    return word.isalpha() and len(word) > 2 and word not in meaning.FILLER and word not in grammar_words()


def _is_name(said: Sequence[str]) -> bool:
    return any(rank(word) >= _EVERYDAY or is_known(word) for word in said)


def _joined(found: Sequence[Unit], words: Sequence[str]) -> list[Unit]:
    """Names and nouns that stand side by side, or with "of (the)" between them, as one subject; everyday words that
    stand beside none are left out."""
    out: list[Unit] = []
    for unit in found:
        last = out[-1] if out else None
        between = words[last.end : unit.start] if last else ()
        if last and last.kind == unit.kind == "subject" and _in_one(between, last, unit):
            sort = unit.sort if last.sort == "name" else last.sort
            out[-1] = Unit(last.start, unit.end, "subject", sort)
        else:
            out.append(unit)
    return [unit for unit in out if unit.sort != "name" or _is_name(words[unit.start : unit.end])]


def _with_events(found: Sequence[Unit], words: Sequence[str]) -> list[Unit]:
    out: list[Unit] = []
    for unit in found:
        side = out[-1] if out and out[-1].kind == "side" else None
        close = side and _BEFORE_NAMES.issuperset(words[side.end : unit.start])
        out.append(replace(unit, kind="event") if close and unit.kind == "subject" else unit)
    return out


def _in_one(between: Sequence[str], one: Unit, other: Unit) -> bool:
    if not between:
        return "name" in {one.sort, other.sort} or one.sort == other.sort or one.sort in {"vaccine", "condition"}
    return between[0] in {"of", "to", "from"} and len(between) < 3 and _BEFORE_NAMES.issuperset(between[1:])


@cache
def _phrases() -> dict[str, tuple[Kind, str]]:
    said: dict[str, tuple[Kind, str]] = {}
    kinds: tuple[tuple[Kind, str, Sequence[str]], ...] = (
        ("state", "state", grammar.ONSET + grammar.STARTED + grammar.STOPPED + grammar.PAST + grammar.ACTIVE),
        ("which", "which", grammar.ALL + _LOWEST + grammar.HIGHEST + grammar.FIRST + grammar.LAST),
        ("asked", "asked", (*grammar.COUNT, *grammar.LASTED, *_ASKED)),
        ("side", "side", _SIDES),
        ("course", "course", _COURSES),
        ("when", "whole", _WHOLE),
        *(("subject", "person", phrases) for field, phrases in grammar.PERSON.items() if field != "name"),
    )
    for kind, sort, phrases in kinds:
        said |= dict.fromkeys((each for each in phrases if not each.startswith("first ")), (kind, sort))
    for sort, nouns in _NOUNS.items():
        for noun in nouns.split("/"):
            said |= dict.fromkeys((noun, f"{noun}s"), ("subject", sort))
    for domain in reversed(DOMAINS):
        named = (phrase for term in terms() if term.domain == domain for phrase in term.spoken)
        said |= {" ".join(phrase): ("subject", domain) for phrase in named}
    return said
