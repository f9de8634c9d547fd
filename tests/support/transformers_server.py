"""``transformers serve``, in a process of its own on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_LONGEST_START = 300.0


@contextmanager
def serve(checkpoint: Path, log: Path) -> Iterator[str]:
    """Serve what lies in ``checkpoint`` at the address that is yielded.

    Args:
        log: a file for what the server says.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ("--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port))
    command = (sys.executable, "-m", "transformers.cli.transformers", "serve", str(checkpoint), *settings)
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
        try:
            _wait_until_up(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_up(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"transformers serve does not start: {log.read_text()[-2000:]}")
