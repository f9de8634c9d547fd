"""From the end of a dictation to its final text, after 1, 5 and 30 minutes, against the cost of one window of 20 s.

The real parts at work: the write-ahead recording, the FLAC that grows beside it, the store, and MedASR, prepared, at
its real size with random weights (gibberish, at its real cost, and as much of it a second as people say); the lexicon
is looked through. The sound comes faster than it is spoken, but for its last half minute, which comes at the speed of
speech, with partial texts made meanwhile. What is measured is everything
between the end and the text: the last of the sound on disk, the file in the store with its hashes, and what is left to
hear. The partial texts of the last half minute are counted as well: the longest time between two of them. The
embedded Whisper goes the same way, without a goal.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soxr

from assistant.microphone.finishing import into_store
from assistant.microphone.flac import FlacFollower
from assistant.microphone.live_text import LiveText
from assistant.microphone.recorder import Recorder
from assistant.microphone.spool import Spool
from assistant.microphone.take import Begin, Ending, Part
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from assistant.sessions.ids import Ids
from benchmarks.line import print_line
from pipelines.quiet import silence_telemetry
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.live import Writing
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.text.lexicon import Lexicon
from pipelines.text.lexicon_builtin import builtin
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import spoken_seconds
from tests.support.prepared_medasr import prepare_into
from tests.support.real_size_medasr import build, speak_as_fast_as_people

#: How often each length, in minutes, is dictated; the longest once, as it takes minutes.
ROUNDS = {1: 5, 5: 3, 30: 1}
WHISPER_ROUNDS = {1: 3, 5: 1}
THREADS = os.cpu_count() or 1
WRITING = Writing(Lexicon(builtin()))
WINDOW_SECONDS = 20
GOAL = 1.2
_DEVICE_RATE = 48_000
_BLOCK = _DEVICE_RATE // 50
_PATIENCE = 3_600
_AT_SPEED = 30
"""The last so many seconds come at the speed of speech."""


def stop_to_final(folder: Path, said: np.ndarray, minutes: int, recognizer: Recognizer) -> tuple[float, float]:
    """Seconds from the end of a dictation of so many minutes to its text, and the longest between partial texts."""
    store = FileStore(folder / "files", Disk())
    store.prepare()
    begin = Begin(take=Ids().new(), when="2026-11-25T12:00:00+00:00")
    spool = Spool(Disk(), [folder / "recording"], begin, lambda line: print(line, file=sys.stderr))
    recorder = Recorder(spool)
    flac, live = FlacFollower(spool, folder / "recording" / "growing.flac"), LiveText(spool, recognizer, WRITING)
    recorder.begin(Part(rate=_DEVICE_RATE, channels=1, device="benchmark"))
    recorder.start()
    flac.start()
    live.start()
    samples = minutes * 60 * _DEVICE_RATE
    at_speed = samples - _AT_SPEED * _DEVICE_RATE
    for start in range(0, at_speed, _BLOCK):
        recorder.deliver(_piece(said, start))
    until = time.monotonic() + _PATIENCE
    while live.seconds_heard() < at_speed / _DEVICE_RATE - 0.1:
        assert live.problem is None, live.problem
        assert time.monotonic() < until, "it never hears the end"
        time.sleep(0.05)
    started = time.monotonic()
    shown, longest, changed = live.so_far, 0.0, None
    for start in range(at_speed, samples, _BLOCK):
        time.sleep(max(0.0, started + (start + _BLOCK - at_speed) / _DEVICE_RATE - time.monotonic()))
        recorder.deliver(_piece(said, start))
        if live.so_far is not shown:
            shown, now = live.so_far, time.monotonic()
            # The first one hears all that came faster than it is spoken.
            longest, changed = max(longest, now - (changed or now)), now
    start_at = time.perf_counter()
    live.hush()
    recorder.finish(Ending.STOPPED)
    encoded = flac.finish()
    assert encoded is not None
    heard = live.finish(into_store(encoded, begin, store))
    taken = time.perf_counter() - start_at
    assert heard is not None, live.problem
    spool.release()
    return taken, max(longest, started + _AT_SPEED - (changed or started))


def _piece(said: np.ndarray, start: int) -> bytes:
    at = start % (len(said) - _BLOCK)
    return said[at : at + _BLOCK].tobytes()


def measure(name: str, recognizer: Recognizer, speech: Samples, rounds: Mapping[int, int], goal: float | None) -> None:
    """One line of a recogniser's figures, for lengths in minutes and how often each is dictated."""
    window = speech[: WINDOW_SECONDS * RATE]
    recognizer.recognise(window)
    windows = []
    for _ in range(7):
        start = time.perf_counter()
        recognizer.recognise(window)
        windows.append(time.perf_counter() - start)
    one_window = statistics.median(windows)
    said = (soxr.resample(speech, RATE, _DEVICE_RATE) * 32_767).astype("<i2")
    found, partials = {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        for minutes, turns in rounds.items():
            times = [
                stop_to_final(Path(scratch) / f"{minutes}-{turn}", said, minutes, recognizer) for turn in range(turns)
            ]
            found[minutes] = statistics.median(taken for taken, _ in times)
            partials[minutes] = max(longest for _, longest in times)
    ratio = max(found.values()) / one_window
    asked = f"at most {goal} times one window of {WINDOW_SECONDS} s, however long it was; a partial text every second"
    print_line(
        name,
        {
            "window_s": one_window,
            **{f"after_{minutes}_min_s": seconds for minutes, seconds in found.items()},
            **{f"after_{minutes}_min_ratio": seconds / one_window for minutes, seconds in found.items()},
            **{f"longest_between_partials_{minutes}_min_s": seconds for minutes, seconds in partials.items()},
            "threads": THREADS,
        },
        ratio,
        asked if goal else "reported",
        met=goal is None or (ratio <= goal and max(partials.values()) <= 1.0),
    )


def main() -> None:
    silence_telemetry()
    warnings.filterwarnings("ignore", message="Using padding='same'", category=UserWarning)
    speech = spoken_seconds(60)
    with tempfile.TemporaryDirectory() as scratch:
        folder = ModelFolder(build(Path(scratch) / "medasr"), MEDASR)
        speak_as_fast_as_people(folder.path, speech[: 20 * RATE])
        models = Path(scratch) / "models"
        prepare_into(models, folder.path, int8=False)
        measure("stop_to_final", MedASRRecognizer(folder, THREADS, prepared=models), speech, ROUNDS, GOAL)
    measure("stop_to_final_whisper", WhisperRecognizer(threads=THREADS), speech, WHISPER_ROUNDS, None)


if __name__ == "__main__":
    main()
