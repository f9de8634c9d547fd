"""The model card's figures and limits, by task and kind of image."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from pipelines.models.card import Card, card_for
from pipelines.models.generator import Generation
from pipelines.records import Engine, Kind, Result, Status, TaskName
from pipelines.routing.fit import is_possible

#: Every figure that is known, as published; the product states no other.
PUBLISHED = {
    ("MedQA", "accuracy"): 69.1,
    ("SLAKE", "tokenized F1"): 59.7,
    ("MIMIC-CXR", "macro F1"): 89.5,
    ("MIMIC-CXR", "RadGraph F1"): 27.2,
    ("CheXpert", "macro F1"): 48.2,
    ("US-DermMCQA", "accuracy"): 73.5,
    ("EyePACS", "accuracy"): 76.8,
    ("PathMCQA", "accuracy"): 70.0,
    ("MS-CXR-T", "macro accuracy"): 65.7,
    ("Chest ImaGenome", "intersection over union"): 38.0,
    ("CT dataset 1", "macro accuracy"): 61.1,
    ("CT-RATE", "macro F1"): 27.0,
    ("MRI dataset 1", "macro accuracy"): 64.7,
    ("WSI-Path", "ROUGE"): 49.4,
    ("EHRQA", "accuracy"): 89.6,
    ("EHRNoteQA", "accuracy"): 80.4,
    ("EHR dataset 2", "macro F1"): 91.0,
    ("EHR dataset 3", "macro F1"): 71.0,
    ("EHR dataset 4", "macro F1"): 64.0,
    ("Mendeley Clinical Laboratory Test Reports", "macro F1"): 85.0,
}
#: Tasks for which the card has nothing to show.
UNMEASURED = {(TaskName.DICTATION_NOTE, None), (TaskName.IMAGE_QUESTION, Kind.IMAGE)}


def cards() -> Iterator[tuple[TaskName, Kind | None, Card]]:
    for task in TaskName:
        kinds = [kind for kind in Kind if is_possible(task, [kind])] if task is TaskName.IMAGE_QUESTION else [None]
        if task is TaskName.CHEST_XRAY_REPORT:
            kinds = [Kind.CHEST_XRAY]
        for kind in kinds:
            yield task, kind, card_for(task, kind)


def test_every_figure_is_one_that_was_published_and_none_is_left_out() -> None:
    shown = {(f.dataset, f.metric): f.value for _, _, card in cards() for f in card.figures}
    assert shown == PUBLISHED


def test_every_task_has_a_figure_but_those_that_were_not_measured() -> None:
    assert {(task, kind) for task, kind, card in cards() if not card.figures} == UNMEASURED


@pytest.mark.parametrize(
    ("task", "kind", "figures"),
    [
        (TaskName.CLINICAL_QUESTION, None, {"MedQA": 69.1}),
        (TaskName.IMAGE_QUESTION, Kind.CHEST_XRAY, {"SLAKE": 59.7, "MIMIC-CXR": 89.5, "CheXpert": 48.2}),
        (TaskName.IMAGE_QUESTION, Kind.RADIOGRAPH, {"SLAKE": 59.7}),
        (TaskName.IMAGE_QUESTION, Kind.DERMATOLOGY, {"US-DermMCQA": 73.5}),
        (TaskName.IMAGE_QUESTION, Kind.FUNDUS, {"EyePACS": 76.8}),
        (TaskName.IMAGE_QUESTION, Kind.HISTOPATHOLOGY_PATCH, {"PathMCQA": 70.0}),
    ],
)
def test_figures_are_those_of_the_task_and_the_kind_of_image(
    task: TaskName, kind: Kind | None, figures: dict[str, float]
) -> None:
    assert {figure.dataset: figure.value for figure in card_for(task, kind).figures} == figures


def test_a_figure_that_fell_says_what_the_version_before_reached() -> None:
    (slake,) = (f for f in card_for(TaskName.IMAGE_QUESTION, Kind.CHEST_XRAY).figures if f.dataset == "SLAKE")
    assert slake.note is not None
    assert "72.3" in slake.note


def test_what_holds_for_all_tasks_is_said_for_each() -> None:
    for task, kind, card in cards():
        said = " ".join(limit.text for limit in card.limits)
        for words in ("without validation", "wording of the prompt", "several turns"):
            assert words in said, (task, kind)
        assert card.model == "google/medgemma-1.5-4b-it"
        assert card.source == "https://huggingface.co/google/medgemma-1.5-4b-it"


def test_what_holds_for_one_task_is_said_first_and_for_no_other() -> None:
    assert "retinopathy" in card_for(TaskName.IMAGE_QUESTION, Kind.FUNDUS).limits[0].text
    assert "retinopathy" not in card_for(TaskName.IMAGE_QUESTION, Kind.DERMATOLOGY).model_dump_json()
    assert "several images" in card_for(TaskName.CHEST_XRAY_COMPARISON).model_dump_json()
    assert "several images" not in card_for(TaskName.CLINICAL_QUESTION).model_dump_json()


def test_every_limit_is_one_line_said_once() -> None:
    for _, _, card in cards():
        texts = [limit.text for limit in card.limits]
        assert len(texts) == len(set(texts))
        assert all(text.endswith(".") and "\n" not in text for text in texts)


def test_a_card_goes_into_a_result_and_comes_back() -> None:
    card = card_for(TaskName.IMAGE_QUESTION, Kind.FUNDUS)
    result = Result(
        task=TaskName.IMAGE_QUESTION, status=Status.DRAFT, data={"model_card": card.model_dump(mode="json")}
    )
    kept = Result.model_validate(orjson.loads(result.canonical()))
    assert Card.model_validate(kept.data["model_card"]) == card


def generation(name: str, model: str | None = None, **parameters: object) -> Generation:
    return Generation(
        text="Yes.",
        raw="Yes.",
        finish_reason="stop",
        engine=Engine(name=name, version="1", model=model),
        parameters=parameters,
        libraries={},
        prompt_tokens=1,
        image_tokens=0,
        output_tokens=1,
        seconds=0.0,
    )


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("medgemma-1-4b", "google/medgemma-4b-it"),
        ("medgemma-27b", "google/medgemma-27b-it"),
        ("medgemma-27b-text", "local:0123456789ab"),
        ("openai", "gemma3:4b"),
        ("openai", None),
        ("llamacpp", "medgemma-4b-it-Q4_K_M.gguf"),
    ],
)
def test_no_figure_is_claimed_of_another_model(name: str, model: str | None) -> None:
    card = card_for(TaskName.CLINICAL_QUESTION, None, generation(name, model))
    assert card.figures == ()
    assert card.model == (model or name)
    assert {limit.source for limit in card.limits} == {"this product"}
    assert "without validation" in card.model_dump_json()


def test_the_card_is_that_of_its_model_whoever_runs_it() -> None:
    plain = card_for(TaskName.CLINICAL_QUESTION)
    assert card_for(TaskName.CLINICAL_QUESTION, None, generation("medgemma", quantize="none")) == plain
    assert card_for(TaskName.CLINICAL_QUESTION, None, generation("medgemma", "local:0123456789ab")) == plain
    for other, said in (
        (generation("medgemma", quantize="4bit"), "not in 4bit"),
        (generation("medgemma", quantize="none", adapter_sha256="0" * 64), "not with this adapter"),
        (generation("llamacpp", "medgemma-1.5-4b-it-Q4_K_M.gguf"), "not as llamacpp runs them"),
        (generation("openai", "medgemma1.5:4b"), "not as openai runs them"),
        (generation("openai", "google/medgemma-1.5-4b-it"), "not as openai runs them"),
    ):
        card = card_for(TaskName.CLINICAL_QUESTION, None, other)
        assert card.figures == plain.figures
        assert said in card.limits[0].text
        assert card.limits[1:] == plain.limits
        # Where there is no figure there is nothing to say of it.
        assert "not " not in card_for(TaskName.IMAGE_QUESTION, Kind.IMAGE, other).limits[0].text[:60]
