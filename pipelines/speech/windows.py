"""Twenty-second windows over a recording, cut as MedASR is meant to be fed, and the logit rows that each one gives.

A window hears two seconds more on either side than is kept of it. The cut is that of transformers' own pipeline with
``chunk_length_s=20, stride_length_s=2``: windows start on whole logit rows, so the rows that are kept of all windows
are, in number and in time, the rows that the whole recording would give at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipelines.speech.audio import RATE

ROW: Final = 640
"""Samples from one logit row to the next: 10 ms of hop, subsampled by four."""
#: What one row hears (13 spectral frames of 400 samples, 160 apart): fewer samples give no row at all.
FIELD: Final = 2_320
WINDOW: Final = 20 * RATE
OVERLAP: Final = 2 * RATE
_STEP: Final = WINDOW - 2 * OVERLAP


@dataclass(frozen=True)
class Window:
    """Samples ``first`` to ``last`` are heard; of their logit rows ``keep_from`` to ``keep_to`` are kept."""

    first: int
    last: int
    keep_from: int
    keep_to: int

    @property
    def first_row(self) -> int:
        """Which row of the whole recording the first kept row is."""
        return self.first // ROW + self.keep_from


def rows(samples: int) -> int:
    """How many logit rows so many samples give at once: 400-sample frames 160 apart, then twice five wide by two."""
    frames = (samples - 400) // 160 + 1
    for _ in range(2):
        frames = (frames - 5) // 2 + 1
    return max(0, frames)


def windows(samples: int) -> Iterator[Window]:
    """Cut a recording of so many samples, at least ``FIELD``. The last window is longer than four seconds."""
    for first in range(0, samples, _STEP):
        last = min(first + WINDOW, samples)
        keep_from = OVERLAP // ROW if first else 0
        if last == samples:
            yield Window(first, last, keep_from, rows(last - first))
            return
        yield Window(first, last, keep_from, (WINDOW - OVERLAP) // ROW)


def row_span(row: int) -> tuple[int, int]:
    """The samples that a row of the whole recording stands for: one row's worth about the middle of what it hears."""
    start = row * ROW + (FIELD - ROW) // 2
    return start, start + ROW
