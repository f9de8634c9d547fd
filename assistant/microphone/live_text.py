"""What is said as text while it is said."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from assistant.microphone.follower import Follower
from assistant.microphone.sounding import Sounding
from assistant.microphone.spool import Spool
from pipelines.errors import ProductError
from pipelines.speech.recognizer import SoFar

if TYPE_CHECKING:
    from pipelines.records import ModelCall, Recording, Transcript
    from pipelines.speech.live import LiveSpeech, Writing
    from pipelines.speech.recognizer import Recognizer

_WAIT_SECONDS: Final = 0.1
#: A partial text is asked for so often.
_PARTIAL_SECONDS: Final = 0.2


class LiveText:
    """A recogniser that follows a take on a thread of its own, from disk: one that is slow delays nobody.

    While it is behind it makes no partial texts; every sample is heard all the same.
    """

    def __init__(self, spool: Spool, recognizer: Recognizer, writing: Writing | None = None) -> None:
        self._follower = Follower(spool)
        self._recognizer = recognizer
        self._writing = writing
        self._sounding = Sounding()
        self._speech: LiveSpeech | None = None
        self._so_far = SoFar(settled="", open="")
        self._hushed = False
        self.problem: Exception | None = None
        """Why there is no live text; the recording can still be recognised from its file."""
        self._thread = threading.Thread(target=self._follow, name="recording: recognise", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def so_far(self) -> SoFar:
        return self._so_far

    def seconds_heard(self) -> float:
        """How much of the take was heard."""
        return self._sounding.seconds

    def hush(self) -> None:
        """No more partial texts: the end is near, and nobody shall wait for one."""
        self._hushed = True

    def finish(self, recording: Recording) -> tuple[Transcript, ModelCall] | None:
        """The transcript once the take is closed; None where it has to be made from the file.

        Raises:
            BadInput: too short or silent.
        """
        self._thread.join()
        # Several channels are mixed by what all of the recording tells of them, which only the file's way knows.
        if self.problem is not None or self._speech is None or recording.channels > 1:
            return None
        return self._speech.finish(recording, recording.warnings)

    def _follow(self) -> None:
        asked, looked = 0.0, 0
        try:
            while not self._follower.at_end:
                frames = self._follower.read(_WAIT_SECONDS)
                for frame in frames:
                    for block in self._sounding.hear(frame):
                        self._hear(block)
                new = self._sounding.sampled > looked and not self._follower.waiting
                if self._speech and new and not self._hushed and time.monotonic() - asked > _PARTIAL_SECONDS:
                    looked = self._sounding.sampled
                    self._so_far = self._speech.so_far()
                    asked = time.monotonic()
            for block in self._sounding.finish():
                self._hear(block)
        except Exception as problem:
            self.problem = problem
        finally:
            self._follower.close()

    def _hear(self, block: object) -> None:
        import numpy as np

        from pipelines.speech.live import LiveSpeech, even

        form = self._sounding.form
        assert form is not None
        if self._speech is None:
            self._speech = LiveSpeech(self._recognizer, form.rate, even(form.channels), self._writing)
        self._speech.hear(np.asarray(block, np.float32) / np.float32(32768))

    def said(self) -> str | None:
        """The problem in one line, without any text of the patient's."""
        if self.problem is None:
            return None
        if isinstance(self.problem, ProductError):
            return str(self.problem)
        return f"live text: internal error ({type(self.problem).__name__}); the recording goes on"
