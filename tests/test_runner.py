"""Runs from what is given to what is logged, with everything real but the ears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, PERSON_NEEDED, BadInput, UsageProblem
from pipelines.records import Kind, RunState, Status, TaskName
from pipelines.speech.audio import inspect_recording
from pipelines.speech.transcribe import transcribe
from pipelines.tasks.served import served_tasks
from tests.support.engines import DICTATION, ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone


@pytest.fixture
def recognizer() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def runner(settings: Settings, recognizer: ScriptedRecognizer) -> Iterator[Runner]:
    with open_runner(settings, recognizer=recognizer) as opened:
        yield opened


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "visit.wav", 2.0)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "record.json", patient(), potassium())


def record_question(bundle: Path, text: str = "what was her last potassium", **more: str) -> Given:
    return Given(
        text=text,
        attachments=(GivenAttachment(bundle),),
        task=TaskName.RECORD_QUESTION,
        patient=more.get("patient"),
    )


def statements(outcome: Outcome) -> list[str]:
    assert outcome.view.result is not None
    return [statement.text for statement in outcome.view.result.statements]


def test_dictation_is_filed_in_the_speakers_own_words(runner: Runner, tone: Path) -> None:
    outcome = runner.submit(Given(audio=tone, task=TaskName.DICTATION_NOTE, template="soap"))
    assert outcome.exit_code == DONE
    assert outcome.view.state is RunState.DONE
    assert sorted(" ".join(statements(outcome)).split()) == sorted(DICTATION.split())
    assert {check.verdict for check in outcome.view.checks} == {"supported"}
    citation = outcome.view.result.statements[0].citations[0]  # type: ignore[union-attr]
    assert citation.kind == "transcript"
    assert citation.audio_end is not None
    assert 0 < citation.audio_end <= 2.0


def test_a_record_question_cites_what_it_looked_up(runner: Runner, bundle: Path) -> None:
    outcome = runner.submit(record_question(bundle))
    assert outcome.exit_code == DONE
    [text] = statements(outcome)
    assert "4.1 mmol/L" in text
    cited = {(c.resource, c.path) for c in outcome.view.result.statements[0].citations if c.kind == "record"}  # type: ignore[union-attr]
    assert ("Observation/k1", "valueQuantity.value") in cited


def test_the_same_work_is_done_once(runner: Runner, recognizer: ScriptedRecognizer, tone: Path, tmp_path: Path) -> None:
    import soundfile

    first = runner.submit(Given(audio=tone))
    samples, rate = soundfile.read(tone, dtype="int16")
    soundfile.write(tmp_path / "copy.flac", samples, rate)
    second = runner.submit(Given(audio=tmp_path / "copy.flac"))
    assert (first.worked, second.worked) == (True, False)
    assert second.view.id == first.view.id
    assert recognizer.asked == 1


def test_again_makes_a_new_run(runner: Runner, recognizer: ScriptedRecognizer, tone: Path) -> None:
    first = runner.submit(Given(audio=tone))
    second = runner.submit(Given(audio=tone), again=True)
    assert second.view.id != first.view.id
    assert recognizer.asked == 2


def test_an_unclear_request_asks_back_and_goes_on_with_the_answer(
    runner: Runner, recognizer: ScriptedRecognizer, tmp_path: Path
) -> None:
    recognizer.texts = ("uh",)
    outcome = runner.submit(Given(audio=write_tone(tmp_path / "uh.wav", 1.0)))
    assert outcome.exit_code == PERSON_NEEDED
    assert outcome.view.state is RunState.PAUSED
    assert outcome.view.result is not None
    assert outcome.view.result.status is Status.NEEDS_INPUT
    assert outcome.view.result.message
    answered = runner.resume(outcome.view.id, task=TaskName.DICTATION_NOTE)
    assert answered.exit_code == DONE
    assert answered.view.decision is not None
    assert answered.view.decision.by == "user"
    assert recognizer.asked == 1


def test_waiting_for_an_engine_keeps_everything_and_goes_on_when_it_is_there(
    settings: Settings, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = ScriptedRecognizer(ready=False)
    monkeypatch.setattr("assistant.engines.recognizer_of", lambda _: ears)
    with open_runner(settings, recognizer=ears) as runner:
        waiting = runner.submit(Given(audio=tone, task=TaskName.DICTATION_NOTE))
        assert waiting.exit_code == MODEL_NEEDED
        assert waiting.view.result is not None
        assert waiting.view.result.status is Status.NEEDS_MODEL
        assert runner.submit(Given(audio=tone, task=TaskName.DICTATION_NOTE)).worked is False
    ears.ready = True
    tone.unlink()
    with open_runner(settings, recognizer=ears) as runner:
        done = runner.resume(waiting.view.id)
        assert done.exit_code == DONE
        assert done.view.state is RunState.DONE


def test_a_task_that_an_older_version_did_not_serve_is_kept_and_done_after_the_upgrade(
    settings: Settings, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = {name: task for name, task in served_tasks().items() if name is not TaskName.RECORD_QUESTION}
    with monkeypatch.context() as patched:
        patched.setattr("assistant.opening.served_tasks", lambda: older)
        patched.setattr("pipelines.tasks.served.served_tasks", lambda: older)
        with open_runner(settings) as runner:
            outcome = runner.submit(record_question(bundle))
            assert outcome.exit_code == MODEL_NEEDED
            assert outcome.view.result is not None
            assert outcome.view.result.status is Status.NOT_SERVED
            assert outcome.view.needs == "task:record-question"
            assert runner.resume(outcome.view.id).worked is False
    with open_runner(settings) as runner:
        assert runner.resume(outcome.view.id).exit_code == DONE


def test_pictures_in_another_order_are_another_request(runner: Runner, bundle: Path, tmp_path: Path) -> None:
    films = tuple(GivenAttachment(tmp_path / name, Kind.CHEST_XRAY) for name in ("one.png", "two.png"))
    Image.linear_gradient("L").save(films[0].path)
    Image.radial_gradient("L").save(films[1].path)
    record = GivenAttachment(bundle)

    def run_of(*given: GivenAttachment) -> str:
        text = "the first one is the old film, what has changed"
        return runner.submit(Given(text=text, attachments=given, task=TaskName.CHEST_XRAY_COMPARISON)).view.id

    assert run_of(*films, record) == run_of(record, *films) == run_of(films[0], record, films[1])
    assert run_of(films[1], films[0], record) not in {run_of(*films, record), run_of(*films)}


def test_another_patient_pauses_until_a_person_says_it_is_the_same(runner: Runner, bundle: Path) -> None:
    outcome = runner.submit(record_question(bundle, patient="someone-else"))
    assert outcome.exit_code == PERSON_NEEDED
    assert outcome.view.result is not None
    assert "p1" in (outcome.view.result.message or "")
    confirmed = runner.resume(outcome.view.id, same_patient=True)
    assert confirmed.exit_code == DONE


def test_a_yes_to_one_question_of_identity_answers_no_other(runner: Runner, bundle: Path, tmp_path: Path) -> None:
    asked = runner.submit(Given(text="what was her last potassium", task=TaskName.RECORD_QUESTION, patient="nobody"))
    with pytest.raises(UsageProblem, match="has not asked that"):
        runner.resume(asked.view.id, same_patient=True)
    of_one = runner.resume(asked.view.id, attach=(GivenAttachment(bundle),))
    assert of_one.exit_code == PERSON_NEEDED
    other = write_bundle(tmp_path / "other.json", patient("p2", family="Otherperson"), potassium("p2"))
    of_two = runner.resume(asked.view.id, same_patient=True, attach=(GivenAttachment(other),))
    assert of_two.exit_code == PERSON_NEEDED
    assert "Otherperson" in (of_two.view.result.message or "")  # type: ignore[union-attr]
    assert runner.resume(asked.view.id, same_patient=True, without=("other.json",)).exit_code == PERSON_NEEDED
    assert runner.resume(asked.view.id, same_patient=True).exit_code == DONE


def test_a_task_that_is_named_later_is_taken_at_once(runner: Runner, bundle: Path) -> None:
    waiting = runner.submit(record_question(bundle, "why was she started on it"))
    noted = runner.resume(waiting.view.id, task=TaskName.DICTATION_NOTE)
    assert noted.exit_code == DONE
    assert noted.view.decision is not None
    assert (noted.view.decision.task, noted.view.decision.by) == (TaskName.DICTATION_NOTE, "user")
    with pytest.raises(UsageProblem, match="is done"):
        runner.resume(waiting.view.id, task=TaskName.DICTATION_NOTE)


def test_a_record_question_without_a_record_asks_for_it(runner: Runner, bundle: Path) -> None:
    outcome = runner.submit(Given(text="what was her last potassium", task=TaskName.RECORD_QUESTION))
    assert outcome.exit_code == PERSON_NEEDED
    assert f"assistant resume {outcome.view.id} --attach" in (outcome.view.result.message or "")  # type: ignore[union-attr]
    answered = runner.resume(outcome.view.id, attach=(GivenAttachment(bundle),))
    assert answered.exit_code == DONE


def test_a_record_question_beyond_lookup_waits_and_nothing_tries_it_in_vain(
    runner: Runner, bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = runner.submit(record_question(bundle, "why was she started on it"))
    assert waiting.exit_code == MODEL_NEEDED
    assert waiting.view.state is RunState.PAUSED
    assert waiting.view.needs == "generator"
    assert "asks for a judgement" in (waiting.view.result.message or "")  # type: ignore[union-attr]
    assert f"assistant resume {waiting.view.id}" in (waiting.view.result.message or "")  # type: ignore[union-attr]
    assert runner.resume(waiting.view.id).worked is False
    again = runner.resume(waiting.view.id, task=TaskName.RECORD_QUESTION)
    assert (again.exit_code, again.view.state) == (MODEL_NEEDED, RunState.PAUSED)
    assert caplog.records == [], "a checkpoint holds a type of ours"


def test_a_broken_attachment_fails_the_run_and_keeps_the_recording(runner: Runner, tone: Path, tmp_path: Path) -> None:
    broken = tmp_path / "record.json"
    broken.write_text("{ not json")
    outcome = runner.submit(Given(audio=tone, attachments=(GivenAttachment(broken),)))
    assert outcome.view.state is RunState.FAILED
    assert outcome.exit_code == BAD_INPUT
    assert outcome.view.error is not None
    assert outcome.view.error.startswith("record.json:")
    assert outcome.view.transcript is not None
    recording = outcome.view.request.recording
    assert recording is not None
    assert runner.log.store.get(recording.file_sha256) == tone.read_bytes()


def test_what_cannot_be_used_at_all_starts_nothing(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.wav: does not exist"):
        runner.submit(Given(audio=tmp_path / "gone.wav"))
    assert runner.log.runs() == []


def test_no_such_run(runner: Runner) -> None:
    with pytest.raises(UsageProblem):
        runner.resume("01NOSUCHRUN")


def test_the_users_word_names_the_kind() -> None:
    assert GivenAttachment.parse("chest-xray=film.png") == GivenAttachment(Path("film.png"), Kind.CHEST_XRAY)
    assert GivenAttachment.parse("film.png") == GivenAttachment(Path("film.png"), None)
    packaged = GivenAttachment.parse("ct-series=package:pydicom/data/test_files/CT_small.dcm", Path("elsewhere"))
    assert packaged.kind is Kind.CT_SERIES
    assert packaged.path.is_file()
    assert not GivenAttachment.parse("package:nosuchpackage/x.dcm").path.exists()
    with pytest.raises(UsageProblem, match="no such kind"):
        GivenAttachment.parse("xray=film.png")


def test_the_log_holds_true_after_all_of_it(runner: Runner, tone: Path, bundle: Path) -> None:
    runner.submit(Given(audio=tone, task=TaskName.DICTATION_NOTE))
    runner.submit(record_question(bundle))
    found = runner.log.verify()
    assert found.ok, found.problem


def test_what_was_heard_live_is_not_transcribed_again(
    runner: Runner, recognizer: ScriptedRecognizer, tone: Path
) -> None:
    recording = inspect_recording(tone, tone.name, "0" * 64, "microphone")
    heard = transcribe(recording, tone, recognizer)
    assert recognizer.asked == 1
    given = Given(audio=tone, task=TaskName.DICTATION_NOTE, origin="microphone")
    outcome = runner.submit(given, heard=heard)
    assert outcome.exit_code == DONE
    assert recognizer.asked == 1
    assert outcome.view.transcript == heard[0]
    assert outcome.view.request.recording is not None
    assert outcome.view.request.recording.origin == "microphone"
    assert [call.node for call in outcome.view.model_calls] == ["transcribe"]
    assert runner.log.verify().ok


def test_what_was_heard_of_another_recording_is_refused(
    runner: Runner, recognizer: ScriptedRecognizer, tone: Path, tmp_path: Path
) -> None:
    other = write_tone(tmp_path / "other.wav", 3.0)
    heard = transcribe(inspect_recording(other, other.name, "0" * 64, "file"), other, recognizer)
    with pytest.raises(ValueError, match="another recording"):
        runner.submit(Given(audio=tone), heard=heard)
