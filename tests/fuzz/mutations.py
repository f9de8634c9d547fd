"""Damage to a sound file, by chance and yet the same again from the same random numbers."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import Final

_MOST: Final = 1 << 20
"""A case is no longer than this, however often pieces of it were doubled."""
_HEADER: Final = 600
"""Most lies are told where headers are."""
#: Numbers that programs trip over, as far as they fit into a field.
_NUMBERS: Final = (0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)

Damage = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def mutated(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """``data`` with one to six damages.

    Args:
        others: sound files, of which pieces are put in.
    """
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        if changed:
            rng.choice(_DAMAGES)(changed, rng, others)
    return bytes(changed[:_MOST])


def _place(data: bytearray, rng: random.Random) -> int:
    return rng.randrange(min(len(data), _HEADER) if rng.random() < 0.5 else len(data))


def _flip(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _overwrite(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at, length = _place(data, rng), rng.choice((1, 1, 2, 4, 16))
    data[at : at + length] = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length)))


def _lie(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    """A number in another's place, wherever one may stand."""
    kind = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(kind)
    field = struct.pack(kind, rng.choice(_NUMBERS) % (1 << 8 * size))
    at = _place(data, rng) & ~1
    data[at : at + size] = field


def _digit(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    """Another digit, where numbers are written out."""
    digits = [at for at, byte in enumerate(data[:4096]) if 0x30 <= byte <= 0x39]
    if digits:
        data[rng.choice(digits)] = rng.choice(b"0123456789-. \\eE")


def _cut(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    del data[_place(data, rng) :]


def _drop(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at = _place(data, rng)
    del data[at : at + rng.choice((1, 2, 4, 32, 256))]


def _double(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at, length = _place(data, rng), rng.choice((1, 2, 8, 64, 512))
    data[at:at] = bytes(data[at : at + length]) * rng.choice((1, 1, 3, 50))


def _splice(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    other = rng.choice(others) if others else bytes(data)
    if other:
        start, length, at = rng.randrange(len(other)), rng.choice((4, 16, 128, 1024)), _place(data, rng)
        piece = other[start : start + length]
        data[at : at + (len(piece) if rng.random() < 0.5 else 0)] = piece


_DAMAGES: Final[tuple[Damage, ...]] = (
    _flip,
    _flip,
    _overwrite,
    _overwrite,
    _lie,
    _lie,
    _digit,
    _cut,
    _drop,
    _double,
    _splice,
)
