"""How loud it is, from moment to moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from assistant.microphone.sounding import Block

#: As quiet as it is shown.
FLOOR_DB: Final = -90.0
_SILENT_DB: Final = -70.0
_FULL_SCALE: Final = 32_767


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
        self.peak_db = _decibel(peak)
        self.level_db = _decibel(float(np.sqrt(np.mean(np.square(block.astype(np.float64))))))
        full = sound >= _FULL_SCALE
        self.clipped = bool((full[2:] & full[1:-1] & full[:-2]).any())
        self.silent_seconds = 0.0 if self.peak_db > _SILENT_DB else self.silent_seconds + len(block) / self._rate


def _decibel(value: Any) -> float:
    import math

    return max(FLOOR_DB, 20 * math.log10(value / _FULL_SCALE)) if value else FLOOR_DB
