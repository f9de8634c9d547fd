"""Sounds in which nobody speaks: silence, noise, hum, and music without voices. All from fixed seeds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.decode import Samples

RATE: Final = 16_000
Sound = NDArray[np.float64]


def at_level(sound: Sound, level_db: float) -> Samples:
    """The sound at an RMS of ``level_db`` dBFS, cut off at full scale as a converter would."""
    rms = np.sqrt(np.mean(np.square(sound)))
    return np.clip(sound * (10 ** (level_db / 20) / rms), -1, 1).astype(np.float32)


def noise(seconds: float, slope_db: float, seed: int = 1) -> Sound:
    """Noise whose power falls by ``slope_db`` for each octave: 0 is white, 3 pink, 6 brown. Nothing below 20 Hz."""
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    shape = np.where(frequency < 20, 0, np.maximum(frequency, 20) ** (-slope_db / (20 * np.log10(2))))
    return np.fft.irfft(spectrum * shape, count)


def hum(seconds: float, mains: float, seed: int = 2) -> Sound:
    """Mains hum with its harmonics, slightly unsteady as mains are."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    drift = np.interp(
        time, np.arange(0, seconds + 1), np.cumsum(rng.normal(0, 0.01, int(seconds) + 2))[: int(seconds) + 1]
    )
    phase = 2 * np.pi * np.cumsum(mains + drift) / RATE
    sound = np.zeros_like(time)
    for harmonic in range(1, 21):
        sound += rng.uniform(0.3, 1) / harmonic * np.sin(harmonic * phase + rng.uniform(0, 6))
    return sound


_SCALE: Final = (0, 2, 3, 5, 7, 8, 10)


def music(seconds: float, seed: int = 3) -> Sound:
    """A band without a singer: chords, an arpeggio, a bass and drums, in a minor key, a new chord every bar."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    sound = np.zeros(count + 4 * RATE)
    beat = 60 / 96
    for bar in range(int(seconds / (4 * beat)) + 1):
        root = int(rng.choice(_SCALE))
        start = bar * 4 * beat
        chord = [_degree(root, step) for step in (0, 2, 4)]
        for note in chord:
            _add(sound, start, _tone(48 + note, 4 * beat, attack=0.08, partials=8, bright=1.6))
        _add(sound, start, 1.5 * _tone(36 + chord[0], 2 * beat, attack=0.01, partials=4, bright=1.2))
        for eighth in range(8):
            _add(sound, start + eighth * beat / 2, 0.8 * _plucked(60 + chord[eighth % 3], beat, rng))
        for step in range(4):
            _add(sound, start + step * beat, _drum(rng) if step % 2 == 0 else _snare(rng))
    return sound[:count]


def arpeggio(seconds: float, seed: int = 4) -> Sound:
    """Plucked strings alone."""
    rng = np.random.default_rng(seed)
    strings: dict[int, Sound] = {}
    sound = np.zeros(int(seconds * RATE) + 4 * RATE)
    for step in range(int(seconds / 0.18)):
        note = 52 + _SCALE[int(rng.integers(0, 7))] + 12 * int(rng.integers(0, 2))
        if note not in strings:
            strings[note] = _plucked(note, 1.2, rng)
        _add(sound, step * 0.18, rng.uniform(0.5, 1) * strings[note])
    return sound[: int(seconds * RATE)]


def chords(seconds: float, seed: int = 5) -> Sound:
    """A slow organ, with vibrato."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * RATE) + 8 * RATE)
    for start in np.arange(0, seconds, 2.0):
        root = int(rng.choice(_SCALE))
        for step in (0, 2, 4, 7):
            _add(
                sound, start, _tone(48 + _degree(root, step), 2.2, attack=0.05, partials=12, bright=1.1, vibrato=0.004)
            )
    return sound[: int(seconds * RATE)]


def drums(seconds: float, seed: int = 6) -> Sound:
    """A drum kit alone."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * RATE) + RATE)
    for step in range(int(seconds / 0.15)):
        hit = {0: _drum, 4: _snare}.get(step % 8, _hat)
        _add(sound, step * 0.15, rng.uniform(0.5, 1) * hit(rng))
    return sound[: int(seconds * RATE)]


def _degree(root: int, step: int) -> int:
    """The note, in semitones above the key, ``step`` places of the scale above ``root``."""
    place = _SCALE.index(root) + step
    return _SCALE[place % 7] + 12 * (place // 7)


def _add(sound: Sound, seconds: float, part: Sound) -> None:
    start = int(seconds * RATE)
    part = part[: len(sound) - start]
    sound[start : start + len(part)] += part


def _hertz(note: int) -> float:
    return 440 * 2 ** ((note - 69) / 12)


def _tone(note: int, seconds: float, attack: float, partials: int, bright: float, vibrato: float = 0.0) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = _hertz(note) * (1 + vibrato * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    tone = sum(np.sin(k * phase) / k**bright for k in range(1, partials + 1) if k * _hertz(note) < RATE / 2)
    return np.asarray(tone) * np.minimum(1, time / attack) * np.minimum(1, (seconds - time) / 0.1)


def _plucked(note: int, seconds: float, rng: np.random.Generator) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    tone = sum(
        np.sin(2 * np.pi * k * _hertz(note) * time + rng.uniform(0, 6)) / k * np.exp(-time * (2 + k))
        for k in range(1, 10)
        if k * _hertz(note) < RATE / 2
    )
    return np.asarray(tone) * np.minimum(1, time / 0.003)


def _drum(rng: np.random.Generator) -> Sound:
    time = np.arange(int(0.25 * RATE)) / RATE
    return 3 * np.sin(2 * np.pi * (50 * time + 6 * (1 - np.exp(-time * 30)))) * np.exp(-time * 14)


def _snare(rng: np.random.Generator) -> Sound:
    time = np.arange(int(0.2 * RATE)) / RATE
    return (rng.standard_normal(len(time)) + np.sin(2 * np.pi * 190 * time)) * np.exp(-time * 25)


def _hat(rng: np.random.Generator) -> Sound:
    time = np.arange(int(0.06 * RATE)) / RATE
    return 0.4 * np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-time * 70)
