"""Past runs done anew from their log and held against what they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import prompts
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.repeating import REPEATED, Repetition, repeat
from assistant.runner import REPETITIONS, Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import DONE, MODEL_NEEDED, VERIFICATION_FAILED, ModelNeeded, UsageProblem, VerificationFailed
from pipelines.models.consult import Consultant
from pipelines.models.generator import Generation, Slot
from pipelines.records import Engine, RunState, TaskName
from tests.support.engines import DICTATION, ScriptedGenerator, ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone

CLINICAL = Given(text="what is the usual dose of amoxicillin in adults", task=TaskName.CLINICAL_QUESTION)


@dataclass
class Weighed(ScriptedGenerator):
    """Its weights, a library and a parameter can be told."""

    weights: str = "0" * 64
    library: str = "1"
    threads: int = 1

    def engine(self) -> Engine:
        return super().engine().model_copy(update={"weights_sha256": self.weights})

    def _generation(self, text: str, chosen: tuple[str, ...]) -> Generation:
        made = super()._generation(text, chosen)
        return made.model_copy(
            update={"libraries": {"scripted": self.library}, "parameters": {"threads": self.threads}, "seconds": 0.1}
        )


@pytest.fixture
def ears() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def generator() -> Weighed:
    return Weighed()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", prompts_dir=prompts_of(tmp_path))


@pytest.fixture
def runner(settings: Settings, ears: ScriptedRecognizer, generator: Weighed) -> Iterator[Runner]:
    with open_runner(settings, recognizer=ears, generator=generator) as opened:
        yield opened
        assert opened.log.verify().ok


@pytest.fixture
def note(tmp_path: Path) -> Given:
    return Given(audio=write_tone(tmp_path / "visit.wav", 2.0), task=TaskName.DICTATION_NOTE)


def prompts_of(folder: Path) -> Path:
    own = folder / "prompts"
    own.mkdir(exist_ok=True)
    return own


def first(found: Repetition) -> tuple[str, str, str | None, str | None]:
    assert found.outcome == "differs"
    assert found.exit_code == VERIFICATION_FAILED
    assert found.difference is not None
    return found.difference.step, found.difference.what, found.difference.then, found.difference.now


def repeated(runner: Runner, settings: Settings, outcome: Outcome) -> Repetition:
    return repeat(runner, settings, outcome.view.id)


def test_a_run_is_done_anew_and_comes_out_identical(
    runner: Runner, settings: Settings, ears: ScriptedRecognizer, note: Given
) -> None:
    done = runner.submit(note)
    found = repeated(runner, settings, done)
    assert (found.outcome, found.difference, found.circumstances, found.exit_code) == ("identical", None, (), DONE)
    assert found.statements == found.same_statements > 0
    assert ears.asked == 2
    again = runner.log.run(found.repetition)
    assert (again.label, again.repeats, done.view.repeats) == (REPETITIONS, done.view.id, None)
    assert again.transcript == done.view.transcript
    assert [call.node for call in again.model_calls] == ["transcribe"]
    assert runner.log.payloads(REPEATED) == ({"of": done.view.id, "by": again.id, "outcome": "identical"},)


def test_who_gives_the_same_work_again_finds_the_run_that_was(runner: Runner, settings: Settings, note: Given) -> None:
    done = runner.submit(note)
    repetitions = {repeated(runner, settings, done).repetition for _ in range(2)}
    assert len(repetitions) == 2
    later = runner.submit(note)
    assert (later.worked, later.view.id) == (False, done.view.id)
    anew = runner.submit(note, again=True)
    assert anew.view.attempt == 2
    assert anew.view.label != REPETITIONS


def test_a_repetition_can_be_repeated(runner: Runner, settings: Settings, note: Given) -> None:
    one = repeated(runner, settings, runner.submit(note))
    two = repeat(runner, settings, one.repetition)
    assert (two.run, two.outcome) == (one.repetition, "identical")


def test_words_heard_otherwise_are_found_before_what_was_made_of_them(
    runner: Runner, settings: Settings, ears: ScriptedRecognizer, note: Given
) -> None:
    done = runner.submit(note)
    ears.texts = (DICTATION.replace("81", "18"),)
    found = repeated(runner, settings, done)
    step, what, then, now = first(found)
    assert (step, what) == ("transcript", "raw")
    assert "aspirin 81 mg" in (then or "")
    assert "aspirin 18 mg" in (now or "")
    assert found.same_statements == found.statements - 1


def test_words_written_otherwise_are_told_from_words_heard_otherwise(
    settings: Settings, ears: ScriptedRecognizer, tmp_path: Path
) -> None:
    ears.texts = ("start aspirin eighty one milligrams daily",)
    given = Given(audio=write_tone(tmp_path / "order.wav", 2.0), task=TaskName.DICTATION_NOTE)
    with open_runner(settings, recognizer=ears) as runner:
        done = runner.submit(given)
    plain = settings.model_copy(update={"written_forms": False})
    with open_runner(plain, recognizer=ears) as runner:
        found = repeated(runner, plain, done)
    assert first(found)[:2] == ("transcript", "text")
    assert found.difference is not None
    assert [(one.what, one.then, one.now) for one in found.difference.causes] == [("written_forms", "True", "False")]


def test_another_answer_is_found_where_it_was_given(runner: Runner, settings: Settings, generator: Weighed) -> None:
    done = runner.submit(CLINICAL)
    assert repeated(runner, settings, done).outcome == "identical"
    generator.answer = generator.answer.replace("no", "a")
    assert first(repeated(runner, settings, done)) == (
        "question 1 (clinical-question)",
        "text",
        "There is no pneumothorax. The lungs are clear.",
        "There is a pneumothorax. The lungs are clear.",
    )


def test_circumstances_are_no_difference_and_may_explain_one(
    runner: Runner, settings: Settings, generator: Weighed
) -> None:
    done = runner.submit(CLINICAL)
    generator.library, generator.threads = "2", 4
    same = repeated(runner, settings, done)
    assert same.outcome == "identical"
    changes = [("scripted", "1", "2"), ("threads", "1", "4")]
    assert [(one.what, one.then, one.now) for one in same.circumstances] == changes
    generator.answer = "The lungs are clear."
    other = repeated(runner, settings, done)
    assert other.difference is not None
    assert [(one.what, one.then, one.now) for one in other.difference.causes] == changes


def test_other_weights_are_a_difference_even_where_they_say_the_same(
    runner: Runner, settings: Settings, generator: Weighed
) -> None:
    done = runner.submit(CLINICAL)
    generator.weights = "1" * 64
    found = repeated(runner, settings, done)
    assert first(found) == ("question 1 (clinical-question)", "weights", "0" * 64, "1" * 64)
    assert found.same_statements == found.statements == 2


def test_another_version_of_the_prompt_is_a_difference(
    runner: Runner, settings: Settings, generator: Weighed, tmp_path: Path
) -> None:
    done = runner.submit(CLINICAL)
    shipped = Path(prompts.__file__).parent / "clinical-question.md"
    text = re.sub(r"version = \d+", "version = 99", shipped.read_text())
    (prompts_of(tmp_path) / "clinical-question.md").write_text(text)
    step, what, then, now = first(repeated(runner, settings, done))
    assert (step, what) == ("question 1 (clinical-question)", "prompt")
    assert then == prompts.load_prompt("clinical-question").identity
    assert (now or "").startswith("clinical-question@99 ")


def test_what_a_person_decided_counts_as_decided(
    runner: Runner, settings: Settings, ears: ScriptedRecognizer, generator: Weighed, tmp_path: Path
) -> None:
    generator.ready = False
    ears.texts = ("uh",)
    unclear = runner.submit(Given(audio=write_tone(tmp_path / "uh.wav", 1.0)))
    assert repeated(runner, settings, unclear).outcome == "identical"
    answered = runner.resume(unclear.view.id, task=TaskName.DICTATION_NOTE)
    found = repeated(runner, settings, answered)
    assert (found.outcome, found.state, found.now) == ("identical", RunState.DONE, RunState.DONE)


def test_the_same_patient_and_what_was_attached_later_are_known(
    runner: Runner, settings: Settings, tmp_path: Path
) -> None:
    bundle = write_bundle(tmp_path / "record.json", patient(), potassium())
    asked = runner.submit(Given(text="what was her last potassium", task=TaskName.RECORD_QUESTION, patient="nobody"))
    whose = runner.resume(asked.view.id, attach=(GivenAttachment(bundle),))
    assert whose.view.state is RunState.PAUSED
    waiting = repeated(runner, settings, whose)
    assert (waiting.outcome, waiting.now) == ("identical", RunState.PAUSED)
    done = runner.resume(asked.view.id, same_patient=True)
    bundle.unlink()
    found = repeated(runner, settings, done)
    assert (found.outcome, found.state, found.now) == ("identical", RunState.DONE, RunState.DONE)
    assert found.statements == 1


def test_a_run_that_waited_is_compared_as_far_as_it_went(
    runner: Runner, settings: Settings, generator: Weighed
) -> None:
    generator.ready = False
    waiting = runner.submit(CLINICAL)
    assert waiting.exit_code == MODEL_NEEDED
    assert repeated(runner, settings, waiting).outcome == "identical"
    generator.ready = True
    further = repeated(runner, settings, waiting)
    assert (further.outcome, further.state, further.now) == ("identical", RunState.PAUSED, RunState.DONE)


def test_a_run_that_failed_fails_alike(runner: Runner, settings: Settings, generator: Weighed) -> None:
    generator.finish_reason = "length"
    failed = runner.submit(CLINICAL)
    found = repeated(runner, settings, failed)
    assert (found.outcome, found.now) == ("identical", RunState.FAILED)
    generator.finish_reason = "stop"
    assert first(repeated(runner, settings, failed))[1:] == ("finish_reason", "length", "stop")


def test_of_a_run_that_was_taken_up_otherwise_the_last_answer_counts(
    runner: Runner, settings: Settings, generator: Weighed
) -> None:
    generator.finish_reason = "length"
    failed = runner.submit(CLINICAL)
    generator.finish_reason, generator.weights = "stop", "2" * 64
    done = runner.resume(failed.view.id)
    assert done.view.state is RunState.DONE
    assert repeated(runner, settings, done).outcome == "identical"


def test_a_question_that_is_not_asked_any_more_is_a_difference(
    runner: Runner, settings: Settings, generator: Weighed, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = (Slot(options=("a", "b")),)
    whole = Consultant.generate
    with monkeypatch.context() as asking:
        asking.setattr(Consultant, "generate", lambda self, ask: (self.choose(ask, slot), whole(self, ask))[1])
        done = runner.submit(CLINICAL)
        assert repeated(runner, settings, done).outcome == "identical"
    missing = ("question 1 (clinical-question)", "whether it was made", "made", None)
    assert first(repeated(runner, settings, done)) == missing


def test_without_the_engine_that_made_it_nothing_is_started(
    runner: Runner, settings: Settings, generator: Weighed, ears: ScriptedRecognizer, note: Given
) -> None:
    answered, noted = runner.submit(CLINICAL), runner.submit(note)
    generator.ready = ears.ready = False
    for done in (answered, noted):
        with pytest.raises(ModelNeeded, match="was made by scripted, which is not ready here"):
            repeated(runner, settings, done)
    generator.ready = ears.ready = True
    generator.name = ears.name = "whisper"
    for done in (answered, noted):
        with pytest.raises(ModelNeeded, match="which this version does not have"):
            repeated(runner, settings, done)
    assert len(runner.log.runs()) == 2


def test_what_it_was_given_must_still_be_there_as_it_was(runner: Runner, settings: Settings, note: Given) -> None:
    done = runner.submit(note)
    recording = done.view.request.recording
    assert recording is not None
    stored = runner.log.store.path(recording.file_sha256)
    content = stored.read_bytes()
    stored.write_bytes(content[:-2] + b"\0\0")
    with pytest.raises(VerificationFailed, match="its bytes are not what was stored"):
        repeated(runner, settings, done)
    stored.write_bytes(content)
    assert len(runner.log.runs()) == 1


def test_no_such_run(runner: Runner, settings: Settings) -> None:
    with pytest.raises(UsageProblem, match="no such run"):
        repeat(runner, settings, "01NOSUCHRUN")
