"""MedASR and MedGemma as a user meets them: imported, checked, and at work, on tiny checkpoints of the real classes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from assistant.sessions import SessionLog
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, OUR_FAULT, PERSON_NEEDED, VERIFICATION_FAILED
from tests.cli.conftest import Call
from tests.support.engines import DICTATION
from tests.support.tiny_medasr import Hearing
from tests.support.tiny_medgemma import build_random

pytestmark = pytest.mark.long
SAMPLES = Path("samples")
FILM = f"chest-xray={SAMPLES / 'images' / 'film.png'}"


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No model is installed yet."""
    monkeypatch.setenv("ASSISTANT_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def request_of(hearing: Hearing) -> Path:
    [spoken] = [spoken for spoken in hearing.questions if spoken.flac.stem == "unclear"]
    return spoken.flac


def rule_four_of(call: dict[str, Any]) -> None:
    """Every field that the design asks for is there for this model call."""
    engine = call["engine"]
    assert all(engine[name] for name in ("name", "version", "model", "revision"))
    assert len(engine["weights_sha256"]) == 64
    assert call["inputs"]
    assert all(len(digest) == 64 for digest in (*call["inputs"], call["output"]))
    assert {"transformers", "torch", "tokenizers", "numpy"} <= call["libraries"].keys()
    assert call["finish_reason"]
    assert call["seconds"] > 0
    assert call["parameters"]["device"]
    assert call["parameters"]["dtype"]
    if call["node"] == "transcribe":
        assert call["parameters"].keys() >= {"window_seconds", "overlap_seconds"}
    else:
        name, digest = call["prompt"].split()
        assert "@" in name
        assert len(digest) == 64
        assert call["parameters"]["do_sample"] is False
        assert call["prompt_tokens"] > 0
        assert call["exchange"]["ask"]["parts"]
        assert call["exchange"]["generation"]["raw"]
        assert call["output_tokens"] > 0


def test_a_run_waits_for_a_model_that_is_then_imported(call_for_real: Call, hearing: Hearing, answering: Path) -> None:
    call = call_for_real
    assert call("models", "import", hearing.folder).code == DONE
    asked = call("replay", request_of(hearing), "--task", "image-question", "--attach", FILM, "--json")
    [waiting] = asked.objects
    assert asked.code == MODEL_NEEDED
    assert waiting["result"]["status"] == "needs-model"  # type: ignore[index]
    assert "assistant models pull medgemma" in waiting["result"]["message"]  # type: ignore[index]
    assert "speech by medasr, language by medgemma (not ready" in asked.err
    assert call("resume", waiting["run"], "--json").code == MODEL_NEEDED

    imported = call("models", "import", answering)
    assert imported.code == DONE
    assert "assistant models check medgemma" in imported.out
    confirm_first = call("resume", waiting["run"], "--json")
    assert confirm_first.code == PERSON_NEEDED
    assert "assistant confirm research-use" in confirm_first.objects[0]["result"]["message"]  # type: ignore[index]
    assert call("confirm", "research-use").code == DONE
    resumed = call("resume", waiting["run"], "--json")
    [run] = resumed.objects
    assert resumed.code == DONE, resumed.err
    assert run["transcript"]["text"] == "Could you take a look at this one for me, and let me know?"  # type: ignore[index]

    [shown] = call("log", "show", waiting["run"], "--json").objects
    calls = shown["model_calls"]
    assert [c["node"] for c in calls] == ["transcribe", "image-question"]  # type: ignore[union-attr]
    for one in calls:  # type: ignore[union-attr]
        rule_four_of(one)
    statements = run["result"]["statements"]  # type: ignore[index]
    frames = {citation["frame"] for statement in statements for citation in statement["citations"]}
    assert frames == {frame["sha256"] for frame in run["result"]["data"]["frames"]}  # type: ignore[index]
    assert frames <= set(calls[1]["inputs"])  # type: ignore[index]
    card = run["result"]["data"]["card"]  # type: ignore[index]
    assert card["figures"]
    assert card["limits"]
    assert "not verified as google/medgemma-1.5-4b-it" in run["result"]["data"]["model"]["note"]  # type: ignore[index]
    assert call("log", "verify").code == DONE


def test_the_samples_in_the_medgemma_profile(call_for_real: Call, hearing: Hearing, answering: Path) -> None:
    call = call_for_real
    call("models", "import", hearing.folder)
    call("models", "import", answering)
    call("confirm", "research-use")
    replayed = call("replay", SAMPLES, "--profile", "medgemma", "--json")
    assert "internal error" not in replayed.err
    runs = replayed.objects
    assert len(runs) == 13
    doubtful = call("ask", "what about aspirin", "--profile", "medgemma", "--json").objects
    engines: set[str] = set()
    nodes: set[str] = set()
    for run in (*runs, *doubtful):
        [shown] = call("log", "show", run["run"], "--json").objects
        assert shown["model_calls"]
        for one in shown["model_calls"]:  # type: ignore[union-attr]
            rule_four_of(one)
            engines.add(one["engine"]["name"])
            nodes.add(one["node"])
    assert engines == {"medasr", "medgemma"}
    assert nodes >= {"transcribe", "route"}, "what is in doubt was not put to the tie-breaker"
    by_name = {Path(run["recording"]["name"]).stem: run for run in runs}  # type: ignore[index]
    report = by_name["chest-film-report"]
    assert report["result"]["data"]["filed_by"].keys() == {"heading", "model"}  # type: ignore[index]
    assert call("replay", SAMPLES, "--profile", "medgemma", "--json").code == replayed.code
    assert call("log", "verify").code == DONE


def test_the_embedded_profile_asks_no_model_that_is_there(call_for_real: Call, answering: Path) -> None:
    call = call_for_real
    call("models", "import", answering)
    asked = call("ask", "what is the usual dose of amoxicillin", "--profile", "embedded", "--json")
    assert asked.code == MODEL_NEEDED
    assert "--profile medgemma" in asked.objects[0]["result"]["message"]  # type: ignore[index]
    assert call("resume", asked.objects[0]["run"], "--json").code == DONE
    assert call("ask", "what is the usual dose of aspirin", "--profile", "whisper,medgemma", "--json").code == DONE
    assert call("ask", "what is the usual dose of aspirin", "--profile", "gpt").code == 2


def test_a_note_is_filed_by_medgemma_itself(
    call_for_real: Call, answering: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_for_real
    call("models", "import", answering)
    monkeypatch.setenv("ASSISTANT_FILING", "model")
    filed = call("ask", DICTATION, "--task", "dictation-note", "--template", "soap", "--json")
    [run] = filed.objects
    assert filed.code == DONE, filed.err
    assert run["result"]["data"]["filed_by"] == {"heading": 0, "model": 4}  # type: ignore[index]
    assert sorted(" ".join(s["text"] for s in run["result"]["statements"]).split()) == sorted(DICTATION.split())  # type: ignore[index]
    [shown] = call("log", "show", run["run"], "--json").objects
    [one] = shown["model_calls"]  # type: ignore[misc]
    rule_four_of(one)
    assert len(one["exchange"]["generation"]["chosen"]) == 4  # type: ignore[index]


def test_checking_a_model(
    call_for_real: Call, hearing: Hearing, answering: Path, models_dir: Path, data_dir: Path
) -> None:
    call = call_for_real
    for folder, name in ((hearing.folder, "medasr"), (answering, "medgemma")):
        call("models", "import", folder)
        checked = call("models", "check", name, "--json")
        assert checked.code == DONE, checked.err
        [report] = checked.objects
        assert report["compared"] is True
        assert report["seconds"] > 0  # type: ignore[operator]
        assert report["peak_memory_bytes"] > 0  # type: ignore[operator]
        assert "loaded in" in call("models", "check", name).out
    with SessionLog.open(data_dir) as log:
        assert [said["engine"] for said in log.payloads("model-checked")] == ["medasr"] * 2 + ["medgemma"] * 2
    weights = models_dir / "medgemma" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-100] ^= 1
    weights.write_bytes(content)
    damaged = call("models", "check", "medgemma")
    assert damaged.code == VERIFICATION_FAILED
    assert "medgemma/model.safetensors" in damaged.problems[0]
    asked = call("ask", "what is the usual dose of amoxicillin", "--json")
    assert asked.code == MODEL_NEEDED
    assert "SHA-256 differs" in asked.objects[0]["result"]["message"]  # type: ignore[index]
    assert call("models", "import", answering).code == DONE
    assert call("resume", asked.objects[0]["run"], "--json").code == DONE


def without(name: str) -> Any:
    return lambda folder: (folder / name).unlink()


def truncated(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def of_another_architecture(folder: Path) -> None:
    config = orjson.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_bytes(orjson.dumps({**config, "model_type": "llama"}))


def without_image_tokens(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text().replace("<start_of_image>", "<start_of_sound>")
    (folder / "tokenizer.json").write_text(text)


def without_preprocessor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    processor = folder / "processor_config.json"
    if processor.exists():
        config = orjson.loads(processor.read_bytes())
        config.pop("image_processor", None)
        processor.write_bytes(orjson.dumps(config))


BROKEN = {
    "not a model": lambda folder: [file.unlink() for file in folder.iterdir()],
    "another architecture": of_another_architecture,
    "truncated": truncated,
    "no image tokens": without_image_tokens,
    "no preprocessor": without_preprocessor,
    "no chat template": without("chat_template.jinja"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_model_is_one_line_and_the_run_goes_on_once_it_is_mended(
    fault: str, call_for_real: Call, answering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_for_real
    folder = tmp_path / "given"
    shutil.copytree(answering, folder)
    BROKEN[fault](folder)
    refused = call("models", "import", folder)
    assert refused.code == BAD_INPUT
    [problem] = refused.problems
    assert "given" in problem
    assert "; " in problem, "no remedy named"
    monkeypatch.setenv("ASSISTANT_MEDGEMMA", str(folder))
    asked = call("ask", "what is the usual dose of amoxicillin in adults", "--json")
    assert asked.code == MODEL_NEEDED
    [run] = asked.objects
    message = run["result"]["message"]  # type: ignore[index]
    assert "medgemma" in message
    assert "\n" not in message
    shutil.rmtree(folder)
    shutil.copytree(answering, folder)
    assert call("resume", run["run"], "--json").code == DONE


def test_gibberish_is_never_shown_as_an_answer(
    call_for_real: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_for_real
    call("models", "import", build_random(tmp_path / "random"))
    shipped = Path("prompts/clinical-question.md").read_text()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "clinical-question.md").write_text(shipped.replace("budget = 2000", "budget = 50"))
    monkeypatch.setenv("ASSISTANT_PROMPTS_DIR", str(tmp_path / "prompts"))
    asked = call("ask", "what is the usual dose of amoxicillin in adults", "--json")
    assert asked.code == OUR_FAULT
    [run] = asked.objects
    assert run["state"] == "failed"
    assert run["result"]["status"] == "failed"  # type: ignore[index]
    assert run["result"]["statements"] == []  # type: ignore[index]
    assert "50 tokens" in str(run["error"])
    assert "resume" in str(run["error"])


def test_fp16_is_refused_with_the_reason(call_for_real: Call, answering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_for_real
    call("models", "import", answering)
    monkeypatch.setenv("ASSISTANT_DTYPE", "float16")
    refused = call("ask", "what is the usual dose of amoxicillin in adults")
    assert refused.code == 2
    assert "overflows" in refused.problems[0]


def test_a_model_that_is_too_large_is_refused_with_the_numbers(
    call_for_real: Call, answering: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_for_real
    call("models", "import", answering)
    with monkeypatch.context() as small:
        small.setattr("pipelines.weights.memory.available_memory", lambda _: 100_000_000)
        asked = call("ask", "what is the usual dose of amoxicillin in adults", "--json")
        assert asked.code == MODEL_NEEDED
        message = str(asked.objects[0]["result"]["message"])  # type: ignore[index]
        assert "0.1 GB" in message
        assert call("models", "check", "medgemma").code == MODEL_NEEDED
    assert call("resume", asked.objects[0]["run"], "--json").code == DONE


def test_an_own_prompt_file_that_is_broken_is_one_line(
    call_for_real: Call, answering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_for_real
    call("models", "import", answering)
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "clinical-question.md").write_text("+++\nname = clinical\n+++\n{{ question }}\n")
    monkeypatch.setenv("ASSISTANT_PROMPTS_DIR", str(prompts))
    refused = call("ask", "what is the usual dose of amoxicillin in adults", "--json")
    assert refused.code == 2
    [run] = refused.objects
    assert "clinical-question.md" in str(run["error"])
    (prompts / "clinical-question.md").unlink()
    assert call("resume", run["run"], "--json").code == DONE
