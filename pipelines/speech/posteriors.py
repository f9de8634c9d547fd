"""What overlapping windows say of the same moments, made one: their posteriors averaged, each by how far the moment is
from the window's edge (a Hamming window, as in the MedASR paper, arXiv 2605.16555).

A model may hear the same sound a row earlier in one window than in the other. The average of two such peaks is blank
everywhere, or has the token twice. So between moments at which both windows hear nothing, where both say the same
and their average does not, the average gives way to the window that is further from its edge there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.windows import WINDOW, Window, rows

Posteriors = NDArray[np.float32]
"""Probabilities, [rows, ids]; every row sums to one."""
#: Windows may hear a token so many rows apart.
_APART = 3
_Weights = NDArray[np.float32]


def softmax(logits: NDArray[np.float32]) -> Posteriors:
    """Probabilities of each row, [rows, ids], from its logits, [rows, ids]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Posteriors = powers / powers.sum(axis=1, keepdims=True)
    return found


class Seams:
    """Joins windows in their order.

    Args:
        blank: the id that says nothing.
    """

    def __init__(self, blank: int) -> None:
        self._blank = blank
        self._weights = np.hamming(rows(WINDOW)).astype(np.float32)[:, None]
        self._open: tuple[Posteriors, _Weights] | None = None
        """Rows that the next window hears too, and their weights."""

    def join(self, window: Window, logits: NDArray[np.float32]) -> Posteriors:
        """Take in a window's logits, [rows, ids]; the rows, following those returned before, that no later window
        hears."""
        found, weights = softmax(logits), self._weights[: len(logits)]
        if self._open is not None:
            before, their_weights = self._open
            shared = len(before)
            found[:shared] = self._averaged(before, their_weights, found[:shared], weights[:shared])
        settled = window.next_row - window.first_row
        self._open = (found[settled:], weights[settled:])
        return found[:settled]

    def finish(self) -> Posteriors | None:
        """The last rows; None where there were no windows."""
        return None if self._open is None else self._open[0]

    def _averaged(
        self, before: Posteriors, their_weights: _Weights, after: Posteriors, our_weights: _Weights
    ) -> Posteriors:
        average: Posteriors = (before * their_weights + after * our_weights) / (their_weights + our_weights)
        paths = [posteriors.argmax(axis=1) for posteriors in (before, after, average)]
        said = np.flatnonzero(np.any([path != self._blank for path in paths], axis=0))
        for island in np.split(said, np.flatnonzero(np.diff(said) > _APART) + 1) if len(said) else ():
            place = slice(island[0], island[-1] + 1)
            first, second, both = (self._collapsed(path[place]) for path in paths)
            if first == second != both:
                earlier = their_weights[place].sum() >= our_weights[place].sum()
                average[place] = before[place] if earlier else after[place]
        return average

    def _collapsed(self, path: NDArray[np.intp]) -> list[int]:
        ids: list[int] = path[np.flatnonzero(np.diff(path, prepend=-1))].tolist()
        return [id_ for id_ in ids if id_ != self._blank]
