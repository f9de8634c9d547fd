"""Dictated text cut into sentences: spans only, nothing changed and nothing left out.

The spans tile the text: between two of them, before the first and after the last lies white space only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# After these a sentence goes on, whatever comes next.
_INNER_WORDS: Final = """
    dr mr mrs ms prof rev st vs v cf e.g eg i.e ie viz approx ca fig figs resp incl excl esp pt pts
    dept tel ext tab tabs cap caps inj susp
"""
# These end a sentence only where the next word starts with a capital.
_EITHER_WORDS: Final = """
    etc al jr sr q.d qd b.i.d bid t.i.d tid q.i.d qid q.h.s qhs q.a.m q.p.m p.r.n prn p.o po i.v iv i.m im s.c sc o.d
    od b.d bd t.d.s tds q.d.s qds o.m o.n n.p.o npo stat a.m am p.m pm u.s u.k b.p h.s a.c p.c mg mcg ml cm mm kg min
    mins hr hrs sec wk wks mo yr yrs max dil ph.d m.d r.n d.o
    hx dx rx sx tx fx y.o yo
"""
# These belong to the number that follows them and are ordinary words elsewhere ("Chest pain? No. Cough? Yes.").
_BEFORE_NUMBER: Final = frozenset({"no", "nos", "vol", "p", "pp", "grav", "para"})
_INNER: Final = frozenset(_INNER_WORDS.split())
_EITHER: Final = frozenset(_EITHER_WORDS.split())
_TITLES: Final = frozenset({"dr", "mr", "mrs", "ms", "prof", "doctor", "professor", "by", "signed", "sister", "nurse"})

_STOP: Final = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)")
_LIST_MARK: Final = re.compile(r"\(?\d{1,2}[.)]|[-*•–]")
_LINE_BREAK: Final = re.compile(r"[^\S\n]*\n\s*")
_GOES_ON: Final = re.compile(
    r"(?:,|(?<!\S)(?:an?|the|and|or|but|of|with|without|to|for|from|in|on|at|by|is|are|was|were|has|had|have|no|his|her"
    r"|their|my|this|that|which|than|about|per|very|mild|moderate|severe|left|right))$",
    re.IGNORECASE,
)

_NEAR: Final = 40
"""Characters to either side that decide; a bound keeps long dictation linear."""

# One long line without any full stop is cut only before these, and only where no word before asks for more.
_LONG: Final = 25
_OPENING: Final = re.compile(
    r"(?<=\s)(?:(?:the )?patient (?:denies|reports|states|presents|complains)\b|s?he (?:denies|reports|states|takes)\b"
    r"|on (?:physical )?examination\b|on exam\b|(?:her |his |the )?blood pressure (?:is|was)\b"
    r"|vital signs (?:are|were)\b"
    r"|the lungs are\b|the heart is\b|there is no\b|there are no\b|my impression is\b|the plan is\b|(?:we|i) will\b"
    r"|follow[- ]up in\b|past medical history\b|family history\b|social history\b)",
    re.IGNORECASE,
)
_ASKS_FOR_MORE: Final = re.compile(
    r"(?:,|\b(?:that|which|who|if|when|while|because|since|as|and|or|but|so|where|whether|says|states|reports|then|with"
    r"|of|the|a|no|not|until|before|after|once|unless|significant|for|to|in|her|his|relevant|positive|negative))$",
    re.IGNORECASE,
)


class Sentence(NamedTuple):
    """``text[start:end]``; neither its first nor its last character is white space."""

    start: int
    end: int


def split(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text`` in order.

    A list mark ("1.", "-") stays with its item, a line break ends a sentence unless the line plainly goes on, and what
    cannot be cut safely stays whole.
    """
    return tuple(
        Sentence(start, end)
        for line_start, line_end in _lines(text)
        for start, end in _clauses(text, line_start, line_end)
    )


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    for gap in _LINE_BREAK.finditer(text, start, end):
        paragraph = gap.group().count("\n") > 1
        if not paragraph and _GOES_ON.search(text[max(start, gap.start() - _NEAR) : gap.start()]):
            continue
        if _LIST_MARK.fullmatch(text, start, gap.start()):
            continue
        yield start, gap.start()
        start = gap.end()
    if start < end:
        yield start, end


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cuts = [stop.end() for stop in _STOP.finditer(text, start, end) if _ends_sentence(text, start, stop)]
    if not cuts and text.count(" ", start, end) >= _LONG:
        cuts = [
            opening.start()
            for opening in _OPENING.finditer(text, start, end)
            if not _ASKS_FOR_MORE.search(text[max(start, opening.start() - _NEAR) : opening.start()].rstrip())
        ]
    for cut in (*cuts, end):
        left, right = _trim(text, start, cut)
        if left < right:
            yield left, right
        start = cut


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    before = text[max(start, stop.start() - _NEAR) : stop.start()]
    last = before.split()[-1] if before.strip() and not before[-1].isspace() else ""
    word = last.lower().lstrip("\"'“‘([")
    after = text[stop.end() : stop.end() + _NEAR].lstrip()
    follows = after[:1]
    mark = stop.group()
    if not follows:
        return True
    if mark.startswith(".."):
        return not follows.islower()
    if not mark.startswith("."):
        return True
    if _only_list_mark(text, start, stop.end()):
        return False
    if word in _INNER:
        return False
    if word in _EITHER:
        goes_on = follows.islower() or follows.isdigit() or follows in "-(,;"
        return not goes_on or re.match(r"\d{1,2}[.)]\s", after) is not None
    if word in _BEFORE_NUMBER:
        return not follows.isdigit()
    if len(word) == 1 and word.isalpha():
        # "E. coli", "S. aureus", and the initials of a name.
        return not (follows.islower() and last.isupper()) and not _is_initial(before)
    return True


def _only_list_mark(text: str, start: int, end: int) -> bool:
    """Whether what stands since the last sentence end is a bare list mark ("2.")."""
    tail = text[max(start, end - _NEAR) : end].rstrip()
    mark = re.search(rf"(?:{'^|' if len(tail) < _NEAR else ''}[.!?:;]\s+)(\(?\d{{1,2}}[.)])$", tail)
    return mark is not None


def _is_initial(so_far: str) -> bool:
    """Whether the single letter that ends ``so_far`` is the initial of a name, as in "seen by J. Hart"."""
    words = so_far.split()
    if not words[-1].isupper():
        return False
    if len(words) == 1:
        return True
    previous = words[-2].lower().rstrip(".")
    return previous in _TITLES or (len(previous) == 1 and previous.isalpha() and words[-2].endswith("."))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
