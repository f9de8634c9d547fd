"""The content-addressed file store: bytes under the SHA-256 of what they are, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from assistant.sessions.disk import Disk
from assistant.sessions.ids import Ids
from assistant.sessions.problems import broken, disk_errors, from_os

_CHUNK = 1 << 20
#: New files grow here, in the same file system, and are renamed into place.
INCOMING = "incoming"


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folders(disk: Disk, folder: Path) -> None:
    """Create a folder with its missing parents, each one's entry on disk."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for one in reversed(missing):
        if not one.is_dir():
            disk.make_folder(one)
            disk.sync_folder(one.parent)


class FileStore:
    """Implements ``pipelines.ports.Store`` over ``folder``; several processes may use one folder.

    Raises StorageProblem where the disk refuses, VerificationFailed where a stored file is missing or changed.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._ids = Ids()

    def prepare(self) -> None:
        """Make the folders, clear what a crash left half-written, and see that the disk takes a write."""
        with disk_errors(self._folder):
            incoming = self._folder / INCOMING
            make_folders(self._disk, incoming)
            for leftover in incoming.iterdir():
                if self._disk.abandoned(leftover):
                    self._disk.unlink(leftover)
            trial, descriptor = self._create()
            try:
                self._disk.write(descriptor, b"\n")
            finally:
                self._disk.close(descriptor)
                self._disk.unlink(trial)

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._is_good(sha256):
            self._write([data], sha256)
        return sha256

    def put_file(self, path: Path) -> str:
        with disk_errors(path):
            sha256 = hash_file(path)
        while not self._is_good(sha256):
            # The file may change between the two readings: what was copied is what counts.
            with path.open("rb") as source:
                sha256 = self._write(iter(lambda: source.read(_CHUNK), b""), None)
        return sha256

    def adopt(self, path: Path) -> str:
        """Take over a file that nobody else writes any more: it is moved, and copied only from another file system."""
        try:
            return self._move(path)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise from_os(self._folder, error) from error
        sha256 = self.put_file(path)
        with disk_errors(path):
            self._disk.unlink(path)
        return sha256

    def get(self, sha256: str) -> bytes:
        path = self.path(sha256)
        with disk_errors(path):
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise broken(self.place(sha256), "its bytes are not what was stored")
        return data

    def checked_path(self, sha256: str) -> Path:
        """Where a stored file lies whose bytes, read now, are what was stored."""
        path = self.path(sha256)
        with disk_errors(path):
            found = hash_file(path)
        if found != sha256:
            raise broken(self.place(sha256), "its bytes are not what was stored")
        return path

    def path(self, sha256: str) -> Path:
        path = self._target(sha256)
        if not path.is_file():
            raise broken(self.place(sha256), "is missing")
        return path

    def has(self, sha256: str) -> bool:
        """Whether a file of that name is there; its bytes are not read."""
        return self._target(sha256).is_file()

    def place(self, sha256: str) -> str:
        """The name by which messages speak of a stored file."""
        return f"{self._folder.name}/{sha256[:2]}/{sha256[2:]}"

    def names(self) -> Iterator[Path]:
        """Every file in the store but those being written, in the order of their names."""
        for folder in sorted(self._folder.iterdir()):
            if folder.name == INCOMING:
                continue
            yield from sorted(folder.iterdir()) if folder.is_dir() else [folder]

    def _target(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:]

    def _is_good(self, sha256: str) -> bool:
        target = self._target(sha256)
        with disk_errors(target):
            return target.is_file() and hash_file(target) == sha256

    def _create(self) -> tuple[Path, int]:
        # A process that is just opening may take the file for a leftover before its lock is held.
        while True:
            path = self._folder / INCOMING / self._ids.new()
            descriptor = self._disk.create(path)
            if path.exists():
                return path, descriptor
            self._disk.close(descriptor)

    def _move(self, path: Path) -> str:
        sha256 = hash_file(path)
        if self._is_good(sha256):
            self._disk.unlink(path)
            return sha256
        target = self._target(sha256)
        descriptor = self._disk.reopen(path)
        try:
            self._disk.make_read_only(descriptor)
            self._disk.fsync(descriptor)
            make_folders(self._disk, target.parent)
            self._disk.rename(path, target)
        finally:
            self._disk.close(descriptor)
        self._disk.sync_folder(target.parent)
        return sha256

    def _write(self, chunks: Iterable[bytes], sha256: str | None) -> str:
        with disk_errors(self._folder):
            path, descriptor = self._create()
            try:
                digest = hashlib.sha256()
                for chunk in chunks:
                    digest.update(chunk)
                    self._disk.write(descriptor, chunk)
                self._disk.make_read_only(descriptor)
                self._disk.fsync(descriptor)
                target = self._target(sha256 or digest.hexdigest())
                make_folders(self._disk, target.parent)
                self._disk.rename(path, target)
            except BaseException:
                self._disk.unlink(path)
                raise
            finally:
                self._disk.close(descriptor)
            self._disk.sync_folder(target.parent)
        return digest.hexdigest()
