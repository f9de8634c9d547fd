"""Whether a microphone is heard."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from assistant.microphone.devices import Device, Microphones
from assistant.microphone.meter import FLOOR_DB

_SILENT_DB: Final = -70.0
_QUIET_DB: Final = -38.0
_FULL_SCALE: Final = 32_767


@dataclass(frozen=True)
class Heard:
    rate: int
    channels: int
    seconds: float
    """Of sound that the device gave."""
    peak_db: float
    level_db: float
    clipped: int
    """Samples at full scale."""
    overflows: int

    @property
    def anything(self) -> bool:
        return self.seconds > 0 and self.peak_db > _SILENT_DB

    @property
    def verdict(self) -> str:
        if not self.seconds:
            return "it gives nothing: is it used by another program?"
        if not self.anything:
            return "silent: is it muted?"
        if self.clipped > 2:
            return "too loud: turn it down"
        if self.peak_db < _QUIET_DB:
            return "too quiet: come closer or turn it up"
        return "good"


def listen(microphones: Microphones, device: Device, seconds: float, wait: Callable[[float], None]) -> Heard:
    """Open a device for so many seconds.

    Raises:
        MicrophoneTaken: it does not let itself be opened.
    """
    import numpy as np

    blocks: list[bytes] = []
    overflows: list[None] = []
    stream = microphones.open(device, blocks.append, lambda: overflows.append(None))
    try:
        stream.start()
        wait(seconds)
    finally:
        stream.close()
    samples = np.frombuffer(b"".join(blocks), "<i2").astype(np.float64)
    size = np.abs(samples)

    def decibel(value: float) -> float:
        return max(FLOOR_DB, 20 * math.log10(value / _FULL_SCALE)) if value else FLOOR_DB

    return Heard(
        rate=stream.part.rate,
        channels=stream.part.channels,
        seconds=len(samples) / stream.part.channels / stream.part.rate,
        peak_db=decibel(float(size.max(initial=0.0))),
        level_db=decibel(float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0),
        clipped=int((size >= _FULL_SCALE).sum()),
        overflows=len(overflows),
    )
