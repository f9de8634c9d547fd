"""Where somebody speaks, found while the sound comes in: Silero's voice detector through onnxruntime alone.

The model's file comes with faster-whisper, which is not imported for it.
"""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded
from pipelines.quiet import silence_telemetry
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples

#: Samples per probability: 32 ms.
WINDOW: Final = 512
#: Gentler than Silero's 0.5, so that quiet or hoarse speech is kept.
THRESHOLD: Final = 0.35
#: Speech goes on until its probability falls below this.
RELEASE: Final = THRESHOLD - 0.15
#: What a voice must give to count: the sum of its windows' probabilities above `RELEASE`, which two sure windows give.
#: In ten minutes of noise or music no sound gave more than 0.7; in speech, in 5 dB of noise too, none gave less than 8.
EVIDENCE: Final = 1.5
#: Shorter gaps belong to the flow of a sentence.
PAUSE_MS: Final = 300
#: No span is longer; one that would be is cut in its last short gap, or just there.
LONGEST_SECONDS: Final = 25.0
#: Gaps at least this long are places to cut a span that grows too long.
_GAP_MS: Final = 98

#: Samples of the window before, which the model sees with each window.
_CONTEXT: Final = 64
#: Windows per call at most: in calls of 4 to 128 one second costs half of what it costs in calls of one.
_BATCH: Final = 32
_FILE: Final = "silero_vad_v6.onnx"

Spans = tuple[tuple[int, int], ...]
"""Samples [first, last), in order, none overlapping."""
Probabilities = NDArray[np.float32]
Rows = NDArray[np.bool_]


class VoiceDetector:
    """The loaded model; any number of recordings may be listened to with one, also from several threads."""

    def __init__(self) -> None:
        self._session: Any = None
        self._loading = threading.Lock()

    def listen(self) -> VoiceStream:
        """Begin a recording. Loads nothing yet."""
        return VoiceStream(self)

    def run(
        self, windows: NDArray[np.float32], h: NDArray[np.float32], c: NDArray[np.float32]
    ) -> tuple[Probabilities, NDArray[np.float32], NDArray[np.float32]]:
        """Of consecutive windows with their context, [n, 576], and the state after them, each [1, 1, 128].

        Raises:
            ModelNeeded: the model's file is missing or damaged.
        """
        found, h, c = self._loaded().run(None, {"input": windows, "h": h, "c": c})
        return found.reshape(-1), h, c

    def _loaded(self) -> Any:
        with self._loading:
            if self._session is None:
                silence_telemetry()
                import onnxruntime

                options = onnxruntime.SessionOptions()
                # More gain nothing for a model this small.
                options.intra_op_num_threads = 1
                options.inter_op_num_threads = 1
                options.enable_cpu_mem_arena = False
                options.log_severity_level = 4
                try:
                    self._session = onnxruntime.InferenceSession(
                        _model_file().read_bytes(), options, providers=["CPUExecutionProvider"]
                    )
                # onnxruntime's own errors share no base.
                except Exception as problem:
                    raise ModelNeeded(
                        _FILE,
                        "the voice detector cannot be loaded",
                        "install faster-whisper anew: pip install --force-reinstall faster-whisper",
                    ) from problem
            return self._session


class VoiceStream:
    """One recording on its way in, in pieces of any length; what is found does not depend on how it was cut.

    Not for several threads at once.
    """

    def __init__(self, detector: VoiceDetector) -> None:
        self._detector = detector
        self._held = np.zeros(_CONTEXT, np.float32)
        """The context of the next window, and what has come of it."""
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._probabilities = np.empty(1024, np.float32)
        self._windows = 0
        self._heard = 0
        self._spans = _SpanFinder()

    def hear(self, samples: Samples) -> None:
        """Take in the next mono 16 kHz samples, [n] float32.

        Raises:
            ModelNeeded: the model's file is missing or damaged.
        """
        for start in range(0, len(samples), _BATCH * WINDOW):
            part = samples[start : start + _BATCH * WINDOW]
            self._heard += len(part)
            self._take(part)

    def finish(self) -> None:
        """Nothing more comes: the last window is filled up with silence, and an open span ends with the recording."""
        rest = len(self._held) - _CONTEXT
        if rest:
            self._take(np.zeros(WINDOW - rest, np.float32))
        self._spans.finish(self._heard)

    @property
    def probabilities(self) -> Probabilities:
        """That somebody speaks, [windows]: one for every 512 samples so far. Later sound does not change the array."""
        view = self._probabilities[: self._windows]
        view.flags.writeable = False
        return view

    @property
    def spans(self) -> Spans:
        """Where somebody spoke, in samples: the spans that have ended. They stay as they are."""
        return tuple(self._spans.ended)

    @property
    def settled_to(self) -> int:
        """Every span that begins before this sample is in `spans`; none will be added before it."""
        return self._heard if self._spans.finished else self._spans.settled_to

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks, or has paused for less than 0.3 s: known within 0.1 s of the first sure sound."""
        return self._spans.start is not None and self._spans.evidence >= EVIDENCE

    def _take(self, part: Samples) -> None:
        held = np.concatenate((self._held, part))
        count = (len(held) - _CONTEXT) // WINDOW
        if count:
            size = count * WINDOW
            context = held[:size].reshape(count, WINDOW)[:, :_CONTEXT]
            windows = np.concatenate((context, held[_CONTEXT : _CONTEXT + size].reshape(count, WINDOW)), axis=1)
            found, self._h, self._c = self._detector.run(windows, self._h, self._c)
            self._keep(found)
            held = held[size:].copy()
        self._held = held

    def _keep(self, found: Probabilities) -> None:
        needed = self._windows + len(found)
        if needed > len(self._probabilities):
            # A new array: views that were handed out keep the old one.
            grown = np.empty(max(needed, 2 * len(self._probabilities)), np.float32)
            grown[: self._windows] = self._probabilities[: self._windows]
            self._probabilities = grown
        self._probabilities[self._windows : needed] = found
        for probability in found.tolist():
            self._spans.step(probability)
        self._windows = needed


class _SpanFinder:
    """Speech spans from one probability after the other, with hysteresis: begun at `THRESHOLD`, ended by a pause of
    `PAUSE_MS` below `RELEASE`.

    The rules are those of Silero's own `get_speech_timestamps`, which needs all at once, but for one: a span without
    `EVIDENCE` is dropped.
    """

    _pause: Final = PAUSE_MS * RATE / 1000
    _gap: Final = _GAP_MS * RATE / 1000
    _longest: Final = LONGEST_SECONDS * RATE - WINDOW

    def __init__(self) -> None:
        self.ended: list[tuple[int, int]] = []
        self.start: int | None = None
        """Of the open span."""
        self.evidence = 0.0
        """For the open span, and what was cut off it."""
        self.finished = False
        self._at = 0
        self._quiet_from: int | None = None
        """Where the present pause within the open span began."""
        self._cut: tuple[int, int | None] | None = None
        """The last gap of the open span: where it began, and where speech went on after it."""

    @property
    def settled_to(self) -> int:
        return self._at if self.start is None else self.start

    def step(self, probability: float) -> None:
        at, self._at = self._at, self._at + WINDOW
        if probability >= THRESHOLD:
            if self._quiet_from is not None:
                self._quiet_from = None
                if self._cut is not None and self._cut[1] is None:
                    self._cut = (self._cut[0], at)
            if self.start is None:
                self.start, self.evidence = at, probability - RELEASE
                return
        if self.start is None:
            return
        self.evidence += max(0.0, probability - RELEASE)
        if at - self.start > self._longest and not self._divide(at):
            return
        if probability < RELEASE and self.start is not None:
            self._pause_at(at)

    def finish(self, length: int) -> None:
        """The recording ends after ``length`` samples."""
        if self.start is not None and self.start < length:
            self._end(length)
        self.finished = True

    def _divide(self, at: int) -> bool:
        """Cut the open span, which is too long, in its last gap; without one, end it at ``at``. Whether a gap was
        found."""
        if self._cut is None:
            self._end(at)
            return False
        end, goes_on = self._cut
        self._end(end)
        self.start = goes_on
        return True

    def _pause_at(self, at: int) -> None:
        if self._quiet_from is None:
            self._quiet_from = at
        quiet = at - self._quiet_from
        if quiet > self._gap and (self._cut is None or self._cut[0] != self._quiet_from):
            self._cut = (self._quiet_from, None)
        if quiet >= self._pause:
            self._end(self._quiet_from)

    def _end(self, at: int) -> None:
        assert self.start is not None
        if self.evidence >= EVIDENCE:
            self.ended.append((self.start, at))
        self.start = self._quiet_from = self._cut = None


def voiced_rows(probabilities: Probabilities, rows: int, *, row_samples: int = 640, margin_seconds: float) -> Rows:
    """Which rows of a recogniser's output have a voice within ``margin_seconds`` of them, [rows].

    A row counts where the windows that its margin touches hold `EVIDENCE` together; so it is settled as soon as the
    sound up to the end of its margin was heard.

    Args:
        probabilities: of the sound from its beginning, [windows] (`VoiceStream.probabilities`).
        rows: row k is taken to lie at samples [k * row_samples, (k + 1) * row_samples). MedASR's rows see a little
            more than 0.1 s beyond that, and evidence takes a tenth of a second; the margin has to cover both.
    """
    evidence = np.concatenate(([0.0], np.cumsum(np.maximum(0.0, probabilities.astype(np.float64) - RELEASE))))
    margin = round(margin_seconds * RATE)
    starts = np.arange(rows) * row_samples
    first = np.clip((starts - margin) // WINDOW, 0, len(probabilities))
    last = np.clip(-((starts + row_samples + margin) // -WINDOW), 0, len(probabilities))
    return np.asarray(evidence[last] - evidence[first] >= EVIDENCE)


def _model_file() -> Path:
    """Where faster-whisper keeps the model, without importing it."""
    spec = find_spec("faster_whisper")
    places = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
    return next((file for place in places if (file := place / "assets" / _FILE).is_file()), Path(_FILE))
