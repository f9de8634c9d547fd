"""The frames of a write-ahead recording as bytes.

A file is an opening (eight bytes that name the format, 26 characters of the take's id) and frames, each with a header

    sync       4 bytes, always the same: where a reader looks for the next frame after damage
    kind       1 byte, then 3 zero bytes
    length     4 bytes, of the payload
    number     4 bytes, counts the frames of the take from 0
    position   8 bytes, sample frames since the beginning of the part
    checksum   4 bytes, CRC-32 of the take's id, the header before it and the payload

and its payload, all numbers little-endian. The id in the checksum keeps what an older file left on the same disk
blocks from being read as part of this one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple

MAGIC: Final = b"CATAKE1\n"
ID_LENGTH: Final = 26
OPENING_LENGTH: Final = len(MAGIC) + ID_LENGTH
SYNC: Final = b"\xf5TK\xa1"
#: Longer payloads are not written, and a length beyond it is damage.
MAX_PAYLOAD: Final = 1 << 24
_JOINED_BYTES: Final = 1 << 16
_READ_BYTES: Final = 1 << 20

_HEAD: Final = struct.Struct("<4sB3xIIQ")
_CHECKSUM: Final = struct.Struct("<I")
HEADER_LENGTH: Final = _HEAD.size + _CHECKSUM.size


class Kind(IntEnum):
    BEGIN = 1
    PART = 2
    SAMPLES = 3
    GAP = 4
    MARK = 5
    PAUSE = 6
    RESUME = 7
    OVERFLOW = 8
    END = 9


_KINDS: Final = frozenset(Kind)


class Frame(NamedTuple):
    kind: Kind
    number: int
    position: int
    payload: bytes | memoryview = b""

    def encoded(self, take: str) -> bytes:
        """Header and payload."""
        head = _HEAD.pack(SYNC, self.kind, len(self.payload), self.number, self.position)
        return head + _CHECKSUM.pack(_checksum(take, head, self.payload)) + self.payload


def opening(take: str) -> bytes:
    """The first bytes of a file of the take with this id."""
    return MAGIC + take.encode()


def opened_take(data: bytes | memoryview) -> str | None:
    """The id that the first bytes of a file name; None where they are no opening."""
    head = bytes(data[:OPENING_LENGTH])
    name = head[len(MAGIC) :]
    fits = head.startswith(MAGIC) and len(name) == ID_LENGTH and name.isalnum() and name.isascii()
    return name.decode() if fits else None


def frame_at(data: bytes | memoryview, offset: int, take: str) -> tuple[Frame, int] | None:
    """The frame at ``offset`` and the offset after it; None where no whole, true frame is there."""
    start = offset + HEADER_LENGTH
    if start > len(data):
        return None
    sync, kind, length, number, position = _HEAD.unpack_from(data, offset)
    if sync != SYNC or kind not in _KINDS or length > MAX_PAYLOAD or start + length > len(data):
        return None
    view = memoryview(data)
    payload = view[start : start + length]
    (checksum,) = _CHECKSUM.unpack_from(data, offset + _HEAD.size)
    if checksum != _checksum(take, view[offset : offset + _HEAD.size], payload):
        return None
    return Frame(Kind(kind), number, position, payload), start + length


def frames_in(file: BinaryIO, take: str) -> Iterator[Frame]:
    """Every true frame in a file of this take, in the order in which they lie; what is damaged is passed over.

    Args:
        file: at the first byte after its opening.
    """
    data, at, all_read = b"", 0, False
    while True:
        found = frame_at(data, at, take)
        if found is not None:
            frame, at = found
            yield frame
            continue
        if not all_read and len(data) - at < HEADER_LENGTH + MAX_PAYLOAD:
            # It may only be that not all of it was read yet.
            more = file.read(_READ_BYTES)
            all_read = not more
            data, at = data[at:] + more, 0
            continue
        # What is damaged may hold anything: the next frame begins where a sync word does.
        at = data.find(SYNC, at + 1)
        if at < 0:
            if all_read:
                return
            at = max(0, len(data) - len(SYNC) + 1)


def joined(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames with sound that follows on sound put together: fewer, for those who read a whole take."""
    gathered: list[Frame] = []
    size = 0
    for frame in frames:
        follows = gathered and frame.kind is Kind.SAMPLES and frame.number == gathered[-1].number + 1
        if gathered and (not follows or size >= _JOINED_BYTES):
            yield _one(gathered)
            gathered, size = [], 0
        if frame.kind is Kind.SAMPLES:
            gathered.append(frame)
            size += len(frame.payload)
        else:
            yield frame
    if gathered:
        yield _one(gathered)


def _one(frames: list[Frame]) -> Frame:
    return Frame(Kind.SAMPLES, frames[-1].number, frames[0].position, b"".join(frame.payload for frame in frames))


def _checksum(take: str, head: bytes | memoryview, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(head, _seed(take)))


@lru_cache(maxsize=8)
def _seed(take: str) -> int:
    return zlib.crc32(take.encode())
