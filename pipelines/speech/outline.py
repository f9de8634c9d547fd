"""A recording reduced to what a picture of it can show, read in blocks: its size does not depend on its length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.speech.decode import Samples, open_sound
from pipelines.speech.quality import FULL_SCALE

Columns = NDArray[np.float32]

#: Mel bands from 0 to 8 kHz, or to half the rate where that is less.
MELS: Final = 96
_TOP_HZ: Final = 8_000.0
_WINDOW_SECONDS: Final = 0.032
_LONGEST_HOP_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Waveform:
    """Columns of equal length, from the beginning to the end of a recording."""

    seconds: float
    least: Columns
    greatest: Columns
    rms: Columns
    clipped: NDArray[np.bool_]


@dataclass(frozen=True)
class MelSpectrogram:
    """Level of each mel band over time, [MELS, columns], in dB below the loudest moment of the loudest band."""

    seconds: float
    top_hz: float
    db: Columns


def read_waveform(path: Path, name: str, columns: int) -> Waveform:
    """The waveform of the mean of all channels, in at most ``columns`` columns.

    Raises:
        BadInput: there is no such file, or it is not sound that can be read.
    """
    frames, rate = _length(path, name)
    size = -(-frames // columns)
    least, greatest, power, full = (np.zeros(-(-frames // size), np.float32) for _ in range(4))
    for first, part in _cut(path, name, size):
        at = slice(first, first + len(part))
        least[at], greatest[at] = part.min(axis=1), part.max(axis=1)
        power[at] = np.mean(np.square(part), axis=1)
        full[at] = np.abs(part).max(axis=1) >= FULL_SCALE
    return Waveform(frames / rate, least, greatest, np.sqrt(power), full > 0)


def read_mel(path: Path, name: str, columns: int) -> MelSpectrogram:
    """The mel spectrogram of the mean of all channels, in at most ``columns`` columns.

    Raises:
        BadInput: there is no such file, or it is not sound that can be read.
    """
    import librosa

    frames, rate = _length(path, name)
    hop = max(1, min(-(-frames // columns), round(_LONGEST_HOP_SECONDS * rate)))
    hops = -(-frames // (hop * columns))
    window = round(_WINDOW_SECONDS * rate)
    top = min(_TOP_HZ, rate / 2)
    weights = librosa.filters.mel(sr=rate, n_fft=window, n_mels=MELS, fmax=top)
    power = np.zeros((-(-frames // (hop * hops)), MELS), np.float32)
    before = np.zeros(window, np.float32)
    for first, part in _cut(path, name, hop * hops):
        # Each hop is heard with what came before it; the half window by which that is late cannot be seen.
        heard = np.concatenate((before, part.reshape(-1)))
        before = heard[-window:]
        spectra = np.abs(librosa.stft(heard, n_fft=window, hop_length=hop, center=False)[:, 1:]) ** 2
        mels = (weights @ spectra).T[: len(part) * hops]
        power[first : first + len(part)] = mels.reshape(len(part), hops, MELS).mean(axis=1)
    loudest = max(float(power.max()), 1e-10)
    return MelSpectrogram(frames / rate, top, librosa.power_to_db(power.T, ref=loudest, amin=1e-10 * loudest))


def _length(path: Path, name: str) -> tuple[int, int]:
    """Samples of each channel, and their rate: counted, for headers may be wrong.

    Raises:
        BadInput: it holds none.
    """
    with open_sound(path, name) as sound:
        frames = sum(len(block) for block in sound.blocks())
        if not frames:
            raise BadInput(name, "holds no samples", "record or export it again")
        return frames, sound.rate


def _cut(path: Path, name: str, size: int) -> Iterator[tuple[int, Samples]]:
    """Mono samples, [n, size], with the number of the first row of each; the last row is filled up with zeros."""
    rest, row = np.empty(0, np.float32), 0
    with open_sound(path, name) as sound:
        for block in sound.blocks():
            mono = np.concatenate((rest, np.nan_to_num(block).mean(axis=1)))
            whole = len(mono) // size
            if whole:
                yield row, mono[: whole * size].reshape(whole, size)
            rest, row = mono[whole * size :], row + whole
    if len(rest):
        yield row, np.append(rest, np.zeros(size - len(rest), np.float32))[None]
