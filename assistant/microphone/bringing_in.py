"""Takes that were left behind become runs: the sound into the store, the work into the log, then the take may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.microphone.finishing import encode, given_of, held, into_store
from assistant.microphone.flac import SUFFIX
from assistant.microphone.recovery import LeftTake, begin_of, remove
from assistant.microphone.sounding import Sounding
from assistant.microphone.take import Ending
from assistant.sessions.disk import Disk
from assistant.sessions.files import make_folders
from assistant.sessions.problems import disk_errors
from pipelines.records import RunState

if TYPE_CHECKING:
    from assistant.sessions import SessionLog


def bring_in(left: LeftTake, log: SessionLog, folder: Path, disk: Disk, *, without_files: bool = False) -> str | None:
    """Take one in; returns its run, which is queued where it is new, or None where nothing was recorded or another
    process has taken it in meanwhile.

    A crash at any moment leaves either the take or the run; doing it again gives the same run.

    Args:
        folder: where the FLAC grows; on the file system of the store.
        without_files: leave out attachments that never came into the store.

    Raises:
        BadInput: a file that was given with it is not there any more; the take stays.
        StorageProblem: the store or the log cannot take it; the take stays.
    """
    from assistant.intake import take_in

    with held(left.files) as mine:
        if not mine:
            return None
        with disk_errors(folder):
            make_folders(disk, folder)
        begin = begin_of(left.files)
        encoded = encode(left.files, folder / f"{left.take}{SUFFIX}")
        if begin is None or encoded is None:
            remove(left.files, disk)
            return None
        given = given_of(begin.asked, into_store(encoded, begin, log.store), without_files=without_files)
        request = take_in(given, log.store)
        known = log.runs_with_key(request.key())
        if known:
            run = known[0].id
        else:
            session = log.session(given.session or f"{datetime.fromisoformat(begin.when):%Y-%m-%d}")
            run = log.accept(request, session, False, RunState.QUEUED)
        keep_marks(log, run, encoded.sounding)
        remove(left.files, disk)
    return run


def keep_marks(log: SessionLog, run: str, sounding: Sounding) -> None:
    """The moments that the speaker marked, as an event of the run."""
    if sounding.marks:
        log.event("marked", run, {"seconds": [round(mark, 2) for mark in sounding.marks]})


def discard(left: LeftTake, log: SessionLog, disk: Disk) -> bool:
    """Take one away for good; False where another process has it."""
    with held(left.files) as mine:
        if mine:
            log.event("recording-discarded", None, {"take": left.take})
            remove(left.files, disk)
        return mine


def why(ending: Ending | None) -> str:
    """Why a take was left, for its user."""
    return {
        None: "its program was killed or the power failed",
        Ending.CANCELLED: "cancelled",
    }.get(ending, "ended, and not taken in")


def wanted(lefts: Sequence[LeftTake], name: str) -> list[LeftTake]:
    """The takes whose id begins so."""
    return [left for left in lefts if left.take.startswith(name.upper())]
