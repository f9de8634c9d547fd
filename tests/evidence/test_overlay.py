"""Boxes on a copy of a picture: where they were said to be, and nothing else changed."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.evidence.overlay import outlined, put_overlay
from tests.support.pictures import Array, PictureStore


def changed(image: Image.Image, drawn: Image.Image) -> Array:
    return np.asarray((np.asarray(image.convert("RGB")) != np.asarray(drawn)).any(axis=2))


@given(
    st.tuples(st.integers(0, 150), st.integers(0, 90)), st.tuples(st.integers(4, 50), st.integers(4, 30)), st.booleans()
)
def test_a_box_is_drawn_on_its_own_edges(corner: tuple[int, int], size: tuple[int, int], grey: bool) -> None:
    image = Image.new("L" if grey else "RGB", (200, 120), 100 if grey else (100, 100, 100))
    (left, top), (right, bottom) = corner, (corner[0] + size[0], corner[1] + size[1])
    drawn = outlined(image, [((left, top, right, bottom), "")])
    pixels = np.asarray(drawn)
    edge = (240, 228, 66)
    for x, y in ((left, top), (right - 1, top), (left, bottom - 1), (right - 1, bottom - 1)):
        assert tuple(pixels[y, x]) == edge
    marks = changed(image, drawn)
    marks[max(0, top - 1) : top + 1, max(0, left - 1) : right + 1] = False
    marks[bottom - 1 : bottom + 1, max(0, left - 1) : right + 1] = False
    marks[max(0, top - 1) : bottom + 1, max(0, left - 1) : left + 1] = False
    marks[max(0, top - 1) : bottom + 1, right - 1 : right + 1] = False
    assert not marks.any()
    assert np.unique(np.asarray(image)).tolist() == [100], "the picture itself is left as it is"


def test_a_label_stands_above_its_box_and_where_there_is_no_room_within() -> None:
    image = Image.new("RGB", (400, 300))
    low = changed(image, outlined(image, [((100, 100, 220, 200), "left clavicle")]))
    assert low[80:98, 100:160].any()
    assert not low[103:197, 103:217].any()
    high = changed(image, outlined(image, [((100, 2, 220, 200), "left clavicle")]))
    assert high[6:16, 110:160].any()
    right = changed(image, outlined(image, [((390, 100, 399, 200), "left clavicle")]))
    assert right[80:98, 330:388].any(), "moved to the left until it fits"


def test_labels_have_colours_of_their_own_unless_all_boxes_are_of_one_sort() -> None:
    image = Image.new("RGB", (300, 300))
    boxes = [((n * 50.0, 100.0, n * 50.0 + 40, 140.0), label) for n, label in enumerate(("a", "b", "a"))]
    several = np.asarray(outlined(image, boxes))
    one = np.asarray(outlined(image, boxes, one_colour=True))

    def at(pixels: Array) -> list[tuple[int, ...]]:
        return [tuple(pixels[139, n * 50 + 20]) for n in range(3)]

    assert at(several)[0] == at(several)[2] != at(several)[1]
    assert len(set(at(one))) == 1


def test_a_large_picture_is_made_smaller_and_its_boxes_with_it() -> None:
    image = Image.new("L", (4000, 2000), 50)
    store = PictureStore()
    made = put_overlay(image, [((1000, 500, 3000, 1500), "heart")], store, "Boxes on the film")
    assert made["title"] == "Boxes on the film"
    with Image.open(io.BytesIO(store.get(made["sha256"]))) as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGB", (1600, 800))
        ys, xs = np.nonzero((np.asarray(drawn)[:, :, 2] == 66).any(axis=1))[0], None
        assert abs(int(ys.max()) - 599) <= 1
        xs = np.nonzero((np.asarray(drawn)[300] == (240, 228, 66)).all(axis=1))[0]
        assert (int(xs.min()), int(xs.max())) == (400, 1199)
