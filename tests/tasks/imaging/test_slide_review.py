"""The task `slide-review` from files to a logged result, everything real but the model's mouth."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, PERSON_NEEDED
from pipelines.models.budget import TooLong
from pipelines.models.generator import NOBODY, Ask, Following, Frames, Generation, Words
from pipelines.models.medgemma.checkpoint import load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.turn import prompt_of
from pipelines.records import ImageCitation, TaskName
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.engines import ScriptedGenerator
from tests.support.opening import Open, result_of
from tests.support.pictures import write_dicom
from tests.support.slides import aperio, halved, paper, with_tissue, write_dicom_slide, write_tiff
from tests.support.tiny_medgemma import IMAGE_TOKENS, shared
from tests.support.tiny_medgemma_training import ANSWER as SAID

ANSWER = "Colon, biopsy: tubular adenoma. Patch 2 shows crowded nuclei."
QUESTION = "is there dysplasia on the slide"
#: Three cells with tissue of six, by row and column.
CELLS = ((0, 1), (1, 0), (1, 2))


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    slide = paper(3 * 896, 2 * 896)
    for row, column in CELLS:
        with_tissue(slide, column * 896, row * 896, 896, 896, seed=3 * row + column)
    return write_tiff(tmp_path / "scan.svs", [slide, halved(slide, 2)], aperio(1.0, 10))


def ask(runner: Runner, *given: Path, text: str = QUESTION, task: TaskName | None = None) -> Outcome:
    confirm(runner.log, RESEARCH_USE)
    return runner.submit(Given(text=text, attachments=tuple(map(GivenAttachment, given)), task=task))


def test_the_text_is_sent_first_then_the_patches_of_tissue_row_by_row(
    opened: Open, generator: ScriptedGenerator, scan: Path
) -> None:
    generator.name = "medgemma"
    with opened() as runner:
        done = ask(runner, scan)
        result = result_of(done)
        assert (done.exit_code, result.task) == (DONE, TaskName.SLIDE_REVIEW)
        [sent] = generator.asks
        assert [part.kind for part in sent.parts] == ["text", "image", "image", "image"]
        [words] = [part for part in sent.parts if isinstance(part, Words)]
        assert QUESTION in words.text
        assert "3 patches of one whole slide image, each at about 10x" in words.text
        assert "scan" not in words.text
        assert (sent.max_new_tokens, sent.thinking) == (2000, False)
        assert sent.prompt.startswith("slide-review@1 ")
        for frame, (row, column) in zip(result.data["frames"], CELLS, strict=True):
            assert frame["box"] == [column * 896, row * 896, (column + 1) * 896, (row + 1) * 896]
        assert [frame["sha256"] for frame in result.data["frames"]] == list(sent.frames)


def test_statements_cite_the_patches_they_name_and_the_slide_is_shown_with_all(opened: Open, scan: Path) -> None:
    with opened() as runner:
        done = ask(runner, scan)
        result = result_of(done)
        first, second = result.statements
        shown = [frame["sha256"] for frame in result.data["frames"]]
        assert [one.frame for one in first.citations if isinstance(one, ImageCitation)] == shown
        assert [one.frame for one in second.citations if isinstance(one, ImageCitation)] == shown[1:2]
        assert {check.verdict for check in done.view.checks} == {"supported", "not-checkable"}
        [overlay] = result.data["overlays"]
        with Image.open(io.BytesIO(runner.log.store.get(overlay["sha256"]))) as picture:
            drawn = np.asarray(picture.convert("RGB")).astype(int)
        yellow = (drawn[..., 0] > 200) & (drawn[..., 1] > 190) & (drawn[..., 2] < 120)
        rows, columns = np.nonzero(yellow)
        by = drawn.shape[1] / (3 * 896)
        assert (rows.min(), columns.min()) == (0, 0)
        assert rows.max() / by == pytest.approx(2 * 896, abs=4 / by)
        assert columns.max() / by == pytest.approx(3 * 896, abs=4 / by)
        # Nothing is drawn in the cell between, which has no tissue and was not shown.
        middle = slice(int(900 * by), int(1700 * by))
        assert not yellow[int(920 * by) : int(1780 * by), middle][20:-20, 20:-20].any()
        assert runner.log.store.has(result.data["contact_sheet"])
        assert result.data["slide"]["vendor"] == "aperio"
        assert result.data["patches"] == {"with_tissue": 3, "most": 125, "seed": 0, "shown": 3}
        assert runner.log.verify().ok
        runner.log.store.path(overlay["sha256"]).unlink()
        assert not runner.log.verify().ok


def test_the_card_speaks_of_slides(opened: Open, generator: ScriptedGenerator, scan: Path) -> None:
    generator.name = "medgemma"
    with opened() as runner:
        card = result_of(ask(runner, scan)).data["card"]
        assert [figure["dataset"] for figure in card["figures"]] == ["WSI-Path"]
        assert any("several images" in limit["text"] for limit in card["limits"])


def test_without_a_model_it_waits_and_goes_on_from_the_stored_file(
    opened: Open, generator: ScriptedGenerator, scan: Path
) -> None:
    generator.ready = False
    with opened() as runner:
        waiting = ask(runner, scan)
        assert waiting.exit_code == MODEL_NEEDED
    scan.unlink()
    generator.ready = True
    with opened() as runner:
        assert runner.resume(waiting.view.id).exit_code == DONE


def test_a_dicom_folder_is_reviewed_and_its_patient_held_against_the_runs(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    slide = with_tissue(paper(1792, 896), 0, 0, 896, 896)
    write_dicom_slide(tmp_path / "study", [slide, halved(slide, 4)], 1.0, SeriesDescription="carcinoma")
    with opened() as runner:
        done = ask(runner, tmp_path / "study")
        assert done.exit_code == DONE
        assert result_of(done).data["slide"]["patient"]["id"] == "p1"
        [words] = [part for part in generator.asks[0].parts if isinstance(part, Words)]
        assert not any(told in words.text for told in ("carcinoma", "Testcase", "p1"))
        other = Given(text=QUESTION, attachments=(GivenAttachment(tmp_path / "study"),), patient="p9")
        assert runner.submit(other).exit_code == PERSON_NEEDED


def test_of_several_slides_a_person_chooses(
    opened: Open, generator: ScriptedGenerator, scan: Path, tmp_path: Path
) -> None:
    slide = with_tissue(paper(896, 896), 0, 0, 896, 896)
    other = write_tiff(tmp_path / "other.svs", [slide], aperio(1.0, 10))
    with opened() as runner:
        asked = ask(runner, other, scan)
        assert asked.exit_code == PERSON_NEEDED
        message = result_of(asked).message or ""
        assert "1: other.svs; 2: scan.svs" in message
        assert f"assistant resume {asked.view.id} --series N" in message
        assert generator.asks == []
        again = runner.resume(asked.view.id, series=3)
        assert (result_of(again).message or "").startswith("There is no number 3, only 1 to 2. One slide is reviewed")
        done = runner.resume(asked.view.id, series=2)
        assert done.exit_code == DONE
        assert "Of 2 slides number 2 was shown (scan.svs)." in (result_of(done).message or "")
        assert result_of(done).data["slide"]["number"] == 2
        assert result_of(done).data["chosen_series"] == 2


def test_what_is_no_slide_is_asked_about_or_refused(
    opened: Open, generator: ScriptedGenerator, scan: Path, tmp_path: Path
) -> None:
    film = write_dicom(tmp_path / "film.dcm", np.full((64, 64), 7, np.uint8))
    with opened() as runner:
        asked = ask(runner, film, task=TaskName.SLIDE_REVIEW)
        assert asked.exit_code == PERSON_NEEDED
        assert "--attach whole-slide=PATH" in (result_of(asked).message or "")
        empty = write_tiff(tmp_path / "empty.svs", [paper(900, 900)], aperio(1.0, 10))
        refused = ask(runner, empty)
        assert refused.exit_code == BAD_INPUT
        assert "empty.svs: shows no tissue" in (refused.view.error or "")
        scan.write_bytes(scan.read_bytes()[:3000])
        assert ask(runner, scan).exit_code == BAD_INPUT
        assert generator.asks == []


def test_more_patches_than_the_model_takes_are_thinned_out_evenly_and_that_is_said(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = with_tissue(paper(5 * 896, 896), 0, 0, 5 * 896, 896)
    path = write_tiff(tmp_path / "row.svs", [slide], aperio(1.0, 10))
    answering = generator.generate

    def three_at_most(one: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        if len(one.frames) > 3:
            raise TooLong("scripted", one, 100 + 256 * len(one.frames), 256 * len(one.frames), 100, 200 + 256 * 3)
        return answering(one, frames, following)

    monkeypatch.setattr(generator, "generate", three_at_most)
    with opened() as runner:
        result = result_of(ask(runner, path))
        assert [frame["box"][0] for frame in result.data["frames"]] == [0, 2 * 896, 4 * 896]
        assert [frame["label"] for frame in result.data["frames"]] == ["patch 1", "patch 2", "patch 3"]
        assert "The model has room for 3 of 5 patches" in (result.message or "")
        assert "3 patches of one whole slide" in str(generator.asks[0].parts[0])


@pytest.mark.long
def test_of_many_patches_125_are_drawn_and_that_is_said(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    piece = with_tissue(paper(896, 896), 0, 0, 896, 896, grain=1)
    levels = [np.tile(one, (10, 13, 1)) for one in (piece, halved(piece, 4))]
    path = write_tiff(tmp_path / "large.svs", levels, aperio(1.0, 10), tile=896)
    with opened() as runner:
        result = result_of(ask(runner, path))
        assert "125 of 130 patches with tissue were drawn by chance (seed 0)." in (result.message or "")
        boxes = [tuple(frame["box"]) for frame in result.data["frames"]]
        assert len(boxes) == 125
        assert boxes == sorted(boxes, key=lambda box: (box[1], box[0]))
        assert len(generator.asks[0].frames) == 125
        again = result_of(runner.repeat(runner.log.runs()[0].id, "again"))
        assert again.data["frames"] == result.data["frames"]


@pytest.mark.long
def test_the_real_classes_are_shown_the_text_and_then_each_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tiny checkpoint of them; their own processor and chat template count what was sent."""
    slide = with_tissue(paper(2 * 896, 896), 0, 0, 2 * 896, 896)
    path = write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10))
    folder = ModelFolder(shared("answers"), MEDGEMMA)
    model = MedGemma(folder, 1, "cpu", "float32")
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: model)
    with open_runner(Settings(data_dir=tmp_path / "data"), generator=model) as runner:
        done = ask(runner, path)
        assert done.exit_code == DONE, done.view.error
        assert " ".join(one.text for one in result_of(done).statements) == SAID
        [exchange] = runner.log.exchanges(done.view.id)
        pictures = [Image.open(io.BytesIO(runner.log.store.get(frame))) for frame in exchange.ask.frames]
        assert runner.log.verify().ok
    checkpoint = load(folder, 1, "cpu", "float32", "0", "test")
    words, *rest = exchange.ask.parts
    assert isinstance(words, Words)
    assert [part.kind for part in rest] == ["image", "image"]
    content = [{"type": "text", "text": words.text}, *({"type": "image", "image": picture} for picture in pictures)]
    assert checkpoint.processor is not None
    made = checkpoint.processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
    )
    ids, types = list(made["input_ids"][0]), list(made["token_type_ids"][0])
    prompt = prompt_of(checkpoint, exchange.ask)
    assert (list(prompt.ids), list(prompt.types)) == (ids, types)
    assert sum(types) == 2 * IMAGE_TOKENS
    assert exchange.generation.image_tokens == 2 * (IMAGE_TOKENS + 2)
    starts = [n for n, token in enumerate(ids) if token == checkpoint.tokenizer.boi_token_id]
    assert [types[start : start + IMAGE_TOKENS + 2] for start in starts] == [[0, *[1] * IMAGE_TOKENS, 0]] * 2
    before, after = checkpoint.decode(ids[: starts[0]]), checkpoint.decode(ids[starts[1] + IMAGE_TOKENS + 2 :])
    assert before.startswith("<bos><start_of_turn>user\nYou are an instructor")
    assert QUESTION in before
    assert after.strip() == "<end_of_turn>\n<start_of_turn>model"
