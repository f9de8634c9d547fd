"""Runs whose pictures a model looked at: what it named, whose word counts, and that nothing waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import DONE, MODEL_NEEDED, ModelNeeded, StorageProblem
from pipelines.evidence.picture import frame_of
from pipelines.models.classifier import Classification, unpack
from pipelines.models.picture_kinds import LABELS
from pipelines.ports import Key
from pipelines.records import Attachment, Kind, ModelCall, RunState, Status, TaskName, Value
from pipelines.state import Inspection
from tests.support.engines import ScriptedClassifier, ScriptedGenerator, ScriptedRecognizer
from tests.support.pictures import write_dicom
from tests.support.records import patient, write_bundle

SECRET = "Mrs Example of room 12"


@pytest.fixture
def eyes() -> ScriptedClassifier:
    return ScriptedClassifier(kind=Kind.DERMATOLOGY)


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models")


@pytest.fixture
def runner(settings: Settings, eyes: ScriptedClassifier, generator: ScriptedGenerator) -> Iterator[Runner]:
    with open_runner(settings, recognizer=ScriptedRecognizer(), generator=generator, classifier=eyes) as opened:
        confirm(opened.log, RESEARCH_USE)
        yield opened


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.linear_gradient("L").save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def ask(text: str, *attachments: Path, kind: Kind | None = None, task: TaskName | None = None) -> Given:
    return Given(text=text, attachments=tuple(GivenAttachment(path, kind) for path in attachments), task=task)


WHAT = "what does this picture show"


def found(outcome: Outcome) -> Attachment:
    """The only attachment, as it was taken in the end."""
    [attachment] = outcome.view.attachments
    return attachment


def looks(outcome: Outcome) -> list[ModelCall]:
    return [call for call in outcome.view.model_calls if call.node == "inspect"]


def test_a_picture_that_nobody_named_is_named(
    runner: Runner, eyes: ScriptedClassifier, generator: ScriptedGenerator, picture: Path
) -> None:
    outcome = runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
    assert outcome.exit_code == DONE, outcome.view.error
    assert (found(outcome).kind, found(outcome).kind_from) == (Kind.DERMATOLOGY, "model")
    assert found(outcome).warnings == ("taken for dermatology by scripted-eyes (100% sure)",)
    assert (len(eyes.classified), len(eyes.embedded)) == (1, 1)
    assert eyes.released == 1
    # What was given stays as it was given.
    assert outcome.view.request.attachments[0].kind_from == "header"
    # The task asked by its kind.
    assert generator.asks[0].prompt.startswith("image-question-dermatology@")


def test_every_look_is_in_the_log_before_it_counts(runner: Runner, eyes: ScriptedClassifier, picture: Path) -> None:
    outcome = runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
    attached = found(outcome)
    frame = frame_of(attached, runner.log.store).sha256
    classify, embed = looks(outcome)
    assert (classify.engine, embed.engine) == (eyes.engine(), eyes.engine())
    assert (classify.inputs[0], embed.inputs) == (frame, (frame,))
    assert classify.parameters == {"side": 448}
    assert classify.libraries == {"scripted": "1"}
    scores = runner.log.journal.read(classify.output, Classification)
    assert (scores.frame, scores.labels) == (frame, LABELS)
    steps = [(step.node, step.kind) for step in runner.log.steps(outcome.view.id)]
    assert steps[1:4] == [
        ("inspect:classify", "Classification"),
        ("inspect:embed", "Embedding"),
        ("inspect", "Inspection"),
    ]
    [(name, place)] = runner.log.pictures_of(outcome.view.id)
    assert (name, place.attachment, place.frame) == ("picture.png", attached.sha256, frame)
    assert place.weights_sha256 == eyes.weights
    assert unpack(place.vector).shape == (3,)
    verified = runner.log.verify()
    assert verified.ok, verified.problem


def test_the_users_word_is_not_questioned(runner: Runner, eyes: ScriptedClassifier, picture: Path) -> None:
    for kind in (Kind.FUNDUS, Kind.IMAGE):
        outcome = runner.submit(ask(WHAT, picture, kind=kind, task=TaskName.IMAGE_QUESTION))
        assert (found(outcome).kind, found(outcome).kind_from, found(outcome).warnings) == (kind, "user", ())
        assert len(looks(outcome)) == 1
    assert eyes.classified == []
    assert len(eyes.embedded) == 2


def test_what_it_is_not_sure_of_stays_an_image(runner: Runner, eyes: ScriptedClassifier, picture: Path) -> None:
    eyes.kind = None
    outcome = runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
    assert outcome.exit_code == DONE
    assert (found(outcome).kind, found(outcome).kind_from, found(outcome).warnings) == (Kind.IMAGE, "header", ())
    assert len(looks(outcome)) == 2


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ModelNeeded("scripted", "ran out of memory", "buy more"), "scripted: ran out of memory"),
        (RuntimeError(SECRET), "scripted-eyes: internal error (RuntimeError)"),
        (MemoryError(), "scripted-eyes: internal error (MemoryError)"),
    ],
)
def test_a_model_that_fails_stops_no_run(
    runner: Runner, eyes: ScriptedClassifier, picture: Path, failure: BaseException, told: str
) -> None:
    eyes.failure = failure
    outcome = runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
    assert outcome.exit_code == DONE, outcome.view.error
    assert (found(outcome).kind, found(outcome).kind_from) == (Kind.IMAGE, "header")
    assert found(outcome).warnings == (f"scripted-eyes could not look at it: {told}",)
    assert looks(outcome) == []
    assert eyes.released == 1
    assert runner.log.pictures_of(outcome.view.id) == ()
    assert runner.log.verify().ok


def test_without_it_nothing_is_missing(settings: Settings, picture: Path) -> None:
    """As before there was one: the inspection has the same digest, and nothing is waited for."""
    absent = ScriptedClassifier(kind=Kind.FUNDUS, ready=False)
    with open_runner(settings, classifier=absent) as runner:
        outcome = runner.submit(ask(WHAT, picture, task=TaskName.DICTATION_NOTE))
        assert outcome.exit_code == DONE
        assert absent.classified == absent.embedded == []
        assert found(outcome) == outcome.view.request.attachments[0]
        [inspected] = [step.value for step in runner.log.steps(outcome.view.id) if step.kind == "Inspection"]
        assert inspected == Inspection(attachments=outcome.view.request.attachments).digest()
        assert looks(outcome) == []


def test_the_model_that_the_settings_name_is_not_there(settings: Settings, picture: Path) -> None:
    with open_runner(settings) as runner:
        outcome = runner.submit(ask(WHAT, picture, task=TaskName.DICTATION_NOTE))
        assert (outcome.exit_code, found(outcome).warnings) == (DONE, ())


@pytest.mark.parametrize("name", ["sheet.txt", "record.json"])
def test_what_is_no_picture_of_a_patient_is_not_looked_at(
    runner: Runner, eyes: ScriptedClassifier, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name.endswith("json"):
        write_bundle(path, patient())
    else:
        path.write_text("Potassium 4.1")
    outcome = runner.submit(ask("Lungs are clear.", path, task=TaskName.DICTATION_NOTE))
    assert outcome.exit_code == DONE, outcome.view.error
    assert eyes.classified == eyes.embedded == []


def test_a_photographed_lab_sheet_is_not_looked_at(runner: Runner, eyes: ScriptedClassifier, picture: Path) -> None:
    runner.submit(ask("Lungs are clear.", picture, kind=Kind.LAB_REPORT, task=TaskName.DICTATION_NOTE))
    assert eyes.classified == eyes.embedded == []


def test_the_words_win_over_the_model(
    runner: Runner, eyes: ScriptedClassifier, generator: ScriptedGenerator, picture: Path
) -> None:
    outcome = runner.submit(ask("is there a pneumothorax on this chest x-ray?", picture))
    assert outcome.exit_code == DONE, outcome.view.error
    assert found(outcome).kind is Kind.DERMATOLOGY
    decision = outcome.view.decision
    assert decision is not None
    assert decision.task is TaskName.IMAGE_QUESTION
    [taken] = decision.named(outcome.view.attachments)
    assert (taken.kind, taken.kind_from) == (Kind.CHEST_XRAY, "words")
    assert generator.asks[-1].prompt.startswith("image-question-chest-xray@")


def test_where_the_words_name_no_kind_the_model_does(runner: Runner, eyes: ScriptedClassifier, picture: Path) -> None:
    outcome = runner.submit(ask("Is there anything abnormal in this picture?", picture))
    assert outcome.exit_code == DONE, outcome.view.error
    decision = outcome.view.decision
    assert decision is not None
    [taken] = decision.named(outcome.view.attachments)
    assert (taken.kind, taken.kind_from) == (Kind.DERMATOLOGY, "model")


def test_a_run_that_was_cut_off_asks_nothing_twice(
    runner: Runner, eyes: ScriptedClassifier, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = runner.log.journal.record

    def full(key: Key, value: Value, calls: tuple[ModelCall, ...] = ()) -> str:
        if isinstance(value, Inspection):
            raise StorageProblem("log.db", "is full", "free some space")
        return record(key, value, calls)

    monkeypatch.setattr(runner.log.journal, "record", full)
    with pytest.raises(StorageProblem):
        runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
    monkeypatch.undo()
    [cut] = runner.log.runs()
    assert cut.state is RunState.RUNNING
    outcome = runner.resume(cut.id)
    assert outcome.exit_code == DONE, outcome.view.error
    assert (len(eyes.classified), len(eyes.embedded)) == (1, 1)
    assert found(outcome).kind is Kind.DERMATOLOGY


def test_whoever_ended_the_run_waits_for_no_picture(
    settings: Settings, eyes: ScriptedClassifier, picture: Path
) -> None:
    told: list[tuple[str, float]] = []
    with open_runner(settings, lambda *said: told.append(said), classifier=eyes, cancelled=lambda: True) as runner:
        outcome = runner.submit(ask(WHAT, picture, task=TaskName.DICTATION_NOTE))
    assert outcome.view.state is RunState.CANCELLED
    assert eyes.embedded == []
    assert "inspect" not in dict(told)


def test_whoever_waits_is_told_how_far_it_is(settings: Settings, eyes: ScriptedClassifier, picture: Path) -> None:
    told: list[tuple[str, float]] = []
    with open_runner(settings, lambda *said: told.append(said), classifier=eyes) as runner:
        runner.submit(ask(WHAT, picture, task=TaskName.DICTATION_NOTE))
    assert [share for node, share in told if node == "inspect"] == [0.0, 1.0]


def test_another_picture_given_later_is_the_only_one_looked_at(
    settings: Settings, eyes: ScriptedClassifier, picture: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    with open_runner(settings, generator=ScriptedGenerator(ready=False), classifier=eyes) as runner:
        waiting = runner.submit(ask(WHAT, picture, task=TaskName.IMAGE_QUESTION))
        assert waiting.exit_code == MODEL_NEEDED
        more = runner.resume(waiting.view.id, attach=(GivenAttachment(tmp_path / "red.png"),))
        assert len(eyes.classified) == len(eyes.embedded) == 2
        assert [one.kind_from for one in more.view.attachments] == ["model", "model"]
        assert more.view.result is not None
        assert more.view.result.status is Status.NEEDS_MODEL
        assert [name for name, _ in runner.log.pictures_of(waiting.view.id)] == ["picture.png", "red.png"]


def test_a_question_about_pictures_is_not_asked_of_some_of_them(
    runner: Runner, eyes: ScriptedClassifier, picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:200])
    outcome = runner.submit(ask(WHAT, picture, broken, task=TaskName.IMAGE_QUESTION))
    assert outcome.view.state is RunState.FAILED
    assert f"assistant resume {outcome.view.id} --without broken.png" in (outcome.view.error or "")
    assert runner.resume(outcome.view.id, without=["broken.png"]).exit_code == DONE
    assert len(eyes.classified) == 1


def test_a_dicom_picture_whose_header_does_not_say_is_named(
    runner: Runner, eyes: ScriptedClassifier, tmp_path: Path
) -> None:
    eyes.kind = Kind.CHEST_XRAY
    film = write_dicom(tmp_path / "film.dcm", np.arange(4096, dtype=np.uint16).reshape(64, 64))
    outcome = runner.submit(ask("is there a pneumothorax", film))
    assert outcome.exit_code == DONE, outcome.view.error
    assert outcome.view.decision is not None
    assert outcome.view.decision.task is TaskName.IMAGE_QUESTION
    assert (found(outcome).kind, found(outcome).kind_from) == (Kind.CHEST_XRAY, "model")
    assert found(outcome).patient is not None
    said = write_dicom(tmp_path / "said.dcm", np.zeros((64, 64), np.uint16), BodyPartExamined="CHEST")
    runner.submit(ask("is there a pneumothorax", said))
    assert len(eyes.classified) == 1
    assert len(eyes.embedded) == 2
