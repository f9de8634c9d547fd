"""Which words of a request hold the wish, which set something aside or put it off, and which only stand around."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.routing.markers import markers

BUCKETS: Final = 1 << 15

#: Longer requests are dictations, or hold asides enough to be asked back.
_LONGEST: Final = 90
#: How far away a word still says something.
_REACH: Final = 14
#: What a change of tag costs between two words, in margins (chosen on held-out frames).
_SWITCH: Final = 1.2
#: How much likelier a wish is than the words around it, in margins: most requests are nothing else.
_FAVOUR: Final = 0.3

_TOKEN: Final = re.compile(r"\[[^\]]{0,40}\]|\{[^}]{0,40}\}|[a-z]+(?:['’][a-z]+)*|\d+|[.,;:?!]")


#: Tokens that are no words.
SIGNS: Final = frozenset(".,;:?!")


class Tag(IntEnum):
    """What a word is part of."""

    WISH = 0
    ASIDE = 1
    """Set aside, or for later."""
    AROUND = 2


def tokens_of(text: str) -> list[str]:
    """The words that ``features.words_of`` finds, and the signs between them."""
    return ["[]" if t[0] in "[{" else "0" if t[0].isdigit() else t for t in _TOKEN.findall(text.lower())]


def places(tokens: Sequence[str]) -> Iterator[NDArray[np.intp]]:
    """For each token the places of its features, below ``BUCKETS``."""
    padded = ["^", "^", "^", *tokens, "$", "$", "$"]
    pairs = [f"{first} {second}" for first, second in pairwise(padded[2:-2])]
    left = [(_hash(f"l{t}"), _hash(f"l{p}")) for t, p in zip(tokens, pairs, strict=False)]
    right = [(_hash(f"r{t}"), _hash(f"r{p}")) for t, p in zip(tokens, pairs[1:], strict=False)]
    marked = markers(tokens)
    signs = [(*marks, *((token,) if token in SIGNS else ())) for token, marks in zip(tokens, marked, strict=True)]
    for at in range(len(tokens)):
        near = padded[at : at + 7]
        own = [f"{k} {word}" for k, word in enumerate(near)]
        own += [f"{k} {near[k]} {near[k + 1]}" for k in range(6)]
        own += [f"{k} {near[k]} {near[k + 1]} {near[k + 2]}" for k in range(5)]
        own += [f"place {min(at, 3)}", f"left {min(4, len(tokens) - at)}"]
        own += _marks(signs, at)
        found = [_hash(feature) for feature in own]
        for before in left[max(0, at - _REACH) : at]:
            found += before
        for after in right[at + 1 : at + 1 + _REACH]:
            found += after
        yield np.array(found, np.intp)


def _marks(signs: Sequence[tuple[str, ...]], at: int) -> Iterator[str]:
    """The markers on both sides: how near, in which order, and across which signs."""
    here = " ".join(signs[at]) or "-"
    yield f"m {here}"
    for k in (-3, -2, -1, 1, 2, 3):
        if 0 <= at + k < len(signs):
            for name in signs[at + k] or ("-",):
                yield f"m{k} {name}"
                yield f"m{k} {name} {here}"
    before = _run(reversed(signs[max(0, at - _REACH) : at]))
    after = _run(signs[at + 1 : at + 1 + _REACH])
    for side, run in (("b", before), ("a", after)):
        for name in set(run):
            yield f"m{side} {name}"
        yield f"m{side}1 {' '.join(run[:1])}"
        yield f"m{side}2 {' '.join(run[:2])}"
        yield f"m{side}3 {' '.join(run[:3])}"
    yield f"mm {' '.join(before[:1])} {here} {' '.join(after[:1])}"
    yield f"mm {' '.join(before[:2])} {here} {' '.join(after[:2])}"
    for name in set(before):
        for other in set(after):
            yield f"mp {name} {other}"


def _run(signs: Iterable[tuple[str, ...]]) -> list[str]:
    """The markers in turn, one for each stretch of the same."""
    names = ("+".join(marks) for marks in signs if marks)
    return [name for name, _ in groupby(names)]


def _hash(feature: str) -> int:
    return zlib.crc32(feature.encode()) & (BUCKETS - 1)


@dataclass(frozen=True)
class Tagger:
    """A linear model of one tag for each word."""

    weights: NDArray[np.int8]
    """(BUCKETS, tags)."""
    scales: NDArray[np.float32]
    """(tags,): what one step of ``weights`` is worth."""
    bias: NDArray[np.float32]
    """(tags,)."""

    def tags(self, tokens: Sequence[str]) -> list[Tag]:
        """The likeliest sequence; all ``WISH`` where there is none or the request is too long."""
        if not 0 < len(tokens) <= _LONGEST:
            return [Tag.WISH] * len(tokens)
        sums = np.array([self.weights[found].sum(axis=0, dtype=np.int32) for found in places(tokens)])
        return _best_path(sums * self.scales + self.bias)

    @classmethod
    def of_floats(cls, weights: NDArray[np.floating], bias: NDArray[np.floating]) -> Tagger:
        """Round (tags, BUCKETS) float weights to eight bits."""
        steps = np.maximum(np.abs(weights).max(axis=1) / 127.0, 1e-12)
        rounded = np.rint(weights / steps[:, None]).astype(np.int8)
        return cls(np.ascontiguousarray(rounded.T), steps.astype(np.float32), bias.astype(np.float32))


def _best_path(scores: NDArray[np.floating]) -> list[Tag]:
    """(tokens, tags) -> the sequence with the greatest sum, changes of tag paid for."""
    scores = scores + _FAVOUR * (np.arange(scores.shape[1]) == Tag.WISH)
    total, back = scores[0], []
    cost = _SWITCH * (1 - np.eye(scores.shape[1]))
    for row in scores[1:]:
        ways = total[:, None] - cost
        back.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    path = [int(total.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return [Tag(tag) for tag in reversed(path)]
