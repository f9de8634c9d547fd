"""Bad input: one clear line that names it and the remedy, the right exit code, and the others go on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.sessions.files import hash_file
from pipelines.errors import BAD_INPUT, DONE, OUR_FAULT, PERSON_NEEDED, USAGE
from tests.cli.conftest import Call
from tests.support.engines import ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.small_disk import four_megabytes
from tests.support.sounds import write_tone

Make = Callable[[Path], Path]


def _bytes(content: bytes, name: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _silence(folder: Path) -> Path:
    soundfile.write(folder / "silent.wav", np.zeros(16000 * 3), 16000)
    return folder / "silent.wav"


def _cut_short(folder: Path) -> Path:
    """Its header and nothing else."""
    whole = write_tone(folder / "whole.wav", 2.0)
    (folder / "cut.wav").write_bytes(whole.read_bytes()[:44])
    whole.unlink()
    return folder / "cut.wav"


def _folder(folder: Path) -> Path:
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.txt").write_text("no audio here")
    return folder / "notes"


UNUSABLE: dict[str, Make] = {
    "empty": _bytes(b"", "empty.wav"),
    "text as WAV": _bytes(b"the patient was seen today\n" * 40, "text.wav"),
    "malformed RIFF": _bytes(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00" + bytes(20), "riff.wav"),
    "header only": _cut_short,
    "silent": _silence,
    "0.05 s": lambda folder: write_tone(folder / "short.wav", 0.05),
    "missing": lambda folder: folder / "missing.wav",
    "folder without audio": _folder,
    "a picture called .mp3": _bytes(b"\x89PNG\r\n\x1a\n" + bytes(200), "picture.mp3"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_recording_is_one_line_and_the_others_go_on(kind: str, call: Call, tmp_path: Path) -> None:
    bad = UNUSABLE[kind](tmp_path)
    good = write_tone(tmp_path / "good.flac", 2.0)
    before = bad.read_bytes() if bad.is_file() else None
    called = call("replay", bad, good, "--json")
    assert called.code == BAD_INPUT
    [problem] = called.problems
    assert bad.name in problem
    assert "; " in problem, "no remedy named"
    assert [run["state"] for run in called.objects] == ["failed", "done"]
    assert "1 failed" in called.err
    assert (bad.read_bytes() if bad.is_file() else None) == before
    assert call("log", "verify").code == DONE


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8000, 1, "PCM_16"), (192_000, 2, "PCM_24"), (48_000, 6, "FLOAT"), (16_000, 1, "PCM_U8"), (44_100, 2, "DOUBLE")],
)
def test_unusual_recordings_are_heard(rate: int, channels: int, subtype: str, call: Call, tmp_path: Path) -> None:
    samples, _ = soundfile.read(write_tone(tmp_path / "t.wav", 2.0, rate, channels))
    recording = tmp_path / "odd.wav"
    soundfile.write(recording, samples, rate, subtype=subtype)
    called = call("replay", recording, "--json")
    assert called.code == DONE, called.err
    [run] = called.objects
    assert run["recording"]["channels"] == channels  # type: ignore[index]


def test_a_truncated_recording_is_used_as_far_as_it_goes_and_says_so(call: Call, tmp_path: Path) -> None:
    whole = write_tone(tmp_path / "whole.wav", 4.0).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    called = call("replay", tmp_path / "cut.wav", "--json")
    assert called.code == DONE
    [run] = called.objects
    [warning] = run["recording"]["warnings"]  # type: ignore[index]
    assert "truncated" in warning


def test_a_wrongly_labelled_recording_is_read_by_its_content(call: Call, tmp_path: Path) -> None:
    flac = write_tone(tmp_path / "good.flac", 2.0)
    flac.rename(tmp_path / "good.mp3")
    assert call("replay", tmp_path / "good.mp3", "--json").code == DONE


RECORDS: dict[str, tuple[Make, str]] = {
    "not JSON": (_bytes(b"{ not json", "record.json"), "JSON"),
    "not a Bundle": (_bytes(json.dumps({"resourceType": "Questionnaire"}).encode(), "record.json"), "Bundle"),
    "no patient": (lambda folder: write_bundle(folder / "record.json", potassium()), "atient"),
    "an unreadable picture": (_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200), "film.png"), "picture"),
    "missing": (lambda folder: folder / "gone.json", "does not exist"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_bad_attachment_is_one_line_and_the_recording_is_kept(kind: str, call: Call, tmp_path: Path) -> None:
    make, said = RECORDS[kind]
    bad = make(tmp_path)
    called = call("replay", write_tone(tmp_path / "question.wav", 2.0), "--attach", bad, "--json")
    assert called.code == BAD_INPUT
    [problem] = called.problems
    assert bad.name in problem
    assert said in problem
    assert (tmp_path / "question.wav").exists()
    assert call("log", "verify").code == DONE


def test_what_cannot_be_read_is_left_out_as_long_as_others_can(call: Call, tmp_path: Path) -> None:
    record = write_bundle(tmp_path / "record.json", patient("p1"), potassium())
    (tmp_path / "broken.json").write_text("{ not json")
    (tmp_path / "film.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    asked = ("ask", "what was her last potassium", "--attach", f"fhir-record={tmp_path / 'broken.json'}")
    done = call(*asked, "--attach", record, "--attach", tmp_path / "film.png", "--json")
    assert done.code == DONE
    [run] = done.objects
    result, attachments = run["result"], run["attachments"]
    assert result["statements"][0]["citations"]  # type: ignore[index]
    broken, film = result["message"].splitlines()[0].split(". ")[:2]  # type: ignore[index]
    assert broken.startswith("broken.json is not used, it is not JSON: give a FHIR R4 Bundle")
    assert film.startswith("film.png is not used, it is a picture that cannot be read")
    assert [len(one["warnings"]) for one in attachments] == [1, 0, 1]  # type: ignore[index, attr-defined]
    alone = call(*asked, "--json")
    assert alone.code == BAD_INPUT
    assert call("log", "verify").code == DONE


def test_of_several_patients_one_is_asked_for_and_the_run_goes_on_with_the_answer(call: Call, tmp_path: Path) -> None:
    p1, p2 = ({"subject": {"reference": f"Patient/{one}"}} for one in ("p1", "p2"))
    record = write_bundle(
        tmp_path / "record.json", patient("p1"), patient("p2"), potassium() | p1, potassium() | p2 | {"id": "other"}
    )
    asked = call("ask", "what was her last potassium", "--attach", record, "--json")
    assert asked.code == PERSON_NEEDED
    [waiting] = asked.objects
    message = waiting["result"]["message"]  # type: ignore[index]
    assert message == (
        f"record.json: holds 2 patients (p1, p2). Choose one: assistant resume {waiting['run']} --patient ID"
    )
    wrong = call("resume", waiting["run"], "--patient", "p3", "--json")
    assert wrong.code == PERSON_NEEDED
    done = call("resume", waiting["run"], "--patient", "p2", "--json")
    assert done.code == DONE
    [statement] = done.objects[0]["result"]["statements"]  # type: ignore[index]
    assert {citation["resource"] for citation in statement["citations"]} == {"Observation/other"}
    # The same request finds its run again, whoever was chosen then.
    again = call("ask", "what was her last potassium", "--attach", record, "--json")
    assert again.objects[0]["run"] == waiting["run"]
    assert call("log", "verify").code == DONE


def test_a_broken_manifest_line_does_not_stop_the_others(call: Call, tmp_path: Path) -> None:
    write_tone(tmp_path / "good.wav", 2.0)
    lines = ['{"audio": "good.wav"}', "{broken", '{"audio": "good.wav", "task": "juggling"}', '{"audio": "gone.wav"}']
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    called = call("replay", tmp_path, "--json")
    assert called.code == BAD_INPUT
    assert [run["state"] for run in called.objects] == ["done", "failed", "failed", "failed"]
    assert ["line 2" in called.problems[0], "line 3" in called.problems[1], "gone.wav" in called.problems[2]] == [
        True
    ] * 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["replay"], "nothing to replay"),
        (["replay", "x.wav", "--task", "juggling"], "--task juggling"),
        (["ask", "x", "--attach", "film=x.png"], "--attach film="),
        (["route", "x", "--kind", "film"], "--kind film"),
        (["resume", "01NOSUCH"], "01NOSUCH"),
        (["log", "show", "01NOSUCH"], "01NOSUCH"),
        (["ask", "x", "--template", "sonnet"], "sonnet"),
    ],
)
def test_usage_problems_name_what_is_wrong(arguments: list[str], named: str, call: Call) -> None:
    called = call(*arguments)
    assert called.code == USAGE
    [problem] = called.problems
    assert named in problem


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MB."""
    with four_megabytes(tmp_path / "small") as folder:
        yield folder


def test_a_full_disk_loses_nothing(small_disk: Path, data_dir: Path, call: Call, tmp_path: Path) -> None:
    first, second = write_tone(tmp_path / "a.wav", 2.0), write_tone(tmp_path / "b.wav", 200.0)
    done = call("--data-dir", small_disk, "replay", first, "--json")
    assert done.code == DONE, done.err
    called = call("--data-dir", small_disk, "replay", second, "--json")
    assert called.code == OUR_FAULT
    [problem] = called.problems
    assert "the disk is full" in problem
    [run] = call("--data-dir", small_disk, "log", "list", "--json").objects
    assert run["state"] == "done"
    assert call("--data-dir", small_disk, "log", "verify").code == DONE


def test_a_disk_that_fills_in_the_middle_of_a_run(small_disk: Path, call: Call, tmp_path: Path) -> None:
    recording = write_tone(tmp_path / "a.wav", 2.0)
    assert call("--data-dir", small_disk, "replay", write_tone(tmp_path / "b.wav", 1.0), "--json").code == DONE
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(bytes(max(free - 90_000, 0)))
    called = call("--data-dir", small_disk, "replay", recording, "--json")
    filler.unlink()
    assert called.code in (OUR_FAULT, DONE)
    after = call("--data-dir", small_disk, "replay", recording, "--json")
    assert after.code == DONE, after.err
    assert call("--data-dir", small_disk, "log", "verify").code == DONE
    runs = call("--data-dir", small_disk, "log", "list", "--json").objects
    assert len(runs) == 2


def test_a_read_only_data_folder(small_disk: Path, call: Call, tmp_path: Path) -> None:
    recording = write_tone(tmp_path / "a.wav", 2.0)
    assert call("--data-dir", small_disk, "replay", recording, "--json").code == DONE
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    called = call("--data-dir", small_disk, "replay", write_tone(tmp_path / "b.wav", 1.0), "--json")
    assert called.code == OUR_FAULT
    [problem] = called.problems
    assert "read-only" in problem
    assert "--data-dir" in problem


def test_a_data_folder_that_is_a_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    called = call("--data-dir", tmp_path / "file", "replay", write_tone(tmp_path / "a.wav", 1.0))
    assert called.code == OUR_FAULT
    assert len(called.problems) == 1


def test_a_locked_database(call: Call, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = write_tone(tmp_path / "a.wav", 2.0)
    assert call("replay", recording, "--json").code == DONE
    monkeypatch.setenv("ASSISTANT_LOCK_TIMEOUT", "0.2")
    holder = sqlite3.connect(data_dir / "log.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    called = call("replay", write_tone(tmp_path / "b.wav", 1.0), "--json")
    holder.execute("ROLLBACK")
    holder.close()
    assert called.code == OUR_FAULT
    [problem] = called.problems
    assert "locked" in problem
    assert call("replay", tmp_path / "b.wav", "--json").code == DONE


def test_other_databases_are_refused_by_name(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", "postgresql://db/log")
    called = call("log", "list")
    assert called.code == USAGE
    [problem] = called.problems
    assert "postgresql" in problem


def test_without_the_engine_the_recording_waits(call: Call, ears: ScriptedRecognizer, tmp_path: Path) -> None:
    ears.ready = False
    recording = write_tone(tmp_path / "a.wav", 2.0)
    waiting = call("replay", recording, "--json")
    assert waiting.code == 4
    assert waiting.objects[0]["result"]["status"] == "needs-model"  # type: ignore[index]
    ears.ready = True
    done = call("replay", recording, "--json")
    assert done.code == DONE
    assert done.objects[0]["run"] == waiting.objects[0]["run"]


def test_a_name_that_is_no_text_in_one_line_is_written_as_such(call: Call, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff\n\x1b[2Jfake: line\xe2\x80\xae.png"))
    odd.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    called = call("ask", "what is this", "--task", "image-question", "--attach", str(odd))
    assert called.code == BAD_INPUT
    [problem] = called.problems
    assert problem.startswith("assistant: a [2Jfake: line.png: is a picture that cannot be read; ")
    assert not set("\x1b\u202e\udcff") & set(called.out + called.err)
    missing = call("ask", "what is this", "--attach", str(tmp_path / "no\nsuch\x1b.png"))
    assert missing.problems == [f"assistant: {tmp_path}/no such.png: does not exist; attach an existing file or folder"]


def test_names_in_a_folder_that_are_no_text_are_kept_as_text(call: Call, tmp_path: Path) -> None:
    write_bundle(tmp_path / "r.json", patient("ada"), potassium("ada"))
    folder = tmp_path / "record"
    folder.mkdir()
    shutil.move(tmp_path / "r.json", os.fsencode(folder) + b"/a\xff\x1b.json")
    called = call("ask", "what was the last potassium", "--attach", str(folder), "--json")
    assert called.code == DONE
    assert not {"\x1b", "\udcff"} & set(called.out)


def test_a_file_that_the_disk_does_not_give_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path) -> str:
        if path.name == "gone.dcm":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return hash_file(path)

    folder = tmp_path / "scan"
    folder.mkdir()
    for name in ("a.dcm", "gone.dcm"):
        (folder / name).write_bytes(b"DICM")
    monkeypatch.setattr("assistant.studies.hash_file", failing)
    called = call("ask", "what does this show", "--attach", f"ct-series={folder}")
    assert called.code == BAD_INPUT
    [problem] = called.problems
    assert problem.startswith("assistant: gone.dcm: cannot be read (input/output error); ")


def test_a_link_out_of_an_attached_folder_is_not_followed(call: Call, tmp_path: Path, data_dir: Path) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(b"DICM")
    (tmp_path / "private.key").write_bytes(b"of nobody's concern")
    (folder / "b.dcm").symlink_to(tmp_path / "private.key")
    called = call("ask", "what does this show", "--attach", f"ct-series={folder}")
    assert called.code == BAD_INPUT
    assert called.problems == [
        "assistant: b.dcm: is a link that leads out of the attached folder; "
        "attach a copy that has the file itself (cp -rL), or remove it"
    ]
    assert not [path for path in (data_dir / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("nothing", ["", " ", "ct-series="])
def test_what_names_nothing_is_not_the_folder_where_one_is(call: Call, nothing: str) -> None:
    called = call("ask", "what does this show", "--attach", nothing)
    assert called.code == USAGE
    assert called.problems == [f"assistant: --attach {nothing}: names nothing; name a file, a folder or an address"]


def test_a_name_that_no_file_can_have(call: Call) -> None:
    called = call("ask", "what does this show", "--attach", f"ct-series={'x' * 300}")
    assert called.code == BAD_INPUT
    [problem] = called.problems
    assert "cannot be read (file name too long)" in problem
