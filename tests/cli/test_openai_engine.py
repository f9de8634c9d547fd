"""The engine behind a server from the command line: only by name, checked, logged, resumed; its key nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.engines import engine_table, generator_of
from assistant.sessions import SessionLog
from assistant.settings import Settings, load_settings
from pipelines.errors import DONE, MODEL_NEEDED, USAGE
from tests.support.chat_server import MODEL, ChatServer
from tests.support.local_server import SECRET, Reply, serve

KEY = "sk-TheKeyOfThisTest"
CLIP = Path(__file__).parents[2] / "samples" / "recordings" / "question-potassium.flac"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with serve(ChatServer(key=KEY)) as served:
        monkeypatch.setenv("ASSISTANT_OPENAI_URL", served.url)
        monkeypatch.setenv("ASSISTANT_OPENAI_MODEL", MODEL)
        monkeypatch.setenv("ASSISTANT_OPENAI_KEY", KEY)
        yield served


@pytest.mark.parametrize("profile", ["auto", "embedded", "medgemma"])
def test_no_profile_takes_it(server: ChatServer, tmp_path: Path, profile: str) -> None:
    """Not even where it is all set up."""
    settings = load_settings(data_dir=tmp_path, profile=profile)
    assert generator_of(settings).name != "openai"
    (line,) = [line for line in engine_table(settings) if line.name == "openai"]
    assert (line.taken, line.availability.ready) == (False, True)
    assert server.requests == []
    assert server.looks == []


def test_it_is_taken_by_name(server: ChatServer, tmp_path: Path) -> None:
    assert generator_of(load_settings(data_dir=tmp_path, generator="openai")).name == "openai"
    assert generator_of(load_settings(data_dir=tmp_path, profile="whisper,openai")).name == "openai"


def test_a_model_without_a_name_is_set_by_an_empty_one(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_OPENAI_MODEL", "")
    assert generator_of(load_settings(generator="openai")).available().ready


def test_unset_it_says_what_to_set(tmp_path: Path) -> None:
    (line,) = [line for line in engine_table(Settings(data_dir=tmp_path)) if line.name == "openai"]
    assert not line.availability.ready
    assert "ASSISTANT_OPENAI_URL" in line.availability.detail


@pytest.mark.parametrize(
    ("url", "allowed", "said"),
    [
        ("http://[bad", False, "ASSISTANT_OPENAI_URL is not an http(s) address"),
        ("https://models.example", False, "models.example is another machine, and nothing may leave this one"),
        ("http://models.example", True, "models.example would be sent what was said unencrypted"),
        ("https://me:secret@models.example", True, "models.example has a name or password in its address"),
    ],
)
def test_doctor_says_what_keeps_it_from_being_asked(
    url: str, allowed: bool, said: str, call_for_real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_OPENAI_URL", url)
    monkeypatch.setenv("ASSISTANT_OPENAI_MODEL", MODEL)
    monkeypatch.setenv("ASSISTANT_OPENAI_OFF_MACHINE", str(allowed))
    doctor = call_for_real("doctor", "--json")
    (found,) = [line for line in doctor.objects if line["name"].startswith("openai ")]
    assert (found["ok"], found["detail"]) == (False, said)
    assert found["remedy"]
    assert "secret" not in doctor.out


@pytest.mark.parametrize("images", [True, False])
def test_check_asks_it_about_a_drawn_picture(
    server: ChatServer, call_for_real: Any, monkeypatch: pytest.MonkeyPatch, images: bool
) -> None:
    server.text = "A circle."
    monkeypatch.setenv("ASSISTANT_OPENAI_IMAGES", str(images))
    done = call_for_real("models", "check", "openai", "--json")
    assert done.code == DONE, done.err
    (report,) = done.objects
    assert (report["ok"], report["came"], report["engine"]["model"]) == (True, "A circle.", MODEL)
    (request,) = server.requests
    sent = [part["type"] for part in request.user] if images else request.user
    assert sent == (["image_url", "text"] if images else "What shape is a coin? Answer in one word.")
    shown = call_for_real("models", "check", "openai")
    assert "known to the server alone" in shown.out
    assert KEY not in done.out + done.err + shown.out


def test_check_says_in_one_line_what_is_wrong(server: ChatServer, call_for_real: Any) -> None:
    server.troubles = [Reply(404)]
    done = call_for_real("models", "check", "openai")
    assert done.code == MODEL_NEEDED
    assert len(done.problems) == 1
    assert SECRET not in done.out + done.err


def test_a_run_whose_server_is_gone_waits_and_goes_on_with_it(
    server: ChatServer, call: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_GENERATOR", "openai")
    monkeypatch.setenv("ASSISTANT_OPENAI_RETRIES", "0")
    server.troubles = [Reply(503)]
    waits = call("replay", CLIP, "--task", "clinical-question", "--json")
    assert waits.code == MODEL_NEEDED, waits.err
    assert "is out of order (503)" in waits.out + waits.err
    (run,) = {str(line["run"]) for line in waits.objects if "run" in line} or {str(waits.objects[0]["id"])}
    done = call("resume", run)
    assert done.code == DONE, done.err
    assert "The left lung is clear" in done.out
    with SessionLog.open(data_dir) as log:
        outbound = log.payloads("outbound")
    assert {event["host"] for event in outbound} == {server.host}
    for path in (path for path in data_dir.rglob("*") if path.is_file()):
        assert KEY.encode() not in path.read_bytes()
    assert SECRET not in waits.out + waits.err


def test_another_machine_is_refused_in_one_line(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_OPENAI_URL", "https://models.example")
    monkeypatch.setenv("ASSISTANT_OPENAI_MODEL", MODEL)
    done = call("models", "check", "openai")
    assert done.code == USAGE
    assert "set ASSISTANT_OPENAI_OFF_MACHINE=true" in done.err


def test_the_key_is_not_shown_with_the_settings(server: ChatServer, tmp_path: Path) -> None:
    assert KEY not in repr(load_settings(data_dir=tmp_path))
