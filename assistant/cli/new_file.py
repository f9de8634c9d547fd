"""A file that a command makes for the user: whole or not at all, never in place of another."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput, StorageProblem, UsageProblem

_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def require_new(path: Path) -> None:
    """See that nothing lies there yet.

    Raises:
        UsageProblem: there is something of that name.
    """
    if os.path.lexists(path):
        raise UsageProblem(str(path), "is there already", "name another file, or remove that one")


def write_new(path: Path, data: bytes, before: Callable[[], None] | None = None) -> None:
    """Put ``data`` at ``path`` in one step.

    Args:
        before: what must be done before the file is there, and without which it does not come.

    Raises:
        UsageProblem: there is something of that name.
        BadInput: no file can be made there.
        StorageProblem: the disk is full or out of order; nothing is left.
    """
    growing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with growing.open("xb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            require_new(path)
            if before is not None:
                before()
            growing.rename(path)
        finally:
            growing.unlink(missing_ok=True)
    except OSError as error:
        kind = StorageProblem if error.errno in _DISK else BadInput
        raise kind(str(path), f"cannot be written ({error.strerror})", "name another file") from None
