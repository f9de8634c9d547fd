"""What overlapping windows say of the same moments, made one: their posteriors averaged, each by how far the moment is
from the window's edge (a Hamming window, as in the MedASR paper, arXiv 2605.16555)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.windows import WINDOW, Window, rows

Posteriors = NDArray[np.float32]
"""Probabilities, [rows, ids]; every row sums to one."""


def softmax(logits: NDArray[np.float32]) -> Posteriors:
    """Probabilities of each row, [rows, ids], from its logits, [rows, ids]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Posteriors = powers / powers.sum(axis=1, keepdims=True)
    return found


class Seams:
    """Joins windows in their order."""

    def __init__(self) -> None:
        self._weights = np.hamming(rows(WINDOW)).astype(np.float32)[:, None]
        self._open: tuple[Posteriors, NDArray[np.float32]] | None = None
        """Rows that the next window hears too, and their weights."""

    def join(self, window: Window, logits: NDArray[np.float32]) -> Posteriors:
        """Take in a window's logits, [rows, ids]; the rows, following those returned before, that no later window
        hears."""
        found, weights = softmax(logits), self._weights[: len(logits)]
        if self._open is not None:
            before, their_weights = self._open
            shared = len(before)
            ours = weights[:shared]
            found[:shared] = (before * their_weights + found[:shared] * ours) / (their_weights + ours)
        settled = window.next_row - window.first_row
        self._open = (found[settled:], weights[settled:])
        return found[:settled]

    def finish(self) -> Posteriors | None:
        """The last rows; None where there were no windows."""
        return None if self._open is None else self._open[0]
