"""Words that may have been misheard: close to a term of the lexicon in sound and spelling, and unlikely as they stand.

Nothing is changed: a reader decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pipelines.text.lexicon import Lexicon
from pipelines.text.nearest import SHORTEST_CODE, Heard, Near, heard, spans, together
from pipelines.text.ordinary import is_ordinary

#: How close a stretch must come, and how sure the recogniser may have been of its least sure word: where it holds a
#: word that is no common English, and where all of it is.
_STRANGE: Final = (0.64, 0.95)
_ORDINARY: Final = (0.72, 0.7)
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
    heard: Heard
    enough: float
    """How close it must come to a term."""


def suggest(words: Sequence[HeardWord], lexicon: Lexicon) -> tuple[NearMiss, ...]:
    """The near misses among ``words``, in order, none overlapping.

    Args:
        words: in order; their texts may carry punctuation.
        lexicon: its terms are never taken for another term where they stand as they are written.
    """
    index = lexicon.nearest
    stretches = _stretches(words, index.written)
    found: list[tuple[float, _Stretch, Near]] = []
    near = index.near([one.heard for one in stretches], min(_STRANGE[0], _ORDINARY[0]))
    for one, terms in zip(stretches, near, strict=True):
        if terms and terms[0].closeness >= one.enough:
            found.append((terms[0].closeness, one, terms[0]))
    return tuple(_without_overlaps(words, found))


def _stretches(words: Sequence[HeardWord], written: frozenset[str]) -> list[_Stretch]:
    """What may have been misheard: unlikely as it stands, and no part of a known term."""
    heards = [heard(word.text) for word in words]
    known = _known(heards, written)
    ordinary = [is_ordinary(_bare(word.text)) for word in words]
    made = []
    for first, last in spans(len(words)):
        inside = words[first:last]
        # A term does not go on beyond the end of a sentence or clause.
        if any(known[first:last]) or any(word.text[-1:] in _ENDS for word in inside[:-1]):
            continue
        enough, sure = _ORDINARY if all(ordinary[first:last]) else _STRANGE
        if min(word.confidence for word in inside) > sure:
            continue
        stretch = together(heards[first:last])
        if len(stretch.code) >= SHORTEST_CODE:
            made.append(_Stretch(first, last, stretch, enough))
    return made


def _known(heards: Sequence[Heard], written: frozenset[str]) -> list[bool]:
    """Which words belong to a term of the lexicon as it is written."""
    known = [False] * len(heards)
    for first, last in spans(len(heards)):
        if "".join(one.letters for one in heards[first:last]) in written:
            known[first:last] = [True] * (last - first)
    return known


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
