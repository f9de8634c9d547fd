"""The microphones of this computer, and what is asked of whatever gives their sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.microphone.problems import MicrophoneProblem
from assistant.microphone.take import Part

Deliver = Callable[[bytes], None]
"""Is given int16 samples, channels interleaved, on the device's own thread."""


@dataclass(frozen=True)
class Device:
    number: int
    name: str
    host: str
    """The sound system that it was found through."""
    channels: int
    """As many as it has."""
    rate: int
    """Its own, in Hz."""
    default: bool

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Stream(Protocol):
    """An open device."""

    @property
    def part(self) -> Part: ...

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            MicrophoneTaken: the device refuses.
        """
        ...

    @property
    def alive(self) -> bool:
        """False once the device has ended it."""
        ...

    def close(self) -> None:
        """Nothing is delivered after this returns. Takes at most seconds, whatever the device does."""
        ...


class Microphones(Protocol):
    """A sound system."""

    def devices(self) -> Sequence[Device]:
        """What there is to record from, as it was last looked at."""
        ...

    def look_again(self) -> None:
        """Look what is plugged in now. No stream may be open."""
        ...

    def open(self, device: Device, deliver: Deliver, overflowed: Callable[[], None]) -> Stream:
        """Open a device, with one channel where it can. Nothing is delivered before its ``start``.

        Args:
            overflowed: called where the device has lost samples because nobody took them.

        Raises:
            MicrophoneTaken: it does not let itself be opened.
        """
        ...


def choose(devices: Sequence[Device], wanted: str | None) -> Device:
    """The device of this number or (part of) name; the default one where nothing is wanted.

    Raises:
        MicrophoneProblem: there is none, or there are several.
    """
    if not devices:
        raise MicrophoneProblem(
            "microphone", "no device to record from was found", "plug one in and see `assistant microphone list`"
        )
    if wanted is None:
        return next((one for one in devices if one.default), devices[0])
    number = int(wanted) if wanted.isdecimal() else None
    fold = wanted.casefold()
    for fits in (
        [one for one in devices if one.number == number],
        [one for one in devices if one.name.casefold() == fold],
        [one for one in devices if fold in one.name.casefold()],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise MicrophoneProblem(
                f"--device {wanted}", f"fits {len(fits)} devices", f"name one of: {listed(fits)}, or its number"
            )
    raise MicrophoneProblem(f"--device {wanted}", "there is no such device", f"name one of: {listed(devices)}")


def listed(devices: Sequence[Device]) -> str:
    return ", ".join(map(str, devices))
