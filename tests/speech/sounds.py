"""Sound files for tests: a tone in any container, made where the test needs it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import soundfile as sf

from pipelines.speech.decode import Samples


def tone(rate: int = 48_000, channels: int = 1, seconds: float = 1.5, peak: float = 0.3) -> Samples:
    """A rising tone, [n, channels], equal in all channels."""
    moments = np.arange(int(rate * seconds)) / rate
    wave = peak * np.sin(2 * np.pi * (300 + 100 * moments) * moments)
    return np.tile(wave.astype(np.float32)[:, None], (1, channels))


def write(
    path: Path, samples: Samples, rate: int = 48_000, subtype: str | None = None, kind: str | None = None
) -> Path:
    """Through libsndfile; ``kind`` where the name must not tell it."""
    sf.write(path, samples, rate, subtype=subtype, format=kind)
    return path


def write_coded(path: Path, samples: Samples, codec: str, rate: int = 48_000) -> Path:
    """Through libav, stereo."""
    with av.open(str(path), "w") as media:
        stream = media.add_stream(codec, rate=rate, layout="stereo")
        for start in range(0, len(samples), 960):
            block = np.ascontiguousarray(samples[start : start + 960].T)
            resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=rate)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            for part in resampler.resample(frame):
                media.mux(stream.encode(part))
        media.mux(stream.encode(None))
    return path


def shortened(path: Path, share: float) -> Path:
    """The first ``share`` of the file's bytes, under the same name."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
