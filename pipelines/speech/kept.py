"""The samples of a recording that somebody may still ask for."""

from __future__ import annotations

import numpy as np

from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.pieces import Piece


class KeptSound:
    """Mono 16 kHz samples, named by their places in the whole recording."""

    def __init__(self) -> None:
        self._samples = np.empty(0, np.float32)
        self._first = 0

    @property
    def heard(self) -> int:
        """Samples that came in, kept or not."""
        return self._first + len(self._samples)

    def hear(self, samples: Samples) -> None:
        self._samples = np.concatenate((self._samples, samples))

    def of(self, piece: Piece) -> Samples:
        """The samples of a piece, none of which was let go of."""
        return self._samples[piece.first - self._first : piece.last - self._first]

    def let_go(self, before: int) -> None:
        """Nobody asks for samples before this one any more. Some of them may stay a while: each call that lets some go
        copies the rest."""
        before = min(before, self.heard)
        if before - self._first > RATE:
            self._samples = self._samples[before - self._first :].copy()
            self._first = before
