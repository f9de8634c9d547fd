"""Where takes lie while they are not in the store, and who may record now."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assistant.microphone.problems import MicrophoneProblem
from assistant.sessions.disk import Disk
from assistant.sessions.files import make_folders

RECORDING: Final = "recording"
_LOCK: Final = "running.lock"


def write_ahead_folders(data_dir: Path) -> tuple[Path, ...]:
    """The write-ahead folder of a data folder, and where a take goes on when that refuses: the user's own state folder,
    then the folder for temporary files. Each data folder has its own there."""
    from platformdirs import user_state_path

    own = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    temporary = Path(tempfile.gettempdir()) / f"clinical-assistant-{os.getuid()}"
    others = (user_state_path("clinical-assistant", appauthor=False), temporary)
    return (data_dir / RECORDING, *(one / RECORDING / own for one in others if _is_ours(one)))


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """No other process records into this data folder meanwhile. Where the folder takes no lock there is none.

    Raises:
        MicrophoneProblem: another does; names it.
    """
    with contextlib.ExitStack() as stack:
        try:
            make_folders(Disk(), folder)
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BlockingIOError:
            process = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise MicrophoneProblem(
                "dictate", f"process {process} is recording already", "stop that dictation first"
            ) from None
        except OSError:
            # Capture goes on where nothing can be written; then there is nobody to be told either.
            pass
        yield


def _is_ours(folder: Path) -> bool:
    """Whether nobody else owns it, so that nobody else reads what lies in it."""
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return True
