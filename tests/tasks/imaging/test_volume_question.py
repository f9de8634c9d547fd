"""The tasks `ct-volume` and `mri-volume` from files to a logged result, everything real but the model's mouth."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.runner import Outcome, Runner
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, PERSON_NEEDED
from pipelines.evidence.contact_sheet import contact_sheet
from pipelines.evidence.frames import Frame
from pipelines.models.generator import Ask
from pipelines.records import ImageCitation, Kind, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.opening import Open, result_of
from tests.support.volumes import AXIAL, body, write_nifti, write_series

ANSWER = "There is a bright spot on SLICE 2. It is not seen on slices 3-4."


@pytest.fixture
def series(tmp_path: Path) -> Path:
    write_series(tmp_path / "chest", body(4, 8, 8), AXIAL)
    return tmp_path / "chest"


def ask(runner: Runner, *given: GivenAttachment, text: str = "is there a mass in the liver", **more: str) -> Outcome:
    confirm(runner.log, RESEARCH_USE)
    return runner.submit(Given(text=text, attachments=given, **more))  # type: ignore[arg-type]


def told(one: Ask) -> list[str]:
    return [part.text if part.kind == "text" else "picture" for part in one.parts]


def test_slices_are_sent_as_published_and_cited_by_name(
    opened: Open, generator: ScriptedGenerator, series: Path
) -> None:
    generator.name = "medgemma"
    with opened() as runner:
        done = ask(runner, GivenAttachment(series))
        result = result_of(done)
        assert (done.exit_code, result.task) == (DONE, TaskName.CT_VOLUME)
        [sent] = generator.asks
        opening, *rest = told(sent)
        assert "\n4 axial slices of one CT examination, evenly spread over all of it. Each slice is" in opening
        assert rest[:-1] == ["picture", "SLICE 1", "picture", "SLICE 2", "picture", "SLICE 3", "picture"]
        last = rest[-1]
        assert last.startswith("SLICE 4\n\n")
        assert last.index("is there a mass in the liver") > last.index("SLICE 4")
        first, second = result.statements
        assert [one.label for one in first.citations if isinstance(one, ImageCitation)] == ["SLICE 2 · slice 2 of 4"]
        assert [one.frame for one in second.citations if isinstance(one, ImageCitation)] == list(sent.frames[2:4])
        assert {check.aspect: check.verdict for check in done.view.checks if check.statement == 0} == {
            "as-generated": "supported",
            "shown": "supported",
            "content": "not-checkable",
        }
        assert [frame["sha256"] for frame in result.data["frames"]] == list(sent.frames)
        assert runner.log.store.has(result.data["contact_sheet"])
        limits = " ".join(limit["text"] for limit in result.data["card"]["limits"])
        assert "axial" in limits
        assert "several images" in limits
        assert runner.log.verify().ok


def test_the_frames_hold_the_windows_of_the_notebook(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    # Hounsfield units and what 255 * (HU - low) / width gives, rounded, in the windows -1024..1024, -135..215, 0..80.
    shades = {-1024: (0, 0, 0), -135: (111, 0, 0), 0: (128, 98, 0), 40: (132, 128, 128), 80: (137, 157, 255)}
    values = np.repeat(np.array([*shades, 1024], np.int16), 6).reshape(1, 6, 6)
    write_series(tmp_path / "ct", np.concatenate([values, values]), AXIAL)
    with opened() as runner:
        ask(runner, GivenAttachment(tmp_path / "ct"))
        [sent] = generator.asks
        with Image.open(io.BytesIO(runner.log.store.get(sent.frames[0]))) as frame:
            pixels = np.asarray(frame.convert("RGB"))
    assert [tuple(pixels[row, 0].tolist()) for row in range(6)] == [*shades.values(), (255, 255, 255)]


def test_without_a_model_it_waits_and_goes_on_from_the_stored_files(
    opened: Open, generator: ScriptedGenerator, series: Path
) -> None:
    generator.ready = False
    with opened() as runner:
        waiting = ask(runner, GivenAttachment(series))
        assert waiting.exit_code == MODEL_NEEDED
        ready = result_of(waiting)
        assert runner.log.store.has(ready.data["contact_sheet"])
        assert runner.log.verify().ok
    for path in series.iterdir():
        path.unlink()
    generator.ready = True
    with opened() as runner:
        done = runner.resume(waiting.view.id)
        assert done.exit_code == DONE
        # What was ready is what was sent.
        assert result_of(done).data["frames"] == ready.data["frames"]
        assert result_of(done).data["contact_sheet"] == ready.data["contact_sheet"]


def test_of_several_series_a_person_chooses_and_a_repetition_chooses_the_same(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    for number, name in enumerate(("T1", "FLAIR"), 1):
        write_series(
            tmp_path / "head" / name,
            body(6, 8, 8) + number,
            AXIAL,
            Modality="MR",
            SeriesInstanceUID=f"1.2.{number}",
            SeriesNumber=number,
            SeriesDescription=f"Axial {name} query glioma",
        )
    with opened() as runner:
        asked = ask(runner, GivenAttachment(tmp_path / "head"))
        assert asked.exit_code == PERSON_NEEDED
        message = result_of(asked).message or ""
        assert "1: MR \u201cAxial T1 query glioma\u201d" in message
        assert f"assistant resume {asked.view.id} --series N" in message
        assert generator.asks == []
        again = runner.resume(asked.view.id, series=3)
        assert (result_of(again).message or "").startswith("There is no number 3, only 1 to 2. Which volume is meant?")
        done = runner.resume(asked.view.id, series=2)
        assert done.exit_code == DONE
        shown = "Of 2 volumes number 2 was shown (MR \u201cAxial FLAIR query glioma\u201d"
        assert shown in (result_of(done).message or "")
        assert result_of(done).data["volume"]["description"] == "Axial FLAIR query glioma"
        # What the header says of it, a wish for a diagnosis among it, is for the user alone.
        assert not any("glioma" in text for text in told(generator.asks[0]))
        again = runner.repeat(done.view.id, "again")
        assert generator.asks[1] == generator.asks[0]
        assert result_of(again).data["chosen_series"] == 2
        by_words = ask(runner, GivenAttachment(tmp_path / "head"), text="any lesion on the flair")
        assert by_words.exit_code == DONE
        assert "number 2 was shown" in (result_of(by_words).message or "")


def test_values_that_are_no_hounsfield_units_are_not_windowed_and_that_is_said(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    path = write_nifti(tmp_path / "volume.nii", np.abs(body(4, 8, 8)) % 100)
    with opened() as runner:
        done = ask(runner, GivenAttachment(path, Kind.CT_SERIES))
        message = result_of(done).message or ""
        assert "without the windows of CT. Its values are no Hounsfield units" in message
        with Image.open(io.BytesIO(runner.log.store.get(generator.asks[0].frames[0]))) as frame:
            pixels = np.asarray(frame.convert("RGB"))
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_of_a_single_slice_it_is_said_that_it_is_one(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", body(1, 8, 8), AXIAL)
    with opened() as runner:
        done = ask(runner, GivenAttachment(tmp_path / "ct"))
    assert "It has a single slice" in (result_of(done).message or "")
    assert "\none axial slice of one CT examination. It is followed by its number." in told(generator.asks[0])[0]


def test_of_slices_whose_plane_is_not_known_the_model_is_told_none(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    nowhere = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    write_series(tmp_path / "ct", body(3, 8, 8), AXIAL, **nowhere)
    with opened() as runner:
        done = ask(runner, GivenAttachment(tmp_path / "ct"))
        data = result_of(done).data
        frames = [Frame.model_validate(frame) for frame in data["frames"]]
        assert data["contact_sheet"] == contact_sheet(frames, runner.log.store, "CT volume, 3 of 3 slices")
        assert data["volume"]["plane"] == "unknown"
        assert "\n3 slices of one CT examination" in told(generator.asks[0])[0]


def test_slices_that_a_question_names_are_shown_alone(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", body(12, 8, 8), AXIAL)
    generator.answer = "There is a bright spot on SLICE 6."
    with opened() as runner:
        done = ask(runner, GivenAttachment(tmp_path / "ct"), text="look at slices 5 to 7, is there a mass in the liver")
        frames = result_of(done).data["frames"]
        assert [frame["number"] for frame in frames] == [5, 6, 7]
        assert told(generator.asks[0])[1:5] == ["picture", "SLICE 5", "picture", "SLICE 6"]
        [statement] = result_of(done).statements
        [citation] = statement.citations
        assert isinstance(citation, ImageCitation)
        assert citation.frame == frames[1]["sha256"]
        assert "3 of its 12 slices" in (result_of(done).message or "")


def test_more_slices_than_the_model_takes_are_sampled_and_that_is_said(
    opened: Open, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", body(90, 8, 8) // 8, AXIAL)
    with opened() as runner:
        done = ask(runner, GivenAttachment(tmp_path / "ct"))
        result = result_of(done)
    labels = [frame["label"] for frame in result.data["frames"]]
    # By the notebook: round(1 / 85 * 89) is 1, the second slice of 90; the last is always taken.
    assert (len(labels), labels[0], labels[-1]) == (85, "SLICE 1 · slice 2 of 90", "SLICE 85 · slice 90 of 90")
    assert "Shown: 85 of its 90 slices." in (result.message or "")


def test_a_sentence_about_a_slice_that_was_not_shown_is_unsupported(
    opened: Open, generator: ScriptedGenerator, series: Path
) -> None:
    generator.answer = "There is a bright spot on SLICE 31."
    with opened() as runner:
        done = ask(runner, GivenAttachment(series))
    assert ("shown", "unsupported") in {(check.aspect, check.verdict) for check in done.view.checks}


def test_a_film_is_no_volume(opened: Open, tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "film.png")
    with opened() as runner:
        asked = ask(runner, GivenAttachment(tmp_path / "film.png"), task=TaskName.CT_VOLUME)
        assert asked.exit_code == PERSON_NEEDED
        assert "No CT volume is attached (film.png is image)" in (result_of(asked).message or "")


def test_a_folder_of_another_modality_is_refused_in_one_line(opened: Open, tmp_path: Path) -> None:
    write_series(tmp_path / "head", body(6, 8, 8), AXIAL, Modality="MR")
    with opened() as runner:
        refused = ask(runner, GivenAttachment(tmp_path / "head", Kind.CT_SERIES))
        assert refused.exit_code == BAD_INPUT
        assert "holds MR and no CT" in (refused.view.error or "")
