"""A microphone that tests can speak into: a null sink of a PulseAudio daemon of their own, seen by PortAudio.

Nothing of the machine's own sound is touched: the daemon has its own folders and socket, and ends with the test.
What is played comes out sample by sample as it was put in: everything is mono, 16 bit, at one rate.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

#: PortAudio's own choice for a device that takes any rate.
RATE = 44_100
NAME = "virtual_microphone"
_PROGRAMS = ("pulseaudio", "pactl", "pacat")


def missing() -> str | None:
    """What is not installed here, if anything."""
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed (scripts/debian-packages installs it)"
    found = subprocess.run(
        [sys.executable, "-c", "import sounddevice"], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    return "PortAudio is not installed (scripts/debian-packages installs it)" if found.returncode else None


def require() -> None:
    """Skip the test where there can be no virtual microphone; in CI that is a failure."""
    reason = missing()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no virtual microphone: {reason}")
    pytest.skip(reason)


@dataclass
class VirtualMicrophone:
    folder: Path
    rate: int = RATE
    _module: str | None = None
    _players: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def server(self) -> str:
        return f"unix:{self.folder}/native"

    @property
    def environment(self) -> dict[str, str]:
        """What a process must see to find the microphone."""
        return {"ALSA_CONFIG_PATH": str(self.folder / "asound.conf"), "PULSE_SERVER": self.server}

    def plug_in(self, rate: int | None = None) -> None:
        """The microphone is there."""
        self.rate = rate or self.rate
        form = f"rate={self.rate} channels=1 format=s16le"
        self._module = self._control("load-module", "module-null-sink", "sink_name=virtual", *form.split()).strip()

    def unplug(self) -> None:
        """The microphone is gone."""
        assert self._module is not None
        self._control("unload-module", self._module)
        self._module = None

    def play(self, samples: NDArray[np.int16], rate: int | None = None) -> subprocess.Popen[bytes]:
        """Begin to play; a file is its channel, so that a player never waits for this process."""
        path = self.folder / f"played-{len(self._players)}.raw"
        path.write_bytes(samples.astype("<i2").tobytes())
        with path.open("rb") as file:
            player = subprocess.Popen(
                [
                    *("pacat", "--playback", "--raw", f"--server={self.server}", "--device=virtual"),
                    *(f"--rate={rate or self.rate}", "--channels=1", "--format=s16le", "--latency-msec=50"),
                ],
                stdin=file,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "HOME": str(self.folder)},
            )
        self._players.append(player)
        return player

    def close(self) -> None:
        for player in self._players:
            player.kill()
            player.wait()

    def _control(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", f"--server={self.server}", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": str(self.folder)},
        )
        assert done.returncode == 0, f"pactl {arguments}: {done.stderr}"
        return done.stdout


@contextmanager
def own_microphone() -> Iterator[VirtualMicrophone]:
    """One in a folder of its own, or the test is skipped."""
    require()
    with tempfile.TemporaryDirectory(prefix="vm") as folder, virtual_microphone(Path(folder)) as microphone:
        yield microphone


@contextmanager
def virtual_microphone(folder: Path, rate: int = RATE) -> Iterator[VirtualMicrophone]:
    """A plugged-in microphone, ``folder`` being the daemon's. The folder's path must be short: a socket lies in it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    microphone = VirtualMicrophone(folder, rate)
    (folder / "daemon.pa").write_text(
        f"load-module module-native-protocol-unix socket={folder}/native auth-anonymous=1\n"
    )
    pcm = f'{{ type pulse\n server "{microphone.server}"\n device "virtual.monitor"\n'
    (folder / "asound.conf").write_text(
        f'pcm.{NAME} {pcm} hint {{ show on\n description "Virtual microphone" }} }}\npcm.!default {pcm} }}\n'
    )
    (folder / "empty").mkdir(exist_ok=True)
    with (folder / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                *("pulseaudio", "-n", f"--file={folder}/daemon.pa", "--daemonize=no", "--use-pid-file=no"),
                *("--exit-idle-time=-1", "--disable-shm=yes", "--high-priority=no", "--realtime=no"),
                "--log-target=stderr",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("PULSE", "DBUS", "XDG"))},
                "HOME": str(folder),
                "XDG_RUNTIME_DIR": str(folder),
                "PULSE_RUNTIME_PATH": str(folder),
            },
        )
    try:
        _wait_for(daemon, folder / "native")
        microphone.plug_in()
        yield microphone
    finally:
        microphone.close()
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(5)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _wait_for(daemon: subprocess.Popen[bytes], socket: Path) -> None:
    until = time.monotonic() + 20
    while not socket.exists():
        assert daemon.poll() is None, f"PulseAudio ended: {(socket.parent / 'daemon.log').read_text()}"
        assert time.monotonic() < until, "PulseAudio does not come up"
        time.sleep(0.02)
