"""kill -9 at any moment of ``replay``: the next call finishes, each recording once, and the log holds true."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from assistant.cli import _run
from assistant.sessions import SessionLog
from pipelines.records import RunState
from tests.support.engines import ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone

KILLS = 60
RECORDINGS = 4


def replay(folder: Path, data_dir: Path) -> int:
    """``assistant replay`` in a forked child with everything imported already; returns its process id."""
    child = os.fork()
    if child:
        return child
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    import sys

    sys.argv = ["assistant", "--data-dir", str(data_dir), "replay", str(folder), "--json"]
    try:
        code = _run()
    except BaseException:
        code = 99
    os._exit(code)


def exit_code(child: int) -> int | None:
    """None where it was killed."""
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None


@pytest.mark.long
def test_killed_at_random_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.opening.recognizer_of", lambda _: ScriptedRecognizer())
    folder = tmp_path / "recordings"
    folder.mkdir()
    for n in range(RECORDINGS):
        write_tone(folder / f"{n}.wav", 1 + n / 2)
    record = write_bundle(folder / "record.json", patient(), potassium())
    lines = [
        f'{{"audio": "{n}.wav", "attach": ["{record.name}"], "task": "dictation-note"}}' for n in range(RECORDINGS)
    ]
    (folder / "manifest.jsonl").write_text("\n".join(lines))

    warm = exit_code(replay(folder, tmp_path / "warm"))
    assert warm == 0
    start = time.perf_counter()
    assert exit_code(replay(folder, tmp_path / "timed")) == 0
    whole = time.perf_counter() - start

    moments = random.Random(20261122)
    kills = rounds = finished_early = 0
    while kills < KILLS:
        data_dir = tmp_path / f"data{rounds}"
        rounds += 1
        while True:
            child = replay(folder, data_dir)
            time.sleep(moments.uniform(0, whole))
            os.kill(child, signal.SIGKILL)
            code = exit_code(child)
            if code is not None:
                assert code == 0
                finished_early += 1
                break
            kills += 1
            check_nothing_is_wrong(data_dir)
        check_all_done_once(data_dir)
    assert rounds > 1
    assert finished_early == rounds


def check_nothing_is_wrong(data_dir: Path) -> None:
    with SessionLog.open(data_dir) as log:
        found = log.verify()
        assert found.ok, found.problem
        runs = log.runs()
        assert len({run.key for run in runs}) == len(runs)


def check_all_done_once(data_dir: Path) -> None:
    with SessionLog.open(data_dir) as log:
        runs = log.runs()
        assert [run.state for run in runs] == [RunState.DONE] * RECORDINGS
        assert len({run.recording for run in runs}) == RECORDINGS
        for run in runs:
            view = log.run(run.id)
            assert view.result is not None
            assert view.result.statements
            assert len(view.model_calls) == 1, "recognised again although it was recorded"
        found = log.verify()
        assert found.ok, found.problem
