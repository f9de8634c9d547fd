"""The task `anatomy-localization` in runs: boxes in the film's own pixels, drawn, cited, checked; never made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import DONE, MODEL_NEEDED, OUR_FAULT, PERSON_NEEDED
from pipelines.models.generator import Words
from pipelines.records import ImageCitation, Kind, Status, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.opening import result_of

#: The film is 600 x 400, so its square is 600 and begins 100 rows above it.
ANSWER = (
    "The cardiac shadow lies left of the midline.\n\nFinal Answer: ```json\n"
    '[{"box_2d": [300, 500, 700, 800], "label": "heart"}, {"box_2d": [0, 10, 100, 90], "label": "apex"}]\n```'
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Grey, lighter to the right, so that a mirrored one is told."""
    path = tmp_path / "film.png"
    Image.fromarray(np.tile(np.linspace(0, 200, 600).astype(np.uint8), (400, 1))).save(path)
    return path


def marking(*films: Path, kind: Kind | None = Kind.CHEST_XRAY, text: str = "mark the heart") -> Given:
    attached = tuple(GivenAttachment(film, kind) for film in films)
    return Given(text=text, task=TaskName.ANATOMY_LOCALIZATION, attachments=attached)


def test_boxes_in_pixels_of_the_film(runner: Runner, generator: ScriptedGenerator, film: Path) -> None:
    done = runner.submit(marking(film))
    assert done.exit_code == DONE, done.view.error
    result = result_of(done)
    reasoning, heart = result.statements
    assert reasoning.text == "The cardiac shadow lies left of the midline."
    assert heart.text == "heart: approximate region, x 300 to 480, y 80 to 320 in pixels of the film."
    [citation] = heart.citations
    assert isinstance(citation, ImageCitation)
    assert (citation.box, citation.frame) == ((300, 80, 480, 320), result.data["frames"][0]["sha256"])
    [box] = result.data["boxes"]
    assert (box["label"], box["box"], box["statement"]) == ("heart", [300, 80, 480, 320], 1)
    assert (box["width"], box["height"]) == (600, 400)
    message = result.message or ""
    assert "approximate" in message
    assert "1 box that lies in the black border, outside the picture" in message
    assert result.data["answer"] == ANSWER
    [ask] = generator.asks
    assert [part.kind for part in ask.parts] == ["image", "text"]
    text = ask.parts[-1]
    assert isinstance(text, Words)
    assert "mark the heart" in text.text
    assert "[y0, x0, y1, x1]" in text.text
    assert runner.log.verify().ok


def test_every_statement_is_checked(runner: Runner, film: Path) -> None:
    checks = runner.submit(marking(film)).view.checks
    assert [(each.statement, each.aspect, each.verdict) for each in checks] == [
        (0, "as-generated", "supported"),
        (0, "shown", "supported"),
        (0, "content", "not-checkable"),
        (1, "as-generated", "supported"),
        (1, "box", "supported"),
        (1, "shown", "supported"),
        (1, "content", "not-checkable"),
    ]


def test_the_overlay_is_the_film_with_the_box_where_it_belongs(runner: Runner, film: Path) -> None:
    result = result_of(runner.submit(marking(film)))
    [overlay] = result.data["overlays"]
    with Image.open(runner.log.store.path(overlay["sha256"])) as drawn, Image.open(film) as source:
        assert drawn.size == (600, 400)
        pixels, original = np.asarray(drawn.convert("RGB")).astype(int), np.asarray(source).astype(int)
    changed = np.argwhere(np.abs(pixels - original[..., None]).max(axis=2) > 3)
    inside = pixels[84:316, 304:476]
    assert np.abs(inside - original[84:316, 304:476, None]).max() <= 3, "the film is not seen within the box"
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert (abs(bottom - 319) <= 2, abs(left - 300) <= 2, right - 479 <= 100) == (True, True, True)
    assert top < 82
    runner.log.store.path(overlay["sha256"]).unlink()
    assert not runner.log.verify().ok


def test_a_large_film_is_marked_in_its_own_pixels_and_drawn_finer_than_the_model_sees_it(
    runner: Runner, tmp_path: Path
) -> None:
    Image.new("L", (3000, 2000), 90).save(tmp_path / "large.png")
    result = result_of(runner.submit(marking(tmp_path / "large.png")))
    [box] = result.data["boxes"]
    assert box["box"] == [1500, 400, 2400, 1600]
    with Image.open(runner.log.store.path(result.data["overlays"][0]["sha256"])) as drawn:
        assert drawn.size == (1600, 1067)


def test_what_is_not_visible_is_not_marked(runner: Runner, generator: ScriptedGenerator, film: Path) -> None:
    generator.answer = "The spleen cannot be seen on this film.\n\nFinal Answer: ```json\n[]\n```"
    done = runner.submit(marking(film))
    assert done.exit_code == DONE, done.view.error
    result = result_of(done)
    assert [statement.text for statement in result.statements] == ["The spleen cannot be seen on this film."]
    assert (result.data["boxes"], result.data["overlays"]) == ([], [])
    assert "marked nothing" in (result.message or "")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("The heart is in the middle, about 400 to 700.", "gave no box"),
        ('[{"box_2d": [300, 500, 1700, 1800], "label": "heart"}]', "1 box that has numbers beyond 1000"),
    ],
)
def test_no_box_is_made_up(runner: Runner, generator: ScriptedGenerator, film: Path, answer: str, why: str) -> None:
    generator.answer = answer
    failed = runner.submit(marking(film))
    assert failed.exit_code == OUR_FAULT
    result = result_of(failed)
    assert (result.status, result.statements) == (Status.FAILED, ())
    assert why in (result.message or "")
    assert "boxes" not in result.data


def test_an_answer_that_was_cut_off_marks_nothing(runner: Runner, generator: ScriptedGenerator, film: Path) -> None:
    generator.finish_reason = "length"
    result = result_of(runner.submit(marking(film)))
    assert (result.status, result.statements, "boxes" in result.data) == (Status.FAILED, (), False)


def test_of_several_films_a_person_says_which(
    runner: Runner, generator: ScriptedGenerator, film: Path, tmp_path: Path
) -> None:
    other = tmp_path / "lateral.png"
    Image.new("L", (300, 500), 90).save(other)
    asked = runner.submit(marking(film, other))
    assert asked.exit_code == PERSON_NEEDED
    message = result_of(asked).message or ""
    assert "1: film.png; 2: lateral.png" in message
    assert f"assistant resume {asked.view.id} --series N" in message
    assert generator.asks == []
    done = runner.resume(asked.view.id, series=2)
    assert done.exit_code == DONE, done.view.error
    result = result_of(done)
    assert result.data["chosen_series"] == 2
    assert "Of 2 films number 2 was taken (lateral.png)." in (result.message or "")
    assert {frame["source_width"] for frame in result.data["frames"]} == {300}


def test_of_a_scan_of_several_pages_it_is_said_that_the_first_was_marked(runner: Runner, tmp_path: Path) -> None:
    pages = [Image.new("L", (600, 400), 90 * n) for n in range(2)]
    pages[0].save(tmp_path / "scan.tiff", save_all=True, append_images=pages[1:])
    done = runner.submit(marking(tmp_path / "scan.tiff"))
    assert "scan.tiff: first of 2 pages taken." in (result_of(done).message or "")


def test_another_kind_is_asked_about_in_one_line(runner: Runner, generator: ScriptedGenerator, film: Path) -> None:
    asked = runner.submit(marking(film, kind=Kind.FUNDUS))
    assert asked.exit_code == PERSON_NEEDED
    message = result_of(asked).message or ""
    assert message.startswith("No chest film is attached (film.png is fundus). Go on with: assistant resume ")
    assert "\n" not in message
    assert generator.asks == []


def test_an_image_that_nobody_named_is_taken_for_the_film(runner: Runner, film: Path) -> None:
    assert runner.submit(marking(film, kind=None)).exit_code == DONE


def test_it_waits_for_a_model(runner: Runner, generator: ScriptedGenerator, film: Path) -> None:
    generator.ready = False
    waiting = runner.submit(marking(film))
    assert waiting.exit_code == MODEL_NEEDED
    generator.ready = True
    assert runner.resume(waiting.view.id).exit_code == DONE
