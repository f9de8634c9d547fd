"""``assistant dictate`` through PortAudio, from a virtual microphone: whatever happens, one line and nothing lost."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, OUR_FAULT, USAGE
from tests.support.dictating import Desk, said, spoken_in, wait_until
from tests.support.engines import DICTATION
from tests.support.records import patient, potassium, write_bundle
from tests.support.small_disk import four_megabytes
from tests.support.virtual_microphone import RATE, VirtualMicrophone, own_microphone

pytestmark = [pytest.mark.long, pytest.mark.alone]

TAKES = "recording/*.take"


@pytest.fixture(scope="module")
def speaking() -> Iterator[VirtualMicrophone]:
    """A microphone into which somebody speaks all the time."""
    with own_microphone() as microphone:
        microphone.play(said())
        yield microphone


@pytest.fixture
def loose_microphone() -> Iterator[VirtualMicrophone]:
    """One that a test may unplug."""
    with own_microphone() as microphone:
        yield microphone


@pytest.fixture
def desk(tmp_path: Path, speaking: VirtualMicrophone) -> Desk:
    return Desk(tmp_path / "data", speaking)


def left(desk: Desk) -> list[Path]:
    return sorted(desk.data_dir.glob(TAKES))


def test_from_the_microphone_to_the_note(desk: Desk) -> None:
    ended = desk.call("dictate", "--task", "dictation-note", "--device", "virtual", "--max-seconds", 3, "--json")

    assert ended.code == DONE, ended.err
    [run] = ended.objects
    assert run["recording"]["origin"] == "microphone"
    assert run["recording"]["seconds"] >= 3.0
    assert run["transcript"]["text"] == DICTATION
    assert run["result"]["statements"]
    [sound] = desk.sounds()
    assert len(sound) == round(run["recording"]["seconds"] * run["recording"]["rate"])
    assert spoken_in(sound, said())
    assert left(desk) == []
    assert not list(desk.data_dir.glob("recording/*.flac"))


def test_the_file_path_makes_the_same_of_the_same_sound(desk: Desk, tmp_path: Path) -> None:
    dictated = desk.call("dictate", "--task", "dictation-note", "--device", "virtual", "--max-seconds", 2, "--json")
    [run] = dictated.objects
    recording = run["recording"]
    stored = desk.data_dir / "files" / recording["file_sha256"][:2] / recording["file_sha256"][2:]
    shutil.copy(stored, tmp_path / "copy.flac")

    again = desk.call("replay", tmp_path / "copy.flac", "--task", "dictation-note", "--json")

    assert again.objects[0]["run"] == run["run"], "the same sound is the same work"
    assert again.objects[0]["worked"] is False
    anew = desk.call("replay", tmp_path / "copy.flac", "--task", "dictation-note", "--again", "--json")
    assert anew.objects[0]["transcript"] == run["transcript"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_and_finishes(desk: Desk, number: signal.Signals) -> None:
    with desk.dictate("--json") as dictating:
        desk.wait_for_sound()
        dictating.signal(number)
        ended = dictating.end()
    assert ended.code == DONE, ended.err
    assert ended.objects[0]["state"] == "done"
    assert spoken_in(desk.sounds()[0], said())
    assert left(desk) == []


def test_killed_then_recovered(desk: Desk) -> None:
    record = write_bundle(desk.data_dir.parent / "record.json", patient(), potassium())
    with desk.dictate("--attach", record, "--patient", "p1") as dictating:
        desk.wait_for_sound(1.1)
        dictating.signal(signal.SIGKILL)
        dictating.process.wait()
    record.unlink()
    [take] = left(desk)

    [listed] = desk.call("recover", "--list", "--json").objects
    assert take.name.startswith(listed["take"])
    assert "killed" in listed["why"]
    assert listed["seconds"] >= 1.0

    offered = desk.call("dictate", "--task", "dictation-note", "--device", "virtual", "--max-seconds", 1, "--json")
    assert "1 recording was left behind" in offered.err

    recovered = desk.call("recover", "--json")
    assert recovered.code == DONE, recovered.err
    [run] = recovered.objects
    assert run["state"] == "done"
    assert run["patient"] == "p1"
    assert run["attachments"][0]["name"] == "record.json"
    assert run["transcript"]["text"] == DICTATION
    assert left(desk) == []
    assert all(spoken_in(sound, said()) for sound in desk.sounds())
    assert "nothing to recover" in desk.call("recover").err


def test_an_engine_that_is_missing_leaves_the_recording_waiting(desk: Desk) -> None:
    desk.environment["SCRIPTED_EARS"] = "deaf"
    ended = desk.call("dictate", "--task", "dictation-note", "--device", "virtual", "--max-seconds", 1, "--json")
    assert ended.code == MODEL_NEEDED, ended.err
    [run] = ended.objects
    assert run["result"]["status"] == "needs-model"
    assert left(desk) == []
    del desk.environment["SCRIPTED_EARS"]
    assert desk.call("resume", run["run"], "--json").objects[0]["transcript"]["text"] == DICTATION


def test_a_second_dictation_is_refused_by_name(desk: Desk) -> None:
    with desk.dictate("--json") as first:
        second = desk.call("dictate", "--device", "virtual")
        assert second.code == USAGE
        [problem] = second.problems
        assert f"process {first.process.pid}" in problem
        assert len(desk.call("recover", "--list", "--json").objects) == 0, "a take that is being made is not left"
        first.signal(signal.SIGINT)
        assert first.end().code == DONE
    assert len(desk.sounds()) == 1


def test_a_locked_log_stops_no_dictation(desk: Desk) -> None:
    desk.environment["ASSISTANT_LOCK_TIMEOUT"] = "0.3"
    assert desk.call("log", "list").code == DONE
    holder = sqlite3.connect(desk.data_dir / "log.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    ended = desk.call("dictate", "--task", "dictation-note", "--device", "virtual", "--max-seconds", 1)
    assert ended.code == OUR_FAULT
    [problem] = ended.problems
    assert "locked" in problem
    assert "assistant recover" in problem
    [take] = left(desk)
    assert str(take) in problem
    refused = desk.call("recover")
    assert refused.code == OUR_FAULT
    assert left(desk) == [take]
    holder.execute("ROLLBACK")
    holder.close()

    assert desk.call("recover", "--json").objects[0]["state"] == "done"
    assert left(desk) == []
    assert spoken_in(desk.sounds()[0], said())


@pytest.fixture
def small_desk(tmp_path: Path, speaking: VirtualMicrophone) -> Iterator[Desk]:
    """Its data folder is a real file system of 4 MB."""
    with four_megabytes(tmp_path / "small") as folder:
        yield Desk(folder, speaking)


def test_a_disk_that_fills_while_somebody_speaks(small_desk: Desk) -> None:
    desk = small_desk
    assert desk.call("log", "list").code == DONE
    filler = desk.data_dir / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(desk.data_dir).free - 400_000))
    with desk.dictate() as dictating:
        dictating.wait_for("the disk is full")
        goes_on = dictating.wait_for("the recording goes on here")
        time.sleep(1)
        dictating.signal(signal.SIGINT)
        ended = dictating.end()
    assert ended.code == OUR_FAULT
    [problem] = ended.problems
    assert "disk is full" in problem
    assert "assistant recover" in problem
    elsewhere = Path(goes_on.partition(":")[0])
    assert list(elsewhere.glob("*.take"))
    [listed] = desk.call("recover", "--list", "--json").objects
    assert len(listed["files"]) == 2

    filler.unlink()
    recovered = desk.call("recover", "--json")
    assert recovered.code == DONE, recovered.err
    assert recovered.objects[0]["recording"]["seconds"] == pytest.approx(listed["seconds"], abs=0.01)
    assert recovered.objects[0]["recording"]["warnings"] == []
    assert spoken_in(desk.sounds()[0], said())
    assert not list(elsewhere.glob("*.take"))
    assert left(desk) == []


def test_a_folder_that_cannot_be_written(small_desk: Desk) -> None:
    desk = small_desk
    assert desk.call("log", "list").code == DONE
    subprocess.run(["mount", "-o", "remount,ro", desk.data_dir], check=True)
    with desk.dictate() as dictating:
        dictating.wait_for("read-only")
        dictating.wait_for("the recording goes on here")
        time.sleep(1)
        dictating.signal(signal.SIGINT)
        ended = dictating.end()
    assert ended.code == OUR_FAULT
    subprocess.run(["mount", "-o", "remount,rw", desk.data_dir], check=True)
    assert desk.call("recover", "--json").objects[0]["state"] == "done"
    assert spoken_in(desk.sounds()[0], said())


def test_an_unplugged_microphone_that_returns(tmp_path: Path, loose_microphone: VirtualMicrophone) -> None:
    desk = Desk(tmp_path / "data", loose_microphone)
    before, after = said()[: 30 * RATE], said()[60 * RATE : 90 * RATE]
    loose_microphone.play(before)
    with desk.dictate("--json") as dictating:
        desk.wait_for_sound(4.0)
        loose_microphone.unplug()
        dictating.wait_for("the microphone is gone")
        loose_microphone.plug_in()
        dictating.wait_for("the microphone is back")
        loose_microphone.play(after)
        desk.wait_for_sound(4.0)
        dictating.signal(signal.SIGINT)
        ended = dictating.end()
    assert ended.code == DONE, ended.err
    [run] = ended.objects
    [warning] = run["recording"]["warnings"]
    assert "the microphone was gone for" in warning
    [sound] = desk.sounds()
    assert holds_piece_of(sound, before, 1.0)
    assert holds_piece_of(sound, after, 1.0)


def holds_piece_of(sound: np.ndarray, played: np.ndarray, seconds: float) -> bool:
    """Whether a long piece of what was played stands in ``sound``, wherever that begins: a machine that is busy plays
    silence in between, and does not take in all of it."""
    length = round(seconds * RATE)
    whole = played.astype("<i2").tobytes()
    for start in range(0, len(sound) - length, RATE // 20):
        at = whole.find(sound[start : start + 64].astype("<i2").tobytes()) // 2
        if at > 0 and np.array_equal(played[at : at + length], sound[start : start + length]):
            return True
    return False


def test_an_unplugged_microphone_that_stays_away(tmp_path: Path, loose_microphone: VirtualMicrophone) -> None:
    desk = Desk(tmp_path / "data", loose_microphone)
    desk.environment["ASSISTANT_MICROPHONE_PATIENCE"] = "2"
    loose_microphone.play(said()[: 60 * RATE])
    with desk.dictate("--json") as dictating:
        desk.wait_for_sound(4.0)
        loose_microphone.unplug()
        dictating.wait_for("the microphone is gone")
        ended = dictating.end()
    assert ended.code == DONE, ended.err
    assert ended.objects[0]["state"] == "done"
    assert "stayed away" in ended.err
    [sound] = desk.sounds()
    assert holds_piece_of(sound, said(), 1.0)
    assert left(desk) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--device", "trumpet"], "there is no such device"),
        (["--device", "17"], "there is no such device"),
        (["--device", "a"], "fits 2 devices"),
        (["--task", "juggling"], "no such task"),
        (["--template", "sonnet"], "sonnet"),
        (["--attach", "film=x.png"], "--attach film"),
    ],
)
def test_usage_problems_are_one_line_before_anything_is_recorded(desk: Desk, arguments: list[str], named: str) -> None:
    ended = desk.call("dictate", *arguments)
    assert ended.code == USAGE
    [problem] = ended.problems
    assert named in problem
    assert left(desk) == []


def test_a_missing_attachment_is_said_before_anybody_speaks(desk: Desk) -> None:
    ended = desk.call("dictate", "--attach", "gone.json")
    assert ended.code == BAD_INPUT
    assert len(ended.problems) == 1
    assert left(desk) == []


def test_discard(desk: Desk) -> None:
    with desk.dictate() as dictating:
        desk.wait_for_sound()
        dictating.signal(signal.SIGKILL)
        dictating.process.wait()
    [listed] = desk.call("recover", "--list", "--json").objects
    assert desk.call("recover", "--discard", "01NOSUCH").code == USAGE
    assert desk.call("recover", "--discard", listed["take"]).code == DONE
    assert left(desk) == []
    assert desk.sounds() == []


def test_the_microphones(desk: Desk) -> None:
    names = [one["name"] for one in desk.call("microphone", "list", "--json").objects]
    assert "virtual_microphone" in names
    tried = desk.call("microphone", "test", "--device", "virtual", "--seconds", 1, "--json")
    assert tried.code == DONE
    assert tried.objects[0]["verdict"] == "good"


def test_a_silent_microphone(tmp_path: Path, loose_microphone: VirtualMicrophone) -> None:
    desk = Desk(tmp_path / "data", loose_microphone)
    tried = desk.call("microphone", "test", "--device", "virtual", "--seconds", 1, "--json")
    assert tried.code == BAD_INPUT
    with desk.dictate("--max-seconds", 6, "--json") as dictating:
        dictating.wait_for("is the microphone muted?")
        ended = dictating.end()
    assert ended.code == BAD_INPUT
    assert "nothing to hear" in ended.err
    assert len(desk.sounds()) == 1, "it is kept all the same"


def test_without_portaudio_one_line_names_the_package(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")')
    desk.environment["PYTHONPATH"] = str(tmp_path)
    for command in (["dictate"], ["microphone", "list"]):
        ended = desk.call(*command)
        assert ended.code == USAGE
        [problem] = ended.problems
        assert "portaudio" in problem.lower()
        assert "install" in problem


def test_doctor_tells_of_left_recordings(desk: Desk) -> None:
    with desk.dictate() as dictating:
        desk.wait_for_sound()
        dictating.signal(signal.SIGKILL)
        dictating.process.wait()
    wait_until(lambda: bool(left(desk)))
    findings = {one["name"]: one for one in desk.call("doctor", "--json").objects}
    assert findings["left recordings"]["ok"] is False
    assert "assistant recover" in findings["left recordings"]["remedy"]
