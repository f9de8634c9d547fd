"""Decoding in a process of its own, for libraries that damaged pictures crash or send round in circles.

Found by fuzzing (`tests/fuzz`): GDCM's lossless JPEG ends the process on about one damaged picture in 250, CharLS does
not come back from one in 30. Starting the process takes a third of a second, once; each picture then a copy each way.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import weakref
from functools import lru_cache
from typing import Any, Final

import numpy as np

from pipelines.evidence.decoding_child import LENGTHS
from pipelines.evidence.depth import Values

_PATIENCE: Final = 5.0
"""Seconds for any picture."""
_PIXELS: Final = 1_000_000
"""For so many of its pixels a further second."""
_START: Final = 60.0
"""Seconds until the process is ready: a machine may be busy."""


class Apart:
    """The process, started when it is needed, and again after it ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def decode(self, stream: bytes, syntax: str, plugin: str, options: dict[str, Any]) -> tuple[Values, dict[str, Any]]:
        """As pydicom's ``as_array`` of one frame.

        Args:
            stream: the frame as it is compressed.
            options: as that takes them, as far as they can be written as JSON.

        Raises:
            RuntimeError: the picture cannot be decoded.
        """
        asked = json.dumps({"syntax": syntax, "plugin": plugin, "options": options}).encode()
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                self._child = self._started()
            request = LENGTHS.pack(len(asked), len(stream)) + asked + stream
            answer, data = _asked(self._child, request, _PATIENCE + options["rows"] * options["columns"] / _PIXELS)
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        values = np.frombuffer(data, np.dtype(answer["kind"])).reshape(answer["shape"])
        return values, answer["found"]

    def _started(self) -> subprocess.Popen[bytes]:
        # Without the folder in which the user happens to be on the path.
        command = [sys.executable, "-P", "-m", "pipelines.evidence.decoding_child"]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=-1
        )
        # Also when Python ends.
        weakref.finalize(self, _end, child)
        # It says that it is ready.
        _asked(child, b"", _START)
        return child


@lru_cache(maxsize=1)
def apart() -> Apart:
    """The one of this process."""
    return Apart()


def _asked(child: subprocess.Popen[bytes], request: bytes, patience: float) -> tuple[dict[str, Any], bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    alarm = threading.Timer(patience, child.kill)
    alarm.start()
    try:
        child.stdin.write(request)
        child.stdin.flush()
        described, held = LENGTHS.unpack(child.stdout.read(LENGTHS.size).ljust(LENGTHS.size, b"\0"))
        text, data = child.stdout.read(described), child.stdout.read(held)
    except OSError:
        text, data, described, held = b"", b"", 1, 0
    finally:
        alarm.cancel()
    if not described or (len(text), len(data)) != (described, held):
        _end(child)
        raise RuntimeError("the decoder ended, or did not come to an end")
    return json.loads(text), data


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
