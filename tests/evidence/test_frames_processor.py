"""A frame against the image processor of MedGemma: nothing is left for it to scale, and it makes of the frame what it
would have made of the whole picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.evidence.frames import SIDE, Frame, frame_of_image
from pipelines.models.turn import open_picture
from tests.support.pictures import Array, PictureStore


@pytest.fixture(scope="module")
def processor() -> Any:
    """Of the published checkpoint's kind and figures."""
    from transformers import AutoProcessor

    from tests.support.tiny_medgemma import shared

    return AutoProcessor.from_pretrained(shared()).image_processor


def _picture(height: int, width: int, *, grey: bool) -> Array:
    """Sharp edges, fine lines, noise: whatever is scaled in another way shows."""
    rng = np.random.default_rng(3)
    shape = (height, width) if grey else (height, width, 3)
    picture = rng.integers(0, 256, shape, dtype=np.uint8)
    picture[::7] = 255
    picture[:, : width // 3] = np.linspace(0, 255, width // 3).astype(np.uint8)[
        (None, slice(None), *[None] * (not grey))
    ]
    return picture


def _padded(picture: Array) -> Image.Image:
    """By hand."""
    height, width = picture.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side, *picture.shape[2:]), np.uint8)
    square[top : top + height, left : left + width] = picture
    return Image.fromarray(square).convert("RGB")


def _frame(picture: Array, *, whole: bool = False) -> tuple[Frame, Image.Image]:
    store = PictureStore()
    frame = frame_of_image(Image.fromarray(picture), "a", store, whole=whole)
    return frame, open_picture(frame.sha256, store.get(frame.sha256))


def _seen(processor: Any, image: Image.Image) -> Array:
    pixels = processor(images=[image], return_tensors="np", do_pan_and_scan=False)["pixel_values"]
    assert pixels.shape == (1, 3, SIDE, SIDE)
    return np.asarray(pixels[0])


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize(
    ("height", "width"), [(3000, 3000), (1500, 2000), (2001, 1000), (897, 896), (896, 896), (500, 300), (40, 1200)]
)
def test_the_processor_makes_of_the_frame_what_it_would_have_made_of_the_picture(
    height: int, width: int, grey: bool, processor: Any
) -> None:
    picture = _picture(height, width, grey=grey)
    frame, image = _frame(picture)
    np.testing.assert_array_equal(_seen(processor, image), _seen(processor, _padded(picture)))
    assert frame.width == min(SIDE, max(height, width))


def test_larger_ones_are_averaged_first_and_that_shows_little(processor: Any) -> None:
    """Of what no square can be made of in memory. The difference is that of two good ways to scale."""
    smooth = np.asarray(Image.fromarray(_picture(90, 120, grey=True)).resize((8400, 6300), Image.Resampling.BICUBIC))
    _, image = _frame(smooth)
    difference = np.abs(_seen(processor, image) - _seen(processor, _padded(smooth))) * 127.5
    assert difference.max() <= 4
    assert difference.mean() < 0.25


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("height", "width"), [(3000, 2500), (999, 2000), (4000, 3000), (300, 200), (9001, 1001)])
def test_places_of_the_picture_are_found_in_the_frame_and_back(height: int, width: int, whole: bool) -> None:
    """A bright spot of the picture is where the frame says that it is, to within a pixel of either."""
    for across, down in ((0.2, 0.3), (0.5, 0.5), (0.9, 0.1)):
        x, y, half = int(width * across), int(height * down), max(4, max(height, width) // 100)
        picture = np.zeros((height, width), np.uint8)
        upper, left = max(0, y - half), max(0, x - half)
        lower, right = min(height, y + half), min(width, x + half)
        picture[upper:lower, left:right] = 255
        frame, image = _frame(picture, whole=whole)
        light = np.asarray(image)[..., 0].astype(float)
        rows, columns = np.indices(light.shape) + 0.5
        found = frame.to_source((light * columns).sum() / light.sum(), (light * rows).sum() / light.sum())
        pixel = max(1.0, max(height, width) / frame.width)
        assert abs(found[0] - (left + right) / 2) <= pixel
        assert abs(found[1] - (upper + lower) / 2) <= pixel


@pytest.mark.parametrize(("height", "width"), [(3000, 2500), (999, 2000), (2000, 1001), (300, 200)])
def test_padding_is_undone_exactly(height: int, width: int) -> None:
    frame, _ = _frame(np.zeros((height, width), np.uint8))
    side = max(height, width)
    scale = frame.width / side
    for x, y in ((0, 0), (width, height), (width / 3, height / 7)):
        padded_x, padded_y = x + (side - width) // 2, y + (side - height) // 2
        np.testing.assert_allclose(frame.to_source(padded_x * scale, padded_y * scale), (x, y), atol=1e-9)
    assert abs(frame.left - (side - width) // 2 * scale) <= 0.5
    assert abs(frame.top - (side - height) // 2 * scale) <= 0.5


def test_grey_is_kept_as_grey_and_means_the_same(tmp_path: Path) -> None:
    picture = _picture(50, 60, grey=True)
    store = PictureStore()
    grey = frame_of_image(Image.fromarray(picture), "a", store)
    colour = frame_of_image(Image.fromarray(picture).convert("RGB"), "a", store)
    with Image.open(io.BytesIO(store.get(grey.sha256))) as image:
        assert image.mode == "L"
    one, other = (open_picture(frame.sha256, store.get(frame.sha256)) for frame in (grey, colour))
    np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
