"""Boxes as models write them, and where they lie on the attached picture."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evidence.frames import Frame
from pipelines.tasks.imaging.boxes import Region, marks_in


def frame(width: int, height: int, side: int | None = None) -> Frame:
    """Of a picture of this size, its frame scaled to ``side`` where it is given."""
    longest = max(width, height)
    side = side or longest
    shown = round(width * side / longest), round(height * side / longest)
    return Frame(
        sha256="f" * 64, attachment="a" * 64, width=side, height=side, source_width=width, source_height=height,
        left=(side - shown[0]) // 2, top=(side - shown[1]) // 2, steps=(),
    )  # fmt: skip


SQUARE = frame(1000, 1000)
HEART = Region("heart", (450, 400, 800, 700), (400, 450, 700, 800))
LUNG = Region("left lung", (520, 100, 900, 650), (100, 520, 650, 900))
HEART_JSON = '{"box_2d": [400, 450, 700, 800], "label": "heart"}'
LUNG_JSON = '{"box_2d": [100, 520, 650, 900], "label": "left lung"}'


@pytest.mark.parametrize(
    "answer",
    [
        f"It is there.\n\nFinal Answer: ```json\n[{HEART_JSON}]\n```",
        f"```json\n[{HEART_JSON}]\n```",
        f"```json\n[{HEART_JSON}]",
        f"[{HEART_JSON}]",
        HEART_JSON,
        f"Final Answer: {HEART_JSON}.",
        f"**Final Answer:** [{HEART_JSON},]",
        "```json\n[{'box_2d': [400, 450, 700, 800], 'label': 'heart'}]\n```",
        '[{"label": "heart", "box_2d": [400.0, 450.0, 700.0, 800.0]}]',
        '[{"label": "heart", "box_2d": ["400", "450", "700", "800"]}]',
        '[{"label": "heart", "box_2d": "[400, 450, 700, 800]"}]',
        '[{"label": "heart", "box_2d": [[400, 450, 700, 800]]}]',
        '{"boxes": [{"label": " heart\\n", "bbox": [400, 450, 700, 800]}]}',
        f"[{HEART_JSON}, {HEART_JSON}]",
        f"```json\n[{HEART_JSON}]\n```\nFinal Answer: ```json\n[{HEART_JSON}]\n```",
        f'I first thought of {LUNG_JSON}. No.\nFinal Answer: [{HEART_JSON}]',
        f"The scale [0, 1000] is used.\n[{HEART_JSON}]",
        f'[{HEART_JSON}, {{"box_2d": [1, 2',
    ],
)  # fmt: skip
def test_one_box_however_it_is_written(answer: str) -> None:
    [region] = marks_in(answer, SQUARE).regions
    assert (region.label, region.box, region.box_2d) == HEART


@pytest.mark.parametrize(
    "answer",
    [
        f"[{HEART_JSON}, {LUNG_JSON}]",
        f"[{HEART_JSON},\n {LUNG_JSON},\n",
        f"{HEART_JSON}\n{LUNG_JSON}",
        f"Heart:\n```json\n[{HEART_JSON}]\n```\nLung:\n```json\n[{LUNG_JSON}]\n```",
    ],
)
def test_several_boxes_in_their_order(answer: str) -> None:
    assert marks_in(answer, SQUARE).regions == (HEART, LUNG)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("[400, 450, 700, 800]", ""),
        ("Final Answer: [[400, 450, 700, 800]]", ""),
        ("```json\n[400, 450, 700, 800]\n```", ""),
        ('{"box_2d": [400, 450, 700, 800]}', ""),
        ('{"box_2d": [400, 450, 700, 800], "label": 7}', ""),
        ('{"box_2d": [400, 450, 700, 800], "label": "c\\u0153ur \\ud83e\\udec0 \\ud800"}', "cœur \U0001fac0"),
    ],
)
def test_a_box_without_a_label_gets_none(written: str, label: str) -> None:
    assert [(one.label, one.box) for one in marks_in(written, SQUARE).regions] == [(label, (450, 400, 800, 700))]


def test_corners_may_be_swapped_and_axes_are_not_guessed() -> None:
    [region] = marks_in('[{"box_2d": [700, 800, 400, 450], "label": "heart"}]', SQUARE).regions
    assert (region.box, region.box_2d) == ((450, 400, 800, 700), (700, 800, 400, 450))
    # As [x0, y0, x1, y1] it would be a box as well; it is read as what was asked for.
    [region] = marks_in('[{"box_2d": [100, 20, 200, 900], "label": "x"}]', SQUARE).regions
    assert region.box == (20, 100, 900, 200)


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ("[400, 450, 1001, 800]", "has numbers beyond 1000"),
        ("[812, 900, 1400, 1600]", "has numbers beyond 1000"),
        ("[0.4, 0.45, 0.7, 0.8]", "has no extent"),
        ("[400, 450, 400, 800]", "has no extent"),
        ("[400, 450, 700]", "has no four numbers"),
        ("[400, 450, 700, true]", "has no four numbers"),
        ("[400, 450, 700, null]", "has no four numbers"),
        ("[400, 450, 700, NaN]", "has no four numbers"),
        ("[400, 450, 700, Infinity]", "has no four numbers"),
        (f"[400, 450, 700, {'9' * 400}]", "has no four numbers"),
        ('"somewhere"', "has no four numbers"),
        ("{}", "has no four numbers"),
    ],
)
def test_what_is_no_box_is_said_and_not_made_one(numbers: str, problem: str) -> None:
    marks = marks_in(f'[{HEART_JSON}, {{"box_2d": {numbers}, "label": "x"}}]', SQUARE)
    assert (marks.regions, marks.problems) == ((HEART,), (problem,))


def test_what_lies_before_the_edge_is_cut_off_there() -> None:
    [region] = marks_in('[{"box_2d": [-40, -1, 700, 1000], "label": "x"}]', SQUARE).regions
    assert region.box == (0, 0, 1000, 700)


@pytest.mark.parametrize("answer", ["[]", "It is not visible.\nFinal Answer: ```json\n[]\n```", "Final Answer: []"])
def test_an_empty_list_marks_nothing(answer: str) -> None:
    marks = marks_in(answer, SQUARE)
    assert (marks.regions, marks.listed, marks.problems) == ((), True, ())


@pytest.mark.parametrize(
    "answer",
    ["", "Nothing acute.", "See ribs [3, 4, 5, 6].", "box 400 450 700 800", "[1, 2]", "```json\n[{\n```", "{}"],
)
def test_prose_holds_no_box(answer: str) -> None:
    marks = marks_in(answer, SQUARE)
    assert (marks.regions, marks.listed) == ((), False)


@pytest.mark.parametrize(
    ("answer", "prose"),
    [
        (f"It is there. It is large.\n\nFinal Answer: ```json\n[{HEART_JSON}]\n```", "It is there. It is large."),
        (f"The list is [{HEART_JSON}] as asked.", "The list is\n\nas asked."),
        (f"**Final Answer:** [{HEART_JSON}]", ""),
        (f"One.\n[{HEART_JSON},\n{LUNG_JSON},", "One."),
        (f'One.\n[{HEART_JSON}, {{"box_2d": [1, 2', "One."),
        ("Not visible.\nFinal Answer: []", "Not visible."),
    ],
)
def test_prose_is_what_stands_beside_the_list(answer: str, prose: str) -> None:
    assert marks_in(answer, SQUARE).prose == prose


def test_a_wide_picture_has_borders_above_and_below() -> None:
    """1,200 x 800: the square is 1,200, the picture begins at row 200. 500 thousandths are 600 pixels of the square."""
    wide = frame(1200, 800)
    [region] = marks_in('[{"box_2d": [250, 500, 750, 1000], "label": "x"}]', wide).regions
    assert region.box == (600, 100, 1200, 700)
    [region] = marks_in('[{"box_2d": [0, 0, 1000, 1000], "label": "x"}]', wide).regions
    assert region.box == (0, 0, 1200, 800)
    marks = marks_in('[{"box_2d": [0, 100, 160, 900], "label": "x"}]', wide)
    assert (marks.regions, marks.problems) == ((), ("lies in the black border, outside the picture",))


def test_a_tall_picture_has_borders_left_and_right_and_its_frame_may_be_smaller() -> None:
    """500 x 2,000 in a frame of 1,000: its left edge is at 375 of the frame, where a pixel is two of the picture."""
    tall = frame(500, 2000, side=1000)
    assert tall.left == 375
    [region] = marks_in('[{"box_2d": [100, 400, 200, 600], "label": "x"}]', tall).regions
    assert region.box == (50, 200, 450, 400)


sizes = st.integers(32, 5000)


@given(sizes, sizes, st.data())
def test_there_and_back_within_a_pixel(width: int, height: int, data: st.DataObject) -> None:
    """A box of the picture in thousandths of the padded square, as real numbers, comes back as it was."""
    left = data.draw(st.integers(0, width - 10))
    right = data.draw(st.integers(left + 10, width))
    upper = data.draw(st.integers(0, height - 10))
    lower = data.draw(st.integers(upper + 10, height))
    side = max(width, height)
    across, down = (side - width) // 2, (side - height) // 2
    numbers = [(y + down) / side * 1000 if n % 2 == 0 else (y + across) / side * 1000
               for n, y in enumerate((upper, left, lower, right))]  # fmt: skip
    answer = json.dumps([{"box_2d": numbers, "label": "x"}])
    for shown in (frame(width, height), frame(width, height, side=min(side, 1024))):
        marks = marks_in(answer, shown)
        if not marks.regions:
            assert min(right - left, lower - upper) / side * 1000 < 1.01
            continue
        allowed = 1 + side / shown.width
        for one, other in zip(marks.regions[0].box, (left, upper, right, lower), strict=True):
            assert abs(one - other) <= allowed


pieces = st.sampled_from(
    ["[", "]", "{", "}", '"', "'", ",", ":", "box_2d", "label", "Final Answer:", "```json", "```", "1", "999", "-", ".",
     "e9", "null", "\\", "\n", " ", "[]", HEART_JSON, LUNG_JSON, "lung", "NaN", "\\ud800"]
)  # fmt: skip


@given(st.lists(pieces, max_size=40).map("".join) | st.text(max_size=80))
def test_nothing_breaks_it_and_every_box_lies_in_the_picture(answer: str) -> None:
    shown = frame(700, 900)
    marks = marks_in(answer, shown)
    for region in marks.regions:
        left, upper, right, lower = region.box
        assert 0 <= left < right <= 700
        assert 0 <= upper < lower <= 900
        region.label.encode()


@pytest.mark.parametrize("answer", ["[" * 30_000, "[1," * 10_000, '{"a":' * 10_000, "[[1,2,3," * 5_000])
def test_endless_brackets_are_read_to_their_end(answer: str) -> None:
    assert marks_in(answer, SQUARE).regions == ()
