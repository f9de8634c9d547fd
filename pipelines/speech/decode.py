"""A sound file as blocks of float32 samples, at its own rate and channel count, never held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.speech.containers import (
    HEAD_BYTES,
    Container,
    ogg_is_cut,
    recognise_container,
    riff_promised_seconds,
)

Samples = NDArray[np.float32]

BLOCK_FRAMES: Final = 65_536
#: Outside these a header is nonsense, and resampling or buffering what it asks for would exhaust the memory.
RATES: Final = (4_000, 768_000)
MAX_CHANNELS: Final = 64

_CONVERT = "convert it to WAV, FLAC, OGG, MP3, M4A or WebM and try again"
_RECORD_AGAIN = "record or export it again"


@dataclass
class Sound:
    """An open sound file. ``blocks()`` runs once; after it ``cut`` tells whether the end was missing."""

    rate: int
    channels: int
    media_type: str
    promised: float | None
    """Seconds that the header promises, where it does."""
    _frames: Iterator[Samples]
    cut: bool = False
    """The decoder or the container says that the end is missing."""

    def blocks(self) -> Iterator[Samples]:
        """Blocks [n, channels] of at most about a second, as decoded."""
        from av import FFmpegError
        from soundfile import SoundFileRuntimeError

        try:
            yield from self._frames
        except (SoundFileRuntimeError, FFmpegError):
            self.cut = True


@contextmanager
def open_sound(path: Path, name: str) -> Iterator[Sound]:
    """Open a file by its content.

    Args:
        path: where the bytes lie; its name is not looked at.
        name: what to call the file in errors.

    Raises:
        BadInput: there is no file, it is empty, or it is not sound that can be read.
    """
    container = _container(path, name)
    with _opened(path, name, container) as sound:
        if not RATES[0] <= sound.rate <= RATES[1] or not 1 <= sound.channels <= MAX_CHANNELS:
            raise BadInput(name, f"its header claims {sound.rate} Hz and {sound.channels} channels", _RECORD_AGAIN)
        yield sound


def _container(path: Path, name: str) -> Container:
    try:
        if path.is_dir():
            raise BadInput(name, "is a folder, not a recording", "name the sound files in it")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise BadInput(name, "there is no such file", "check the path") from None
    except OSError as error:
        raise BadInput(name, f"cannot be opened ({error.strerror})", "check its permissions") from None
    if not head:
        raise BadInput(name, "the file is empty (0 bytes)", _RECORD_AGAIN)
    container = recognise_container(head)
    if container is None:
        raise BadInput(name, "is not a sound file, whatever its name says", _CONVERT)
    return container


@contextmanager
def _opened(path: Path, name: str, container: Container) -> Iterator[Sound]:
    """Through libsndfile where it can, else through libav, which knows more codecs."""
    from soundfile import SoundFile, SoundFileRuntimeError

    try:
        file = SoundFile(str(path))
    except SoundFileRuntimeError:
        with _opened_by_libav(path, name, container) as sound:
            yield sound
        return
    with file:
        promised = file.frames / file.samplerate if file.frames > 0 else None
        if container.media_type == "audio/wav":
            promised = riff_promised_seconds(path)
        cut = container.media_type == "audio/ogg" and ogg_is_cut(path)
        frames = _soundfile_blocks(file)
        yield Sound(file.samplerate, file.channels, container.media_type, promised, frames, cut)


def _soundfile_blocks(file: Any) -> Iterator[Samples]:
    frames = max(1, min(BLOCK_FRAMES, 2**20 // file.channels))
    while len(block := file.read(frames, dtype="float32", always_2d=True)):
        yield block


@contextmanager
def _opened_by_libav(path: Path, name: str, container: Container) -> Iterator[Sound]:
    import av

    damaged = BadInput(name, f"its {container.media_type} header is damaged or its end is missing", _RECORD_AGAIN)
    if container.demuxer is None:
        raise damaged
    try:
        media = av.open(str(path), format=container.demuxer, options={"protocol_whitelist": "file"})
    except (av.FFmpegError, ValueError):
        raise damaged from None
    with media:
        if not media.streams.audio:
            raise BadInput(name, "holds no sound", _CONVERT)
        stream = media.streams.audio[0]
        rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
        if not rate or not channels:
            raise damaged
        promised = _libav_promised_seconds(media, stream)
        yield Sound(rate, channels, container.media_type, promised, _libav_blocks(media, stream, rate, channels))


def _libav_promised_seconds(media: Any, stream: Any) -> float | None:
    """The sound's own length, or the container's where nothing but sound is in it."""
    import av

    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return media.duration / av.time_base if media.duration and len(media.streams) == 1 else None


def _libav_blocks(media: Any, stream: Any, rate: int, channels: int) -> Iterator[Samples]:
    """Whatever sample format the codec gives, as interleaved float32 at the rate and layout of the header."""
    import av

    resampler = av.AudioResampler(format="flt", layout=stream.layout, rate=rate)
    for frame in media.decode(stream):
        for part in resampler.resample(frame):
            yield np.asarray(part.to_ndarray(), np.float32).reshape(-1, channels)
    for part in resampler.resample(None):
        yield np.asarray(part.to_ndarray(), np.float32).reshape(-1, channels)
