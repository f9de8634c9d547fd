"""The rest of a deflated DICOM file, inflated as far as it is read.

pydicom would inflate it into memory whatever its size; a header takes a few kilobytes of it.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

if TYPE_CHECKING:
    from typing_extensions import Buffer

_IN_MEMORY: Final = 1 << 24
"""Bytes; more are kept on disk."""
_AT_ONCE: Final = 1 << 20


class Swollen(MemoryError):
    """A file unpacks to more than is read of it. Its words are a problem as `BadInput` takes it."""


@contextmanager
def inflated(file: BinaryIO) -> Iterator[tuple[BinaryIO, Callable[[int, str], None]]]:
    """From where ``file`` stands, to be read and sought in; and what says how many bytes may be unpacked from then on,
    and how that is put, which must be said first.

    Reading raises `Swollen` where there are more.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as plain:
        inflating = _Inflating(file, cast("IO[bytes]", plain))
        yield cast(BinaryIO, io.BufferedReader(inflating)), inflating.limit


class _Inflating(io.RawIOBase):
    def __init__(self, packed: BinaryIO, plain: IO[bytes]) -> None:
        self._packed = packed
        self._plain = plain
        self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        self._unpacked = 0
        self._at = 0
        self._most = 0
        self._told = ""

    def limit(self, most: int, told: str) -> None:
        self._most, self._told = most, told

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            while self._more():
                pass
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._unpacked}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        while self._unpacked < self._at + len(view) and self._more():
            pass
        self._plain.seek(self._at)
        piece = self._plain.read(len(view))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _more(self) -> bool:
        """Whether there was any."""
        if self._unpacking.eof or not (packed := self._unpacking.unconsumed_tail or self._packed.read(_AT_ONCE)):
            return False
        piece = self._unpacking.decompress(packed, _AT_ONCE)
        if self._unpacked + len(piece) > self._most:
            raise Swollen(f"unpacks to more than {self._most >> 20} MB {self._told}")
        self._plain.seek(self._unpacked)
        self._plain.write(piece)
        self._unpacked += len(piece)
        return True
