"""Whether a microphone is heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.microphone.devices import Device, Microphones
from assistant.microphone.meter import FULL_SCALE, QUIET_PEAK_DB, SILENT_DB, decibel


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
        return self.seconds > 0 and self.peak_db > SILENT_DB

    @property
    def verdict(self) -> str:
        if not self.seconds:
            return "it gives nothing: is it used by another program?"
        if not self.anything:
            return "silent: is it muted?"
        if self.clipped > 2:
            return "too loud: turn it down"
        if self.peak_db < QUIET_PEAK_DB:
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

    return Heard(
        rate=stream.part.rate,
        channels=stream.part.channels,
        seconds=len(samples) / stream.part.channels / stream.part.rate,
        peak_db=decibel(float(size.max(initial=0.0))),
        level_db=decibel(float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0),
        clipped=int((size >= FULL_SCALE).sum()),
        overflows=len(overflows),
    )
