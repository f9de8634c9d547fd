"""The commands as a user meets them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from pipelines.errors import DONE, MODEL_NEEDED, PERSON_NEEDED, VERIFICATION_FAILED
from tests.cli.conftest import Call
from tests.support.engines import ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone

HEAVY = ("torch", "transformers", "langgraph", "faster_whisper", "sklearn", "librosa", "pydantic", "sqlalchemy")


def imported_by(*arguments: str) -> set[str]:
    """Top-level packages that a command imports, seen in a process of its own."""
    program = (
        "import sys; from assistant.cli import _run; sys.argv = ['assistant', *sys.argv[1:]]; _run(); "
        "print('\\n' + ' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help").isdisjoint(HEAVY)


def test_routing_does_not_import_torch() -> None:
    assert imported_by("route", "what was her last potassium", "--kind", "fhir-record").isdisjoint(
        {"torch", "transformers", "langgraph", "sklearn", "faster_whisper"}
    )


def test_nobody_waits_for_the_database_to_see_what_was_left_behind(data_dir: Path) -> None:
    assert imported_by("--data-dir", str(data_dir), "recover", "--list").isdisjoint(
        {"sqlalchemy", "langgraph", "torch"}
    )


def test_the_second_replay_does_no_work(call: Call, ears: ScriptedRecognizer, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for seconds in (1, 2, 3):
        write_tone(folder / f"{seconds}.wav", seconds)
    first = call("replay", folder, "--task", "dictation-note", "--json")
    second = call("replay", folder, "--task", "dictation-note", "--json")
    assert (first.code, second.code) == (DONE, DONE)
    assert [run["worked"] for run in second.objects] == [False] * 3
    assert [run["run"] for run in second.objects] == [run["run"] for run in first.objects]
    assert ears.asked == 3
    again = call("replay", folder, "--task", "dictation-note", "--again", "--json")
    assert {str(run["run"]) for run in again.objects}.isdisjoint({str(run["run"]) for run in first.objects})


def test_one_json_object_a_line_with_everything_a_program_needs(call: Call, tmp_path: Path) -> None:
    record = write_bundle(tmp_path / "record.json", patient(), potassium())
    called = call("ask", "what was her last potassium and when", "--attach", record, "--json")
    assert called.code == DONE, called.err
    [run] = called.objects
    assert {"run", "session", "state", "recording", "transcript", "task", "route", "result", "error"} <= run.keys()
    [statement] = run["result"]["statements"]  # type: ignore[index]
    assert {check["verdict"] for check in statement["checks"]} == {"supported"}
    assert {"attachment", "resource", "path", "value"} <= statement["citations"][0].keys()


def test_a_batch_returns_the_first_present_code(call: Call, ears: ScriptedRecognizer, tmp_path: Path) -> None:
    ears.texts = ("uh",)
    unclear = write_tone(tmp_path / "uh.wav", 1.0)
    assert call("replay", unclear, "--json").code == PERSON_NEEDED
    assert call("ask", "x", "--task", "clinical-question").code == MODEL_NEEDED
    assert call("replay", unclear, tmp_path / "gone.wav", "--json").code == 3


def test_an_unclear_request_is_answered_with_resume(call: Call, ears: ScriptedRecognizer, tmp_path: Path) -> None:
    ears.texts = ("uh",)
    asked = call("replay", write_tone(tmp_path / "uh.wav", 1.0), "--json")
    run = str(asked.objects[0]["run"])
    assert call("resume", run, "--json").code == PERSON_NEEDED
    assert call("resume", run, "--task", "dictation-note", "--json").code == DONE


def test_log_list_show_and_verify(call: Call, tmp_path: Path) -> None:
    call("replay", write_tone(tmp_path / "a.wav", 2.0), "--task", "dictation-note")
    [listed] = call("log", "list", "--json").objects
    [shown] = call("log", "show", listed["id"], "--json").objects
    assert shown["run"] == listed["id"]
    [recognition] = shown["model_calls"]  # type: ignore[misc]
    assert recognition["engine"]["name"] == "scripted"  # type: ignore[index]
    assert recognition["finish_reason"] == "stop"  # type: ignore[index]
    human = call("log", "show", listed["id"])
    assert "dictated; supported; said at" in human.out
    verified = call("log", "verify", "--json")
    assert (verified.code, verified.objects[0]["ok"]) == (DONE, True)


def test_a_changed_row_fails_verification_and_is_named(call: Call, data_dir: Path, tmp_path: Path) -> None:
    call("replay", write_tone(tmp_path / "a.wav", 2.0), "--task", "dictation-note")
    with sqlite3.connect(data_dir / "log.db") as log:
        log.execute("UPDATE statements SET text = replace(text, '81', '18')")
    log.close()
    called = call("log", "verify")
    assert called.code == VERIFICATION_FAILED
    assert "results row" in called.err


def test_a_changed_file_fails_verification_and_is_named(call: Call, data_dir: Path, tmp_path: Path) -> None:
    call("replay", write_tone(tmp_path / "a.wav", 2.0))
    [stored] = [p for p in (data_dir / "files").rglob("*") if p.is_file()]
    content = bytearray(stored.read_bytes())
    content[100] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    called = call("log", "verify", "--json")
    assert called.code == VERIFICATION_FAILED
    assert stored.name in str(called.objects[0]["problem"])


def test_the_log_keeps_no_patient_text_in_its_events(call: Call, data_dir: Path, tmp_path: Path) -> None:
    record = write_bundle(tmp_path / "record.json", patient(family="Zebrafinch"), potassium())
    call("ask", "what was her last potassium", "--attach", record, "--patient", "p1")
    call("replay", write_tone(tmp_path / "Zebrafinch.wav", 2.0), "--task", "dictation-note")
    log = sqlite3.connect(data_dir / "log.db")
    events = "\n".join(str(row) for row in log.execute("SELECT kind, run, payload FROM events"))
    log.close()
    for text in ("Zebrafinch", "potassium", "4.1", "aspirin", "chest pain"):
        assert text not in events


def test_route_shows_its_decision(call: Call) -> None:
    clear = call("route", "what was her last potassium", "--kind", "fhir-record", "--json")
    assert (clear.code, clear.objects[0]["task"]) == (DONE, "record-question")
    unclear = call("route", "uh", "--json")
    assert (unclear.code, unclear.objects[0]["task"]) == (PERSON_NEEDED, None)
    assert unclear.objects[0]["question"]


def test_models_and_doctor(call: Call) -> None:
    engines = call("models", "list", "--json")
    assert "whisper" in [engine["name"] for engine in engines.objects]
    examined = call("doctor", "--json")
    findings = {finding["name"]: finding for finding in examined.objects}
    assert "build" in findings["torch"]["detail"]  # type: ignore[operator]
    assert all(finding["ok"] or finding["remedy"] for finding in examined.objects)


def test_doctor_works_where_a_setting_stops_everything_else(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DTYPE", "float16")
    examined = call("doctor", "--json")
    assert examined.code == 1
    [finding] = [one for one in examined.objects if str(one["name"]).startswith("engines")]
    assert "float16" in str(finding["name"])
    assert finding["remedy"]


@pytest.mark.parametrize("skill", ["routing", "formatting", "notes"])
def test_evaluate_and_its_baseline(skill: str, call: Call, tmp_path: Path) -> None:
    data = Path("tests/data") / f"{skill}.jsonl"
    baseline = tmp_path / "baseline.json"
    first = call("evaluate", skill, "--data", data, "--baseline", baseline, "--json")
    assert first.code == DONE
    [figures] = first.objects
    assert {"n", "engines", "failures"} <= figures.keys()
    assert call("evaluate", skill, "--data", data, "--baseline", baseline).code == DONE
    better = {key: 1.0 if "accuracy" in key else value for key, value in orjson.loads(baseline.read_bytes()).items()}
    worse_data = tmp_path / "worse.jsonl"
    lines = data.read_text().splitlines()
    flaw = {
        "routing": ("task", "ct-volume"),
        "formatting": ("expected", "no"),
        "notes": ("expected", {"plan": ["No."]}),
    }
    name, wrong = flaw[skill]
    worse_data.write_bytes(b"\n".join(orjson.dumps({**orjson.loads(line), name: wrong}) for line in lines))
    baseline.write_bytes(orjson.dumps(better))
    called = call("evaluate", skill, "--data", worse_data, "--baseline", baseline)
    assert called.code == VERIFICATION_FAILED
    assert "accuracy" in called.err


def test_the_demo_waits_for_nobody(call: Call) -> None:
    called = call("demo")
    assert called.code == DONE, called.err
    assert "The log lies in" in called.out
    assert "not for diagnosis" in called.out
