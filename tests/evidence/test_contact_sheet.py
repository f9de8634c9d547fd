"""The sheet of what a model was shown: every picture, in order, with its label, at a size that is seen."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from pipelines.evidence.contact_sheet import contact_sheet
from pipelines.evidence.frames import Frame, frame_of_image
from pipelines.evidence.lettering import letters, lines_of
from tests.support.pictures import Array, PictureStore

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255), (0, 255, 255), (255, 128, 0), (128, 0, 255)]


def plain(store: PictureStore, colour: tuple[int, int, int], side: int = 512, **about: object) -> Frame:
    return frame_of_image(Image.new("RGB", (side, side), colour), "a", store, **about)  # type: ignore[arg-type]


def sheet_of(frames: Sequence[Frame], store: PictureStore, title: str = "Sheet") -> Array:
    with Image.open(io.BytesIO(store.get(contact_sheet(frames, store, title)))) as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "RGB")
        return np.asarray(sheet)


def box_of(sheet: Array, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of all pixels of a colour; they fill it."""
    ys, xs = np.nonzero((sheet == colour).all(axis=2))
    left, top, right, bottom = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    assert len(xs) == (right - left) * (bottom - top), "a rectangle without holes"
    return left, top, right, bottom


def ink(sheet: Array) -> Array:
    """Where words stand: dark and grey."""
    return np.asarray((sheet.max(axis=2).astype(int) - sheet.min(axis=2) < 12) & (sheet.max(axis=2) < 120))


def test_every_picture_is_there_in_reading_order_with_words_right_below() -> None:
    store = PictureStore()
    frames = [plain(store, colour, label=f"SLICE {n}") for n, colour in enumerate(COLOURS, start=1)]
    sheet = sheet_of(frames, store)
    boxes = [box_of(sheet, colour) for colour in COLOURS]
    assert len({(right - left, bottom - top) for left, top, right, bottom in boxes}) == 1
    assert all(right - left == bottom - top for left, top, right, bottom in boxes)
    assert [boxes.index(box) for box in sorted(boxes, key=lambda box: (box[1], box[0]))] == list(range(len(boxes)))
    words = ink(sheet)
    for left, _, right, bottom in boxes:
        assert words[bottom + 2 : bottom + 26, left:right].any(), "its label"
    assert words[: boxes[0][1] - 2].any(), "the title"


@pytest.mark.parametrize(("count", "least"), [(1, 512), (2, 512), (5, 300), (12, 230), (85, 150), (125, 150)])
def test_few_are_large_and_many_still_recognised(count: int, least: int) -> None:
    store = PictureStore()
    other = plain(store, (200, 200, 255))
    sheet = sheet_of([plain(store, COLOURS[0]), *[other] * (count - 1)], store)
    left, _, right, _ = box_of(sheet, COLOURS[0])
    assert least <= right - left <= 640
    assert sheet.shape[1] <= 1600


def test_hundreds_make_no_endless_sheet() -> None:
    store = PictureStore()
    height, width, _ = sheet_of([plain(store, COLOURS[0], 64)] * 700, store).shape
    assert width <= 1600
    assert height < 3 * width


def test_small_pictures_are_enlarged_by_whole_numbers_and_large_ones_averaged() -> None:
    store = PictureStore()
    pattern = np.kron([[1, 0], [0, 1]], np.ones((8, 8))).astype(bool)
    pixels = np.where(pattern[..., None], np.array(COLOURS[0], np.uint8), np.array(COLOURS[2], np.uint8))
    small = frame_of_image(Image.fromarray(pixels), "a", store)
    sheet = sheet_of([small], store)
    ys, xs = np.nonzero((sheet == COLOURS[0]).all(axis=2))
    drawn = sheet[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    assert len(drawn) % 16 == 0
    times = len(drawn) // 16
    assert len(drawn) > 500
    np.testing.assert_array_equal(drawn[times // 2 :: times, times // 2 :: times], pixels)
    checks = np.indices((2048, 2048)).sum(axis=0) % 2 * 254
    fine = frame_of_image(Image.fromarray(checks.astype(np.uint8)), "a", store)
    middle = sheet_of([fine], store)[200:400, 200:400].astype(int)
    assert np.abs(middle - 127).max() <= 40, "a fine pattern is grey from afar, no false one"


def test_what_was_done_to_all_is_said_once_and_what_to_one_below_it() -> None:
    store = PictureStore()
    window = ("window 0 to 80",)
    alike = [plain(store, colour, label="x", steps=window) for colour in COLOURS[:3]]
    one_more = plain(store, COLOURS[1], label="x", steps=(*window, "turned upright"))
    same, mixed = sheet_of(alike, store), sheet_of([alike[0], one_more, alike[2]], store)

    def written(sheet: Array, colour: tuple[int, int, int]) -> int:
        left, _, right, bottom = box_of(sheet, colour)
        return int(ink(sheet)[bottom + 24 : bottom + 42, left:right].sum())

    assert [written(mixed, colour) > 0 for colour in COLOURS[:3]] == [False, True, False]
    said = [
        plain(store, c, label=f"SLICE {n} · 4{n} of 90", steps=(f"slice 4{n} of 90",))
        for n, c in enumerate(COLOURS[:3])
    ]
    beside = sheet_of([*said, plain(store, COLOURS[3], label="x", steps=("turned upright",))], store)
    assert [written(beside, colour) > 0 for colour in COLOURS[:4]] == [False, False, False, True], "the label says it"
    below = box_of(same, COLOURS[0])[3]
    assert ink(same)[below + 30 :].any(), "the footer"


def test_labels_are_what_stands_there_and_else_the_number_and_else_the_place() -> None:
    store = PictureStore()
    made = {
        contact_sheet([plain(store, COLOURS[0], label=label, number=number)], store, "Sheet")
        for label, number in [("1", None), (None, 1), ("1", 7), (None, None)]
    }
    assert len(made) == 1
    assert contact_sheet([plain(store, COLOURS[0], number=7)], store, "Sheet") not in made


def test_equal_frames_are_equal_bytes_and_other_order_or_title_is_not() -> None:
    store = PictureStore()
    one, two = plain(store, COLOURS[0]), plain(store, COLOURS[1])
    first = contact_sheet([one, two], store, "Sheet")
    assert contact_sheet([one, two], store, "Sheet") == first
    assert contact_sheet([two, one], store, "Sheet") != first
    assert contact_sheet([one, two], store, "Other") != first


def test_a_long_title_and_long_labels_stay_on_the_sheet() -> None:
    store = PictureStore()
    frames = [plain(store, COLOURS[n % 7], label="long " * 40, steps=(f"{n} step " * 60,)) for n in range(9)]
    sheet = sheet_of(frames, store, "w" * 400 + " and much more of it" * 60)
    words = ink(sheet)
    assert not words[:, :24].any()
    assert not words[:, -24:].any()
    assert not words[-20:].any()


def test_lines_break_at_blanks_and_end_in_an_ellipsis_where_cut() -> None:
    font = letters(15)
    width = round(font.getlength("one two three"))
    assert lines_of("one two three four", font, width, 3) == ("one two three", "four")
    assert lines_of("one two three four five six seven eight nine", font, width, 2)[1].endswith("…")
    [line] = lines_of("unbroken" * 20, font, width, 1)
    assert line.endswith("…")
    assert font.getlength(line) <= width
    assert lines_of("", font, width, 2) == ("",)


@pytest.mark.parametrize("sign", "ä – — × µ ≤ ° ß Д Ω".split())
def test_the_letters_are_there(sign: str) -> None:
    font = letters(15)
    assert bytes(font.getmask(sign)) != bytes(font.getmask("\uffff"))
