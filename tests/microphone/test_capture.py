"""Devices that vanish, return, change their rate or are taken by others."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.microphone.capture import Capture
from assistant.microphone.devices import choose
from assistant.microphone.problems import MicrophoneProblem
from assistant.microphone.recorder import Recorder
from assistant.microphone.recovery import frames_of
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import Spool
from assistant.microphone.take import Ending
from assistant.sessions.disk import Disk
from tests.microphone.scripted_microphones import ScriptedMicrophones, device
from tests.microphone.simulated_folder import RATE, speech
from tests.microphone.test_power_loss_take import begin


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


class Recording:
    """A recorder with a scripted device; what it told is in ``told``."""

    def __init__(self, folder: Path, microphones: ScriptedMicrophones, patience: float = 20.0) -> None:
        self.told: list[str] = []
        self.microphones = microphones
        self.spool = Spool(Disk(), [folder], begin(), self.told.append)
        self.recorder = Recorder(self.spool)
        first = choose(microphones.devices(), None)
        self.capture = Capture(microphones, first, self.recorder, self.told.append, patience)
        self.capture.start()
        self.recorder.start()

    def vanish(self) -> None:
        self.microphones.opened.clear()
        self.microphones.streams[-1].alive = False

    def finish(self) -> tuple[np.ndarray, Sounding]:
        self.capture.close()
        self.recorder.finish(Ending.STOPPED)
        self.spool.release()
        sounding = Sounding()
        with frames_of(self.spool.files) as frames:
            blocks = [block for frame in frames for block in sounding.hear(frame)]
        return np.concatenate(blocks)[:, 0], sounding


def test_a_device_that_vanishes_and_returns(tmp_path: Path) -> None:
    said = speech(1.0)
    recording = Recording(tmp_path, ScriptedMicrophones([device()]))
    recording.microphones.say(said[:8000])
    recording.microphones.plugged = []
    recording.vanish()
    until(lambda: recording.capture.waiting and recording.microphones.looked > 0)
    recording.microphones.plugged = [device("other", 1), device(number=7)]
    assert recording.microphones.opened.wait(20)
    until(lambda: not recording.capture.waiting)
    recording.microphones.say(said[8000:])

    sound, sounding = recording.finish()

    [silence] = sounding.silences
    assert silence.at == 0.5
    assert 0.4 < silence.seconds < 20
    gap = round(silence.seconds * RATE)
    assert np.array_equal(sound[:8000], said[:8000])
    assert not sound[8000 : 8000 + gap].any()
    assert np.array_equal(sound[8000 + gap :], said[8000:])
    assert [line.partition(";")[0] for line in recording.told] == [
        "headset: the microphone is gone",
        "headset: the microphone is back",
    ]
    assert recording.capture.device.number == 7, "known again by its name"


def test_a_device_that_returns_at_another_rate(tmp_path: Path) -> None:
    recording = Recording(tmp_path, ScriptedMicrophones([device(rate=16_000)]))
    seconds = np.arange(48_000) / 48_000
    tone = (10_000 * np.sin(2 * np.pi * 440 * seconds)).astype(np.int16)
    recording.microphones.say(speech(1.0))
    recording.microphones.plugged = [device(rate=48_000)]
    recording.vanish()
    assert recording.microphones.opened.wait(20)
    until(lambda: not recording.capture.waiting)
    recording.microphones.say(tone)

    sound, sounding = recording.finish()

    assert [part.rate for part in sounding.parts] == [16_000, 48_000]
    tail = sound[-16_000:].astype(float)
    expected = 10_000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.corrcoef(tail[1000:-1000], expected[1000:-1000])[0, 1] > 0.999, "the same pitch at the first rate"


def test_a_device_that_another_program_takes_is_waited_for(tmp_path: Path) -> None:
    recording = Recording(tmp_path, ScriptedMicrophones([device()]))
    recording.microphones.say(speech(0.5))
    recording.microphones.taken = {"headset"}
    recording.vanish()
    until(lambda: recording.microphones.looked >= 2)
    assert recording.capture.waiting
    recording.microphones.taken = set()
    assert recording.microphones.opened.wait(20)
    until(lambda: not recording.capture.waiting)
    recording.microphones.say(speech(0.5))
    sound, sounding = recording.finish()
    assert len(sound) == 16_000 + round(sounding.silences[0].seconds * RATE)


def test_a_device_that_falls_silent_without_a_word_is_gone(tmp_path: Path) -> None:
    recording = Recording(tmp_path, ScriptedMicrophones([device()]), patience=0.0)
    recording.microphones.say(speech(0.5))
    assert recording.capture.gone.wait(20)
    sound, _ = recording.finish()
    assert np.array_equal(sound, speech(0.5))


def test_a_device_that_is_taken_at_the_start(tmp_path: Path) -> None:
    microphones = ScriptedMicrophones([device()], taken={"headset"})
    with pytest.raises(MicrophoneProblem, match="cannot be opened"):
        Recording(tmp_path, microphones)


DEVICES = [device("Headset Pro", 0), device("Headset", 1), device("Desk microphone", 2, default=True)]


@pytest.mark.parametrize(("wanted", "number"), [(None, 2), ("0", 0), ("2", 2), ("headset", 1), ("pro", 0), ("DESK", 2)])
def test_a_device_by_number_or_name(wanted: str | None, number: int) -> None:
    assert choose(DEVICES, wanted).number == number


@pytest.mark.parametrize(("wanted", "said"), [("head", "fits 2"), ("9", "no such device"), ("trumpet", "no such")])
def test_a_device_that_cannot_be_told(wanted: str, said: str) -> None:
    with pytest.raises(MicrophoneProblem, match=said) as raised:
        choose(DEVICES, wanted)
    assert "0 Headset Pro" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_device_at_all() -> None:
    with pytest.raises(MicrophoneProblem, match="no device to record from"):
        choose([], None)
