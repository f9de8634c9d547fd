"""When each of given tokens was said: the likeliest way through a CTC model's rows that writes exactly these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Alignment:
    """``rows[i]`` are token i's first and last row; ``score`` is the logarithm of the whole path's probability."""

    rows: tuple[tuple[int, int], ...]
    score: float


def align(log_probs: NDArray[np.float32], tokens: Sequence[int], blank: int) -> Alignment | None:
    """The likeliest path that collapses to ``tokens``; None where there are too few rows for one.

    Time and memory grow with rows times tokens.

    Args:
        log_probs: logarithms of probabilities, [rows, columns].
        tokens: columns that write something, in order; repeats allowed.
        blank: the column that parts tokens.
    """
    rows, states = len(log_probs), 2 * len(tokens) + 1
    if rows < _least_rows(tokens):
        return None
    if not rows:
        return Alignment((), 0.0)
    # States are blank, token, blank, token, …, blank. A path stays, steps to the next state, or skips a blank, which it
    # may not where the same token comes twice.
    writes = np.full(states, blank, np.intp)
    writes[1::2] = tokens
    no_skip = np.full(states, -np.inf, np.float32)
    no_skip[3::2] = np.where(writes[3::2] == writes[1:-2:2], -np.inf, 0.0)
    moves = np.zeros((rows, states), np.int8)
    # Two states that nothing reaches stand before the first, so that all moves are slices.
    padded = np.full(states + 2, -np.inf, np.float32)
    best, stepped, skipped = padded[2:], padded[1:-1], padded[:-2]
    best[:2] = log_probs[0, writes[:2]]
    for row in range(1, rows):
        skip = skipped + no_skip
        step = np.maximum(best, stepped)
        moves[row] = stepped > best
        moves[row][skip > step] = 2
        np.maximum(step, skip, out=step)
        step += log_probs[row, writes]
        best[:] = step
    state = states - 1 if states == 1 or best[-1] >= best[-2] else states - 2
    if not np.isfinite(best[state]):
        return None
    score = float(best[state])
    return Alignment(_rows(moves, state, len(tokens)), score)


def _rows(moves: NDArray[np.int8], state: int, tokens: int) -> tuple[tuple[int, int], ...]:
    """Walk back from the last row, in ``state``."""
    spans = [[0, 0] for _ in range(tokens)]
    left = -1
    for row in range(len(moves) - 1, -1, -1):
        if state % 2:
            span = spans[state // 2]
            span[0] = row
            if left != state:
                span[1] = row
        left = state
        state -= int(moves[row, state])
    return tuple((first, last) for first, last in spans)


def _least_rows(tokens: Sequence[int]) -> int:
    """One row for each token, and one for the blank between equal neighbours."""
    return len(tokens) + sum(a == b for a, b in pairwise(tokens))
