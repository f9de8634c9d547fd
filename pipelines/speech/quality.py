"""What a recording sounds like, measured while it comes in, at its own rate and level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Quality
from pipelines.speech.decode import Samples

#: Below this there is nothing: digital silence, or the last bit.
FLOOR_DB: Final = -120.0
#: From here on a sample is at full scale, in 16 bits and in floats that were 16 bits.
FULL_SCALE: Final = 0.999
#: So many samples at full scale one after the other are a wave that was cut off; fewer may be its peak.
_CUT_OFF: Final = 3
_FRAMES_PER_SECOND: Final = 50
#: The spectrum is looked at in moments of a tenth of a second.
_FRAMES_PER_MOMENT: Final = 5
#: Width of the bands in which the spectrum is kept.
_BAND_HZ: Final = 250.0
#: A band holds next to nothing when its loud moments stay so far below those of the loudest band, or when they hardly
#: rise above its quiet ones: then it holds noise.
_NOTHING_DB: Final = 50.0
_NOISE_DB: Final = 10.0

#: Level correction, which adds at most 30 dB, no longer brings such speech up to where it leaves others alone.
QUIET_DB: Final = -60.0
MOST_CLIPPED: Final = 0.001
LEAST_ABOVE_NOISE_DB: Final = 15.0
#: Wide-band speech reaches beyond 7 kHz; a telephone's ends at 3.4 to 4, and softly at 4.75.
NARROW_HZ: Final = 5_000.0

Levels = NDArray[np.float64]


class QualityMeter:
    """Listens to one recording, mono, in pieces of any length; how it was cut makes no difference.

    Keeps 50 levels and two coarse spectra of each second: 10 MB of three hours.

    Args:
        rate: of the samples, which are as they were captured: neither resampled nor corrected in level.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frame = max(1, rate // _FRAMES_PER_SECOND)
        self._second = np.empty(self._frame * _FRAMES_PER_SECOND, np.float32)
        self._filled = 0
        self._heard = 0
        self._peak = 0.0
        self._run = 0
        """Samples at full scale up to now, without a break."""
        self._cut_off = 0
        self._powers: list[NDArray[np.float32]] = []
        """Of each second: mean square of its frames, [50]."""
        self._spectra: list[NDArray[np.float32]] = []
        """Of each second: the greatest and the least power of each band, [2, bands]."""
        self._window = np.hanning(self._frame).astype(np.float32)
        self._size = 1 << (self._frame - 1).bit_length()
        frequencies = np.fft.rfftfreq(self._size, 1 / rate)
        self._edges = np.searchsorted(frequencies, np.arange(0, rate / 2, _BAND_HZ))

    def hear(self, samples: Samples) -> None:
        """Take in the next samples, [n], full scale 1."""
        if not len(samples):
            return
        self._peak = max(self._peak, float(np.max(samples)), -float(np.min(samples)))
        self._count_cut_off(samples)
        self._heard += len(samples)
        start = 0
        while start < len(samples):
            part = samples[start : start + len(self._second) - self._filled]
            self._second[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            start += len(part)
            if self._filled == len(self._second):
                self._measure(self._second)
                self._filled = 0

    def finish(self, speech: Sequence[tuple[float, float]]) -> Quality:
        """Nothing more comes.

        Args:
            speech: where somebody speaks, in seconds, in order.
        """
        rest = self._second[: self._filled // self._frame * self._frame]
        if len(rest):
            self._measure(rest)
            self._filled = 0
        powers = np.concatenate(self._powers or [np.empty(0, np.float32)]).astype(np.float64)
        times = (np.arange(len(powers)) + 0.5) * self._frame / self._rate
        spoken = within(times, speech)
        return Quality(
            peak_db=round(_db(self._peak**2), 1),
            speech_db=round(_db(powers[spoken].mean()), 1) if spoken.any() else None,
            noise_db=round(_db(_quietest_tenth(powers)), 1) if len(powers) else None,
            clipped=self._cut_off / self._heard if self._heard else 0.0,
            band_hz=self._band(speech),
            speech_seconds=round(sum(last - first for first, last in speech), 2),
        )

    def _count_cut_off(self, samples: Samples) -> None:
        full = np.abs(samples) >= FULL_SCALE
        if not full.any():
            self._run = 0
            return
        # Where runs begin and end, with the run that goes on from before put in front.
        marked = np.concatenate((np.ones(self._run, bool), full, [False]))
        turns = np.flatnonzero(np.diff(marked, prepend=False))
        lengths = turns[1::2] - turns[::2]
        before = self._run if self._run >= _CUT_OFF else 0
        self._cut_off += int(lengths[lengths >= _CUT_OFF].sum()) - before
        self._run = int(lengths[-1]) if full[-1] else 0

    def _measure(self, samples: NDArray[np.float32]) -> None:
        frames = samples.reshape(-1, self._frame)
        self._powers.append(np.einsum("ij,ij->i", frames, frames) / np.float32(self._frame))
        power = np.abs(np.fft.rfft(frames * self._window, self._size)) ** 2
        bands = np.add.reduceat(power, self._edges, axis=1)
        moments = bands[: len(bands) // _FRAMES_PER_MOMENT * _FRAMES_PER_MOMENT]
        if len(moments):
            means = moments.reshape(-1, _FRAMES_PER_MOMENT, len(self._edges)).mean(axis=1)
            self._spectra.append(np.stack((means.max(axis=0), means.min(axis=0))).astype(np.float32))

    def _band(self, speech: Sequence[tuple[float, float]]) -> float | None:
        """Upper edge of the highest band that holds something while somebody speaks."""
        spectra = np.asarray(self._spectra)
        seconds = (np.arange(len(spectra)) + 0.5) * len(self._second) / self._rate
        spoken = within(seconds, [(first - 0.5, last + 0.5) for first, last in speech])
        if not spoken.any():
            return None
        loud, quiet = np.quantile(spectra[spoken, 0], 0.9, axis=0), np.median(spectra[:, 1], axis=0)
        least = np.maximum(loud.max() * 10 ** (-_NOTHING_DB / 10), quiet * 10 ** (_NOISE_DB / 10))
        held = np.flatnonzero((loud > least) & (loud > 0))
        return float(min(self._rate / 2, (held[-1] + 1) * _BAND_HZ)) if len(held) else None


def within(times: Levels, spans: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which of the times, in order, lie in one of the spans, [times]."""
    inside = np.zeros(len(times), bool)
    for first, last in spans:
        inside[np.searchsorted(times, first) : np.searchsorted(times, last)] = True
    return inside


def _quietest_tenth(powers: Levels) -> float:
    count = max(1, len(powers) // 10)
    return float(np.partition(powers, count - 1)[:count].mean())


def _db(power: float) -> float:
    return max(FLOOR_DB, 10 * float(np.log10(max(power, 1e-12))))


def quality_warnings(quality: Quality) -> tuple[str, ...]:
    """What will cost words, and what to do about it: one line each."""
    found = []
    noise, speech = quality.noise_db, quality.speech_db
    above = None if noise is None or speech is None else speech - noise
    if speech is not None and speech < QUIET_DB:
        found.append(f"too quiet: speech at {speech:.0f} dBFS; move closer to the microphone or turn it up")
    if quality.clipped > MOST_CLIPPED:
        share = f"{100 * quality.clipped:.1f} % of the samples"
        found.append(f"clipped: {share} are cut off at full scale; turn the microphone down")
    if above is not None and above < LEAST_ABOVE_NOISE_DB:
        found.append(f"noisy: speech only {above:.0f} dB above the noise; find a quieter place or move closer")
    elif quality.band_hz is not None and quality.band_hz < NARROW_HZ:
        found.append(
            f"telephone sound: nothing above {quality.band_hz / 1000:.1f} kHz; use another microphone, or a headset "
            "that is not in its telephone mode"
        )
    return tuple(found)
