"""What a speaker takes back and says anew: "the first, no, the last potassium".

Between the two stands an editing term ("no", "I mean", "scratch that"). What follows it takes the place of what was
said before and is of its kind: the last of the first, a year of a year, a name of a name. Where nothing said before is
of a kind with it, or several things are, it cannot be told what was meant, and there is no reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.tasks.record.heard import GOES_ON
from pipelines.tasks.record.kinds import Unit, units, with_small_words
from pipelines.tasks.record.words import said

_GAP: Final = r"[\s,.;:?!…–—-]+"
#: These always take something back, those after them may only excuse a pause, and the others do between marks alone.
_STRONG: Final = (
    r"i mean(?:t(?: to say)?)?|scratch that|strike that|correction|make that|make it|or rather|my mistake|i tell a lie"
    r"|i take that back|(?:well|oh|ah),? no|no,? (?:no|wait|hang on|hold on)|or no(?=,)"
    r"|(?:well|no|oh),? actually|what i mean is|(?:cancel|forget|scrap|ignore) that|not that(?: one)?(?=,)"
    r"|wrong (?:one|list|way|way round|way around|word|question|thing)"
    r"|(?:(?:the|it['’]?s the|quite the) )?(?:opposite|reverse|other way (?:a?round))"
    r"|(?:or )?(?:to be )?more (?:exactly|precisely|exact|precise|specifically|specific)|or to be (?:exact|precise)"
    r"|(?:or )?(?:should i say|i should say|i beg your pardon)|let me put (?:it|that) (?:differently|another way)"
    r"|let me (?:rephrase|(?:say|put|ask|try|start|begin)(?: (?:that|this|it))?(?: over)? again)"
    r"|(?:i['’]?ll |i will )?(?:start|begin|say that|try) (?:again|over)"
)
_EXCUSING: Final = r"sorry|excuse me|apologies|pardon"
_BETWEEN_MARKS: Final = r"wait|hang on|hold on|actually|rather|(?:just )?(?:one|a) (?:moment|second)"
_LEADING: Final = r"no|oh|well|ah|but|uh|um|er|yes|yeah"
_TERM: Final = rf"(?:{_STRONG}|{_EXCUSING}|{_BETWEEN_MARKS}|{_LEADING})"
_RUN: Final = re.compile(rf"(?P<before>{_GAP})(?P<terms>{_TERM}(?:{_GAP}{_TERM})*)(?P<after>{_GAP})(?=\S)", re.I)
_IS_STRONG: Final = re.compile(rf"\b(?:{_STRONG})\b", re.I)
_IS_EXCUSING: Final = re.compile(rf"\b(?:{_EXCUSING})\b", re.I)
_IS_EXCUSED: Final = re.compile(rf"(?:{_EXCUSING})$", re.I)
#: After these "no" does not deny the noun that follows.
_NO_NOUN: Final = re.compile(
    r"(?:the|her|his|their|not|in|from|on|before|after|since|when|what|how|which|just)\b", re.I
)
_WHICH: Final = re.compile(
    r"(?:first|last|latest|newest|oldest|earliest|highest|lowest|current|previous|past|active|resolved|inactive)\b",
    re.I,
)
#: Both what was said and what it means may stand: "how often, I mean how many times".
_EXPLAINS: Final = re.compile(r"\bi mean(?:t)?\b", re.I)
_PAUSE: Final = re.compile(r"\s*(?:[,;:.?!…]+(?=\s|$)|(?<=\s)[–—-]+(?=\s))\s*")
_SENTENCE: Final = re.compile(r"[.?!]\s+(?=\S)")
_QUESTION: Final = re.compile(
    r"(?:just |please )?(?:what|whats|which|when|who|where|how|why|is|was|are|were|does|do|did|has|have|can|could)\b",
    re.I,
)
#: What is added may be meant beside what was said, or instead of it.
_ADDS: Final = re.compile(r"(?:and|or|also|plus)\b", re.I)
_POINTING: Final = frozenset("it this that they them those these he she one".split())
#: The ones that were named before.
_WHICH_ONES: Final = re.compile(r"((?:which|what) )(?:ones|of them|of those)\b", re.I)
#: "The mother's, no, the …": whose it is, and not yet what.
_OWNER: Final = re.compile(r"\b(?:the|her|his|their) \w+['’]s$", re.I)
_DETERMINER: Final = re.compile(r"(?:the|an?|her|his|their)\b", re.I)
_SHORT: Final = 4


@dataclass(frozen=True)
class _Edit:
    """Where an editing term stands, and what may be made of it."""

    start: int
    end: int
    excuses: bool
    explains: bool


def repaired(text: str) -> str | None:
    """``text`` as it was meant; the same where nothing is taken back, None where what is cannot be told."""
    edits = list(_edits(text))
    if not edits:
        return text
    ends = [edit.start for edit in edits[1:]] + [len(text)]
    meant = text[: edits[0].start]
    for edit, end in zip(edits, ends, strict=True):
        put_right = _put_right(meant, text[edit.end : end], edit)
        if put_right is None:
            return None
        meant = put_right
    return meant


def _edits(text: str) -> Iterator[_Edit]:
    for run in _RUN.finditer(text):
        before, terms = text[: run.start()].lower(), run["terms"].lower()
        marked = bool(run["before"].strip() and run["after"].strip())
        excuses = bool(_IS_EXCUSING.search(terms))
        if before.endswith((" or", "yes")) or "yes or no" in terms or not before.strip():
            continue
        if _IS_EXCUSED.match(terms) and re.match(r"\s+(?:to|for|about|but)\b", text[run.end("terms") :], re.I):
            continue  # "sorry to bother you"
        if _IS_STRONG.search(terms) or excuses or (marked and re.search(rf"\b(?:no|{_BETWEEN_MARKS})\b", terms)):
            explains = bool(_EXPLAINS.search(terms))
            yield _Edit(run.start(), run.end(), excuses and not re.search(r"\bno\b", terms), explains)
        elif re.search(r"\bno$", terms) and (
            _NO_NOUN.match(text, run.end()) or (run["before"].strip() and _WHICH.match(text, run.end()))
        ):
            yield _Edit(run.start(), run.end(), excuses=False, explains=False)


def _put_right(before: str, meant: str, edit: _Edit) -> str | None:
    sentences = _SENTENCE.split(before)
    earlier, clauses = before[: len(before) - len(sentences[-1])], _clauses(sentences[-1])
    chunk, rest = _first_said(meant)
    anew = units(said(chunk))
    if (left := _left_unfinished(sentences[-1], chunk)) is not None:
        return earlier + sentences[-1][:left] + meant
    if _ADDS.match(chunk):
        return None
    if denied := re.match(r"not (?:the )?", chunk, re.I):
        same = _same(clauses, chunk[denied.end() :])
        if same:
            return earlier + _without(clauses, same, "") + rest
        if unsaid := re.search(rf"\b{re.escape(chunk[denied.end() :])}(?: and| or)?$", sentences[-1], re.I):
            return earlier + sentences[-1][: unsaid.start()] + rest.lstrip(" ,")
        return None
    kept = [(clause, unit) for clause in clauses for unit in clause.units]
    subjects = [clause.says(unit) for clause, unit in kept if unit.kind == "subject"]
    if any(unit.kind == "subject" for unit in anew) and _QUESTION.match(chunk):
        # Where nothing was named before, or it is named again, "they" can only be the patient.
        again = said(chunk)[:2] == said(sentences[-1])[:2]
        if not subjects or again or _POINTING.isdisjoint(said(chunk)):
            return earlier + meant
    elif len(subjects) == 1 and _QUESTION.match(chunk) and (ones := _WHICH_ONES.match(meant)):
        return earlier + ones[1] + subjects[0] + meant[ones.end() :]
    gone = _replaced(kept, anew, chunk)
    if gone is None or _contradicts([unit_of for unit_of in kept if unit_of not in gone], rest):
        return None
    if gone:
        return earlier + _without(clauses, gone, chunk) + rest
    kinds = {unit.kind for _, unit in kept}
    if not kept and not edit.excuses:
        return earlier + meant if sum(len(clause.words) for clause in clauses) <= _SHORT else None
    if (
        kinds <= {"asked"}
        or (edit.excuses and not anew)
        or (edit.explains and anew and kinds.isdisjoint(unit.kind for unit in anew))
    ):
        return f"{before} {meant}"
    return None


def _left_unfinished(sentence: str, chunk: str) -> int | None:
    """Where what is begun again was begun before and left: "between 2010 and, …, between 2010 and 2015"."""
    if owner := _OWNER.search(sentence):
        return owner.start() if _DETERMINER.match(chunk) else None
    if not GOES_ON.search(sentence):
        return None
    begun = list(re.finditer(rf"\b{re.escape(chunk.split(maxsplit=1)[0])}\b", sentence, re.I))
    if not begun or _DETERMINER.match(chunk):
        return None
    left = units(said(sentence[begun[-1].start() :]))
    return None if any(unit.kind == "subject" for unit in left) else begun[-1].start()


@dataclass(frozen=True)
class _Clause:
    words: tuple[str, ...]
    units: tuple[Unit, ...]
    text: str
    mark: str

    def says(self, unit: Unit) -> str:
        return " ".join(self.words[unit.start : unit.end])


_Said = tuple[_Clause, Unit]


def _clauses(sentence: str) -> list[_Clause]:
    found, at = [], 0
    for pause in (*_PAUSE.finditer(sentence), None):
        text = sentence[at : pause.start() if pause else len(sentence)]
        words = tuple(said(text))
        found.append(_Clause(words, tuple(units(words)), text, pause[0] if pause else ""))
        at = pause.end() if pause else len(sentence)
    return found


def _first_said(meant: str) -> tuple[str, str]:
    """What follows up to the first pause after something that means anything, and the rest."""
    for pause in _PAUSE.finditer(meant):
        if units(said(meant[: pause.start()])) or meant.lower().startswith("not "):
            return meant[: pause.start()], meant[pause.start() :]
    return meant, ""


def _same(clauses: Sequence[_Clause], denied: str) -> list[_Said]:
    words = " ".join(said(denied))
    return [(clause, unit) for clause in clauses for unit in clause.units if clause.says(unit) == words]


def _replaced(kept: Sequence[_Said], anew: Sequence[Unit], chunk: str) -> list[_Said] | None:
    """What was said before and is said anew; None where it cannot be told which of several things is."""
    gone: list[_Said] = []
    for kind in dict.fromkeys(unit.kind for unit in anew):
        alike = [each for each in kept if each[1].kind == kind or (kind == "subject" and each[1].kind == "event")]
        if kind in {"subject", "event"}:
            meant = _subject(kept, alike, next(unit.sort for unit in anew if unit.kind == kind))
            if meant is None:
                return None
            alike = meant
        elif len({clause.says(unit) for clause, unit in alike}) > 1 or (kind == "when" and _is_an_end(alike, chunk)):
            return None
        gone += alike
    return gone


def _subject(kept: Sequence[_Said], subjects: list[_Said], sort: str) -> list[_Said] | None:
    """The subject that another one replaces: the only one of its sort, the only one, or that which was said last."""
    same = [each for each in subjects if each[1].sort == sort]
    if len(same) == 1 or len(subjects) < 2:
        return same or subjects
    if not same and kept[-1] == subjects[-1] and sort == "name":
        return subjects[-1:]
    return None


def _is_an_end(said_before: Sequence[_Said], chunk: str) -> bool:
    """Whether a year alone follows a span of years or a day: it may be either end of the one, and part of the other."""
    more = any(len([word for word in clause.says(unit).split() if word.isdigit()]) > 1 for clause, unit in said_before)
    return more and len([word for word in said(chunk) if word.isdigit()]) == _years(chunk) == 1


def _years(text: str) -> int:
    return sum(word.isdigit() and len(word) == 4 for word in said(text))


def _contradicts(kept: Sequence[_Said], rest: str) -> bool:
    """Whether another one is asked for later on: "the last potassium, no, sodium, and the first calcium"."""
    words = said(rest)
    later = {" ".join(words[unit.start : unit.end]) for unit in units(words) if unit.kind == "which"}
    before = {clause.says(unit) for clause, unit in kept if unit.kind == "which"}
    return bool(before and later - before)


def _without(clauses: Sequence[_Clause], gone: Sequence[_Said], instead: str) -> str:
    """The clauses without what is gone, and what is said instead in the place of the first of it."""
    text, placed = "", False
    for clause in clauses:
        here = [unit for held, unit in gone if held is clause]
        if not here:
            text += clause.text + clause.mark
            continue
        places = [at for unit in here for at in range(with_small_words(unit, clause.words), unit.end)]
        words = ["" if at in places else word for at, word in enumerate(clause.words)]
        if not placed:
            words[min(places)], placed = instead, True
        text += " ".join(filter(None, words)) + clause.mark
    return text
