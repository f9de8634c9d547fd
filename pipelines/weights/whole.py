"""Small files beside weights, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step; it and its name are on disk when this returns.

    Raises:
        OSError: the disk refuses; what was there before stays.
    """
    growing = path.with_name(f".{path.name}")
    with growing.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    growing.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
