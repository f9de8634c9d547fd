"""Twenty-second windows over a recording, cut as MedASR is meant to be fed.

Each window begins sixteen seconds after the one before it, so that two seconds of every window, on either side, are
heard by a neighbour that has them further from its edge. The cut is that of transformers' own pipeline with
``chunk_length_s=20, stride_length_s=2``: windows start on whole logit rows, so that the rows of neighbours are at the
same moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples

ROW: Final = 640
"""Samples from one logit row to the next: 10 ms of hop, subsampled by four."""
#: What one row hears (13 spectral frames of 400 samples, 160 apart): fewer samples give no row at all.
FIELD: Final = 2_320
WINDOW: Final = 20 * RATE
OVERLAP: Final = 2 * RATE
STEP: Final = WINDOW - 2 * OVERLAP


@dataclass(frozen=True)
class Window:
    """Samples ``first`` to ``last`` are heard at once."""

    first: int
    last: int

    @property
    def first_row(self) -> int:
        """Which row of the whole recording the window's first row is."""
        return self.first // ROW

    @property
    def next_row(self) -> int:
        """The first row of the next window, if there is one."""
        return (self.first + STEP) // ROW


def rows(samples: int) -> int:
    """How many logit rows so many samples give at once: 400-sample frames 160 apart, then twice five wide by two."""
    frames = (samples - 400) // 160 + 1
    for _ in range(2):
        frames = (frames - 5) // 2 + 1
    return max(0, frames)


class Windows:
    """Cuts a recording of any length into windows as it comes in; holds the samples of one window at most."""

    def __init__(self) -> None:
        self.first = 0
        """Where the next window begins."""
        self.heard = 0
        """Samples taken in."""
        self._reached = 0
        """Where the last window ended."""
        self._parts: list[Samples] = []

    def hear(self, samples: Samples) -> Iterator[tuple[Window, Samples]]:
        """Take in the next samples, [n]; every window that they complete, with its samples."""
        self._parts.append(samples)
        self.heard += len(samples)
        while self.heard >= self.first + WINDOW:
            held = self.held()
            window = Window(self.first, self.first + WINDOW)
            # A copy, so that what was handed in is let go.
            self._parts = [held[STEP:].copy()]
            self.first, self._reached = self.first + STEP, window.last
            yield window, held[:WINDOW]

    def held(self) -> Samples:
        """The samples from `first` on."""
        self._parts = [np.concatenate(self._parts)] if self._parts else [np.empty(0, np.float32)]
        return self._parts[0]

    def finish(self) -> tuple[Window, Samples] | None:
        """The last window, of more than four seconds or the only one; None where the one before heard everything."""
        if self.heard == self._reached:
            return None
        return Window(self.first, self.heard), self.held()


def row_span(row: int) -> tuple[int, int]:
    """The samples that a row of the whole recording stands for: one row's worth about the middle of what it hears."""
    start = row * ROW + (FIELD - ROW) // 2
    return start, start + ROW
