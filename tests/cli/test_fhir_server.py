"""A record on a FHIR server from the command line: attached by its address, kept as a file is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.sessions import SessionLog
from pipelines.errors import BAD_INPUT, DONE, PERSON_NEEDED, USAGE
from tests.cli.conftest import Call
from tests.support.fhir_server import FaultyFhirServer, outcome
from tests.support.local_server import SECRET, serve
from tests.support.records import patient, potassium
from tests.support.sounds import write_tone

TOKEN = "tkn-OfThisTest"
QUESTION = "what was her last potassium"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyFhirServer]:
    with serve(FaultyFhirServer([patient(), potassium()], token=TOKEN)) as served:
        monkeypatch.setenv("ASSISTANT_FHIR_URL", served.base)
        monkeypatch.setenv("ASSISTANT_FHIR_TOKEN", TOKEN)
        yield served


@pytest.fixture
def url(server: FaultyFhirServer) -> str:
    return f"{server.base}/Patient/p1"


def test_a_question_is_answered_from_it(server: FaultyFhirServer, url: str, call: Call, data_dir: Path) -> None:
    done = call("ask", QUESTION, "--attach", f"fhir-record={url}", "--json")
    assert done.code == DONE, done.err
    (statement,) = json.loads(done.out)["result"]["statements"]
    assert "4.1 mmol/L" in statement["text"]
    assert {citation["resource"] for citation in statement["citations"]} == {"Observation/k1"}
    (attachment,) = json.loads(done.out)["attachments"]
    assert (attachment["name"], attachment["kind"]) == (f"Patient/p1@{server.host}", "fhir-record")
    assert attachment["warnings"][0].startswith(f"read from {url} on 20")
    with SessionLog.open(data_dir) as log:
        assert log.verify().ok
        kept = log.store.get(attachment["sha256"])
    assert json.loads(kept)["link"][0]["url"] == url
    for path in (path for path in data_dir.rglob("*") if path.is_file()):
        assert TOKEN.encode() not in path.read_bytes()


def test_an_unchanged_record_is_the_same_work(server: FaultyFhirServer, url: str, call: Call) -> None:
    call("ask", QUESTION, "--attach", url)
    again = call("ask", QUESTION, "--attach", f"fhir-record={url}")
    assert "from before: nothing to do" in again.err
    server.resources[1]["valueQuantity"]["value"] = 5.2
    changed = call("ask", QUESTION, "--attach", url)
    assert "5.2 mmol/L" in changed.out


def test_a_waiting_run_is_given_it(server: FaultyFhirServer, url: str, call: Call) -> None:
    asked = call("ask", QUESTION, "--task", "record-question", "--json")
    assert asked.code == PERSON_NEEDED, asked.err
    done = call("resume", json.loads(asked.out)["run"], "--attach", url)
    assert done.code == DONE, done.err
    assert "4.1 mmol/L" in done.out


def test_many_recordings_fetch_it_once(server: FaultyFhirServer, url: str, call: Call, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(3):
        write_tone(tmp_path / "in" / f"{n}.wav", 1.0 + n)
    call("replay", tmp_path / "in", "--attach", url, "--task", "record-question")
    assert len(server.places("Patient/p1")) == 1


def test_one_that_cannot_be_had_stops_no_other_work(
    server: FaultyFhirServer, url: str, call: Call, tmp_path: Path
) -> None:
    lines = [
        {"audio": str(write_tone(tmp_path / "1.wav", 1.0)), "attach": [url + "x"], "task": "record-question"},
        {"audio": str(write_tone(tmp_path / "2.wav", 2.0)), "attach": [url], "task": "record-question"},
        {"audio": str(write_tone(tmp_path / "3.wav", 3.0)), "attach": ["http://fhir.example/Patient/1"]},
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, lines)))
    done = call("replay", "--manifest", manifest, "--json")
    assert done.code == BAD_INPUT
    gone, worked, unencrypted = done.objects
    assert f"Patient/p1x@{server.host}: is not on that server (404, not-found)" in str(gone["error"])
    assert worked["error"] is None
    assert "would send a patient's record unencrypted" in str(unencrypted["error"])


def test_the_word_of_a_server_is_not_repeated(server: FaultyFhirServer, url: str, call: Call) -> None:
    server.troubles["Observation"] = [outcome(500, "exception", Retry_After="0")] * 3
    done = call("ask", QUESTION, "--attach", url)
    assert done.code == BAD_INPUT
    (line,) = done.problems
    assert "the server is out of order (500, exception)" in line
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    ("attached", "said"),
    [
        ("http://fhir.example/r4/Patient/1", "fhir.example: would send a patient's record unencrypted; use https"),
        ("https://fhir.example/r4/Patient", "is not that of a patient on a FHIR server"),
        ("lab-report=https://fhir.example/r4/Patient/1", "--attach lab-report=…: cannot be fetched"),
        ("https://me:secret@fhir.example/r4/Patient/1", "has a name or password in its address"),
    ],
)
def test_what_is_no_such_address_is_refused_in_one_line(call: Call, attached: str, said: str) -> None:
    done = call("ask", QUESTION, "--attach", attached)
    assert done.code == USAGE
    (line,) = done.problems
    assert said in line
    assert "secret" not in line


def test_a_dictation_has_it_before_anybody_speaks(
    server: FaultyFhirServer, url: str, call: Call, data_dir: Path
) -> None:
    """With no microphone of that name it ends there; the record is in the store already."""
    done = call("dictate", "--attach", url, "--device", "no such microphone")
    assert done.code != DONE
    assert server.places("Patient/p1") == ["Patient/p1"]
    kept = [path for path in (data_dir / "files").rglob("*") if path.is_file()]
    assert [json.loads(path.read_bytes())["link"][0]["url"] for path in kept] == [url]
