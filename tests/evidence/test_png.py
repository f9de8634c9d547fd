"""PNG files written here, read by Pillow."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pipelines.evidence.png import png

_SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(arrays.arrays(np.uint8, _SHAPES | _SHAPES.map(lambda shape: (*shape, 3))), st.booleans())
def test_what_is_written_is_read_again(pixels: np.ndarray, packed: bool) -> None:
    image = Image.fromarray(pixels)
    with Image.open(io.BytesIO(png(image, packed=packed))) as read:
        assert (read.format, read.mode, read.info) == ("PNG", image.mode, {})
        read.load()
        np.testing.assert_array_equal(np.asarray(read), pixels)


def test_flat_pictures_are_small() -> None:
    assert len(png(Image.new("RGB", (896, 896), (7, 8, 9)))) < 20_000


def test_nothing_of_the_file_that_a_picture_came_from_is_kept() -> None:
    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, "PNG", dpi=(300, 300))
    with Image.open(buffer) as image:
        assert image.info
        assert png(image) == png(Image.new("L", (4, 4)))
