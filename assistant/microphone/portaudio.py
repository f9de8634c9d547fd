"""Microphones through PortAudio (sounddevice)."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from assistant.microphone.devices import Deliver, Device, Stream
from assistant.microphone.problems import MicrophoneProblem, MicrophoneTaken
from assistant.microphone.take import SAMPLE_BYTES, Part

#: Seconds that the device keeps for us when this process is busy.
_BUFFER_SECONDS: Final = 0.1
#: A device that is gone may never let go of its stream.
_CLOSE_SECONDS: Final = 2.0


def portaudio() -> PortAudio:
    """PortAudio, loaded.

    Raises:
        MicrophoneProblem: the library is not installed.
    """
    try:
        import sounddevice
    except (ImportError, OSError):
        install = "brew install portaudio" if platform.system() == "Darwin" else "apt-get install libportaudio2"
        raise MicrophoneProblem("microphone", "the PortAudio library is missing", install) from None
    return PortAudio(sounddevice)


class PortAudio:
    """Implements ``Microphones``."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._streams: list[_PortAudioStream] = []

    def devices(self) -> Sequence[Device]:
        hosts = self._library.query_hostapis()
        # The system's own default first: another host's default is only that host's.
        default = self._library.default.device[0]
        if default < 0:
            default = next((host["default_input_device"] for host in hosts if host["default_input_device"] >= 0), -1)
        return [
            Device(
                number=one["index"],
                name=one["name"],
                host=hosts[one["hostapi"]]["name"],
                channels=one["max_input_channels"],
                rate=round(one["default_samplerate"]),
                default=one["index"] == default,
            )
            for one in self._library.query_devices()
            if one["max_input_channels"] > 0
        ]

    def look_again(self) -> None:
        if any(stream.stuck for stream in self._streams):
            return
        self._streams.clear()
        self._library._terminate()
        self._library._initialize()

    def open(self, device: Device, deliver: Deliver, overflowed: Callable[[], None]) -> Stream:
        try:
            stream = _PortAudioStream(self._library, device, deliver, overflowed)
        except self._library.PortAudioError as error:
            raise _taken(device.name, error) from None
        self._streams.append(stream)
        return stream


class _PortAudioStream:
    def __init__(self, library: Any, device: Device, deliver: Deliver, overflowed: Callable[[], None]) -> None:
        self.alive = True
        self.stuck = False
        self._library = library
        channels = 1
        try:
            library.check_input_settings(device.number, 1, "int16", samplerate=device.rate)
        except library.PortAudioError:
            channels = device.channels

        def callback(samples: Any, _frames: int, _time: Any, status: Any) -> None:
            deliver(bytes(samples))
            if status.input_overflow:
                overflowed()

        def finished() -> None:
            self.alive = False

        self._stream = library.RawInputStream(
            samplerate=device.rate,
            device=device.number,
            channels=channels,
            dtype="int16",
            latency=_BUFFER_SECONDS,
            callback=callback,
            finished_callback=finished,
        )
        assert self._stream.samplesize == SAMPLE_BYTES
        self.part = Part(rate=round(self._stream.samplerate), channels=channels, device=device.name)

    def start(self) -> None:
        try:
            self._stream.start()
        except self._library.PortAudioError as error:
            raise _taken(self.part.device, error) from None

    def close(self) -> None:
        closing = threading.Thread(target=self._stream.close, name="microphone: close", daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)
        self.stuck = closing.is_alive()
        self.alive = False


def _taken(device: str, error: Exception) -> MicrophoneTaken:
    return MicrophoneTaken(
        device,
        f"cannot be opened ({_reason(error)})",
        "end the program that uses it, or choose another: `assistant microphone list`",
    )


def _reason(error: Exception) -> str:
    """PortAudio's own words without its numbers."""
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.split(":", 1)[-1].split("[PaErrorCode")[0].strip().rstrip(".").lower() or "no reason given"
