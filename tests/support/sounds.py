"""Sounds made on the spot: not speech, but not silence either."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def write_tone(path: Path, seconds: float, rate: int = 16000, channels: int = 1, level: float = 0.3) -> Path:
    """A tone whose pitch is set by its length, so that files of different length hold different samples."""
    time = np.arange(round(seconds * rate)) / rate
    tone = level * np.sin(2 * np.pi * (200 + 10 * seconds) * time)
    soundfile.write(path, np.repeat(tone[:, None], channels, axis=1), rate)
    return path
