"""Words that may have been misheard: close to a term of the lexicon in sound and spelling, and unlikely as they stand.

Nothing is changed: a reader decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Prefix

from pipelines.text.lexicon import Lexicon
from pipelines.text.nearest import (
    KNOWN_TO_ALL,
    LONG_CODE,
    LONGEST_STRETCH,
    SHORTEST_CODE,
    Heard,
    Near,
    closeness_of_texts,
    heard,
    spans,
    together,
)
from pipelines.text.ordinary import Strange, rank, strangeness

_LEAST: Final = 0.6
#: Log odds that a stretch is the term, fitted to what Whisper base made of 162 dictations with terms in two synthetic
#: voices, and to ordinary talk and notes with the confidences of words that it heard rightly.
_BIAS: Final = -11.9
_BY_CLOSENESS: Final = 13.4
_BY_LEAST_SURE: Final = -3.5
_BY_SURE: Final = -6.6
_BY_LENGTH: Final = 0.28
_BY_WORDS: Final = 1.0
_BY_DRUG: Final = 1.0
_ENDS: Final = frozenset(".,;:?!")
_EDGES: Final = ".,;:?!\"'()[]{}"
_ABBREVIATION: Final = re.compile(r"[A-Z]{2,4}s?")
_LONGEST_TERM: Final = 6
_ROOT: Final = 4
_ENDING: Final = 4
#: Endings, and what the word ends in without them.
_INFLECTIONS: Final = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("es", "is"),
    ("d", ""),
    ("ed", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("ic", "ia"),
    ("ic", "is"),
)
_FILLERS: Final = frozenset({"um", "uh", "er", "erm", "mm", "hmm", "mhm", "ah", "oh"})


_BY_STRANGENESS: Final = {Strange.ORDINARY: 0.0, Strange.RARE: 2.6, Strange.UNLISTED: 4.1}


class HeardWord(NamedTuple):
    """A word as it was recognised: its place in the text and how sure the recogniser was, 0 to 1."""

    text: str
    start: int
    end: int
    confidence: float


class NearMiss(NamedTuple):
    """``text[start:end]`` may have been ``term``."""

    start: int
    end: int
    term: str
    category: str
    closeness: float
    """In sound and spelling, 0 to 1."""
    confidence: float
    """Of the stretch's least sure word."""


class _Looked(NamedTuple):
    """A word as it is looked at."""

    heard: Heard
    bare: str
    strange: Strange
    abbreviation: bool
    ends: bool
    """Whether a clause ends behind it."""

    @property
    def nothing(self) -> bool:
        """Whether it is a mark or a hesitation."""
        return not self.heard.letters or self.bare in _FILLERS


class Stretch(NamedTuple):
    """Words ``first`` to ``last`` (not included), which belong to no known term."""

    first: int
    last: int
    heard: Heard
    strange: Strange
    """Of its strangest word."""
    least_sure: float
    sure: float
    """Mean confidence."""


def suggest(words: Sequence[HeardWord], lexicon: Lexicon) -> tuple[NearMiss, ...]:
    """The near misses among ``words``, in order, none overlapping.

    Args:
        words: in order; their texts may carry punctuation.
        lexicon: its terms are never taken for another term where they stand as they are written, everyday words aside.
    """
    doubted = [(doubt(one, near), one, near) for one, near in considered(words, lexicon)]
    return tuple(_without_overlaps(words, [found for found in doubted if found[0] > 0]))


def considered(words: Sequence[HeardWord], lexicon: Lexicon) -> list[tuple[Stretch, Near]]:
    """Every stretch that comes close to a term and is not just another form of it, with that term."""
    looked = [_look(word.text) for word in words]
    stretches = _stretches(words, looked, lexicon.nearest.written)
    near = lexicon.nearest.near([one.heard for one in stretches], [_least(one) for one in stretches])
    found = []
    for one, terms in zip(stretches, near, strict=True):
        inside = looked[one.first : one.last]
        if terms and not any(_is_form_of(inside, term) for term in terms):
            best = max((_apart(inside, term) for term in terms), key=lambda term: doubt(one, term))
            if best.closeness >= _LEAST:
                found.append((one, best))
    return found


def doubt(one: Stretch, near: Near) -> float:
    """How likely the term was said instead, as log odds: above 0 a reader should look."""
    drug = _BY_DRUG if near.entry.category == "drug" else 0.0
    return _unlikely(one) + _BY_CLOSENESS * near.closeness + drug


def _least(one: Stretch) -> float:
    """How close a term must come for the stretch to be doubted."""
    return max(_LEAST, -(_unlikely(one) + _BY_DRUG) / _BY_CLOSENESS)


def _unlikely(one: Stretch) -> float:
    """The part of the doubt that does not depend on the term."""
    return (
        _BIAS
        + _BY_STRANGENESS[one.strange]
        + _BY_LEAST_SURE * one.least_sure
        + _BY_SURE * one.sure
        + _BY_LENGTH * min(len(one.heard.code), LONG_CODE)
        + _BY_WORDS * (one.last - one.first)
    )


def _look(text: str) -> _Looked:
    bare = text.strip(_EDGES)
    abbreviation = _ABBREVIATION.fullmatch(bare) is not None
    strange = Strange.ORDINARY if abbreviation else strangeness(bare)
    return _Looked(heard(bare), bare.lower(), strange, abbreviation, text[-1:] in _ENDS)


def _stretches(words: Sequence[HeardWord], looked: Sequence[_Looked], written: frozenset[str]) -> list[Stretch]:
    """What may be no more than misheard: words between the known terms, within a clause."""
    known = _known(looked, written)
    made = []
    for first in range(len(words)):
        for last in range(first + 1, min(first + LONGEST_STRETCH, len(words)) + 1):
            newest = looked[last - 1]
            if known[last - 1] or newest.nothing:
                break
            one = _stretch(words, looked, first, last)
            if one and not (last - first == 1 and (newest.abbreviation or one.heard.letters in written)):
                made.append(one)
            if newest.ends:
                break
    return made


def _stretch(words: Sequence[HeardWord], looked: Sequence[_Looked], first: int, last: int) -> Stretch | None:
    """None where no term could come close enough for it to be doubted."""
    heards = [word.heard for word in looked[first:last]]
    sure = [word.confidence for word in words[first:last]]
    strange = max(word.strange for word in looked[first:last])
    one = Stretch(first, last, together(heards), strange, min(sure), sum(sure) / len(sure))
    return one if len(one.heard.code) >= SHORTEST_CODE and _least(one) < 1 else None


def _known(looked: Sequence[_Looked], written: frozenset[str]) -> list[bool]:
    """Which words belong to a term of the lexicon as it is written, or in another grammatical form."""
    known = [any(_is_written(part, written) for part in word.bare.split("/")) for word in looked]
    for first, last in spans(len(looked), _LONGEST_TERM):
        if last - first > 1 and "".join(word.heard.letters for word in looked[first:last]) in written:
            known[first:last] = [True] * (last - first)
    return known


def _is_written(word: str, written: frozenset[str]) -> bool:
    letters = heard(word).letters
    # "back" may be part of anything that was misheard.
    if rank(word) < KNOWN_TO_ALL:
        return False
    return letters in written or any(
        letters.endswith(ending) and letters[: -len(ending)] + instead in written for ending, instead in _INFLECTIONS
    )


def _is_form_of(inside: Sequence[_Looked], near: Near) -> bool:
    """Whether an English word has the root of the term: "feverish", "lacerating"."""
    if len(inside) > 1 or inside[0].strange == Strange.UNLISTED:
        return False
    one, other = inside[0].bare, near.entry.phrase.lower()
    root = Prefix.similarity(one, other)
    return root >= _ROOT and max(len(one), len(other)) - root <= _ENDING


def _apart(inside: Sequence[_Looked], near: Near) -> Near:
    """How close they are in the words that they do not share: "upper chest" is no "upper limb"."""
    words, term = [word.bare for word in inside], near.entry.phrase.lower().split()
    shared = 0
    while words and term and words[0] == term[0]:
        words, term, shared = words[1:], term[1:], shared + 1
    while words and term and words[-1] == term[-1]:
        words, term, shared = words[:-1], term[:-1], shared + 1
    if not shared:
        return near
    if not words or not term:
        return near._replace(closeness=0.0)
    rest = closeness_of_texts(" ".join(words), " ".join(term))
    return near._replace(closeness=min(near.closeness, rest))


def _without_overlaps(words: Sequence[HeardWord], found: Sequence[tuple[float, Stretch, Near]]) -> list[NearMiss]:
    """The likeliest first; of stretches that share a word only one stays."""
    taken = [False] * len(words)
    kept = []
    likeliest = sorted(found, key=lambda it: (-it[0], it[1].first))
    for _, likely, likely_near in likeliest:
        if any(taken[likely.first : likely.last]):
            continue
        # More words speak for a stretch, but not for words that the term does not need.
        one, near = max(
            (
                (other, other_near)
                for _, other, other_near in likeliest
                if other_near.entry is likely_near.entry and likely.first <= other.first and other.last <= likely.last
            ),
            key=lambda it: it[1].closeness,
        )
        taken[one.first : one.last] = [True] * (one.last - one.first)
        first, last = words[one.first], words[one.last - 1]
        start = first.start + len(first.text) - len(first.text.lstrip(_EDGES))
        end = last.end - (len(last.text) - len(last.text.rstrip(_EDGES)))
        kept.append(NearMiss(start, end, near.entry.meant, near.entry.category, near.closeness, one.least_sure))
    return sorted(kept)
