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


def correct_level(samples: Samples) -> tuple[Samples, tuple[float, float]]:
    """Bring speech to a level that a recogniser hears well.

    Args:
        samples: mono at 16 kHz, [n], every sample a number.

    Returns:
        The corrected samples, [n], within [-1, 1], and the least and greatest gain in dB. Output up to a moment depends
        on nothing after it.
    """
    gains = _gains_db(_hop_levels_db(samples))
    out = np.empty_like(samples)
    for first in range(0, len(gains) - 1, _HOPS_PER_BLOCK):
        ends = gains[first : first + _HOPS_PER_BLOCK + 1]
        start = first * HOP
        part = samples[start : start + (len(ends) - 1) * HOP]
        ramp = np.interp(np.arange(1, len(part) + 1) / HOP, np.arange(len(ends)), ends)
        out[start : start + len(part)] = _limit(part.astype(np.float64) * np.power(10.0, ramp / 20))
    return out, (float(gains.min()), float(gains.max()))


def _hop_levels_db(samples: Samples) -> NDArray[np.float64]:
    """RMS level of every whole hop, in dBFS."""
    hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    power = np.empty(len(hops))
    for first in range(0, len(hops), _HOPS_PER_BLOCK):
        part = hops[first : first + _HOPS_PER_BLOCK].astype(np.float64)
        power[first : first + len(part)] = np.einsum("ij,ij->i", part, part) / HOP
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (_SILENCE_DB / 10)))
    return levels


def _gains_db(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain at every hop's edge, [hops + 2]: hop k ramps from entry k to entry k + 1, which know hops before k only."""
    gains = np.zeros(len(levels) + 2)
    recent: deque[tuple[int, float]] = deque()
    speech: float | None = None
    gain = 0.0
    for hop, level in enumerate(levels.tolist()):
        while recent and recent[-1][1] >= level:
            recent.pop()
        recent.append((hop, level))
        if recent[0][0] <= hop - _FLOOR_HOPS:
            recent.popleft()
        floor = recent[0][1]
        if level > floor + _ACTIVE_ABOVE_FLOOR_DB or level > LOUD_DB:
            speech = level if speech is None else max(level, speech - _RELEASE_DB_PER_HOP)
        gain = _next_gain(gain, speech, floor)
        gains[hop + 2] = gain
    return gains


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
