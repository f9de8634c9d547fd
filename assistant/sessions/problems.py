"""What the operating system and SQLite say, as one line for the reader."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipelines.errors import ProductError, StorageProblem, VerificationFailed

#: So long another program is waited for that holds what is needed.
BUSY_SECONDS: Final = 5.0

_FREE_SPACE = "free some space there and run the same command again; what was acknowledged is kept"
_DATA_DIR = "--data-dir"
_GIVE_ACCESS = f"make it writable or choose another with {_DATA_DIR}"
_DAMAGED = "run `assistant log verify`, and restore the folder from a copy if it fails"

_BY_ERRNO = {
    errno.ENOSPC: ("the disk is full", _FREE_SPACE),
    errno.EDQUOT: ("the disk quota is used up", _FREE_SPACE),
    errno.EROFS: ("the folder is read-only", _GIVE_ACCESS),
    errno.EACCES: ("the folder may not be written", _GIVE_ACCESS),
    errno.EPERM: ("the folder may not be written", _GIVE_ACCESS),
    errno.ENOTDIR: ("is not a folder", f"choose a folder with {_DATA_DIR}"),
    errno.EEXIST: ("is not a folder", f"choose a folder with {_DATA_DIR}"),
    errno.EIO: ("the disk reports an error", "check the disk, then run the same command again"),
}

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: ("is locked by another program", "end that program, or try again when it is done"),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", "end that program, or try again when it is done"),
    sqlite3.SQLITE_FULL: ("the disk is full", _FREE_SPACE),
    sqlite3.SQLITE_READONLY: ("is read-only", _GIVE_ACCESS),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _GIVE_ACCESS),
    sqlite3.SQLITE_PERM: ("may not be written", _GIVE_ACCESS),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "check the disk and its free space, then run it again"),
    sqlite3.SQLITE_NOTADB: ("is not a database", "move it away, or choose another folder with --data-dir"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _DAMAGED),
}


def from_os(path: Path, error: OSError, setting: str = _DATA_DIR) -> ProductError:
    """The typed error for an operating system's refusal to work on ``path``, a folder that ``setting`` names."""
    problem, remedy = _BY_ERRNO.get(error.errno or 0, (error.strerror or "cannot be used", _GIVE_ACCESS))
    return StorageProblem(str(path), problem, remedy.replace(_DATA_DIR, setting))


@contextmanager
def disk_errors(path: Path, setting: str = _DATA_DIR) -> Iterator[None]:
    """Raises OSErrors of the block as StorageProblem about ``path``, a folder that ``setting`` names."""
    try:
        yield
    except OSError as error:
        raise from_os(path, error, setting) from error


@contextmanager
def database_errors(path: Path, opening: bool = False) -> Iterator[None]:
    """Raises the storage errors of SQLite as StorageProblem about ``path``; others pass as they are.

    On ``opening`` none passes: the statements are known to be right, so it must be the file.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except UnicodeDecodeError as error:
        # Python's sqlite3, on the message in which SQLite quotes a damaged schema.
        raise StorageProblem(str(path), *_BY_SQLITE_CODE[sqlite3.SQLITE_CORRUPT]) from error
    except (DBAPIError, sqlite3.Error) as error:
        code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
        # Without a code it is Python that cannot read what SQLite found: text that is not UTF-8.
        known = _BY_SQLITE_CODE.get(code & 0xFF if isinstance(code, int) else sqlite3.SQLITE_CORRUPT)
        if known is None and opening:
            known = ("cannot be used as a session log", _DAMAGED)
        if known is None:
            raise
        raise StorageProblem(str(path), *known) from error


def broken(place: str, problem: str) -> VerificationFailed:
    """Something in the log does not match its seal."""
    return VerificationFailed(place, problem, _DAMAGED)
