"""The task `chest-xray-report` and questions about several images: one request, what is shown told apart."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import BAD_INPUT, DONE, PERSON_NEEDED
from pipelines.models.budget import TooLong
from pipelines.models.generator import NOBODY, Ask, Following, Frames, Generation
from pipelines.records import ImageCitation, Kind, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.opening import result_of
from tests.support.pictures import write_dicom

REPORT = "Findings:\nThe lungs are clear. Image 2 shows the same.\n\nImpression:\nNothing acute."


@dataclass
class ShortGenerator(ScriptedGenerator):
    """Has room for so many pictures."""

    room: int = 100

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        if len(ask.frames) > self.room:
            raise TooLong(
                self.name, ask, 100 + 256 * len(ask.frames), 256 * len(ask.frames), 100, 256 * self.room + 300
            )
        return super().generate(ask, frames, following)


@pytest.fixture
def generator() -> ShortGenerator:
    return ShortGenerator(answer=REPORT)


def films(tmp_path: Path, count: int) -> list[Path]:
    paths = [tmp_path / f"view{n}.png" for n in range(1, count + 1)]
    for n, path in enumerate(paths):
        Image.new("L", (60, 80), 20 * n).save(path)
    return paths


def asking(
    paths: list[Path], task: TaskName = TaskName.CHEST_XRAY_REPORT, kind: Kind | None = Kind.CHEST_XRAY
) -> Given:
    return Given(text="report this", task=task, attachments=tuple(GivenAttachment(path, kind) for path in paths))


def test_findings_and_impression_of_all_views_in_one_request(
    runner: Runner, generator: ShortGenerator, tmp_path: Path
) -> None:
    done = runner.submit(asking(films(tmp_path, 2)))
    assert done.exit_code == DONE, done.view.error
    [ask] = generator.asks
    assert [part.kind for part in ask.parts] == ["image", "image", "text"]
    assert (ask.max_new_tokens, ask.thinking) == (2000, False)
    result = result_of(done)
    sections = [(statement.section, statement.text) for statement in result.statements]
    assert sections == [
        ("Findings", "The lungs are clear."),
        ("Findings", "Image 2 shows the same."),
        ("Impression", "Nothing acute."),
    ]
    cited = [[c.label for c in s.citations if isinstance(c, ImageCitation)] for s in result.statements]
    assert cited == [["image 1", "image 2"], ["image 2"], ["image 1", "image 2"]]
    assert result.data["card"]["limits"]
    assert runner.log.store.has(result.data["contact_sheet"])
    assert {check.verdict for check in done.view.checks} == {"supported", "not-checkable"}
    assert runner.log.verify().ok


def test_a_film_that_cannot_be_read_is_named_as_a_shell_takes_it(runner: Runner, tmp_path: Path) -> None:
    broken = tmp_path / "the film's lateral.png"
    [sound] = films(tmp_path, 1)
    broken.write_bytes(sound.read_bytes()[:60])
    refused = runner.submit(asking([sound, broken]))
    assert refused.exit_code == BAD_INPUT
    [_, how] = (refused.view.error or "").split(" or go on: ")
    assert shlex.split(how) == ["assistant", "resume", refused.view.id, "--without", broken.name]
    assert runner.resume(refused.view.id, without=(broken.name,)).exit_code == DONE


def test_films_of_two_examinations_are_no_report(runner: Runner, generator: ShortGenerator, tmp_path: Path) -> None:
    paths = [
        write_dicom(
            tmp_path / f"{n}.dcm", np.full((60, 60), n, np.uint8), BodyPartExamined="CHEST", StudyInstanceUID=f"1.{n}",
            SOPInstanceUID=f"1.2.{n}", StudyDate=f"2020010{n}",
        )
        for n in (2, 1)
    ]  # fmt: skip
    asked = runner.submit(asking(paths, kind=None))
    assert asked.exit_code == PERSON_NEEDED
    message = result_of(asked).message or ""
    assert "several examinations: 1.dcm (2020-01-01); 2.dcm (2020-01-02). A report is of one." in message
    assert "--task chest-xray-comparison" in message
    assert generator.asks == []
    assert runner.resume(asked.view.id, without=("1.dcm",)).exit_code == DONE


@pytest.mark.parametrize(
    ("one", "other", "several"),
    [
        ({"StudyInstanceUID": "1.1"}, {"StudyInstanceUID": "1.2"}, True),
        ({"StudyInstanceUID": "1.1", "StudyDate": "20200101"}, {"StudyDate": "20200101"}, False),
        ({"StudyInstanceUID": "1.1", "StudyDate": "20200101"}, {"StudyDate": "20200102"}, True),
        ({"StudyInstanceUID": "1.1", "StudyDate": "20200101"}, {"StudyInstanceUID": "1.1"}, False),
        ({"StudyDate": "20200101"}, {"StudyDate": "20200102"}, True),
        ({"StudyDate": "20200101"}, {}, False),
    ],
)
def test_films_are_of_one_examination_by_its_identifier_else_by_its_date(
    runner: Runner, tmp_path: Path, one: dict[str, str], other: dict[str, str], several: bool
) -> None:
    paths = []
    for n, elements in enumerate((one, other)):
        (tmp_path / str(n)).mkdir()
        about = {"BodyPartExamined": "CHEST", "SOPInstanceUID": f"1.2.{n}", **elements}
        # Files of one name: they are told apart all the same.
        paths.append(write_dicom(tmp_path / str(n) / "film.dcm", np.full((60, 60), n, np.uint8), **about))
    done = runner.submit(asking(paths, kind=None))
    assert (done.exit_code == PERSON_NEEDED) is several, done.view.error


@pytest.mark.parametrize("task", [TaskName.CHEST_XRAY_REPORT, TaskName.IMAGE_QUESTION])
def test_more_than_the_model_takes_is_sampled_and_said(
    task: TaskName, runner: Runner, generator: ShortGenerator, tmp_path: Path
) -> None:
    generator.room = 3
    done = runner.submit(asking(films(tmp_path, 5), task))
    assert done.exit_code == DONE, done.view.error
    [ask] = generator.asks
    result = result_of(done)
    assert [frame["sha256"] for frame in result.data["frames"]] == list(ask.frames)
    assert [frame["label"] for frame in result.data["frames"]] == ["image 1", "image 2", "image 3"]
    assert "room for 3 of the 5 pictures; not shown: view2.png, view4.png" in (result.message or "")


def test_an_image_that_was_not_shown_is_named_to_no_avail(
    runner: Runner, generator: ShortGenerator, tmp_path: Path
) -> None:
    generator.answer = "Image 3 shows a fracture."
    done = runner.submit(asking(films(tmp_path, 2), TaskName.IMAGE_QUESTION))
    assert done.exit_code == DONE, done.view.error
    assert [check.verdict for check in done.view.checks if check.aspect == "shown"] == ["unsupported"]


def test_one_image_has_no_number(runner: Runner, tmp_path: Path) -> None:
    result = result_of(runner.submit(asking(films(tmp_path, 1), TaskName.IMAGE_QUESTION)))
    [frame] = result.data["frames"]
    assert (frame["label"], frame["number"]) == (None, None)


def test_pages_of_one_file_are_shown_each(runner: Runner, generator: ShortGenerator, tmp_path: Path) -> None:
    pages = [Image.new("L", (60, 80), 90 * n) for n in range(2)]
    pages[0].save(tmp_path / "scan.tiff", save_all=True, append_images=pages[1:])
    done = runner.submit(asking([tmp_path / "scan.tiff", *films(tmp_path, 1)], TaskName.IMAGE_QUESTION, Kind.IMAGE))
    assert done.exit_code == DONE, done.view.error
    labels = [frame["label"] for frame in result_of(done).data["frames"]]
    assert [label.split(" ")[1] for label in labels] == ["1", "2", "3"]
    assert labels[0].startswith("image 1 · ")
    assert labels[2] == "image 3"


@pytest.mark.parametrize("task", [TaskName.CHEST_XRAY_REPORT, TaskName.IMAGE_QUESTION])
@pytest.mark.parametrize(("pages", "said"), [(8, None), (30, "scan.tiff: 8 of its 30 pictures were taken, evenly")])
def test_of_a_scan_of_many_pages_it_is_said_that_some_were_taken(
    task: TaskName, runner: Runner, tmp_path: Path, pages: int, said: str | None
) -> None:
    made = [Image.new("L", (60, 80), 3 * n) for n in range(pages)]
    made[0].save(tmp_path / "scan.tiff", save_all=True, append_images=made[1:])
    result = result_of(runner.submit(asking([tmp_path / "scan.tiff"], task)))
    assert len(result.data["frames"]) == 8
    message = result.message or ""
    assert "evenly" not in message if said is None else said in message


@pytest.mark.parametrize("task", [TaskName.CHEST_XRAY_REPORT, TaskName.IMAGE_QUESTION])
def test_without_a_picture_it_says_what_to_attach(task: TaskName, runner: Runner, tmp_path: Path) -> None:
    asked = runner.submit(Given(text="report this", task=task))
    assert asked.exit_code == PERSON_NEEDED
    message = result_of(asked).message or ""
    assert "is attached. Go on with: assistant resume" in message
    assert message.endswith("PATH")
