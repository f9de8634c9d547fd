"""A quick look at the sound that no full window has heard yet, for somebody who watches the text appear."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.speech.audio import RATE
from pipelines.speech.network import Network
from pipelines.speech.posteriors import Posteriors, softmax
from pipelines.speech.windows import FIELD, ROW, WINDOW, Windows

#: Heard again before what is new, so that it is heard in context.
_BEFORE_ROWS: Final = 2 * RATE // ROW
#: The newest second has nothing after it yet: it is heard again with the next look.
_FRESH_ROWS: Final = RATE // ROW


class Glance:
    """Hears a few seconds per look, however long ago the last full window was."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: list[Posteriors] = []
        """Rows that were looked at before, one array each."""
        self._first = 0
        """The row of the recording that the first of them is."""

    def reaches(self, windows: Windows, first_row: int) -> bool:
        """Whether everything from the row ``first_row`` on is known or can be heard now."""
        self._forget_before(first_row)
        return self._first + len(self._known) >= windows.first // ROW

    def ahead(self, windows: Windows, first_row: int) -> Posteriors:
        """Posteriors from the row ``first_row`` to the end of what was heard, [rows, ids]."""
        held = windows.held()
        self._forget_before(first_row)
        known = self._first + len(self._known)
        while True:
            start = max(windows.first // ROW, known - _BEFORE_ROWS)
            part = held[start * ROW - windows.first :][:WINDOW]
            if len(part) < FIELD:
                fresh: Posteriors = np.empty((0, 0), np.float32)
                break
            fresh = softmax(self._network.logits(part))[known - start :]
            reached_end = start * ROW - windows.first + len(part) == len(held)
            keep = max(0, len(fresh) - _FRESH_ROWS)
            self._known += list(fresh[:keep])
            known += keep
            fresh = fresh[keep:]
            if reached_end or not keep:
                break
        rows = [*self._known, *fresh]
        return np.stack(rows) if rows else np.empty((0, 0), np.float32)

    def _forget_before(self, row: int) -> None:
        if row > self._first:
            del self._known[: row - self._first]
            self._first = row
