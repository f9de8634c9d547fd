"""Frames become sound: one stream of samples in the form of the take's first part.

Recovery, the file in the store and the live text all hear the take through this, so they hear the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.microphone.frames import Frame, Kind
from assistant.microphone.take import End, Ending, Form, Gap, Overflow, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Block = NDArray[np.int16]

#: A longer silence of a device is not written out: the take goes on after so many seconds.
MAX_GAP_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Silence:
    """Where nothing was recorded and silence stands instead."""

    at: float
    """Seconds from the beginning of the sound."""
    seconds: float
    why: Literal["device", "damage"]


@dataclass
class Sounding:
    """Takes frames in order; what was told so far stands in its fields."""

    form: Form | None = None
    sampled: int = 0
    """Samples of each channel so far."""
    silences: list[Silence] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)
    """Seconds from the beginning of the sound."""
    overflows: int = 0
    parts: list[Part] = field(default_factory=list)
    ending: Ending | None = None
    _expected: int = 0
    _resampler: Any = None

    @property
    def seconds(self) -> float:
        return self.sampled / self.form.rate if self.form else 0.0

    def hear(self, frame: Frame) -> Iterator[Block]:
        """The sound that a frame brings: int16, [n, channels] in ``form``, in blocks of at least one sample."""
        for block in self._heard(frame):
            if len(block):
                self.sampled += len(block)
                yield block

    def warnings(self) -> tuple[str, ...]:
        """What a listener should know: where silence stands for what was not recorded, and lost samples."""
        said = {"device": "the microphone was gone", "damage": "the recording was damaged"}
        found = [
            f"{said[one.why]} for {one.seconds:.1f} s at {int(one.at) // 60}:{one.at % 60:04.1f}; silence stands there"
            for one in self.silences
        ]
        if self.overflows:
            found.append(f"the computer was too busy {self.overflows} times: a little sound may be missing")
        return tuple(found)

    def _heard(self, frame: Frame) -> Iterator[Block]:
        match frame.kind:
            case Kind.PART:
                yield from self._begin(Part.model_validate_json(bytes(frame.payload)))
            case Kind.SAMPLES if self.parts:
                yield from self._samples(frame)
            case Kind.GAP if self.form:
                yield from self._silence(Gap.model_validate_json(bytes(frame.payload)).seconds, "device")
            case Kind.MARK:
                self.marks.append(self.seconds)
            case Kind.OVERFLOW:
                self.overflows += Overflow.model_validate_json(bytes(frame.payload)).times
            case Kind.END:
                yield from self._flush()
                self.ending = End.model_validate_json(bytes(frame.payload)).reason

    def finish(self) -> Iterator[Block]:
        """What is still on its way when no frame comes any more."""
        for block in self._flush():
            self.sampled += len(block)
            yield block

    def _begin(self, part: Part) -> Iterator[Block]:
        yield from self._flush()
        self.form = self.form or Form(part.rate, part.channels)
        self.parts.append(part)
        self._expected = 0
        if part.rate != self.form.rate:
            import soxr

            self._resampler = soxr.ResampleStream(part.rate, self.form.rate, self.form.channels, dtype="int16")

    def _samples(self, frame: Frame) -> Iterator[Block]:
        import numpy as np

        assert self.form is not None
        part = self.parts[-1]
        whole = len(frame.payload) // part.frame_bytes
        if frame.position > self._expected:
            yield from self._silence((frame.position - self._expected) / part.rate, "damage")
        self._expected = frame.position + whole
        block = np.frombuffer(frame.payload, "<i2", whole * part.channels).reshape(-1, part.channels)
        block = _fitted(block, self.form.channels)
        yield block if self._resampler is None else self._resampler.resample_chunk(block)

    def _silence(self, seconds: float, why: Literal["device", "damage"]) -> Iterator[Block]:
        import numpy as np

        assert self.form is not None
        yield from self._flush(go_on=True)
        seconds = min(seconds, MAX_GAP_SECONDS)
        self.silences.append(Silence(self.seconds, seconds, why))
        yield np.zeros((round(seconds * self.form.rate), self.form.channels), np.int16)

    def _flush(self, go_on: bool = False) -> Iterator[Block]:
        """The end of what the resampler holds."""
        if self._resampler is None:
            return
        import numpy as np

        assert self.form is not None
        yield self._resampler.resample_chunk(np.zeros((0, self.form.channels), np.int16), last=True)
        if go_on:
            self._resampler.clear()
        else:
            self._resampler = None


def _fitted(block: Block, channels: int) -> Block:
    """``block`` with so many channels: their mean where there are more or fewer."""
    import numpy as np

    if block.shape[1] == channels:
        return block
    mean = block.mean(axis=1, dtype=np.float32)
    return np.repeat(np.rint(mean).astype(np.int16)[:, None], channels, axis=1)
