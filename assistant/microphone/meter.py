"""How loud it is, from moment to moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from assistant.microphone.sounding import Block

FULL_SCALE: Final = 32_767
#: As quiet as it is shown.
FLOOR_DB: Final = -90.0
#: Nothing above this: the device gives no sound.
SILENT_DB: Final = -70.0
#: Speech that never comes above this is too quiet.
QUIET_PEAK_DB: Final = -38.0


class Meter:
    """Level of the last block of int16 samples, [n, channels], in dB of full scale."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.level_db = FLOOR_DB
        self.peak_db = FLOOR_DB
        self.clipped = False
        """Whether the last block had several samples in a row at full scale."""
        self.silent_seconds = 0.0
        """Since the last sample above -70 dBFS."""

    def hear(self, block: Block) -> None:
        import numpy as np

        sound = np.abs(block.astype(np.int32)).max(axis=1)
        peak = int(sound.max(initial=0))
        self.peak_db = decibel(peak)
        self.level_db = decibel(float(np.sqrt(np.mean(np.square(block.astype(np.float64))))))
        full = sound >= FULL_SCALE
        self.clipped = bool((full[2:] & full[1:-1] & full[:-2]).any())
        self.silent_seconds = 0.0 if self.peak_db > SILENT_DB else self.silent_seconds + len(block) / self._rate


def decibel(value: float) -> float:
    """Of full scale; ``value`` as in int16 samples."""
    return max(FLOOR_DB, 20 * math.log10(value / FULL_SCALE)) if value else FLOOR_DB
