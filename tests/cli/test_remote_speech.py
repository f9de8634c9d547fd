"""The engine on another machine from the command line: only by name, logged, its key nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.engines import engine_table, recognizer_of
from assistant.sessions import SessionLog
from assistant.settings import Settings, load_settings
from pipelines.errors import DONE
from tests.support.local_server import serve
from tests.support.speech_server import SpeechServer

KEY = "sk-TheKeyOfThisTest"
CLIP = Path(__file__).parents[2] / "samples" / "recordings" / "question-potassium.flac"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechServer]:
    with serve(SpeechServer(key=KEY, text="findings the left lung is clear")) as served:
        monkeypatch.setenv("ASSISTANT_REMOTE_SPEECH_URL", served.url)
        monkeypatch.setenv("ASSISTANT_REMOTE_SPEECH_MODEL", "whisper-1")
        monkeypatch.setenv("ASSISTANT_REMOTE_SPEECH_KEY", KEY)
        yield served


@pytest.mark.parametrize("profile", ["auto", "embedded", "medgemma"])
def test_no_profile_takes_it(server: SpeechServer, tmp_path: Path, profile: str) -> None:
    """Not even where it is all set up."""
    settings = load_settings(data_dir=tmp_path, profile=profile)
    assert recognizer_of(settings).name != "remote"
    (line,) = [line for line in engine_table(settings) if line.name == "remote"]
    assert (line.taken, line.availability.ready) == (False, True)
    assert server.requests == []


def test_unset_it_says_what_to_set(tmp_path: Path) -> None:
    (line,) = [line for line in engine_table(Settings(data_dir=tmp_path)) if line.name == "remote"]
    assert not line.availability.ready
    assert "ASSISTANT_REMOTE_SPEECH_URL" in line.availability.detail


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "no server is named (ASSISTANT_REMOTE_SPEECH_URL is not set)"),
        ("http://[bad", "ASSISTANT_REMOTE_SPEECH_URL is not an http(s) address"),
        ("speech.example:8000", "ASSISTANT_REMOTE_SPEECH_URL is not an http(s) address"),
        ("http://speech.example", "speech.example would be sent what was said unencrypted"),
        ("https://me:secret@speech.example", "speech.example has a name or password in its address"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_doctor_says_what_keeps_it_from_being_asked(
    url: str | None, said: str, named: bool, call_for_real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url:
        monkeypatch.setenv("ASSISTANT_REMOTE_SPEECH_URL", url)
    monkeypatch.setenv("ASSISTANT_REMOTE_SPEECH_MODEL", "whisper-1")
    if named:
        monkeypatch.setenv("ASSISTANT_RECOGNIZER", "remote")
    doctor = call_for_real("doctor", "--json")
    (found,) = [line for line in doctor.objects if line["name"].startswith("remote ")]
    assert (found["ok"], found["needed"], found["detail"]) == (False, named, said)
    assert found["remedy"]
    assert "secret" not in doctor.out


def test_doctor_says_where_the_sound_would_go(server: SpeechServer, call_for_real: Any) -> None:
    (found,) = [line for line in call_for_real("doctor", "--json").objects if line["name"].startswith("remote ")]
    assert (found["ok"], found["detail"]) == (True, f"whisper-1 at {server.host}: the sound is sent there")


def test_asked_for_by_name_it_hears_and_all_of_it_is_in_the_log(
    server: SpeechServer, call_for_real: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_RECOGNIZER", "remote")
    done = call_for_real("replay", str(CLIP), "--task", "dictation-note")
    assert done.code == DONE, done.err
    assert "left lung is clear" in done.out
    (upload,) = server.requests
    assert upload.key == KEY
    with SessionLog.open(data_dir) as log:
        states = [event["state"] for event in log.payloads("outbound")]
        assert {event["host"] for event in log.payloads("outbound")} == {server.host}
    assert states == ["opened", "closed"]
    for path in (path for path in data_dir.rglob("*") if path.is_file()):
        assert KEY.encode() not in path.read_bytes()
    assert KEY not in done.out + done.err


def test_the_key_is_not_shown_with_the_settings(server: SpeechServer, tmp_path: Path) -> None:
    assert KEY not in repr(load_settings(data_dir=tmp_path))
