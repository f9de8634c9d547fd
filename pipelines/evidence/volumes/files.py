"""The files of an attached study: one, those of a folder, or those inside a zip archive.

No name inside an archive becomes a path.
"""

from __future__ import annotations

import errno
import io
import mmap
import shutil
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.formats import Format, format_of_bytes
from pipelines.evidence.zip_members import members_of
from pipelines.ports import Store
from pipelines.records import Attachment

if TYPE_CHECKING:
    from typing_extensions import Buffer

MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 1 << 34
"""Of all that an archive unpacks to: a very large study. Of it, one file at a time is held."""
_MOST_OF_ONE: Final = 1 << 30
_RATIO: Final = 250
"""To which slices of nothing but air can be packed, several times over."""
_SUSPECT: Final = 1 << 28
"""What unpacks to less is no bomb, however well it is packed."""
_IN_MEMORY: Final = 1 << 25
"""Bytes of one file of an archive that are held while it is read; of a larger one a copy is kept on disk."""
_HEAD: Final = 4096


@dataclass(frozen=True)
class File:
    """One file of a study."""

    name: str
    """As given, for errors."""
    size: int
    open: Callable[[], BinaryIO] = field(repr=False)
    """From its beginning; it can be sought in."""
    head: Callable[[int], bytes] = field(repr=False)
    """Its first bytes, at most as many as asked for."""
    on_disk: Callable[[], AbstractContextManager[Path]] = field(repr=False)
    """Where it lies, within the block: one of an archive is unpacked for that, under a name of our own."""

    def format(self) -> Format:
        return format_of_bytes(self.head(_HEAD), self.name)


def files_of(attachment: Attachment, store: Store) -> Sequence[File]:
    """All of them, in the order of their names.

    Raises:
        BadInput: an archive cannot be read, or unpacks to more than is read here (told before anything is unpacked).
    """
    if attachment.members:
        return [file_at(store.path(member.sha256), member.name) for member in attachment.members]
    path = store.path(attachment.sha256)
    if attachment.media_type == Format.ZIP:
        return files_in_zip(path, attachment.name, refuse_bombs=True)
    return [file_at(path, attachment.name)]


def file_at(path: Path, name: str) -> File:
    def head(most: int) -> bytes:
        # Unbuffered: a study has thousands of files, and of each only this is read.
        with path.open("rb", buffering=0) as file:
            return file.read(most) or b""

    return File(name, path.stat().st_size, lambda: path.open("rb"), head, lambda: nullcontext(path))


def files_in_zip(path: Path, name: str, *, refuse_bombs: bool = False) -> Sequence[File]:
    """The files of an archive, each unpacked in memory when it is opened.

    Args:
        refuse_bombs: to be asked for where more than the beginnings of files are read.

    Raises:
        BadInput: as `files_of`.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, *DECODING_ERRORS) as broken:
        raise BadInput(name, "is a zip archive that cannot be read", "pack it again") from broken
    members = sorted(members_of(archive), key=lambda info: info.filename)
    if any(info.flag_bits & 1 for info in members):
        raise BadInput(name, "is an encrypted archive", "pack it again without a password")
    if refuse_bombs:
        _refuse_bomb(members, name)
    return [_packed(archive, info, name) for info in members]


def _refuse_bomb(members: Sequence[zipfile.ZipInfo], name: str) -> None:
    """By what the archive's own list says: no more than that is ever unpacked of a file."""
    if len(members) > MOST_FILES:
        problem = f"is an archive of {len(members)} files, {MOST_FILES} are read here"
        raise BadInput(name, problem, "pack one series of the study")
    unpacked, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    largest = max((info.file_size for info in members), default=0)
    if largest > _MOST_OF_ONE or unpacked > _MOST_BYTES or (unpacked > _SUSPECT and unpacked > _RATIO * packed):
        problem = f"unpacks to {unpacked / 1e9:.1f} GB, its largest file to {largest / 1e9:.1f} GB"
        raise BadInput(name, problem, "unpack it and attach the folder of one series")


def _packed(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> File:
    """
    Args:
        name: of the archive.
    """
    within = f"{name}/{info.filename}"
    kept = _Kept(archive, info)

    def head(most: int) -> bytes:
        with _unpacking(within), archive.open(info) as file:
            return file.read(most)

    def whole() -> BinaryIO:
        with _unpacking(within):
            return io.BytesIO(archive.read(info)) if info.file_size <= _IN_MEMORY else kept.open()

    @contextmanager
    def unpacked() -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as scratch, whole() as source:
            path = Path(scratch) / "unpacked"
            with _unpacking(within), path.open("wb") as file:
                shutil.copyfileobj(source, file)
            yield path

    return File(info.filename, info.file_size, whole, head, unpacked)


class _Kept:
    """A large file of an archive, unpacked once to a file without a name: of many frames one is read at a time."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._info = info
        self._lock = threading.Lock()
        self._mapped: mmap.mmap | None = None

    def open(self) -> BinaryIO:
        with self._lock:
            if self._mapped is None:
                with tempfile.TemporaryFile() as file, self._archive.open(self._info) as packed:
                    shutil.copyfileobj(packed, file)
                    file.flush()
                    # The mapping outlives the file.
                    self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cast(BinaryIO, io.BufferedReader(_Mapped(self._mapped)))


class _Mapped(io.RawIOBase):
    """A mapped file with a position of its own, for threads that read it at once."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._mapped)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._mapped[self._at : self._at + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


@contextmanager
def _unpacking(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as broken:
        raise no_room(name, broken) or BadInput(name, "is damaged within its archive", "pack it again") from broken


def no_room(name: str, problem: Exception) -> BadInput | None:
    """What is said where a disk was full: nothing is wrong with the file then."""
    if isinstance(problem, OSError) and problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BadInput(name, "finds no room to be unpacked", "make room where temporary files are kept")
    return None
