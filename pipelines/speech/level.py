"""Level correction that could run live: quiet speech comes up, over-loud speech comes down, from past samples only."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.decode import Samples

HOP: Final = 160
"""Samples per decision: 10 ms at 16 kHz. The gain of a hop is decided by the hops before it."""

MAX_GAIN_DB: Final = 30.0
#: Speech between these levels (dBFS of one hop) is left as it is: recognisers do not mind, listeners hear the original.
QUIET_DB: Final = -30.0
LOUD_DB: Final = -10.0
#: A pause is never brought up beyond this, so that room noise does not become sound.
NOISE_CEILING_DB: Final = -50.0
#: How far above the noise floor a hop counts as speech.
_ACTIVE_ABOVE_FLOOR_DB: Final = 9.0
_FLOOR_HOPS: Final = 200
_RISE_DB_PER_HOP: Final = 0.6
_RELEASE_DB_PER_HOP: Final = 0.05
_SILENCE_DB: Final = -120.0
#: Above this the curve bends so that no output exceeds full scale.
_KNEE: Final = 0.8
_HOPS_PER_BLOCK: Final = 6_000


class LevelCorrector:
    """Brings speech to a level that a recogniser hears well, as it comes in. Output up to a moment depends on nothing
    after it, and not on how the sound was cut into blocks."""

    def __init__(self) -> None:
        self.gain_db = (0.0, 0.0)
        """Least and greatest gain so far."""
        self._rest = np.empty(0, np.float32)
        self._hop = 0
        self._recent: deque[tuple[int, float]] = deque()
        self._speech: float | None = None
        self._gain = 0.0
        self._edges = (0.0, 0.0)
        """Gain at the beginning and at the end of the next hop: they know the hops before it only."""

    def hear(self, samples: Samples) -> Samples:
        """Correct the next samples: mono at 16 kHz, [n], every one a number. Up to a hop is held back."""
        whole = np.concatenate((self._rest, samples))
        end = len(whole) // HOP * HOP
        self._rest = whole[end:]
        return np.concatenate(
            [
                self._correct(whole[start : min(start + _HOPS_PER_BLOCK * HOP, end)])
                for start in range(0, end, _HOPS_PER_BLOCK * HOP)
            ]
            or [self._rest[:0]]
        )

    def finish(self) -> Samples:
        """What was held back."""
        rest, self._rest = self._rest, self._rest[:0]
        return self._limited(rest, np.array([self._edges]))[: len(rest)]

    def _correct(self, samples: Samples) -> Samples:
        hops = samples.reshape(-1, HOP).astype(np.float64)
        power = np.einsum("ij,ij->i", hops, hops) / HOP
        edges = np.empty((len(hops), 2))
        for index, level in enumerate(10 * np.log10(np.maximum(power, 10 ** (_SILENCE_DB / 10)))):
            edges[index] = self._edges
            self._edges = (self._edges[1], self._gain_after(float(level)))
        return self._limited(samples, edges)

    def _limited(self, samples: Samples, edges: NDArray[np.float64]) -> Samples:
        """``samples``, [n], at most HOP for each of ``edges``, [hops, 2], under gains that go from edge to edge."""
        ramps = edges[:, :1] + (edges[:, 1:] - edges[:, :1]) * (np.arange(1, HOP + 1) / HOP)
        out = _limit(samples.astype(np.float64) * np.power(10.0, ramps.reshape(-1)[: len(samples)] / 20))
        return out.astype(np.float32)

    def _gain_after(self, level: float) -> float:
        """The gain once a hop of this level (dBFS) was heard."""
        recent = self._recent
        while recent and recent[-1][1] >= level:
            recent.pop()
        recent.append((self._hop, level))
        if recent[0][0] <= self._hop - _FLOOR_HOPS:
            recent.popleft()
        self._hop += 1
        floor = recent[0][1]
        if level > floor + _ACTIVE_ABOVE_FLOOR_DB or level > LOUD_DB:
            self._speech = level if self._speech is None else max(level, self._speech - _RELEASE_DB_PER_HOP)
        self._gain = _next_gain(self._gain, self._speech, floor)
        self.gain_db = (min(self.gain_db[0], self._gain), max(self.gain_db[1], self._gain))
        return self._gain


def correct_level(samples: Samples) -> tuple[Samples, tuple[float, float]]:
    """A whole recording through a `LevelCorrector`: corrected samples, [n], and least and greatest gain in dB."""
    corrector = LevelCorrector()
    corrected = np.concatenate((corrector.hear(samples), corrector.finish()))
    return corrected, corrector.gain_db


def _next_gain(gain: float, speech: float | None, floor: float) -> float:
    """One step towards the gain that ``speech`` needs: down at once, up slowly, never lifting the floor into sound."""
    wanted = 0.0
    if speech is not None and speech < QUIET_DB:
        wanted = min(QUIET_DB - speech, MAX_GAIN_DB, max(0.0, NOISE_CEILING_DB - floor))
    elif speech is not None and speech > LOUD_DB:
        wanted = LOUD_DB - speech
    return min(wanted, gain + _RISE_DB_PER_HOP)


def _limit(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.abs(signal)
    bent = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
    return np.where(size > _KNEE, np.copysign(bent, signal), signal)
