"""Words that may have been misheard: close to a term of the lexicon in sound and spelling, and unlikely as they stand.

Nothing is changed: a reader decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pipelines.text.lexicon import Lexicon
from pipelines.text.nearest import LONGEST_STRETCH, Near, Nearest, letters_of, nearest
from pipelines.text.ordinary import is_ordinary
from pipelines.text.sound import joined, parts, word_code

#: How close a stretch must come, and how sure the recogniser may have been of its least sure word: where it holds a
#: word that is no common English, and where all of it is.
_STRANGE: Final = (0.64, 0.95)
_ORDINARY: Final = (0.72, 0.7)
_SHORTEST_CODE: Final = 5
_ENDS: Final = frozenset(".,;:?!")


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


class _Stretch(NamedTuple):
    first: int
    last: int
    sound: str
    letters: str


def suggest(words: Sequence[HeardWord], lexicon: Lexicon) -> tuple[NearMiss, ...]:
    """The near misses among ``words``, in order, none overlapping.

    Args:
        words: in order; their texts may carry punctuation.
        lexicon: its terms are never taken for another term where they stand as they are written.
    """
    index = nearest(lexicon)
    known = _known(words, index)
    doubted = [word.confidence <= _STRANGE[1] for word in words]
    stretches = [
        one for one in _stretches(words) if any(doubted[one.first : one.last]) and not any(known[one.first : one.last])
    ]
    found: list[tuple[float, _Stretch, Near]] = []
    near = index.near([(one.sound, one.letters) for one in stretches], _STRANGE[0])
    for one, terms in zip(stretches, near, strict=True):
        if terms and _unlikely(words[one.first : one.last], terms[0]):
            found.append((terms[0].closeness, one, terms[0]))
    return tuple(_without_overlaps(words, found))


def _stretches(words: Sequence[HeardWord]) -> list[_Stretch]:
    codes = [joined(word_code(part) for part in parts(word.text)) for word in words]
    made = []
    for first in range(len(words)):
        for last in range(first + 1, min(first + LONGEST_STRETCH, len(words)) + 1):
            sound = joined(codes[first:last])
            if len(sound) >= _SHORTEST_CODE:
                letters = letters_of("".join(word.text for word in words[first:last]))
                made.append(_Stretch(first, last, sound, letters))
            # A term does not go on beyond the end of a sentence or clause.
            if words[last - 1].text[-1:] in _ENDS:
                break
    return made


def _known(words: Sequence[HeardWord], index: Nearest) -> list[bool]:
    """Which words belong to a term of the lexicon as it is written."""
    known = [False] * len(words)
    letters = [letters_of(word.text) for word in words]
    for first in range(len(words)):
        for last in range(first + 1, min(first + LONGEST_STRETCH, len(words)) + 1):
            if "".join(letters[first:last]) in index.written:
                known[first:last] = [True] * (last - first)
    return known


def _unlikely(words: Sequence[HeardWord], near: Near) -> bool:
    ordinary = all(is_ordinary(_bare(word.text)) for word in words)
    close, sure = _ORDINARY if ordinary else _STRANGE
    return near.closeness >= close and min(word.confidence for word in words) <= sure


def _without_overlaps(words: Sequence[HeardWord], found: list[tuple[float, _Stretch, Near]]) -> list[NearMiss]:
    """The closest first; of stretches that share a word only one stays."""
    taken = [False] * len(words)
    kept = []
    for close, one, near in sorted(found, key=lambda it: (-it[0], it[1].first)):
        if any(taken[one.first : one.last]):
            continue
        taken[one.first : one.last] = [True] * (one.last - one.first)
        inside = words[one.first : one.last]
        end = inside[-1].end - (len(inside[-1].text) - len(inside[-1].text.rstrip(".,;:?!")))
        kept.append(
            NearMiss(
                inside[0].start,
                end,
                near.entry.meant,
                near.entry.category,
                close,
                min(word.confidence for word in inside),
            )
        )
    return sorted(kept)


def _bare(word: str) -> str:
    return word.strip(".,;:?!\"'()[]")
