"""The windows of a recording of known length, told without cutting anything: what `Windows` must come to."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.speech.windows import STEP, WINDOW, Window


def windows(samples: int) -> Iterator[Window]:
    """Windows over so many samples."""
    for first in range(0, samples, STEP):
        last = min(first + WINDOW, samples)
        yield Window(first, last)
        if last == samples:
            return
