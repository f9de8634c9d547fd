"""Follows a take for whoever speaks: how long it is, how loud, and whether that is as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistant.microphone.follower import Follower
from assistant.microphone.meter import QUIET_PEAK_DB, Meter
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import Spool

if TYPE_CHECKING:
    from assistant.microphone.sounding import Block

#: The peak of so many seconds is what counts.
_LOOK_BACK_SECONDS: Final = 5.0
_CLIPPING_SECONDS: Final = 2.0


class Watch:
    """Not for several threads at once."""

    def __init__(self, spool: Spool) -> None:
        self._follower = Follower(spool)
        self.sounding = Sounding()
        self.meter: Meter | None = None
        self._loud_at = 0.0
        self._clipped_at: float | None = None

    @property
    def too_quiet(self) -> bool:
        """Whether for a while nothing was as loud as speech."""
        return self.sounding.seconds - self._loud_at > _LOOK_BACK_SECONDS

    @property
    def clipping(self) -> bool:
        """Whether it was clipped lately."""
        return self._clipped_at is not None and self.sounding.seconds - self._clipped_at < _CLIPPING_SECONDS

    def look(self) -> None:
        """Take in what was written since."""
        while frames := self._follower.read(0):
            for frame in frames:
                for block in self.sounding.hear(frame):
                    self._measure(block)

    def close(self) -> None:
        self._follower.close()

    def _measure(self, block: Block) -> None:
        if self.meter is None:
            assert self.sounding.form is not None
            self.meter = Meter(self.sounding.form.rate)
        self.meter.hear(block)
        if self.meter.peak_db > QUIET_PEAK_DB:
            self._loud_at = self.sounding.seconds
        if self.meter.clipped:
            self._clipped_at = self.sounding.seconds
