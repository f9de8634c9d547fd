"""What a run costs beside its engines: intake, graph, routing, filing, checks and the log, which syncs every commit.

The speech engine is one that answers at once; reading and levelling the audio, which is done for it, is timed apart on
the same recording and taken off. For the ratio a number of bare synced SQLite commits is timed in between.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from assistant.intake import Given
from assistant.opening import open_runner
from assistant.runner import Runner
from assistant.settings import Settings
from benchmarks.line import print_line
from pipelines.records import Recording
from pipelines.speech.transcribe import transcribe
from tests.support.engines import ScriptedRecognizer
from tests.support.sounds import write_tone

RUNS = 40
GOAL_MS = 50.0
BARE_COMMITS = 20


def bare_commits(database: sqlite3.Connection) -> float:
    start = time.perf_counter()
    for _ in range(BARE_COMMITS):
        with database:
            database.execute("INSERT INTO t VALUES (randomblob(1000))")
    return (time.perf_counter() - start) * 1000


def hearing(runner: Runner, recording: Recording) -> float:
    """Milliseconds from the stored recording to its transcript, with nothing around it."""
    path = runner.log.store.path(recording.file_sha256)
    start = time.perf_counter()
    transcribe(recording, path, ScriptedRecognizer())
    return (time.perf_counter() - start) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as scratch:
        folder = Path(scratch)
        database = sqlite3.connect(folder / "bare.db")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE t (x)")
        recordings = [write_tone(folder / f"{n}.wav", 5 + n / 100) for n in range(RUNS + 2)]
        whole, own, bare = [], [], []
        with open_runner(Settings(data_dir=folder / "data"), recognizer=ScriptedRecognizer()) as runner:
            for recording in recordings:
                start = time.perf_counter()
                outcome = runner.submit(Given(audio=recording))
                whole.append((time.perf_counter() - start) * 1000)
                assert outcome.view.request.recording is not None
                own.append(whole[-1] - hearing(runner, outcome.view.request.recording))
                bare.append(bare_commits(database))
        database.close()
    median = statistics.median(own[2:])
    print_line(
        "run_overhead",
        {
            "overhead_ms_median": median,
            "overhead_ms_max": max(own[2:]),
            "with_reading_5_s_of_audio_ms_median": statistics.median(whole[2:]),
            f"bare_{BARE_COMMITS}_commits_ms": statistics.median(bare),
        },
        median / statistics.median(bare),
        f"a run's own overhead at most {GOAL_MS:.0f} ms at the median, every commit of the log synced",
        met=median <= GOAL_MS,
    )


if __name__ == "__main__":
    main()
