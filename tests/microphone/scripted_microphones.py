"""A sound system that does what a test says: devices come and go, change their rate, or are taken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.microphone.devices import Deliver, Device
from assistant.microphone.problems import MicrophoneTaken
from assistant.microphone.take import Part


@dataclass
class ScriptedStream:
    part: Part
    deliver: Deliver
    alive: bool = True
    started: bool = False

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.alive = False


@dataclass
class ScriptedMicrophones:
    """``plugged`` are there; those in ``taken`` do not open."""

    plugged: list[Device]
    taken: set[str] = field(default_factory=set)
    streams: list[ScriptedStream] = field(default_factory=list)
    looked: int = 0
    opened: threading.Event = field(default_factory=threading.Event)

    def devices(self) -> Sequence[Device]:
        return tuple(self.plugged)

    def look_again(self) -> None:
        assert not any(stream.alive for stream in self.streams)
        self.looked += 1

    def open(self, device: Device, deliver: Deliver, overflowed: Callable[[], None]) -> ScriptedStream:
        if device.name in self.taken:
            raise MicrophoneTaken(device.name, "cannot be opened (device unavailable)", "end the other program")
        stream = ScriptedStream(Part(rate=device.rate, channels=1, device=device.name), deliver)
        self.streams.append(stream)
        self.opened.set()
        return stream

    def say(self, samples: NDArray[np.int16]) -> None:
        """Into the device that was opened last."""
        assert self.streams[-1].started
        self.streams[-1].deliver(samples.tobytes())


def device(name: str = "headset", number: int = 3, rate: int = 16_000, default: bool = False) -> Device:
    return Device(number=number, name=name, host="scripted", channels=1, rate=rate, default=default)
