"""``assistant export`` as a user calls it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.errors import BAD_INPUT, DONE, USAGE
from tests.cli.conftest import Call
from tests.support.engines import ScriptedGenerator
from tests.support.fhir_validation import problems
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone

SUFFIXES = {"markdown": ".md", "docx": ".docx", "pdf": ".pdf", "fhir": ".json", "csv": ".csv"}


@pytest.fixture
def note(call: Call, tmp_path: Path) -> str:
    """A dictated note about nobody in particular."""
    [run] = call("replay", write_tone(tmp_path / "visit.wav", 2.0), "--task", "dictation-note", "--json").objects
    return str(run["run"])


@pytest.fixture
def looked_up(call: Call, tmp_path: Path) -> str:
    record = write_bundle(tmp_path / "record.json", patient(family="Zebrafinch"), potassium())
    [run] = call("ask", "what was her last potassium and when", "--attach", record, "--json").objects
    return str(run["run"])


def events(data_dir: Path, kind: str = "exported") -> list[tuple[str, dict[str, Any]]]:
    log = sqlite3.connect(data_dir / "log.db")
    found = log.execute("SELECT run, payload FROM events WHERE kind = ?", (kind,)).fetchall()
    log.close()
    return [(run, json.loads(payload)) for run, payload in found]


def log_file(data_dir: Path, sha256: str) -> Path:
    return data_dir / "files" / sha256[:2] / sha256[2:]


@pytest.mark.parametrize("name", SUFFIXES)
def test_a_new_file_in_every_format(name: str, call: Call, note: str, data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / f"Zebrafinch{SUFFIXES[name]}"
    done = call("export", note[:20], file)
    assert done.code == DONE, done.err
    assert note in done.out
    assert "patient data" in done.out
    assert file.stat().st_size > 300
    assert events(data_dir) == [(note, {"format": name, "status": "draft", "to": "file"})]
    assert call("log", "verify").code == DONE
    before = file.read_bytes()
    again = call("export", note, file, "--format", name)
    assert (again.code, file.read_bytes() == before) == (USAGE, True)
    assert len(events(data_dir)) == 1
    call("export", note, tmp_path / f"again{SUFFIXES[name]}")
    assert (tmp_path / f"again{SUFFIXES[name]}").read_bytes() == before


def test_the_plots_of_a_summary_as_one_picture(call: Call, tmp_path: Path, data_dir: Path) -> None:
    values = [
        {
            **potassium(),
            "id": f"k{n}",
            "effectiveDateTime": f"2026-0{n}-04",
            "valueQuantity": {"value": 4 + n / 10, "unit": "mmol/L"},
        }
        for n in range(1, 5)
    ]
    record = write_bundle(tmp_path / "record.json", patient(), *values)
    [run] = call("ask", "summarize the record", "--attach", record, "--json").objects
    plots = run["result"]["data"]["plots"]  # type: ignore[index]
    assert plots
    done = call("export", run["run"], tmp_path / "plots.png")
    assert done.code == DONE, done.err
    with Image.open(tmp_path / "plots.png") as whole, Image.open(log_file(data_dir, plots[0]["sha256"])) as plot:
        shown = plot.convert("RGB")
        rows = [
            y
            for y in range(whole.height)
            if whole.crop((16, y, 16 + shown.width, y + shown.height)).tobytes() == shown.tobytes()
        ]
    assert len(rows) == 1
    assert events(data_dir)[0][1]["format"] == "png"
    looked_up = call("ask", "what was the last potassium", "--attach", record, "--json").objects[0]
    assert call("export", looked_up["run"], tmp_path / "none.png").code == USAGE
    assert not (tmp_path / "none.png").exists()


def test_a_note_as_fhir(call: Call, note: str) -> None:
    done = call("export", note, "--format", "fhir")
    assert done.code == DONE, done.err
    assert problems(done.out.encode()) == []
    bundle = json.loads(done.out)
    composition = bundle["entry"][0]["resource"]
    assert (bundle["type"], composition["resourceType"], composition["status"]) == (
        "document",
        "Composition",
        "preliminary",
    )
    assert composition["type"]["coding"][0]["code"] == "11506-3"
    sections = {one["title"]: one for one in composition["section"]}
    assert {"Subjective", "Plan", "Sources and checks"} <= sections.keys()
    assert sections["Plan"]["code"]["coding"][0]["code"] == "18776-5"
    assert "aspirin 81 mg" in sections["Plan"]["text"]["div"]
    assert "subject" not in composition
    [provenance] = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Provenance"]
    assert [agent["type"]["text"] for agent in provenance["agent"]] == ["written by", "heard by"]


def test_an_answer_as_fhir_names_the_resources_that_it_came_from(call: Call, looked_up: str) -> None:
    done = call("export", looked_up, "--format", "fhir")
    assert done.code == DONE, done.err
    assert problems(done.out.encode()) == []
    resources = [one["resource"] for one in json.loads(done.out)["entry"]]
    [section, _] = resources[0]["section"]
    [cited] = section["entry"]
    [document] = [one for one in resources if one["resourceType"] == "DocumentReference"]
    assert cited["identifier"] == {"system": document["identifier"][0]["value"], "value": "Observation/k1"}
    [named] = [one for one in resources if one["resourceType"] == "Patient"]
    assert (named["identifier"], named["name"]) == ([{"value": "p1"}], [{"text": "Ada Zebrafinch"}])


def test_text_goes_to_stdout_and_the_log_says_so(call: Call, looked_up: str, data_dir: Path) -> None:
    done = call("export", looked_up, "--format", "markdown")
    assert done.code == DONE, done.err
    for part in ("Ada Zebrafinch", "4.1 mmol/L", "Observation/k1: ", "supported", "not for diagnosis", "draft"):
        assert part in done.out, part
    [line] = csv.DictReader(io.StringIO(call("export", looked_up, "--format", "csv").out))
    assert ("4.1 mmol/L" in line["text"], line["check"]) == (True, "supported")
    assert [told["to"] for _, told in events(data_dir)] == ["stdout", "stdout"]


def test_no_event_says_whom_it_is_about(call: Call, looked_up: str, data_dir: Path, tmp_path: Path) -> None:
    for name, suffix in SUFFIXES.items():
        call("export", looked_up, tmp_path / f"Zebrafinch{suffix}", "--format", name)
    told = json.dumps(events(data_dir))
    assert len(events(data_dir)) == len(SUFFIXES)
    for text in ("Zebrafinch", "potassium", "4.1", "Ada"):
        assert text not in told


def test_nothing_leaves_the_log_without_its_event(
    call: Call, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.sessions import SessionLog
    from pipelines.errors import StorageProblem

    def full(*_: object) -> None:
        raise StorageProblem("log.db", "the disk is full", "make room")

    monkeypatch.setattr(SessionLog, "event", full)
    file = tmp_path / "note.md"
    done = call("export", note, file)
    assert (done.code, file.exists(), list(tmp_path.glob(".note*"))) == (1, False, [])
    printed = call("export", note, "--format", "markdown")
    assert (printed.code, printed.out) == (1, "")


def test_what_a_model_said_is_marked(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = ScriptedGenerator(answer="Give 500 mg <b>three</b> times a day. [x](javascript:y)")
    monkeypatch.setattr("assistant.opening.generator_of", lambda _: generator)
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: generator)
    question = "what is the usual dose of amoxicillin in adults"
    [run] = call("ask", question, "--task", "clinical-question", "--json").objects
    done = call("export", run["run"], "--format", "markdown")
    assert "generated by a model" in done.out
    assert "answered by" in done.out
    assert question in done.out
    assert "<b>" not in done.out.replace("\\<b\\>", "")
    bundle = call("export", run["run"], "--format", "fhir").out
    assert problems(bundle.encode()) == []
    assert "generated by a model" in bundle


def test_what_cannot_be_exported_is_refused_in_one_line(call: Call, note: str, tmp_path: Path) -> None:
    [waiting] = call("ask", "x", "--task", "clinical-question", "--json").objects
    refused = {
        "without a statement": ("export", waiting["run"], "--format", "markdown"),
        "no such run": ("export", "nobody", "--format", "markdown"),
        "is no text to print": ("export", note, "--format", "pdf"),
        "says no format": ("export", note),
        "tells about a file": ("export", note, "--format", "csv", "--json"),
    }
    for problem, arguments in refused.items():
        done = call(*arguments)
        assert (done.code, len(done.problems)) == (USAGE, 1), problem
        assert problem in done.problems[0]
    nowhere = call("export", note, tmp_path / "gone" / "note.md")
    assert (nowhere.code, len(nowhere.problems)) == (BAD_INPUT, 1)


def test_as_json(call: Call, note: str, tmp_path: Path) -> None:
    file = tmp_path / "note.fhir"
    [told] = call("export", note, file, "--format", "fhir", "--json").objects
    assert told == {
        "run": note,
        "format": "fhir",
        "status": "draft",
        "file": str(file),
        "bytes": file.stat().st_size,
    }
