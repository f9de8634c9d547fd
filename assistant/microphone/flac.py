"""A take as FLAC: written while it is recorded, so that the end costs the same however long it was."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.microphone.follower import Follower
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import Spool

if TYPE_CHECKING:
    from assistant.microphone.frames import Frame
    from assistant.microphone.sounding import Block
    from assistant.microphone.take import Form
    from pipelines.speech.audio import SamplesHash

SUFFIX: Final = ".flac"
#: The file is brought to disk so often, so that little is left to bring at the end; seconds.
_SYNC_SECONDS: Final = 2.0
_WAIT_SECONDS: Final = 0.2
#: Devices give little at a time, and each call of the encoder has its price: so much is gathered before one.
_BLOCK_SAMPLES: Final = 1 << 16
#: Where all the sound is there already: the encoder works long enough by itself for other threads to go on.
WHOLE_BLOCK_SAMPLES: Final = 1 << 20
_TRIAL_BYTES: Final = 1 << 18


@dataclass(frozen=True)
class Encoded:
    """A finished FLAC file that nobody has taken in yet."""

    path: Path
    sounding: Sounding
    sha256: str
    """Of the samples (`SamplesHash`)."""


class FlacWriter:
    """Sound into a 16-bit FLAC file of the form of the take's first part. Equal takes give equal bytes, whatever
    ``block_samples`` are encoded at a time."""

    def __init__(self, path: Path, block_samples: int = _BLOCK_SAMPLES) -> None:
        self._path = path
        self._block_samples = block_samples
        self._file: Any = None
        self._hash: SamplesHash
        self._hashing: Future[None] | None = None
        self._hasher = ThreadPoolExecutor(1, "recording: hash")
        self._gathered: list[Block] = []
        self._size = 0
        self.sounding = Sounding()

    def hear(self, frames: Iterable[Frame]) -> None:
        """Take in the next frames.

        Raises:
            OSError: the disk refuses.
        """
        for frame in frames:
            for block in self.sounding.hear(frame):
                self._gather(block)

    def finish(self) -> Encoded | None:
        """None where there was no sound.

        Raises:
            OSError: the disk refuses.
        """
        for block in self.sounding.finish():
            self._gather(block)
        self._write()
        if self._file is None:
            return None
        self._close()
        return Encoded(self._path, self.sounding, self._hash.hexdigest())

    def abandon(self) -> None:
        """Close and remove what was written."""
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _gather(self, block: Block) -> None:
        self._gathered.append(block)
        self._size += len(block)
        if self._size >= self._block_samples:
            self._write()

    def _write(self) -> None:
        import numpy as np
        from soundfile import LibsndfileError

        if not self._gathered:
            return
        block = np.concatenate(self._gathered)
        self._gathered, self._size = [], 0
        try:
            if self._file is None:
                assert self.sounding.form is not None
                self._open(self.sounding.form)
            self._wait_for_hash()
            self._hashing = self._hasher.submit(self._add, block)
            self._file.write(block)
        except LibsndfileError as error:
            raise _as_told_by_the_disk(self._path, error) from error

    def _add(self, block: Block) -> None:
        import numpy as np

        self._hash.add(block.astype(np.float32) / np.float32(32768))

    def _open(self, form: Form) -> None:
        from soundfile import SoundFile

        from pipelines.speech.audio import SamplesHash

        self._path.unlink(missing_ok=True)
        self._file = SoundFile(str(self._path), "w", form.rate, form.channels, "PCM_16", format="FLAC")
        self._hash = SamplesHash(form.rate, form.channels)

    def _wait_for_hash(self) -> None:
        hashing, self._hashing = self._hashing, None
        if hashing is not None:
            hashing.result()

    def _close(self) -> None:
        self._wait_for_hash()
        self._hasher.shutdown()
        file, self._file = self._file, None
        if file is not None:
            file.close()


class FlacFollower:
    """Encodes a take on a thread of its own while it is recorded.

    Args:
        path: where the file grows; in a folder of the same file system as the store, so that it need not be copied.
    """

    def __init__(self, spool: Spool, path: Path) -> None:
        self._follower = Follower(spool)
        self.path = path
        self._writer = FlacWriter(path)
        self._encoded: Encoded | None = None
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._follow, name="recording: encode", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> Encoded | None:
        """Wait for the end of the take, which must be closed; None where there was no sound.

        Raises:
            OSError: the disk refused. The take itself is not touched.
        """
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._encoded

    def _follow(self) -> None:
        synced = time.monotonic()
        try:
            while not self._follower.at_end:
                self._writer.hear(self._follower.read(_WAIT_SECONDS))
                if time.monotonic() - synced > _SYNC_SECONDS:
                    _sync(self.path)
                    synced = time.monotonic()
            self._encoded = self._writer.finish()
        except Exception as problem:
            self._writer.abandon()
            self._problem = problem
        finally:
            self._follower.close()


def _as_told_by_the_disk(path: Path, error: Exception) -> OSError:
    """libsndfile does not say why it could not write: the disk does."""
    trial = path.with_suffix(".trial")
    try:
        try:
            trial.write_bytes(bytes(_TRIAL_BYTES))
        finally:
            trial.unlink(missing_ok=True)
    except OSError as refusal:
        return refusal
    return OSError(errno.EIO, str(error), str(path))


def _sync(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
