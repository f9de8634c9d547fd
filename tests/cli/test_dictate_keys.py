"""``assistant dictate`` in a terminal: the keys, and the clipboard."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.sessions import SessionLog
from pipelines.errors import DONE
from tests.support.dictating import PATIENCE, Desk, said, spoken_in, wait_until
from tests.support.engines import DICTATION
from tests.support.virtual_microphone import RATE, VirtualMicrophone, own_microphone

pytestmark = [pytest.mark.long, pytest.mark.alone]

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


@pytest.fixture(scope="module")
def speaking() -> Iterator[VirtualMicrophone]:
    with own_microphone() as microphone:
        microphone.play(said())
        yield microphone


class Terminal:
    """A pseudo-terminal of 100 columns and 30 lines with a command in it; what it shows is gathered."""

    def __init__(self, desk: Desk, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        environment = {**desk.environment, "TERM": "xterm-256color"}
        environment.pop("COLUMNS")
        self.process = subprocess.Popen(
            desk.command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            # Ctrl-C is a signal only to those whose terminal it is.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.raw = ""
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    @property
    def shown(self) -> str:
        return _ESCAPES.sub("", self.raw)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, words: str, after: int = 0) -> int:
        """Until it shows that; returns the end of what is shown so far."""
        wait_until(lambda: words in self.shown[after:] or self.process.poll() is not None)
        assert words in self.shown[after:], self.shown[-3000:]
        return len(self.shown)

    def end(self) -> int:
        code = self.process.wait(PATIENCE)
        time.sleep(0.2)
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.theirs)
        self._thread.join()
        os.close(self._ours)

    def _gather(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._ours, 1 << 16):
                self.raw += data.decode("utf-8", "replace")


@pytest.fixture
def desk(tmp_path: Path, speaking: VirtualMicrophone) -> Desk:
    return Desk(tmp_path / "data", speaking)


@pytest.fixture
def terminal(desk: Desk) -> Iterator[Terminal]:
    opened = Terminal(desk, "dictate", "--task", "dictation-note", "--device", "virtual", "--copy")
    yield opened
    opened.close()


def test_live_text_marks_pause_and_stop(desk: Desk, terminal: Terminal) -> None:
    terminal.wait_for("recording 0:0")
    desk.wait_for_sound(2.0)
    terminal.wait_for("The patient")
    terminal.press("m")
    terminal.wait_for("1 mark")
    terminal.press(" ")
    terminal.wait_for("paused")
    before = desk.recorded_bytes()
    time.sleep(1.0)
    assert desk.recorded_bytes() - before < 0.3 * RATE * 2, "nothing is recorded meanwhile"
    shown = len(terminal.shown)
    terminal.press(" ")
    terminal.wait_for("recording 0:0", shown)
    desk.wait_for_sound(1.0)
    terminal.press("q")
    assert terminal.end() == DONE, terminal.shown[-3000:]

    assert DICTATION.split(". ")[0] in terminal.shown
    assert termios.tcgetattr(terminal.theirs) == terminal.before, "the terminal is as it was"
    with SessionLog.open(desk.data_dir) as log:
        [run] = log.runs()
        [marked] = log.payloads("marked")
        recording = log.run(run.id).request.recording
    assert recording is not None
    assert 1.5 < marked["seconds"][0] < recording.seconds
    [sound] = desk.sounds()
    mark = round(marked["seconds"][0] * RATE)
    assert spoken_in(sound[: mark - 100], said())
    assert spoken_in(sound[-RATE // 2 :], said())
    copied = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", terminal.raw)
    assert copied is not None
    assert base64.b64decode(copied[1]).decode() == DICTATION


def test_cancel_asks_and_keeps_the_recording(desk: Desk, terminal: Terminal) -> None:
    terminal.wait_for("recording 0:0")
    desk.wait_for_sound(1.0)
    terminal.press("c")
    asked = terminal.wait_for("cancel? The recording is kept")
    terminal.press("n")
    terminal.wait_for("space pause", asked)
    terminal.press("c")
    terminal.wait_for("cancel? The recording is kept", len(terminal.shown))
    terminal.press("y")
    assert terminal.end() == DONE
    assert "the recording is kept" in terminal.shown

    [listed] = desk.call("recover", "--list", "--json").objects
    assert listed["why"] == "cancelled"
    assert "nothing to recover; 1 cancelled" in desk.call("recover").err, "only when it is named"
    recovered = desk.call("recover", listed["take"], "--json")
    assert recovered.objects[0]["state"] == "done"
    assert spoken_in(desk.sounds()[0], said())


def test_what_was_left_behind_is_offered(desk: Desk) -> None:
    with desk.dictate() as dictating:
        desk.wait_for_sound()
        dictating.process.kill()
        dictating.process.wait()
    opened = Terminal(desk, "dictate", "--task", "dictation-note", "--device", "virtual")
    try:
        opened.wait_for("1 recording was left behind by a crash. Take in now?")
        opened.press("y\n")
        opened.wait_for("safe in the log as run")
        opened.wait_for("recording 0:0")
        desk.wait_for_sound()
        opened.press("\x03")
        assert opened.end() == DONE
    finally:
        opened.close()
    assert len(desk.sounds()) == 2


def test_a_terminal_that_is_closed_ends_the_dictation_and_keeps_it(desk: Desk, terminal: Terminal) -> None:
    terminal.wait_for("recording 0:0")
    desk.wait_for_sound(1.0)
    os.killpg(terminal.process.pid, 1)
    terminal.process.wait(PATIENCE)
    if not desk.sounds():
        desk.call("recover")
    assert spoken_in(desk.sounds()[0], said())
