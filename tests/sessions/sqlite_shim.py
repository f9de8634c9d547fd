"""Stands between SQLite and its file system, in the very library that Python's ``sqlite3`` uses.

The shim is a copy of the default VFS in which opening and deleting are ours; the method table of every opened file is
a copy in which writing, truncating and syncing are ours. All of them do what the original does, and then tell.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Self

import pytest

OK, FULL = 0, 13

# File names go through as pointers: SQLite keeps the ones it hands over.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        ("xOpen", _Open),
        ("xDelete", _Delete),
        ("rest", c_void_p * 14),
    )


class _Methods(Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", c_void_p),
        ("xWrite", _Write),
        ("xTruncate", _Truncate),
        ("xSync", _Sync),
        ("rest", c_void_p * 13),
    )


def _copy(structure: type[Any], address: int) -> Any:
    return structure.from_buffer_copy(ctypes.string_at(address, ctypes.sizeof(structure)))


def _path(name: int) -> Path:
    return Path(ctypes.string_at(name).decode())


class Sqlite:
    """While it is entered, new connections go through it. Subclasses say what to do with what they hear."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(_sqlite3.__file__)
        try:
            self._library.sqlite3_vfs_find.restype = c_void_p
            self._library.sqlite3_vfs_find.argtypes = (c_char_p,)
            self._library.sqlite3_vfs_register.argtypes = (c_void_p, c_int)
            self._library.sqlite3_vfs_unregister.argtypes = (c_void_p,)
        except AttributeError:
            pytest.skip("this Python's SQLite hides the functions that a VFS is registered with")
        self._real = self._library.sqlite3_vfs_find(None)
        self._vfs = _copy(_Vfs, self._real)
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self._tables: dict[int, int] = {}
        self._real_open, self._real_delete = _copy(_Vfs, self._real).xOpen, _copy(_Vfs, self._real).xDelete
        self._vfs.zName = b"shim"
        self._vfs.pNext = None
        self._vfs.xOpen = self._keep_open = _Open(self._on_open)
        self._vfs.xDelete = self._keep_delete = _Delete(self._on_delete)

    def opened(self, handle: int, path: Path, flags: int) -> None: ...

    def written(self, handle: int, offset: int, data: bytes) -> None: ...

    def truncated(self, handle: int, size: int) -> None: ...

    def synced(self, handle: int) -> None: ...

    def deleted(self, path: Path, folder_synced: bool) -> None: ...

    def refuses(self) -> bool:
        """Whether the disk is too full for the write that is asked for."""
        return False

    def __enter__(self) -> Self:
        assert self._library.sqlite3_vfs_register(ctypes.addressof(self._vfs), 1) == OK
        return self

    def __exit__(self, *_: object) -> None:
        self._library.sqlite3_vfs_unregister(ctypes.addressof(self._vfs))
        self._library.sqlite3_vfs_register(self._real, 1)

    def _on_open(self, _vfs: int, name: int | None, handle: int, flags: int, flags_out: Any) -> int:
        code: int = self._real_open(self._real, name, handle, flags, flags_out)
        pointer = c_void_p.from_address(handle)
        # Temporary files have no name and need not outlive anything.
        if code == OK and name is not None and pointer.value:
            self._tables[handle] = pointer.value
            pointer.value = ctypes.addressof(self._ours(pointer.value))
            self.opened(handle, _path(name), flags)
        return code

    def _on_delete(self, _vfs: int, name: int, sync_folder: int) -> int:
        code: int = self._real_delete(self._real, name, sync_folder)
        if code == OK:
            self.deleted(_path(name), bool(sync_folder))
        return code

    def _ours(self, address: int) -> _Methods:
        if address not in self._methods:
            real, ours = _copy(_Methods, address), _copy(_Methods, address)
            ours.xWrite = _Write(self._on_write)
            ours.xTruncate = _Truncate(self._on_truncate)
            ours.xSync = _Sync(self._on_sync)
            self._methods[address] = (real, ours)
        return self._methods[address][1]

    def _on_write(self, handle: int, data: int, size: int, offset: int) -> int:
        if self.refuses():
            return FULL
        code: int = self._methods[self._tables[handle]][0].xWrite(handle, data, size, offset)
        if code == OK:
            self.written(handle, offset, ctypes.string_at(data, size))
        return code

    def _on_truncate(self, handle: int, size: int) -> int:
        code: int = self._methods[self._tables[handle]][0].xTruncate(handle, size)
        if code == OK:
            self.truncated(handle, size)
        return code

    def _on_sync(self, handle: int, flags: int) -> int:
        code: int = self._methods[self._tables[handle]][0].xSync(handle, flags)
        if code == OK:
            self.synced(handle)
        return code
