"""A dictation from its start to the work that it asks for: the parts of this package at work together."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.microphone.capture import PATIENCE_SECONDS, Capture
from assistant.microphone.devices import Microphones, choose
from assistant.microphone.finishing import encode, into_store
from assistant.microphone.flac import SUFFIX, Encoded, FlacFollower
from assistant.microphone.live_text import LiveText
from assistant.microphone.meter import FLOOR_DB
from assistant.microphone.problems import MicrophoneProblem
from assistant.microphone.recorder import Recorder
from assistant.microphone.recovery import remove
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import Spool
from assistant.microphone.take import Asked, Begin, Ending
from assistant.microphone.watch import Watch
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from assistant.sessions.ids import Ids
from pipelines.speech.recognizer import SoFar

if TYPE_CHECKING:
    from pipelines.records import ModelCall, Recording, Transcript
    from pipelines.speech.live import Writing
    from pipelines.speech.recognizer import Recognizer

#: A disk that takes longer than this to keep what was written may lose more than was promised if the power fails.
SLOW_SYNC: Final = 0.15
SILENT_SECONDS: Final = 3.0


@dataclass(frozen=True)
class View:
    """What somebody who dictates may want to see."""

    state: str
    """``recording``, ``paused``, ``waiting for the microphone``."""
    device: str
    seconds: float
    """Of sound so far."""
    level_db: float
    peak_db: float
    warnings: tuple[str, ...]
    notices: tuple[str, ...]
    """What happened, in one line each, the newest last."""
    marks: int
    text: SoFar
    listening: bool
    """Whether somebody makes text of it."""
    behind: float
    """Seconds that were recorded and not yet heard by the recogniser."""


class Dictation:
    """One dictation. Call ``start``, then ``view`` ten times a second or so, then ``stop``.

    Args:
        folders: the write-ahead folders; the first lies in the data folder.
        recognizer: who listens meanwhile; None where nobody can.
    """

    def __init__(
        self,
        microphones: Microphones,
        device: str | None,
        folders: Sequence[Path],
        asked: Asked,
        recognizer: Recognizer | None = None,
        writing: Writing | None = None,
        disk: Disk | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._disk = disk or Disk()
        self.notices: deque[str] = deque()
        self.begin = Begin(
            take=Ids().new(), when=datetime.now().astimezone().isoformat(timespec="seconds"), asked=asked
        )
        # The device first: where there is none nothing is left behind.
        found = choose(microphones.devices(), device)
        self._spool = Spool(self._disk, folders, self.begin, self._tell)
        self._recorder = Recorder(self._spool)
        self._capture = Capture(microphones, found, self._recorder, self._tell, patience)
        self._flac = FlacFollower(self._spool, folders[0] / f"{self.begin.take}{SUFFIX}")
        self._live = LiveText(self._spool, recognizer, writing) if recognizer is not None else None
        self._watch = Watch(self._spool)
        self._problem_said = False

    def start(self) -> None:
        """Begin to record.

        Raises:
            MicrophoneTaken: the device does not let itself be opened; nothing is left behind.
        """
        try:
            self._capture.start()
        except MicrophoneProblem:
            self._spool.close()
            remove(self._spool.files, self._disk)
            self._spool.release()
            raise
        self._recorder.start()
        self._flac.start()
        if self._live is not None:
            self._live.start()

    @property
    def ended(self) -> Ending | None:
        """Why it cannot go on, where that is so: then call ``stop``."""
        if self._recorder.no_room or self._recorder.fault is not None:
            return Ending.NO_ROOM
        return Ending.DEVICE_GONE if self._capture.gone.is_set() else None

    @property
    def paused(self) -> bool:
        return self._recorder.paused

    @property
    def take(self) -> str:
        return self.begin.take

    @property
    def safe(self) -> bool:
        """Whether all of it is on disk."""
        return self._spool.all_on_disk

    def try_again(self) -> None:
        """Try to bring to disk what no disk took so far."""
        self._spool.sync()

    @property
    def files(self) -> tuple[Path, ...]:
        """Where the take lies until it is in the store."""
        return self._spool.files

    @property
    def sounding(self) -> Sounding:
        """What was recorded, complete after ``stop``."""
        return self._watch.sounding

    def pause(self) -> None:
        self._recorder.pause()

    def resume(self) -> None:
        self._recorder.resume()

    def mark(self) -> None:
        self._recorder.mark()

    def view(self) -> View:
        """How it stands."""
        self._watch.look()
        problem = self._live.said() if self._live else None
        if problem is not None and not self._problem_said:
            self._problem_said = True
            self._tell(problem)
        sounding, meter = self._watch.sounding, self._watch.meter
        state = "waiting for the microphone" if self._capture.waiting else "paused" if self.paused else "recording"
        return View(
            state=state,
            device=self._capture.device.name,
            seconds=sounding.seconds,
            level_db=meter.level_db if meter and state == "recording" else FLOOR_DB,
            peak_db=meter.peak_db if meter and state == "recording" else FLOOR_DB,
            warnings=tuple(self._warnings()) if state == "recording" else (),
            notices=tuple(self.notices),
            marks=len(sounding.marks),
            text=self._live.so_far if self._live else SoFar(settled="", open=""),
            listening=self._live is not None and self._live.problem is None,
            behind=max(0.0, sounding.seconds - self._live.seconds_heard()) if self._live else 0.0,
        )

    def stop(self, reason: Ending) -> None:
        """End the recording; all of it is on disk when this returns, where any disk takes it."""
        if self._live is not None:
            self._live.hush()
        self._capture.close()
        self._recorder.finish(reason)
        self._watch.look()
        self._watch.close()

    def store(self, store: FileStore) -> Recording | None:
        """The recording in the store, after ``stop``; None where nothing was recorded.

        Raises:
            StorageProblem: the store cannot take it; the take stays where it is.
        """
        encoded = self._encoded()
        return into_store(encoded, self.begin, store) if encoded else None

    def heard(self, recording: Recording) -> tuple[Transcript, ModelCall] | None:
        """What was heard of it meanwhile; None where it has to be recognised from its file."""
        return self._live.finish(recording) if self._live else None

    def done(self) -> None:
        """The recording is in the store and its run in the log: the take is not needed any more."""
        remove(self._spool.files, self._disk)
        self._spool.release()

    def leave(self) -> None:
        """Leave the take to recovery, after ``stop``."""
        with contextlib.suppress(Exception):
            self._flac.finish()
        with contextlib.suppress(OSError):
            self._flac.path.unlink(missing_ok=True)
        self._spool.release()

    def _encoded(self) -> Encoded | None:
        try:
            return self._flac.finish()
        except Exception:
            # It was in the way of nothing: what counts is in the take.
            return encode(self._spool.files, self._flac.path)

    def _warnings(self) -> Iterator[str]:
        meter = self._watch.meter
        if meter is None:
            return
        if meter.silent_seconds > SILENT_SECONDS:
            yield f"silent for {meter.silent_seconds:.0f} s: is the microphone muted?"
        elif self._watch.too_quiet:
            yield "too quiet: come closer or turn the microphone up"
        if self._watch.clipping:
            yield "too loud: the sound is clipped; turn the microphone down"
        if self._capture.overflows:
            yield f"the computer is too busy: {self._capture.overflows} times a little sound was lost"
        if self._recorder.slowest_sync > SLOW_SYNC:
            yield "the disk is slow: if the power fails now, more than 0.25 s may be lost"

    def _tell(self, line: str) -> None:
        self.notices.append(line)
