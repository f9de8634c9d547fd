"""What was given as a record, as streams: a file, what a gzip file or an archive holds, the files of a folder.

Nothing is unpacked to disk and no name inside an archive becomes a path.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pipelines.errors import BadInput
from pipelines.evidence.records.json_text import LARGEST, REMEDY
from pipelines.evidence.zip_members import members_of

BLOCK: Final = 1 << 22
LONGEST_LINE: Final = 1 << 26
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_MOST_MEMBERS: Final = 100_000
_LOCAL: Final = struct.Struct("<26x2H")
"""Before each file of a zip archive; at its end the lengths of the name and of what else follows."""

Open = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class Part:
    """One file of what was given, unpacked while it is read."""

    name: str
    open: Open

    @property
    def head(self) -> bytes:
        """Its first bytes, a byte order mark and white space left out."""
        with self.open() as stream:
            return stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()

    def read(self) -> bytes | None:
        """All of it; None where that is more than is held in memory."""
        with self.open() as stream:
            data = stream.read(LARGEST + 1)
        return data if len(data) <= LARGEST else None

    def blocks(self) -> Iterator[bytes]:
        """All of it in blocks of a few megabytes, each of whole lines.

        Raises:
            BadInput: a line is too long to be a resource.
        """
        with self.open() as stream:
            rest = b""
            while piece := stream.read(BLOCK):
                cut = piece.rfind(b"\n") + 1
                if cut:
                    yield rest + piece[:cut]
                    rest = piece[cut:]
                elif len(rest) > LONGEST_LINE:
                    raise BadInput(self.name, "has a line of more than 64 MB", REMEDY)
                else:
                    rest += piece
            if rest:
                yield rest


def parts_of(files: Iterable[tuple[str, Open]]) -> list[Part]:
    """Every file, those inside archives one by one.

    Raises:
        BadInput: an archive cannot be read.
    """
    return [part for name, opener in files for part in _unpacked(name, opener)]


def file_at(path: Path) -> Open:
    return lambda: path.open("rb")


def bytes_of(data: bytes) -> Open:
    return lambda: io.BytesIO(data)


def _unpacked(name: str, opener: Open) -> Sequence[Part]:
    with opener() as stream:
        head = stream.read(4)
    if head.startswith(_GZIP):
        return [Part(name.removesuffix(".gz"), _gunzipped(name, opener))]
    if head.startswith(_ZIP):
        members = _listed(name, opener)
        if any(info.flag_bits & 1 for info in members):
            raise BadInput(name, "is an encrypted archive", "pack it again without a password")
        if len(members) > _MOST_MEMBERS:
            raise BadInput(name, f"is an archive of {len(members)} files", "attach the export of fewer patients")
        return [
            inner
            for info in sorted(members, key=lambda info: info.filename)
            for inner in _inside(info.filename, _zipped(name, opener, info))
        ]
    return [Part(name, opener)]


def _listed(name: str, opener: Open) -> list[zipfile.ZipInfo]:
    try:
        with _telling(name), opener() as stream, zipfile.ZipFile(stream) as archive:
            return members_of(archive)
    except (ValueError, struct.error) as broken:  # a name that is not text, sizes cut short
        raise BadInput(name, "is an archive that cannot be read", "pack it again") from broken


def _inside(name: str, opener: Open) -> Sequence[Part]:
    """A file of an archive; one that is an archive itself is left packed, and so is no record."""
    with opener() as stream:
        packed = stream.read(2) == _GZIP
    return [Part(name.removesuffix(".gz"), _gunzipped(name, opener)) if packed else Part(name, opener)]


def _gunzipped(name: str, opener: Open) -> Open:
    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with _telling(name), opener() as outer, gzip.GzipFile(fileobj=outer) as inner:
            yield inner  # type: ignore[misc]

    return opened


def _zipped(name: str, opener: Open, info: zipfile.ZipInfo) -> Open:
    """A file of an archive whose list is read already: read for each, a list of many takes minutes."""

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with _telling(name), opener() as outer:
            outer.seek(info.header_offset)
            header = outer.read(_LOCAL.size)
            if len(header) < _LOCAL.size or not header.startswith(_ZIP):
                raise zipfile.BadZipFile("no file where the list says")
            outer.seek(sum(_LOCAL.unpack(header)), io.SEEK_CUR)
            with zipfile.ZipExtFile(outer, "r", info) as inner:
                yield inner  # type: ignore[misc]

    return opened


@contextmanager
def _telling(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError) as broken:
        raise BadInput(name, "is an archive that cannot be read", "pack it again") from broken
