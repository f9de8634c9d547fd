"""Runs that ask a language model: what they wait for, what they keep, what they never show."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.settings import Settings
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, OUR_FAULT, PERSON_NEEDED, UsageProblem
from pipelines.models.generator import Words
from pipelines.models.medgemma.generator import MedGemma
from pipelines.records import Availability, ImageCitation, Kind, RunState, Status, TaskName
from pipelines.text.answers import Piece
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.engines import ANSWER, DICTATION, ScriptedGenerator, ScriptedRecognizer
from tests.support.opening import Open, opener
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone
from tests.support.tiny_medgemma import shared


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator()


@pytest.fixture
def ears() -> ScriptedRecognizer:
    return ScriptedRecognizer(texts=("is there a pneumothorax on this film",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def opened(
    settings: Settings, generator: ScriptedGenerator, ears: ScriptedRecognizer, monkeypatch: pytest.MonkeyPatch
) -> Open:
    return opener(settings, ears, generator, monkeypatch)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    Image.linear_gradient("L").save(tmp_path / "film.png")
    return tmp_path / "film.png"


def film_question(film: Path, tmp_path: Path) -> Given:
    return Given(
        audio=write_tone(tmp_path / "question.wav", 1.0), attachments=(GivenAttachment(film, Kind.CHEST_XRAY),)
    )


CLINICAL = Given(text="what is the usual dose of amoxicillin in adults", task=TaskName.CLINICAL_QUESTION)


def test_a_question_waits_for_a_model_and_goes_on_without_being_heard_again(
    opened: Open, generator: ScriptedGenerator, ears: ScriptedRecognizer, film: Path, tmp_path: Path
) -> None:
    generator.ready = False
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        waiting = runner.submit(film_question(film, tmp_path))
        assert waiting.exit_code == MODEL_NEEDED
        assert waiting.view.state is RunState.PAUSED
        assert waiting.view.result is not None
        assert waiting.view.result.status is Status.NEEDS_MODEL
        assert f"assistant resume {waiting.view.id}" in (waiting.view.result.message or "")
        assert runner.resume(waiting.view.id).worked is False
    film.unlink()
    (tmp_path / "question.wav").unlink()
    generator.ready = True
    with opened() as runner:
        done = runner.resume(waiting.view.id)
        assert done.exit_code == DONE
        assert done.view.result is not None
        assert [s.text for s in done.view.result.statements] == ["There is no pneumothorax.", "The lungs are clear."]
    assert ears.asked == 1


def test_image_statements_cite_the_frame_that_was_sent_and_it_is_kept(
    opened: Open, generator: ScriptedGenerator, film: Path, tmp_path: Path
) -> None:
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        done = runner.submit(film_question(film, tmp_path))
        result = done.view.result
        assert result is not None
        [ask] = generator.asks
        for statement in result.statements:
            assert statement.origin == "generated"
            [citation] = statement.citations
            assert isinstance(citation, ImageCitation)
            assert [citation.frame] == list(ask.frames)
        with Image.open(runner.log.store.path(ask.frames[0])) as frame:
            assert frame.size == (256, 256)
        assert ask.prompt.startswith("image-question-chest-xray@")
        assert [part.kind for part in ask.parts] == ["image", "text"]
        assert {check.verdict for check in done.view.checks} == {"supported", "not-checkable"}
        assert runner.log.verify().ok
        runner.log.store.path(ask.frames[0]).unlink()
        assert "is missing (results row" in (runner.log.verify().problem or "")


def test_images_are_shown_to_a_model_only_after_research_use_was_confirmed(
    opened: Open, generator: ScriptedGenerator, film: Path, tmp_path: Path
) -> None:
    with opened() as runner:
        asked = runner.submit(film_question(film, tmp_path))
        assert asked.exit_code == PERSON_NEEDED
        assert asked.view.result is not None
        assert asked.view.result.status is Status.NEEDS_INPUT
        assert "assistant confirm research-use" in (asked.view.result.message or "")
        assert generator.asks == []
        assert runner.resume(asked.view.id).worked is False
        assert confirm(runner.log, RESEARCH_USE) is True
        assert confirm(runner.log, RESEARCH_USE) is False
        assert runner.resume(asked.view.id).exit_code == DONE
        assert runner.submit(CLINICAL).exit_code == DONE


def test_a_text_question_needs_no_confirmation(opened: Open, generator: ScriptedGenerator) -> None:
    generator.answer = "**Dose:** 500 mg three times a day.\n\n* Adjust it in renal failure."
    generator.name = "medgemma"
    with opened() as runner:
        done = runner.submit(CLINICAL)
        assert done.exit_code == DONE
        assert done.view.result is not None
        assert [(s.section, s.text) for s in done.view.result.statements] == [
            ("Dose", "500 mg three times a day."),
            ("Dose", "Adjust it in renal failure."),
        ]
        card = done.view.result.data["card"]
        assert any(figure["dataset"] == "MedQA" and figure["value"] == 69.1 for figure in card["figures"])
        assert card["limits"]


@pytest.mark.parametrize("reason", ["length", "no-answer"])
def test_what_was_not_finished_fails_and_shows_none_of_it(
    reason: str, opened: Open, generator: ScriptedGenerator
) -> None:
    generator.finish_reason = reason  # type: ignore[assignment]
    with opened() as runner:
        failed = runner.submit(CLINICAL)
        assert failed.exit_code == OUR_FAULT
        assert failed.view.state is RunState.FAILED
        assert failed.view.result is not None
        assert failed.view.result.status is Status.FAILED
        assert failed.view.result.statements == ()
        assert ANSWER not in failed.view.result.model_dump_json()
        assert failed.view.error is not None
        [call] = failed.view.model_calls
        assert call.finish_reason == reason
        runner.resume(failed.view.id)
        assert len(generator.asks) == 1, "the same model was asked the same again"
        generator.finish_reason = "stop"
        generator.name = "another"
        assert runner.resume(failed.view.id).exit_code == DONE


def test_a_crash_after_the_answer_does_not_ask_again(
    opened: Open, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as runner, monkeypatch.context() as broken:
        broken.setattr("pipelines.tasks.clinical_question.generated_result", lambda *_: 1 / 0)
        failed = runner.submit(CLINICAL)
        assert failed.view.state is RunState.FAILED
        assert len(generator.asks) == 1
    with opened() as runner:
        assert runner.resume(failed.view.id).exit_code == DONE
    assert len(generator.asks) == 1


def test_a_withheld_result_stays_withheld(
    opened: Open, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as runner:
        with monkeypatch.context() as lying:
            lying.setattr("pipelines.text.answers.statements_of", lambda _: [Piece("Give 5 g.", None, 0, 9)])
            assert "withheld" in (runner.submit(CLINICAL).view.error or "")
        for _ in range(2):
            again = runner.submit(CLINICAL)
            assert again.view.state is RunState.FAILED
            assert again.exit_code == OUR_FAULT


def test_emphasis_within_words_contradicts_nothing(opened: Open, generator: ScriptedGenerator) -> None:
    generator.answer = "CURB-65: **C**onfusion, **U**rea over 7 mmol/l.\n- Give 5**mg** of `x`_y_ now.\n- **F**ace"
    with opened() as runner:
        done = runner.submit(CLINICAL)
        assert done.exit_code == DONE, done.view.error
        assert {check.verdict for check in done.view.checks if check.aspect == "as-generated"} == {"supported"}


def test_every_call_is_logged_with_what_it_takes_to_repeat_it(
    opened: Open, generator: ScriptedGenerator, film: Path, tmp_path: Path
) -> None:
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        done = runner.submit(film_question(film, tmp_path))
        [_, call] = done.view.model_calls
        assert call.node == "image-question"
        assert call.prompt is not None
        assert call.inputs == (generator.asks[0].digest(), *generator.asks[0].frames)
        assert done.view.result is not None
        assert call.output == done.view.result.data["generation"]
        [exchange] = runner.log.exchanges(done.view.id)
        assert exchange.ask == generator.asks[0]
        assert exchange.generation.digest() == call.output


@pytest.fixture
def doubtful(film: Path, tmp_path: Path) -> Given:
    """The words alone leave open what is asked."""
    record = write_bundle(tmp_path / "record.json", patient(), potassium())
    attachments = (GivenAttachment(film, Kind.CHEST_XRAY), GivenAttachment(record))
    return Given(text="how is the chest", attachments=attachments)


def test_the_generator_breaks_a_tie_and_the_log_says_so(
    opened: Open, generator: ScriptedGenerator, doubtful: Given
) -> None:
    generator.choice = TaskName.IMAGE_QUESTION
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        done = runner.submit(doubtful)
        assert done.exit_code == DONE
        [slot] = generator.slots[0]
        assert slot.options[-1] == "unclear"
        [question] = generator.asks[0].parts
        assert isinstance(question, Words)
        assert all(f"- {option}: " in question.text for option in slot.options)
        assert done.view.decision is not None
        assert (done.view.decision.task, done.view.decision.by) == (TaskName.IMAGE_QUESTION, "generator")
        assert [call.node for call in done.view.model_calls] == ["route", "image-question"]


def test_a_tie_that_the_generator_leaves_open_is_asked_back(
    opened: Open, generator: ScriptedGenerator, doubtful: Given
) -> None:
    with opened() as runner:
        assert runner.submit(doubtful).exit_code == PERSON_NEEDED
        assert generator.slots


def test_without_a_generator_the_user_is_asked(opened: Open, generator: ScriptedGenerator, doubtful: Given) -> None:
    generator.ready = False
    with opened() as runner:
        assert runner.submit(doubtful).exit_code == PERSON_NEEDED
        assert generator.asks == []


def test_a_note_is_filed_by_the_model_in_the_speakers_own_words(
    settings: Settings, opened: Open, generator: ScriptedGenerator, ears: ScriptedRecognizer, tmp_path: Path
) -> None:
    ears.texts = (DICTATION,)
    generator.choice = "plan"
    note = Given(audio=write_tone(tmp_path / "note.wav", 1.0), task=TaskName.DICTATION_NOTE, template="soap")
    with open_runner(settings.model_copy(update={"filing": "model"}), recognizer=ears, generator=generator) as runner:
        done = runner.submit(note)
        assert done.exit_code == DONE
        assert done.view.result is not None
        assert {s.section for s in done.view.result.statements} == {"plan"}
        assert {s.origin for s in done.view.result.statements} == {"dictated"}
        assert " ".join(s.text for s in done.view.result.statements) == DICTATION
        assert done.view.result.data["filed_by"] == {"heading": 0, "model": 4}
        generator.ready = False
        by_wording = runner.submit(note, again=True)
        assert by_wording.exit_code == DONE, "a note never waits for a model"
        assert by_wording.view.result is not None
        assert by_wording.view.result.data["filed_by"] == {"heading": 0, "wording": 4}


def test_a_missing_image_can_be_given_later(
    opened: Open, generator: ScriptedGenerator, ears: ScriptedRecognizer, film: Path, tmp_path: Path
) -> None:
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        audio = write_tone(tmp_path / "question.wav", 1.0)
        asked = runner.submit(Given(audio=audio, task=TaskName.IMAGE_QUESTION))
        assert asked.exit_code == PERSON_NEEDED
        assert "--attach" in (asked.view.result.message or "")  # type: ignore[union-attr]
        done = runner.resume(asked.view.id, attach=(GivenAttachment(film, Kind.CHEST_XRAY),))
        assert done.exit_code == DONE
        assert done.view.id == asked.view.id
        assert ears.asked == 1
        assert [a.name for a in done.view.request.attachments] == ["film.png"]
        with pytest.raises(UsageProblem, match="is done"):
            runner.resume(done.view.id, attach=(GivenAttachment(film),))
        assert runner.log.verify().ok


def test_a_picture_too_small_to_show_anything_is_refused(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        refused = runner.submit(film_question(tmp_path / "dot.png", tmp_path))
        assert refused.exit_code == BAD_INPUT
        assert "dot.png: has only 1 x 1 pixels" in (refused.view.error or "")
        assert generator.asks == []


@pytest.mark.parametrize(
    ("size", "strip"), [((30_000, 1), True), ((40, 7), True), ((7000, 60), True), ((40, 8), False)]
)
def test_a_strip_that_would_show_as_a_line_is_refused(
    opened: Open, tmp_path: Path, size: tuple[int, int], strip: bool
) -> None:
    Image.new("L", size).save(tmp_path / "strip.png")
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        asked = runner.submit(film_question(tmp_path / "strip.png", tmp_path))
        assert (asked.exit_code == BAD_INPUT) is strip
        assert ("strip.png: is a strip of" in (asked.view.error or "")) is strip


def test_the_reason_for_waiting_is_todays(
    opened: Open, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.ready = False
    with opened() as runner:
        assert "scripted: scripted" in (runner.submit(CLINICAL).view.result.message or "")  # type: ignore[union-attr]
        assert runner.submit(CLINICAL).worked is False
        broken = Availability(ready=False, detail="is damaged", remedy="pull it again")
        monkeypatch.setattr(generator, "available", lambda: broken)
        waiting = runner.submit(CLINICAL)
        assert "is damaged; pull it again" in (waiting.view.result.message or "")  # type: ignore[union-attr]
        assert runner.submit(CLINICAL).worked is False


def test_an_attachment_that_cannot_be_read_can_be_left_out(
    opened: Open, ears: ScriptedRecognizer, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(film.read_bytes()[:200])
    audio = write_tone(tmp_path / "question.wav", 1.0)
    with opened() as runner:
        confirm(runner.log, RESEARCH_USE)
        failed = runner.submit(
            Given(audio=audio, attachments=(GivenAttachment(tmp_path / "broken.png", Kind.CHEST_XRAY),))
        )
        assert failed.view.state is RunState.FAILED
        with pytest.raises(UsageProblem, match=r"it has: broken\.png"):
            runner.resume(failed.view.id, without=("other.png",))
        done = runner.resume(failed.view.id, attach=(GivenAttachment(film, Kind.CHEST_XRAY),), without=("broken.png",))
        assert done.exit_code == DONE
        assert ears.asked == 1
        assert runner.log.verify().ok


def test_a_run_is_ended_while_the_model_writes_and_nothing_of_it_is_kept(settings: Settings) -> None:
    """The real classes, on random weights: what they would say is of no account."""
    generator = MedGemma(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32")
    told: list[tuple[str, float]] = []

    def progress(node: str, share: float) -> None:
        if node == TaskName.CLINICAL_QUESTION:
            told.append((node, share))

    with open_runner(settings, progress, generator=generator, cancelled=lambda: len(told) > 2) as runner:
        ended = runner.submit(CLINICAL)
        assert ended.view.state is RunState.CANCELLED
        assert ended.view.result is None
        assert ended.view.model_calls == ()
        assert len(told) == 3
        assert runner.resume(ended.view.id).worked is False
        assert runner.log.verify().ok


def test_what_a_model_writes_is_told_while_it_writes(settings: Settings) -> None:
    generator = MedGemma(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32")
    told: list[tuple[str, str]] = []
    with open_runner(settings, generator=generator, text=lambda node, text: told.append((node, text))) as runner:
        runner.submit(CLINICAL)
    assert {node for node, _ in told} == {TaskName.CLINICAL_QUESTION}
    assert [len(text) for _, text in told] == sorted({len(text) for _, text in told})
