"""Where hot words may have been said: their pieces followed through a CTC model's rows, beside the best path.

Every row's probabilities are taken relative to its likeliest id, so that what is followed is how much less likely the
hot word is than whatever the model prefers there, and almost everything can be dropped at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.ctc import Alphabet

#: Ways to write a word in pieces that are followed: the model was taught one, and it is not known here which.
_SPELLINGS: Final = 3
#: Of those under way at a row, as many of the likeliest are followed: it is only ever reached in noise.
_MOST_UNDER_WAY: Final = 64
_MOST_PER_ROW: Final = 16


@dataclass(frozen=True)
class Spotted:
    """A hot word may stand in rows ``first`` to ``last``; it is ``gap`` (a logarithm, at most 0) less likely there
    than the best path."""

    word: int
    """Which of the hot words."""
    spelling: tuple[int, ...]
    """The ids that write it."""
    first: int
    last: int
    gap: float


@dataclass
class _Node:
    id: int
    children: dict[int, _Node] = field(default_factory=dict)
    word: int | None = None
    spelling: tuple[int, ...] = ()


@dataclass
class _Way:
    """The likeliest way to a node that ends in its own token, and in a blank after it: score and first row."""

    token: float = -np.inf
    token_first: int = -1
    rest: float = -np.inf
    rest_first: int = -1

    @property
    def best(self) -> float:
        return max(self.token, self.rest)


@dataclass(frozen=True)
class HotWords:
    """Words made ready to be spotted. ``unspellable`` of them have a letter that no piece of the alphabet writes."""

    words: tuple[str, ...]
    unspellable: int
    _root: _Node = field(repr=False)

    def spot(self, log_probs: NDArray[np.float32], blank: int, floor: float) -> tuple[Spotted, ...]:
        """Every hot word that is at most ``floor`` less likely than the best path, the least unlikely first: of each
        word's overlapping places the best.

        Args:
            log_probs: logarithms of probabilities, [rows, ids].
        """
        found: list[Spotted] = []
        under_way: dict[int, tuple[_Node, _Way]] = {}
        for row, (ids, blank_gap) in enumerate(_gaps(log_probs, blank, floor)):
            under_way = self._step(under_way, row, ids, blank_gap, floor, found)
        return _distinct(found)

    def _step(
        self,
        under_way: dict[int, tuple[_Node, _Way]],
        row: int,
        ids: dict[int, float],
        blank_gap: float,
        floor: float,
        found: list[Spotted],
    ) -> dict[int, tuple[_Node, _Way]]:
        after: dict[int, tuple[_Node, _Way]] = {}

        def write(node: _Node, score: float, first: int) -> None:
            if score < -floor:
                return
            way = after.setdefault(id(node), (node, _Way()))[1]
            if score > way.token:
                way.token, way.token_first = score, first

        for id_, gap in ids.items():
            if (child := self._root.children.get(id_)) is not None:
                write(child, gap, row)
        for node, way in under_way.values():
            resting, resting_first = (
                (way.token, way.token_first) if way.token >= way.rest else (way.rest, way.rest_first)
            )
            if resting + blank_gap >= -floor:
                there = after.setdefault(id(node), (node, _Way()))[1]
                there.rest, there.rest_first = resting + blank_gap, resting_first
            for id_, gap in ids.items():
                if id_ == node.id:
                    write(node, way.token + gap, way.token_first)
                if (child := node.children.get(id_)) is not None:
                    # The same token twice in a row is one token, unless a blank parts them.
                    if id_ == node.id:
                        write(child, way.rest + gap, way.rest_first)
                    else:
                        write(child, resting + gap, resting_first)
        for node, way in after.values():
            if node.word is not None and way.token >= -floor:
                found.append(Spotted(node.word, node.spelling, way.token_first, row, way.token))
        if len(after) > _MOST_UNDER_WAY:
            after = dict(sorted(after.items(), key=lambda item: -item[1][1].best)[:_MOST_UNDER_WAY])
        return after


@lru_cache(maxsize=4)
def ready_hot_words(alphabet: Alphabet, words: tuple[str, ...]) -> HotWords:
    """Make words ready. A phrase is one word with spaces in it; all are written as they are given."""
    pieces = {piece: id_ for id_, piece in enumerate(alphabet.pieces) if piece and alphabet.writes(id_)}
    longest = max(map(len, pieces), default=0)
    root, unspellable = _Node(-1), 0
    for index, word in enumerate(words):
        written = spellings(word, pieces, longest)
        unspellable += not written
        for spelling in written:
            node = root
            for id_ in spelling:
                node = node.children.setdefault(id_, _Node(id_))
            if node.word is None:
                node.word, node.spelling = index, spelling
    return HotWords(words, unspellable, root)


def spellings(word: str, pieces: dict[str, int], longest: int) -> tuple[tuple[int, ...], ...]:
    """The ids of a few ways to write ``word``: those with the fewest pieces, and of these with the most uneven ones,
    as a unigram tokeniser mostly does.

    Args:
        pieces: ids by what they write, with ``▁`` for a space.
        longest: number of characters of the longest of them.
    """
    text = "".join(f"▁{part}" for part in word.split())
    ways: list[list[tuple[int, int, tuple[int, ...]]]] = [[(0, 0, ())], *([] for _ in text)]
    for end in range(1, len(text) + 1):
        reached = [
            (count + 1, uneven - (end - start) ** 2, (*ids, pieces[text[start:end]]))
            for start in range(max(0, end - longest), end)
            if text[start:end] in pieces
            for count, uneven, ids in ways[start]
        ]
        ways[end] = sorted(reached)[:_SPELLINGS]
    return tuple(ids for _, _, ids in ways[-1] if ids)


def _gaps(log_probs: NDArray[np.float32], blank: int, floor: float) -> Iterable[tuple[dict[int, float], float]]:
    """Of each row: the ids within ``floor`` of the likeliest with how far they are from it, and that of the blank."""
    relative = log_probs - log_probs.max(axis=1, keepdims=True)
    blanks = relative[:, blank].tolist()
    relative[:, blank] = -np.inf
    rows, ids = np.nonzero(relative >= -floor)
    starts = np.searchsorted(rows, np.arange(len(log_probs) + 1)).tolist()
    gaps = relative[rows, ids].tolist()
    listed = ids.tolist()
    for row, blank_gap in enumerate(blanks):
        here = range(starts[row], starts[row + 1])
        if len(here) > _MOST_PER_ROW:
            here_best: Sequence[int] = sorted(here, key=lambda at: -gaps[at])[:_MOST_PER_ROW]
        else:
            here_best = here
        yield {listed[at]: gaps[at] for at in here_best}, blank_gap


def _distinct(found: list[Spotted]) -> tuple[Spotted, ...]:
    kept: list[Spotted] = []
    for one in sorted(found, key=lambda spotted: (-spotted.gap, spotted.first, spotted.last, spotted.word)):
        if not any(one.word == other.word and one.first <= other.last and one.last >= other.first for other in kept):
            kept.append(one)
    return tuple(kept)
