"""Recordings: what they are (hash, duration, damage) and how they sound to a recogniser (16 kHz mono float32)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np

from pipelines.errors import BadInput
from pipelines.records import Recording
from pipelines.speech.decode import Samples, Sound, open_sound

RATE: Final = 16_000
#: Beyond this a file is more likely a decompression bomb than a dictation, and would not fit in memory.
MAX_SECONDS: Final = 6 * 3600
#: A peak below -70 dBFS is a microphone that is muted, unplugged or set to nothing.
HEARING_THRESHOLD: Final = 10 ** (-70 / 20)
#: Codecs round their length to whole packets, so a header may promise this much more than there is.
_PACKET_SECONDS: Final = 0.1


class NothingToHear(BadInput):
    """A recording that can be read and holds only silence."""


@dataclass(frozen=True)
class Speech:
    """A recording made ready for a recogniser."""

    samples: Samples
    """Mono at 16 kHz, [n]. The level is as recorded."""
    warnings: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


class SamplesHash:
    """SHA-256 over rate and channel count (two little-endian 32-bit numbers) and the samples as interleaved
    little-endian float32, so that one sound in two lossless containers has one hash."""

    def __init__(self, rate: int, channels: int) -> None:
        self._digest = hashlib.sha256(struct.pack("<II", rate, channels))

    def add(self, block: Samples) -> None:
        """The next samples, [n, channels], as they are read from a file: 16-bit ones divided by 32,768."""
        self._digest.update(block.astype("<f4", copy=False).tobytes())

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def inspect_recording(
    path: Path, name: str, file_sha256: str, origin: Literal["file", "microphone", "api"]
) -> Recording:
    """Read a recording once and say what it is, without holding it. Its hash is a `SamplesHash`.

    Raises:
        BadInput: not readable as sound, no samples, or longer than six hours.
    """
    with open_sound(path, name) as sound:
        digest = SamplesHash(sound.rate, sound.channels)
        survey = _Survey(name, sound)
        for block in sound.blocks():
            digest.add(block)
            survey.add(block)
        survey.finish()
        return Recording(
            sha256=digest.hexdigest(),
            file_sha256=file_sha256,
            name=name,
            media_type=sound.media_type,
            rate=sound.rate,
            channels=sound.channels,
            seconds=survey.seconds,
            origin=origin,
            warnings=survey.warnings(),
        )


@dataclass(frozen=True)
class Survey:
    """What a pass over a recording tells of how to hear it."""

    rate: int
    frames: int
    weights: Samples
    """Of each channel, [channels], in the one that is heard."""
    warnings: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def survey_recording(path: Path, name: str) -> Survey:
    """Read a recording once to see what its channels carry.

    Raises:
        BadInput: as `inspect_recording`.
        NothingToHear: no sample is above -70 dBFS.
    """
    with open_sound(path, name) as sound:
        survey = _Survey(name, sound)
        for block in sound.blocks():
            survey.add(block)
        survey.finish()
    require_sound(survey.peak, name)
    return Survey(sound.rate, survey.frames, survey.mix(), survey.warnings())


def require_sound(peak: float, name: str) -> None:
    """Refuse a recording of silence.

    Raises:
        NothingToHear: its greatest sample is not above -70 dBFS.
    """
    if peak < HEARING_THRESHOLD:
        raise NothingToHear(
            name, "nothing to hear: no sample above -70 dBFS", "check the microphone and record it again"
        )


class Mixer:
    """Makes one 16 kHz channel of a recording as it comes in. The level stays as recorded.

    Args:
        rate: of the recording.
        weights: of its channels, [channels].
    """

    def __init__(self, rate: int, weights: Samples) -> None:
        import soxr

        self._weights = weights
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32")

    def mix(self, block: Samples) -> Samples:
        """One channel at the recording's own rate, [n], from the next block, [n, channels]."""
        return np.ascontiguousarray(_finite(block) @ self._weights)

    def resample(self, mono: Samples) -> Samples:
        """The 16 kHz samples that the next mixed samples, [n], make whole."""
        return self._resampled(mono, last=False)

    def finish(self) -> Samples:
        """What was held back."""
        return self._resampled(np.empty(0, np.float32), last=True)

    def _resampled(self, mono: Samples, *, last: bool) -> Samples:
        found: Samples = self._resampler.resample_chunk(mono, last=last)
        return found


def read_speech(path: Path, name: str) -> Speech:
    """Read a short recording as 16 kHz mono, all of it.

    Raises:
        BadInput: as `inspect_recording`.
        NothingToHear: no sample is above -70 dBFS.
    """
    survey = survey_recording(path, name)
    mixer = Mixer(survey.rate, survey.weights)
    with open_sound(path, name) as sound:
        parts = [mixer.resample(mixer.mix(block)) for block in sound.blocks()]
    return Speech(np.concatenate((*parts, mixer.finish())), survey.warnings)


@dataclass
class _Survey:
    """What one pass over the samples tells."""

    name: str
    sound: Sound
    frames: int = 0
    not_numbers: int = 0
    peak: float = 0.0
    _sums: np.ndarray = field(init=False)
    _squares: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        # One more column than channels: the plain mean, judged as a candidate like each channel.
        self._sums = np.zeros(self.sound.channels + 1)
        self._squares = np.zeros(self.sound.channels + 1)

    @property
    def seconds(self) -> float:
        return self.frames / self.sound.rate

    def add(self, block: Samples) -> None:
        self.frames += len(block)
        if self.seconds > MAX_SECONDS:
            raise BadInput(self.name, f"is longer than {MAX_SECONDS // 3600} hours", "split it into shorter recordings")
        finite = _finite(block)
        if finite is not block:
            self.not_numbers += int(np.size(block) - np.count_nonzero(np.isfinite(block)))
        self.peak = max(self.peak, float(np.abs(finite).max(initial=0.0)))
        channels = block.shape[1]
        columns = np.empty((channels + 1, len(block)))
        columns[:channels] = finite.T
        columns[channels] = columns[:channels].sum(axis=0) / channels
        self._sums += columns.sum(axis=1)
        self._squares += np.einsum("ij,ij->i", columns, columns)

    def finish(self) -> None:
        if self.frames == 0:
            raise BadInput(self.name, "holds no samples", "record or export it again")
        if self.not_numbers == self.frames * self.sound.channels:
            raise BadInput(self.name, "holds no sample that is a number", "record or export it again")

    def mix(self) -> Samples:
        """Weight of each channel. The mean, unless channels cancel in it or one of them carries nearly everything.

        Energies are taken about their means, so that an offset on a dead channel does not count as sound.
        """
        channels = self.sound.channels
        energy = self._squares / self.frames - np.square(self._sums / self.frames)
        each, mean = energy[:-1], energy[-1]
        loudest = int(np.argmax(each))
        cancelled = mean < each[loudest] / (4 * channels)
        alone = each[loudest] > 0.9 * each.sum()
        if cancelled or alone:
            weights = np.zeros(channels, np.float32)
            weights[loudest] = 1
            return weights
        return np.full(channels, 1 / channels, np.float32)

    def warnings(self) -> tuple[str, ...]:
        found = []
        promised = self.sound.promised
        exact = self.sound.media_type in ("audio/wav", "audio/flac")
        tolerance = 1 / self.sound.rate if exact else _PACKET_SECONDS
        if promised is not None and promised - self.seconds > tolerance:
            what = "damaged" if self.sound.damaged else "truncated"
            found.append(f"{what}: the header promises {promised:.1f} s, {self.seconds:.1f} s are there")
        elif self.sound.cut:
            found.append(f"truncated: the end is missing, {self.seconds:.1f} s are there")
        elif self.sound.damaged:
            found.append(f"damaged: parts could not be read, {self.seconds:.1f} s are there")
        if self.not_numbers:
            found.append(f"{self.not_numbers} samples were not numbers and are taken as silence")
        return tuple(found)


def _finite(block: Samples) -> Samples:
    """``block`` itself where every sample is a number, else a copy with the others set to zero."""
    if np.isfinite(block).all():
        return block
    return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
