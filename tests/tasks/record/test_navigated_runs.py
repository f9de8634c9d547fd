"""Runs that lead a model through a record: what they wait for, what they keep, what the log holds of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import DONE, MODEL_NEEDED, OUR_FAULT
from pipelines.models.medgemma.generator import MedGemma
from pipelines.records import Result, RunState, Status, TaskName
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.charts import CHART, bundle
from tests.support.led import LedGenerator
from tests.support.tiny_medgemma import build_random

POTASSIUM = ("Observation", "no more", "Potassium", "no more")
SAID = ((("{3}",), "Her potassium of 5.9 mmol/L is above its range."),)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "chart.json").write_bytes(bundle(*CHART))
    return tmp_path / "chart.json"


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> LedGenerator:
    made = LedGenerator(takes=POTASSIUM, says=SAID)
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: made)
    return made


@pytest.fixture
def runner(settings: Settings, generator: LedGenerator) -> Iterator[Runner]:
    with open_runner(settings, generator=generator) as opened:
        yield opened


def question(chart: Path, text: str = "is her potassium dangerous") -> Given:
    return Given(text=text, task=TaskName.RECORD_QUESTION, attachments=(GivenAttachment(chart),))


def result_of(outcome: Outcome) -> Result:
    assert outcome.view.result is not None
    return outcome.view.result


def test_what_lookup_answers_is_asked_of_no_model(runner: Runner, generator: LedGenerator, chart: Path) -> None:
    done = runner.submit(question(chart, "what was her last potassium"))
    assert done.exit_code == DONE
    assert {statement.origin for statement in result_of(done).statements} == {"looked-up"}
    assert generator.asks == []


def test_what_it_does_not_waits_for_a_model_and_goes_on_when_one_is_there(
    runner: Runner, generator: LedGenerator, chart: Path
) -> None:
    generator.ready = False
    waiting = runner.submit(question(chart))
    assert (waiting.exit_code, waiting.view.state) == (MODEL_NEEDED, RunState.PAUSED)
    assert "'dangerous' asks for a judgement" in (result_of(waiting).message or "")
    assert runner.resume(waiting.view.id).worked is False
    generator.ready = True
    done = runner.resume(waiting.view.id)
    assert done.exit_code == DONE, done.view.error
    assert [s.text for s in result_of(done).statements] == [SAID[0][1]]
    assert {check.verdict for check in done.view.checks} == {"supported", "not-checkable"}
    assert len(done.view.model_calls) == len(generator.asks) == 5
    assert {call.node for call in done.view.model_calls} == {"record-question"}
    assert runner.log.verify().ok
    assert runner.submit(question(chart)).worked is False


def test_what_is_not_there_by_its_name_may_be_by_another_that_a_model_knows(
    runner: Runner, generator: LedGenerator, chart: Path
) -> None:
    generator.ready = False
    plain = runner.submit(question(chart, "what was her last kalemia"))
    assert result_of(plain).data["by_name_only"]
    generator.ready = True
    found = runner.submit(question(chart, "what was her last kalemia"), again=True)
    assert [s.text for s in result_of(found).statements] == [SAID[0][1]]
    generator.answered, generator.takes = "no", POTASSIUM
    none = runner.submit(question(chart, "what was her last kalemia"), again=True)
    assert result_of(none).statements == result_of(plain).statements


def test_a_crash_before_the_answer_asks_only_what_was_not_asked(
    runner: Runner, generator: LedGenerator, chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("pipelines.tasks.record.navigator.tell", lambda *_: 1 / 0)
        failed = runner.submit(question(chart))
        assert failed.view.state is RunState.FAILED
    assert len(generator.asks) == 4
    done = runner.resume(failed.view.id)
    assert done.exit_code == DONE, done.view.error
    assert len(generator.asks) == 5


def test_an_answer_that_nothing_bears_out_fails_the_run(runner: Runner, generator: LedGenerator, chart: Path) -> None:
    generator.says = ((("Observation/none",), "Her potassium is 7.7 mmol/L."),)
    failed = runner.submit(question(chart))
    assert (failed.exit_code, failed.view.state) == (OUR_FAULT, RunState.FAILED)
    assert "said nothing that its sources bear out" in (failed.view.error or "")
    assert "7.7" not in (failed.view.error or "")


def test_a_sentence_that_slips_through_is_withheld(
    runner: Runner, generator: LedGenerator, chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.says = ((("{3}",), "Her potassium is 7.7 mmol/L."),)
    with monkeypatch.context() as blind:
        blind.setattr("pipelines.checks.figures.unfounded", lambda *_: None)
        failed = runner.submit(question(chart))
    assert failed.view.state is RunState.FAILED
    assert "withheld" in (failed.view.error or "")


def test_a_summary_is_made_without_a_model_and_with_one(runner: Runner, generator: LedGenerator, chart: Path) -> None:
    generator.ready = False
    asked = Given(text="summarise her record", task=TaskName.RECORD_SUMMARY, attachments=(GivenAttachment(chart),))
    plain = runner.submit(asked)
    assert plain.exit_code == DONE, plain.view.error
    assert {s.origin for s in result_of(plain).statements} == {"looked-up"}
    assert {check.verdict for check in plain.view.checks} == {"supported"}
    [plot] = result_of(plain).data["plots"]
    assert runner.log.store.has(plot["sha256"])
    generator.ready = True
    generator.says = ((("L2",), "She is female."),)
    topped = runner.submit(asked, again=True)
    assert result_of(topped).statements[0].origin == "generated"
    assert [s.text for s in result_of(topped).statements[1:]] == [s.text for s in result_of(plain).statements]
    assert runner.log.verify().ok
    runner.log.store.path(plot["sha256"]).unlink()
    assert "is missing (results row" in (runner.log.verify().problem or "")


def test_a_summary_asks_for_a_record(runner: Runner) -> None:
    asked = runner.submit(Given(text="summarise her record", task=TaskName.RECORD_SUMMARY))
    assert result_of(asked).status is Status.NEEDS_INPUT
    assert "--attach fhir-record=PATH" in (result_of(asked).message or "")


@pytest.mark.long
def test_the_real_engine_is_led_and_nothing_that_it_did_not_finish_is_shown(
    settings: Settings, chart: Path, tmp_path: Path
) -> None:
    """The real classes on random weights: they take some way through the record, held to its names while decoding."""
    folder = build_random(tmp_path / "model", text={"max_position_embeddings": 16384})
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32")
    (tmp_path / "prompts").mkdir()
    shipped = (Path(__file__).parents[3] / "prompts" / "record-answer.md").read_text()
    (tmp_path / "prompts" / "record-answer.md").write_text(shipped.replace("budget = 1200", "budget = 60"))
    settings = settings.model_copy(update={"prompts_dir": tmp_path / "prompts"})
    with open_runner(settings, generator=generator) as runner:
        outcome = runner.submit(question(chart))
        calls = outcome.view.model_calls
        assert calls
        assert all(call.prompt is not None and call.prompt.startswith("record-") for call in calls)
        chosen = [one for one in runner.log.exchanges(outcome.view.id) if one.slots]
        assert all(one.generation.chosen[0] in one.slots[0].options for one in chosen)
        if outcome.view.state is RunState.FAILED:
            assert outcome.exit_code == OUR_FAULT
            assert "was cut at its greatest length" in (outcome.view.error or "")
        else:
            assert {check.verdict for check in outcome.view.checks} <= {"supported", "not-checkable"}
        assert runner.log.verify().ok
