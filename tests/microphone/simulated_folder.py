"""The disk that forgets what was not synced (``tests/sessions/simulated_disk.py``) under a write-ahead recording.

Here a sync counts for what was written when it began: others write meanwhile.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.microphone.recovery import frames_of, left_takes
from assistant.microphone.sounding import Sounding
from assistant.microphone.take import Part
from assistant.sessions.disk import Disk
from tests.sessions.simulated_disk import Platter, TapedDisk, lay_out

RATE = 16_000
PART = Part(rate=RATE, channels=1, device="simulated")


def speech(seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    """Noise that never repeats: any piece of it tells where it comes from."""
    return np.random.default_rng(4).integers(-20_000, 20_000, round(seconds * rate), np.int16, endpoint=True)


class SharedTapedDisk(TapedDisk):
    """Taped, for several threads: a sync covers the writes that were over when it was asked for."""

    def fsync(self, descriptor: int) -> None:
        file, offset = self._open[descriptor]
        Disk.fsync(self, descriptor)
        self.tape.add("sync until", file, offset)


class SharedPlatter(Platter):
    def play(self, operation: tuple[Any, ...]) -> None:
        match operation:
            case "sync until", number, end:
                file = self._files[number]
                kept = [one for one in file.pending if one[0] >= end]
                file.pending = [one for one in file.pending if one[0] < end]
                file.sync()
                file.pending = kept
            case _:
                super().play(operation)


@dataclass(frozen=True)
class Cut:
    """What is there after the power failed at one moment."""

    after: str
    spoken: int
    """Samples that had been spoken."""
    sound: NDArray[np.int16]
    """What recovery makes of what is left, [n]."""
    silent: NDArray[np.bool_]
    """Where it says that it put silence for what was lost, [n]."""


def cuts(tape: Any, folder: Path, scratch: Path, seed: int | None = None) -> Iterator[Cut]:
    """The state after every operation. The tape holds ("spoken", samples) when that many had been spoken.

    Args:
        seed: keep a random part of what was not synced.
    """
    platter, luck = SharedPlatter(), random.Random(seed)
    keep: Callable[[], bool] = (lambda: False) if seed is None else (lambda: luck.random() < 0.5)
    spoken = 0
    seen = set[int]()
    for number, operation in enumerate(tape.operations):
        if operation[0] == "spoken":
            spoken = operation[1]
        else:
            platter.play(operation)
        tree = platter.after_power_loss(keep)
        state = hash((spoken, tuple(tree.items())))
        if state in seen:
            continue
        seen.add(state)
        place = scratch / str(number)
        lay_out(tree, folder, place)
        sound, silent = recovered(place / folder.name)
        shutil.rmtree(place)
        yield Cut(f"cut {number} after {operation[0]}", spoken, sound, silent)


def recovered(folder: Path) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """The one take in a folder as sound, and where silence stands for damage."""
    takes = left_takes([folder], Disk())
    if not takes:
        return np.zeros(0, np.int16), np.zeros(0, bool)
    [take] = takes
    sounding = Sounding()
    with frames_of(take.files) as frames:
        blocks = [block for frame in frames for block in sounding.hear(frame)]
    blocks.extend(sounding.finish())
    sound = np.concatenate([block[:, 0] for block in blocks]) if blocks else np.zeros(0, np.int16)
    silent = np.zeros(len(sound), bool)
    for one in sounding.silences:
        start = round(one.at * RATE)
        silent[start : start + round(one.seconds * RATE)] = True
    return sound, silent


def lost(cut: Cut, said: NDArray[np.int16]) -> int:
    """How many samples that had been spoken are not there.

    Raises:
        AssertionError: a sample is there that was not spoken so, or at another place.
    """
    assert len(cut.sound) <= cut.spoken, f"{cut.after}: more than was spoken"
    true = cut.sound == said[: len(cut.sound)]
    assert (true | cut.silent).all(), f"{cut.after}: torn or misplaced samples"
    assert not cut.sound[cut.silent].any(), f"{cut.after}: what was lost is not silence"
    return cut.spoken - len(cut.sound) + int(cut.silent.sum())
