"""One take: what is recorded between start and stop of a dictation, and what it is recorded for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipelines.records import Attachment, TaskName, Value

#: Samples are 16-bit signed little-endian integers, channels interleaved.
SAMPLE_BYTES: Final = 2


class Ending(StrEnum):
    """Why a take ended."""

    STOPPED = "stopped"
    CANCELLED = "cancelled"
    DEVICE_GONE = "device-gone"
    TIME_LIMIT = "time-limit"
    NO_ROOM = "no-room"


class Asked(Value):
    """What the take is recorded for: everything of a request but its recording."""

    task: TaskName | None = None
    template: str | None = None
    patient: str | None = None
    session: str | None = None
    attachments: tuple[Attachment, ...] = ()
    """Those that lie in the store."""
    given: tuple[str, ...] = ()
    """Those that the store could not take yet, as ``[KIND=]PATH`` with absolute paths."""


class Begin(Value):
    """How a take starts."""

    take: str
    """Its id, 26 characters."""
    when: str
    """ISO 8601 with the offset from UTC."""
    asked: Asked = Asked()


class Part(Value):
    """From here on samples have this form. A take begins with one; a device that returns otherwise begins another."""

    rate: int
    channels: int
    device: str

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return SAMPLE_BYTES * self.channels


class Gap(Value):
    """For so long the device gave nothing."""

    seconds: float


class Overflow(Value):
    """So many times since the last such frame the device's own buffer ran over: a little sound is missing."""

    times: int


class End(Value):
    reason: Ending


@dataclass(frozen=True)
class Form:
    """Rate (Hz) and channel count of a whole take: those of its first part."""

    rate: int
    channels: int
