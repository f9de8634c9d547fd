"""Posteriors cut into utterances at pauses, so that each can be decoded by itself as soon as it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from pipelines.speech.posteriors import Posteriors

#: A cut needs so many rows of 40 ms (0.6 s) in which the model is sure that nothing is said.
PAUSE_ROWS: Final = 15
SURE: Final = 0.95
#: Shorter utterances would take a language model's context away for nothing (8 s), longer ones make the last one slow
#: to decode (60 s).
LEAST_ROWS: Final = 200
MOST_ROWS: Final = 1_500


class Utterance(NamedTuple):
    """Rows from ``first_row`` of the recording on."""

    first_row: int
    posteriors: Posteriors


class Utterances:
    """Cuts as the rows come in. Where it cuts depends on the rows, not on how they were handed in."""

    def __init__(self, blank: int) -> None:
        self._blank = blank
        self._first_row = 0
        self._parts: list[Posteriors] = []
        self._blanks: list[float] = []
        self._pause = 0

    def add(self, posteriors: Posteriors) -> Iterator[Utterance]:
        """Take in the next rows, [rows, ids]; every utterance that is over."""
        self._parts.append(posteriors)
        for blank in posteriors[:, self._blank].tolist():
            self._blanks.append(blank)
            self._pause = self._pause + 1 if blank >= SURE else 0
            length = len(self._blanks)
            if self._pause >= PAUSE_ROWS and length >= LEAST_ROWS:
                yield self._cut(length - PAUSE_ROWS // 2)
            elif length >= MOST_ROWS:
                half = length // 2
                yield self._cut(half + int(np.argmax(self._blanks[half:])))

    def rest(self) -> Utterance:
        """What is not over yet."""
        return Utterance(self._first_row, self._held())

    def _held(self) -> Posteriors:
        if not self._parts:
            return np.empty((0, 0), np.float32)
        self._parts = [np.concatenate(self._parts)]
        return self._parts[0]

    def _cut(self, at: int) -> Utterance:
        """End the utterance before its row ``at``."""
        held = self._held()
        done = Utterance(self._first_row, held[:at])
        self._parts, self._blanks = [held[at:].copy()], self._blanks[at:]
        self._first_row += at
        self._pause = min(self._pause, len(self._blanks))
        return done
