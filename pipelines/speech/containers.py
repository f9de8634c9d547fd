"""What a sound file says about itself: its container by content, and how much sound its header promises.

File names are never believed. Only the containers listed here are opened at all, so that no playlist or subtitle
reader of a general media library is ever pointed at what a user gives.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final, NamedTuple

HEAD_BYTES: Final = 64
_OGG_TAIL_BYTES: Final = 65_536 + 282
_OGG_END_OF_STREAM: Final = 0x04
_UNKNOWN_SIZE: Final = 0xFFFFFFFF
#: PCM, float and extensible.
_UNCOMPRESSED: Final = (0x0001, 0x0003, 0xFFFE)


class Container(NamedTuple):
    media_type: str
    demuxer: str | None
    """The one format name under which libav may open it; None where only libsndfile reads it."""
    lossless: bool = False
    """Samples come back exactly: libsndfile's part. Lossy codecs are libav's, which decodes on past damage."""


def recognise_container(head: bytes) -> Container | None:
    """The container that starts with ``head`` (at least its first 64 bytes), or None when it holds no known sound."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        return Container("audio/wav", "wav", lossless=True)
    if head[:4] == b"fLaC":
        return Container("audio/flac", "flac", lossless=True)
    if head[:4] == b"OggS":
        return Container("audio/ogg", "ogg")
    if head[4:8] == b"ftyp":
        return Container("audio/mp4", "mov")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return Container("audio/webm" if b"webm" in head else "audio/x-matroska", "matroska")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Container("audio/aiff", None, lossless=True)
    if head[:4] == b"caff":
        return Container("audio/x-caf", None, lossless=True)
    if head[:4] == b".snd":
        return Container("audio/basic", None, lossless=True)
    if head[:3] == b"ID3":
        return Container("audio/mpeg", "mp3")
    return _by_frame_sync(head)


def _by_frame_sync(head: bytes) -> Container | None:
    """MPEG audio without any header: eleven set bits, then the layer (0 is AAC in ADTS, reserved elsewhere)."""
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return Container("audio/aac", "aac")
    if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 and head[2] & 0xF0 != 0xF0:
        return Container("audio/mpeg", "mp3")
    return None


def riff_promised_seconds(path: Path) -> float | None:
    """Seconds of sound that a RIFF, RIFX or RF64 header promises; None where it promises nothing.

    Recorders that stream leave the size open (0 or all ones), and a compressed codec's byte rate is only an average:
    neither is a promise.
    """
    with path.open("rb") as file:
        head = file.read(12)
        order = ">" if head[:4] == b"RIFX" else "<"
        bytes_per_second, long_size = 0, None
        while len(chunk := file.read(8)) == 8:
            name, size = chunk[:4], struct.unpack(order + "I", chunk[4:])[0]
            if name == b"data":
                promised = long_size if size == _UNKNOWN_SIZE and long_size else size
                if promised in (0, _UNKNOWN_SIZE) or bytes_per_second == 0:
                    return None
                return float(promised / bytes_per_second)
            start = file.tell()
            body = file.read(min(size, 16))
            if name == b"fmt " and len(body) >= 12:
                codec = struct.unpack(order + "H", body[:2])[0]
                bytes_per_second = struct.unpack(order + "I", body[8:12])[0] if codec in _UNCOMPRESSED else 0
            if name == b"ds64" and len(body) == 16:
                long_size = struct.unpack(order + "Q", body[8:16])[0]
            file.seek(start + size + size % 2)
    return None


def ogg_is_cut(path: Path) -> bool:
    """Whether an Ogg file stops before the page that ends its stream."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OGG_TAIL_BYTES))
        tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return True
    segments = tail[last + 26]
    lengths = tail[last + 27 : last + 27 + segments]
    complete = len(tail) >= last + 27 + segments + sum(lengths)
    return not complete or not tail[last + 5] & _OGG_END_OF_STREAM


def mp3_declares_length(path: Path) -> bool:
    """Whether the first frame of an MP3 file tells how many follow; else its length is a guess from its size."""
    with path.open("rb") as file:
        head = file.read(10)
        skip = 0
        if head[:3] == b"ID3" and len(head) == 10:
            skip = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        file.seek(skip)
        frame = file.read(64)
    return b"Xing" in frame or b"Info" in frame or b"VBRI" in frame
