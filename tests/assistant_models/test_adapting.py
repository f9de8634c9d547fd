"""From the log to an adapter: what is exported, what is left out, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.adapting.exporting import export_pairs
from assistant.cli import _run
from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.sessions import SessionLog
from assistant.settings import Settings
from pipelines.errors import BAD_INPUT, DONE, USAGE, UsageProblem
from pipelines.models.adapting.pairs import PAIRS, Pairs
from pipelines.models.generator import Picture
from pipelines.models.medgemma.generator import MedGemma
from pipelines.records import Kind, Result, Status, TaskName
from pipelines.weights.adapter import AdapterFolder
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures
from tests.support.engines import ANSWER, DICTATION, ScriptedGenerator, ScriptedRecognizer
from tests.support.opening import Open, opener
from tests.support.sounds import write_tone
from tests.support.tiny_medgemma import shared

pytestmark = pytest.mark.usefixtures("own_environment")


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", filing="model")


@pytest.fixture
def opened(settings: Settings, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch) -> Open:
    return opener(settings, ScriptedRecognizer(texts=(DICTATION,)), generator, monkeypatch)


@pytest.fixture
def log(opened: Open, generator: ScriptedGenerator, tmp_path: Path) -> Iterator[SessionLog]:
    """Two answers, one about a picture, a note that the model filed, and one answer that was cut."""
    Image.linear_gradient("L").save(tmp_path / "film.png")
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        runner.submit(Given(text="what is the usual dose of amoxicillin", task=TaskName.CLINICAL_QUESTION))
        film = GivenAttachment(tmp_path / "film.png", Kind.CHEST_XRAY)
        runner.submit(Given(text="is there a pneumothorax", attachments=(film,), task=TaskName.IMAGE_QUESTION))
        runner.submit(Given(audio=write_tone(tmp_path / "note.wav", 1.0), task=TaskName.DICTATION_NOTE))
        generator.finish_reason = "length"
        runner.submit(Given(text="what is sepsis", task=TaskName.CLINICAL_QUESTION))
        yield runner.log


def test_pairs_are_what_was_sent_and_answered(log: SessionLog, generator: ScriptedGenerator, tmp_path: Path) -> None:
    done = export_pairs(log, tmp_path / "pairs")
    pairs = Pairs(tmp_path / "pairs")
    assert done.tasks == {"clinical-question": 1, "dictation-note": 1, "image-question": 1}
    by_task = {pair.task: pair for pair in pairs.all}
    assert [pair.ask for pair in pairs.all] == generator.asks[:3]
    assert by_task[TaskName.CLINICAL_QUESTION].answer == by_task[TaskName.IMAGE_QUESTION].answer == ANSWER
    assert {pair.standing for pair in pairs.all} == {"generated"}
    assert by_task[TaskName.IMAGE_QUESTION].ask.prompt.startswith("image-question-chest-xray@")
    [picture] = [p for p in by_task[TaskName.IMAGE_QUESTION].ask.parts if isinstance(p, Picture)]
    assert pairs.frame(picture.frame) == log.store.get(picture.frame)
    assert {pair.run for pair in pairs.all} <= {run.id for run in log.runs()}
    note = by_task[TaskName.DICTATION_NOTE]
    assert note.ask.prompt.startswith("filing@")
    assert note.answer


def test_the_folder_says_what_it_is_and_is_for_its_owner_alone(log: SessionLog, tmp_path: Path) -> None:
    export_pairs(log, tmp_path / "pairs")
    assert "patient data" in (tmp_path / "pairs" / "README.txt").read_text()
    assert (tmp_path / "pairs").stat().st_mode & 0o077 == 0
    [event] = log.payloads("pairs-exported")
    assert event["pairs"] == 3
    assert "amoxicillin" not in json.dumps(event)
    assert log.verify().ok
    with pytest.raises(UsageProblem, match="is there already"):
        export_pairs(log, tmp_path / "pairs")
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_one_task_and_what_a_person_approved(log: SessionLog, tmp_path: Path) -> None:
    export_pairs(log, tmp_path / "pairs", task=TaskName.IMAGE_QUESTION)
    assert {pair.task for pair in Pairs(tmp_path / "pairs").all} == {TaskName.IMAGE_QUESTION}
    with pytest.raises(UsageProblem, match="log: holds no approved answers of a model; "):
        export_pairs(log, tmp_path / "approved", approved_only=True)
    with pytest.raises(UsageProblem, match="holds no answers of a model to lab-report"):
        export_pairs(log, tmp_path / "lab", task=TaskName.LAB_REPORT)
    assert not (tmp_path / "approved").exists()


@pytest.mark.parametrize(
    ("status", "origin", "standing"),
    [
        (Status.APPROVED, "generated", "approved"),
        (Status.SIGNED, "generated", "approved"),
        (Status.REJECTED, "generated", None),
        (Status.APPROVED, "corrected", None),
    ],
)
def test_a_person_s_verdict_decides(
    log: SessionLog, tmp_path: Path, status: Status, origin: str, standing: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No command gives a verdict yet: the log is told to hold one."""
    read = log.run

    def judged(run: str) -> object:
        view = read(run)
        if view.result is None:
            return view
        statements = tuple(s.model_copy(update={"origin": origin}) for s in view.result.statements)
        result: Result = view.result.model_copy(update={"status": status, "statements": statements})
        return view.model_copy(update={"result": result})

    monkeypatch.setattr(log, "run", judged)
    if standing is None:
        with pytest.raises(UsageProblem, match="holds no"):
            export_pairs(log, tmp_path / "pairs", task=TaskName.IMAGE_QUESTION)
    else:
        export_pairs(log, tmp_path / "pairs", task=TaskName.IMAGE_QUESTION, approved_only=True)
        assert [pair.standing for pair in Pairs(tmp_path / "pairs").all] == [standing]


def command(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["assistant", *map(str, words)])
    return _run()


@pytest.mark.long
def test_from_the_log_to_an_adapter_by_two_commands(
    log: SessionLog,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("peft")
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("ASSISTANT_MEDGEMMA", str(shared()))
    monkeypatch.setenv("ASSISTANT_DTYPE", "float32")
    monkeypatch.setenv("ASSISTANT_DEVICE", "cpu")
    monkeypatch.setenv("ASSISTANT_THREADS", "1")
    pairs, adapter = tmp_path / "pairs", tmp_path / "adapter"
    assert command("log", "pairs", pairs, "--task", "clinical-question", monkeypatch=monkeypatch) == DONE
    assert "holds patient data" in capsys.readouterr().err
    words = ("models", "adapt", pairs, adapter, "--epochs", 2, "--rate", 0.01, "--rank", 2, "--json")
    assert command(*words, monkeypatch=monkeypatch) == DONE
    [told] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told["parameters"]["rank"] == 2
    assert told["training_loss"][1] < told["training_loss"][0]
    [event] = log.payloads("adapter-made")
    assert event["adapter_sha256"] == AdapterFolder(adapter).sha256()
    assert (event["pairs"], event["model"]) == (1, "medgemma")
    generator = MedGemma(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32", adapter=adapter)
    ask = Pairs(pairs).all[0].ask.model_copy(update={"max_new_tokens": 2})
    assert generator.generate(ask, Pictures()).parameters["adapter_sha256"] == event["adapter_sha256"]
    assert command(*words, monkeypatch=monkeypatch) == USAGE
    assert "is there already" in capsys.readouterr().err


def test_what_cannot_be_trained_on_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    for words, code, line in (
        (("models", "adapt", tmp_path, tmp_path / "out", "--model", "medasr"), USAGE, "no model that can be adapted"),
        (("models", "adapt", tmp_path, tmp_path / "out"), BAD_INPUT, "give a folder that `assistant log pairs` wrote"),
        (("models", "adapt", tmp_path, tmp_path / "no" / "out"), BAD_INPUT, "no: there is no such folder"),
    ):
        assert command(*words, monkeypatch=monkeypatch) == code
        assert line in capsys.readouterr().err
    (tmp_path / PAIRS).write_text("{}")
    monkeypatch.setenv("ASSISTANT_QUANTIZE", "int8")
    assert command("models", "adapt", tmp_path, tmp_path / "out", monkeypatch=monkeypatch) == USAGE
    assert "int8: cannot be trained on" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
