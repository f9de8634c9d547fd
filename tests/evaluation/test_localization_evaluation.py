"""`assistant evaluate localization`: overlaps worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadInput, ModelNeeded
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.localization import evaluate, iou
from tests.support.engines import ScriptedGenerator


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150),
        ((0, 0, 10, 10), (5, 5, 15, 15), 25 / 175),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (10, 10, 20, 20), 0.0),
        ((0, 0, 10, 10), (30, 30, 40, 40), 0.0),
        ((0, 0, 10, 10), (2, 3, 7, 8), 25 / 100),
        ((0, 0, 10, 10), (0, 0, 10, 2.5), 0.25),
    ],
)
def test_overlap(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    assert iou(one, other) == pytest.approx(expected)
    assert iou(other, one) == pytest.approx(expected)


places = st.integers(0, 20)
boxes = st.builds(lambda x, y, width, height: (x, y, x + width + 1, y + height + 1), places, places, places, places)


@given(boxes, boxes)
def test_overlap_is_a_count_of_pixels(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """On whole pixels both areas can be counted one by one."""
    pixels = [{(x, y) for x in range(b[0], b[2]) for y in range(b[1], b[3])} for b in (one, other)]
    assert iou(one, other) == pytest.approx(len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1]))


def data(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    """Films of 1,000 x 1,000, of which thousandths are pixels."""
    Image.new("L", (1000, 1000), 90).save(tmp_path / "film.png")
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps({"image": "film.png", **line}) + "\n" for line in lines))
    return path


def boxed(*boxes: tuple[str, list[int]]) -> str:
    """What a model says, from [x0, y0, x1, y1]."""
    listed = [{"box_2d": [y0, x0, y1, x1], "label": label} for label, (x0, y0, x1, y1) in boxes]
    return f"It is there.\nFinal Answer: ```json\n{json.dumps(listed)}\n```"


HEART = {"label": "heart", "box": [100, 100, 200, 200]}


def test_the_mean_is_of_all_cases_and_what_was_not_found_overlaps_nothing(tmp_path: Path) -> None:
    generator = ScriptedGenerator(
        answers=(
            boxed(("heart", [100, 100, 200, 200])),
            boxed(("lung", [0, 0, 10, 10]), ("Heart", [150, 100, 250, 200])),
            boxed(("cor", [100, 100, 200, 150])),
            boxed(),
            "It is on the left.",
        )
    )
    figures = evaluate(read_cases(data(tmp_path, *[HEART] * 5)), generator)
    assert figures["mean_iou"] == pytest.approx((1 + 1 / 3 + 1 / 2 + 0 + 0) / 5)
    assert figures["found_rate"] == 3 / 5
    assert (figures["n"], figures["engines"]) == (5, ["scripted"])
    assert [(one["id"], one["got"]) for one in figures["failures"]] == [
        ("line 2", [150, 100, 250, 200]),
        ("line 4", "an empty list"),
        ("line 5", "no box"),
    ]
    assert all("Where is the heart?" in str(ask.parts[-1]) for ask in generator.asks)


def test_what_was_cut_off_found_nothing(tmp_path: Path) -> None:
    generator = ScriptedGenerator(answer=boxed(("heart", [100, 100, 200, 200])), finish_reason="length")
    figures = evaluate(read_cases(data(tmp_path, HEART)), generator)
    assert (figures["mean_iou"], figures["found_rate"]) == (0, 0)
    assert figures["failures"][0]["got"] == "no answer (length)"


def test_bad_cases_are_named(tmp_path: Path) -> None:
    path = data(tmp_path, HEART, {"label": "heart", "box": [5, 5, 5, 9]})
    with pytest.raises(BadInput, match="line 2: has a box without extent"):
        evaluate(read_cases(path), ScriptedGenerator(answer=boxed(("heart", [1, 1, 9, 9]))))
    with pytest.raises(BadInput, match=r"'box\.3' is wrong"):
        evaluate(read_cases(data(tmp_path, {"label": "heart", "box": [1, 2, 3]})), ScriptedGenerator())
    with pytest.raises(BadInput, match="is not there"):
        evaluate(read_cases(data(tmp_path, HEART, {**HEART, "image": "gone.png"})), idle := ScriptedGenerator())
    assert idle.asks == []
    with pytest.raises(ModelNeeded):
        evaluate(read_cases(data(tmp_path, HEART)), ScriptedGenerator(ready=False))
