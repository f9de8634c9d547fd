"""SHA-256 of large files: streamed, with progress, and not twice in a process while a file stays as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

Progress = Callable[[float], None]
"""Told the fraction done, from 0 to 1, never falling."""

CHUNK: Final = 1 << 22


def hash_files(paths: Iterable[Path], progress: Progress | None = None) -> tuple[str, ...]:
    """SHA-256 of each file's bytes, all of them read now.

    Args:
        progress: told the fraction of all bytes that is read.
    """
    paths = tuple(paths)
    total = sum(path.stat().st_size for path in paths) or 1
    done = 0
    digests = []
    for path in paths:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(min(1.0, done / total))
        digests.append(digest.hexdigest())
    return tuple(digests)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file; one that this process has hashed before is read again only if its size or time changed."""
    stat = path.stat()
    return _sha256(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, modified_ns: int) -> str:  # noqa: ARG001 -- size and time are part of the key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def joint_sha256(digests: Mapping[str, str]) -> str:
    """One digest for named files: the file's own, or of several that of the list ``sha256  name`` in order of names."""
    if len(digests) == 1:
        return next(iter(digests.values()))
    listing = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(listing.encode()).hexdigest()
