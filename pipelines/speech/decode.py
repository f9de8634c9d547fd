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
    mp3_declares_length,
    ogg_is_cut,
    recognise_container,
    riff_promised_seconds,
)

Samples = NDArray[np.float32]

BLOCK_FRAMES: Final = 65_536
#: libsndfile loses all of the read in which a file breaks off, so the last stretch is read again in steps of this size.
_SALVAGE_FRAMES: Final = 1_024
#: Outside these a header is nonsense, and resampling or buffering what it asks for would exhaust the memory.
RATES: Final = (4_000, 768_000)
MAX_CHANNELS: Final = 64

_CONVERT = "convert it to WAV, FLAC, OGG, MP3, M4A or WebM and try again"
_RECORD_AGAIN = "record or export it again"


@dataclass
class Sound:
    """An open sound file. ``blocks()`` runs once; after it ``cut`` and ``damaged`` tell what was missing."""

    rate: int
    channels: int
    media_type: str
    promised: float | None
    """Seconds that the header promises, where it does."""
    _frames: Iterator[Samples]
    cut: bool = False
    """The end is missing."""
    damaged: bool = False
    """Something in the middle could not be decoded and was passed over."""

    def blocks(self) -> Iterator[Samples]:
        """Blocks [n, channels] of about ``BLOCK_FRAMES``, as decoded."""
        gathered: list[Samples] = []
        frames = 0
        for part in self._until_broken():
            gathered.append(part)
            frames += len(part)
            if frames >= BLOCK_FRAMES:
                yield np.concatenate(gathered)
                gathered, frames = [], 0
        if gathered:
            yield np.concatenate(gathered)

    def _until_broken(self) -> Iterator[Samples]:
        from av import FFmpegError
        from soundfile import SoundFileRuntimeError

        try:
            for part in self._frames:
                if len(part):
                    yield part
                else:
                    self.damaged = True
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
    """Lossless sound through libsndfile where it knows the codec, everything else through libav."""
    from soundfile import SoundFile, SoundFileRuntimeError

    opened = _opened_by_libav(path, name, container)
    if container.lossless:
        try:
            file = SoundFile(str(path))
        except SoundFileRuntimeError:
            pass
        else:
            opened = _opened_by_libsndfile(path, file, container)
    with opened as sound:
        yield sound


@contextmanager
def _opened_by_libsndfile(path: Path, file: Any, container: Container) -> Iterator[Sound]:
    with file:
        promised = file.frames / file.samplerate if file.frames > 0 else None
        if container.media_type == "audio/wav":
            promised = riff_promised_seconds(path)
        yield Sound(file.samplerate, file.channels, container.media_type, promised, _libsndfile_blocks(path, file))


def _libsndfile_blocks(path: Path, file: Any) -> Iterator[Samples]:
    from soundfile import SoundFile, SoundFileRuntimeError

    done = 0
    try:
        while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
            yield block
            done += len(block)
    except SoundFileRuntimeError:
        with SoundFile(str(path)) as again:
            again.seek(done)
            while len(block := again.read(_SALVAGE_FRAMES, dtype="float32", always_2d=True)):
                yield block
        raise


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
        promised = _libav_promised_seconds(path, media, stream, container)
        cut = container.media_type == "audio/ogg" and ogg_is_cut(path)
        blocks = _libav_blocks(media, stream, rate, channels)
        yield Sound(rate, channels, container.media_type, promised, blocks, cut)


def _libav_promised_seconds(path: Path, media: Any, stream: Any, container: Container) -> float | None:
    """The sound's own length, or the container's where nothing but sound is in it. A guess from the size is none."""
    import av

    if container.media_type == "audio/aac" or (container.media_type == "audio/mpeg" and not mp3_declares_length(path)):
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return media.duration / av.time_base if media.duration and len(media.streams) == 1 else None


def _libav_blocks(media: Any, stream: Any, rate: int, channels: int) -> Iterator[Samples]:
    """Whatever sample format the codec gives, as interleaved float32 at the rate and layout of the header.

    An empty block stands for a packet that could not be decoded.
    """
    import av

    resampler = av.AudioResampler(format="flt", layout=stream.layout, rate=rate)
    for packet in media.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            yield np.zeros((0, channels), np.float32)
            continue
        for frame in frames:
            for part in resampler.resample(frame):
                yield np.asarray(part.to_ndarray(), np.float32).reshape(-1, channels)
    for part in resampler.resample(None):
        yield np.asarray(part.to_ndarray(), np.float32).reshape(-1, channels)
