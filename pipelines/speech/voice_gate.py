"""Where nobody speaks there are no words, whatever a recogniser makes of the hum."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.speech.audio import RATE
from pipelines.speech.posteriors import Posteriors
from pipelines.speech.voice import WINDOW as VOICE_WINDOW
from pipelines.speech.voice import VoiceStream, voiced_rows
from pipelines.speech.windows import ROW, row_span

#: Words this far from any voice are none; soft beginnings and endings lie well within.
MARGIN_SECONDS: Final = 1.0
#: Rows and voice windows begin together every so many rows (2,560 samples, five windows).
_TOGETHER: Final = 4
#: Sounds closer together than this, in rows, are told as one.
_NEAR_ROWS: Final = 50


class VoiceGate:
    """Sets the posteriors of rows far from any voice to blank, and remembers where that took a word away.

    Args:
        voice: has heard ``margin_seconds`` more than the rows that are asked about, or all.
        margin_seconds: how far is far; None lets everything through.
    """

    def __init__(self, voice: VoiceStream, margin_seconds: float | None = MARGIN_SECONDS) -> None:
        self._voice = voice
        self._margin = margin_seconds
        self._shut: list[list[int]] = []

    def through(self, posteriors: Posteriors, first_row: int, blank: int, *, remember: bool = True) -> Posteriors:
        """Rows from ``first_row`` of the recording on, [rows, ids], with those far from any voice blank."""
        if self._margin is None:
            return posteriors
        base = max(0, first_row - 1 - round(self._margin * RATE) // ROW) // _TOGETHER * _TOGETHER
        probabilities = self._voice.probabilities[base * ROW // VOICE_WINDOW :]
        count = first_row - base + len(posteriors)
        # A row hears 2,320 samples, of which it stands for the middle: the margin covers the rest.
        shut = ~voiced_rows(probabilities, count, row_samples=ROW, margin_seconds=self._margin)[first_row - base :]
        if not shut.any():
            return posteriors
        if remember:
            self._remember(np.flatnonzero(shut & (posteriors.argmax(axis=1) != blank)) + first_row)
        gated = posteriors.copy()
        gated[shut] = 0
        gated[shut, blank] = 1
        return gated

    def warnings(self) -> tuple[str, ...]:
        """Where sounds without a voice were left out."""
        return tuple(
            f"sounds without a voice between {row_span(first)[0] / RATE:.1f} s and {row_span(last)[1] / RATE:.1f} s "
            "are not taken as words: listen again"
            for first, last in self._shut
        )

    def _remember(self, rows: np.ndarray) -> None:
        for row in rows.tolist():
            if self._shut and row - self._shut[-1][1] <= _NEAR_ROWS:
                self._shut[-1][1] = row
            else:
                self._shut.append([row, row])
