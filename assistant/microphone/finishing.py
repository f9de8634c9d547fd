"""A take becomes a recording in the store, and the work that was asked for with it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.microphone.flac import SUFFIX, WHOLE_BLOCK_SAMPLES, Encoded, FlacWriter
from assistant.microphone.frames import joined
from assistant.microphone.recovery import frames_of
from assistant.microphone.take import Asked, Begin
from assistant.sessions.files import FileStore
from assistant.sessions.problems import disk_errors
from pipelines.records import Recording

if TYPE_CHECKING:
    from assistant.intake import Given


def encode(files: Sequence[Path], path: Path) -> Encoded | None:
    """The take in these files as FLAC at ``path``, or None where it holds no sound.

    Raises:
        StorageProblem: the disk refuses.
    """
    writer = FlacWriter(path, WHOLE_BLOCK_SAMPLES)
    with disk_errors(path.parent):
        try:
            with frames_of(files) as frames:
                writer.hear(joined(frames))
            return writer.finish()
        except BaseException:
            writer.abandon()
            raise


def into_store(encoded: Encoded, begin: Begin, store: FileStore) -> Recording:
    """Move the FLAC into the store; when this returns it is on disk.

    Raises:
        StorageProblem: the store cannot take it.
    """
    sounding = encoded.sounding
    assert sounding.form is not None
    return Recording(
        sha256=encoded.sha256,
        file_sha256=store.adopt(encoded.path),
        name=f"dictation-{datetime.fromisoformat(begin.when):%Y-%m-%d-%H%M%S}{SUFFIX}",
        media_type="audio/flac",
        rate=sounding.form.rate,
        channels=sounding.form.channels,
        seconds=sounding.seconds,
        origin="microphone",
        warnings=sounding.warnings(),
    )


def given_of(asked: Asked, recording: Recording, *, without_files: bool = False) -> Given:
    """The work that the take was recorded for.

    Args:
        without_files: leave out attachments that are not in the store.
    """
    from assistant.intake import Given, GivenAttachment

    return Given(
        recording=recording,
        taken=asked.attachments,
        attachments=() if without_files else tuple(GivenAttachment.parse(one) for one in asked.given),
        task=asked.task,
        template=asked.template,
        patient=asked.patient,
        session=asked.session,
    )


@contextlib.contextmanager
def held(files: Sequence[Path]) -> Iterator[bool]:
    """Keep others from these files meanwhile; False where somebody has them or they are gone."""
    with contextlib.ExitStack() as stack:
        try:
            for path in files:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            yield False
            return
        # Who had them before may have taken them away since.
        yield all(path.exists() for path in files)
