"""Which slices a question is about."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.evidence.volumes.region import chosen
from pipelines.evidence.volumes.slice_numbers import called
from pipelines.evidence.volumes.volume import Volume
from pipelines.records import Kind
from tests.support.volumes import AXIAL, BACK, HEAD, LEFT, Array, Order, opened, write_series, write_slice

CORONAL = Order((BACK, HEAD, LEFT), (False, True, False))
LUNGS = (21, 50)
"""First and last slice with lung of the phantom's 60."""


def thorax() -> Array:
    """A body of tissue, 64 pixels wide in a field of 96, with two lungs from slice 21 to 50 and gas in the bowel."""
    patient = np.full((60, 96, 96), -1000, np.int16)
    patient[:, 16:80, 16:80] = 40
    patient[20:50, 24:72, 22:44] = -850
    patient[20:50, 24:72, 52:74] = -850
    patient[5:12, 30:50, 30:50] = -1000
    return patient


def ramp(count: int) -> Array:
    return np.zeros((count, 4, 4), np.int16)


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    folder = tmp_path_factory.mktemp("chest")
    write_series(folder, thorax(), AXIAL)
    return opened(folder)[0]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("what is on slices 30 to 50?", range(30, 51)),
        ("Slices 50-30, please", range(30, 51)),
        ("from slice 30 through slice 32", range(30, 33)),
        ("slices thirty to forty", range(30, 41)),
        ("between slices 3 and 7 is there anything", range(3, 8)),
        ("is slice 12 normal", [12]),
        ("compare slice 12 and slice 14", [12, 14]),
        ("slices 3, 5 and 9 to 11", [3, 5, 9, 10, 11]),
        ("slices 58 to 99", range(58, 61)),
        ("slice 12, 3 mm thick", [12]),
        ("the first 20 slices", range(1, 21)),
        ("only the last ten slices", range(51, 61)),
        ("the lowest 5 images", range(1, 6)),
        ("only the upper third", range(41, 61)),
        ("the lower half of the scan", range(1, 31)),
        ("just the middle third of it", range(21, 41)),
        ("the upper third only", range(41, 61)),
        ("slices twenty-five to thirty", range(25, 31)),
        ("slices thirty five through forty two, is there bleeding", range(35, 43)),
        ("the last twenty five slices", range(36, 61)),
        ("slices ten to twelve and fifteen", [10, 11, 12, 15]),
        ("slices between 30 and 50", range(30, 51)),
        ("slices 30 up to 50", range(30, 51)),
        ("slices 30 \u2014 50", range(30, 51)),
        ("slices #30-#50", range(30, 51)),
        ("from slice number 30 to number 32", range(30, 33)),
        ("slices 50 and up", range(50, 61)),
        ("from slice 50 on", range(50, 61)),
        ("slice 58 to the end", range(58, 61)),
        ("slices 3 and below", range(1, 4)),
        ("everything above slice 50", range(51, 61)),
        ("slices below 5", range(1, 5)),
        ("up to slice 5", range(1, 6)),
        ("slices 10 to 20 but not slice 15", [*range(10, 15), *range(16, 21)]),
    ],
)
def test_slices_that_are_named(question: str, numbers: range | list[int], chest: Volume) -> None:
    region = chosen(question, chest)
    assert list(region.numbers) == list(numbers)
    assert region.said is not None
    assert "counted from the feet" in region.said


@pytest.mark.parametrize(
    "question",
    [
        "is there a liver lesion",
        "only the liver",
        "Is there a nodule in the lower lobes or elsewhere?",
        "the upper third of the esophagus looks thick",
        "everything except slices 3 to 5",
        "ignore the first 10 slices",
        "the slices are 5 mm thick",
        "slices 1 to 60",
        "only the left half",
        "a 3 mm nodule in 2 of 4 segments",
        "don't use slices 30 to 50",
        "exclude slices 30 to 50",
        "leave out the first 10 slices",
        "all but slices 30 to 50",
        "slices 30 to 50 are artefact, ignore them",
        "compare with the images 3 months ago",
        "the images 5 March 2024",
        "compare with images 2024-03-05",
        "and the images from 2019",
        "what changed in the images after 2019",
        "slices 30 to 50 mm",
        "slices one twenty to one fifty",
        "the lesion lies 3 slices below slice 40",
        "is the nodule above slice 30 benign",
        "the first 0 slices",
        "only the upper third of the kidney",
        "look at the lower half of the spine",
        "just below the upper third of the scan",
        "it only involves the upper third",
        "just below the lower lobes",
        "is the disease confined to the upper lobes",
        "is the nodule only in the lower lobes",
        "are the lungs alone affected",
        "does it seem limited to the upper third",
    ],
)
def test_all_slices_where_nothing_else_can_be_measured(question: str, chest: Volume) -> None:
    region = chosen(question, chest)
    assert region.numbers == tuple(range(1, 61))
    assert region.said is None


def test_slices_that_are_there_in_part_are_said(chest: Volume) -> None:
    said = chosen("slices 58 to 99", chest).said
    assert said == "Chosen: slices 58 to 60 of 60, counted from the feet (as asked, so far as it has them)."


def test_a_question_without_end_is_read_in_time() -> None:
    for text in ("everything above a ", "not all slices above 3 to ", "slices 1 and 2, ", "look at the in "):
        start = time.process_time()
        called(text * 10_000, 60, axial=True)
        assert time.process_time() - start < 20


def test_slices_that_are_not_there(chest: Volume) -> None:
    with pytest.raises(BadInput, match="names slice 90 to 95 of a volume of 60; name slices from 1 to 60"):
        chosen("slices 90 to 95", chest)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("only the lower lobes", 21, 35),
        ("look only at the upper lobes", 35, 50),
        ("please restrict it to the lung bases", 21, 30),
        ("just the lung apices", 43, 50),
        ("focus on the lungs", 21, 50),
        ("is there a nodule? The lower lobes only", 21, 35),
        ("I want to know if there is a nodule, only the left lower lobe please", 21, 35),
    ],
)
def test_parts_of_the_lungs_are_found_in_the_pixels(question: str, first: int, last: int, chest: Volume) -> None:
    region = chosen(question, chest)
    assert region.numbers == tuple(range(region.numbers[0], region.numbers[-1] + 1))
    # Of 60 slices every second is looked at.
    assert abs(region.numbers[0] - first) <= 2
    assert abs(region.numbers[-1] - last) <= 2
    assert region.said is not None
    assert "approximately" in region.said


def test_no_lungs_are_said(tmp_path: Path) -> None:
    head = thorax()
    head[20:50, 16:80, 16:80] = 40
    write_series(tmp_path, head, AXIAL)
    region = chosen("only the lower lobes", opened(tmp_path)[0])
    assert region.numbers == tuple(range(1, 61))
    assert region.said == "No lungs were found in the volume, so all slices were taken."


def test_words_mean_other_slices_in_other_planes(tmp_path: Path) -> None:
    write_series(tmp_path, ramp(6).transpose(1, 0, 2), CORONAL)
    (volume,) = opened(tmp_path)
    assert chosen("only the anterior third", volume).numbers == (1, 2)
    assert chosen("only the posterior third", volume).numbers == (5, 6)
    assert chosen("only the upper third", volume).numbers == tuple(range(1, 7))
    assert chosen("the top 2 slices", volume).numbers == tuple(range(1, 7))
    assert chosen("the last 2 slices", volume).numbers == (5, 6)
    said = chosen("slice 2", volume).said
    assert said == "Chosen: slice 2 of 6, counted from the front (as asked)."


def test_where_the_order_is_not_known_nothing_is_up_or_down(tmp_path: Path) -> None:
    """Instance numbers may count from the head."""
    for number, values in enumerate(thorax(), 1):
        write_slice(tmp_path / f"{number}.dcm", values, InstanceNumber=number, ImagePositionPatient=None)
    (volume,) = opened(tmp_path)
    assert (volume.about.plane, volume.about.in_order) == ("axial", False)
    for question in ("only the upper third", "only the lower lobes", "the top 20 slices"):
        assert chosen(question, volume).numbers == tuple(range(1, 61))
    assert chosen("slice 2", volume).said == "Chosen: slice 2 of 60 (as asked)."


def test_lungs_are_not_looked_for_in_mr(tmp_path: Path) -> None:
    write_series(tmp_path, ramp(6), AXIAL, Modality="MR")
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    assert chosen("only the lower lobes", volume).said is None
