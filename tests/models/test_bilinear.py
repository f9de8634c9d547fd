"""Resizing as TensorFlow does it, against numbers worked by hand and against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.models.medsiglip.bilinear import resize

Pixels = NDArray[np.uint8]


def lines(values: list[int], rows: int) -> Pixels:
    """A grey picture whose rows are all the same."""
    return np.array([[[value] for value in values]] * rows, dtype=np.uint8)


def across(values: list[int], side: int) -> list[int]:
    """A row after resizing, of a picture that changes only across; and the same down, which must be equal."""
    image = lines(values, 3)
    resized = resize(image, side)
    assert resized.shape == (side, side, 1)
    assert (resized == resized[:1]).all()
    turned = resize(image.transpose(1, 0, 2), side)
    assert (turned == resized.transpose(1, 0, 2)).all()
    return [int(value) for value in resized[0, :, 0]]


@pytest.mark.parametrize(
    ("values", "side", "expected"),
    [
        # Centres at -0.25, 0.25, 0.75 and 1.25 of two pixels: beyond the edge there is the edge.
        ([0, 100], 4, [0, 25, 75, 100]),
        # At 0.5 and 2.5: the middle of two neighbours.
        ([0, 100, 200, 50], 2, [50, 125]),
        # At 1 and 4: what lies between is not looked at. An antialiased one would give 47 and 13.
        ([0, 10, 130, 40, 0, 0], 2, [10, 0]),
        # At 0.25 and 1.75: 12.5 is cut to 12.
        ([10, 20, 40], 2, [12, 35]),
        # 0.5, 254.5
        ([0, 1], 1, [0]),
        ([254, 255], 1, [254]),
        ([7], 3, [7, 7, 7]),
    ],
)
def test_numbers_worked_by_hand(values: list[int], side: int, expected: list[int]) -> None:
    assert across(values, side) == expected


def test_both_ways_at_once() -> None:
    """0.25 of the way right and 0.75 of the way down from 10 | 30 over 50 | 110: 15, 65, and 52.5 cut to 52."""
    image = np.array([[[10], [30]], [[50], [110]]], dtype=np.uint8)
    assert resize(image, 4)[:, :, 0].tolist() == [
        [10, 15, 25, 30],
        [20, 27, 42, 50],
        [40, 52, 77, 90],
        [50, 65, 95, 110],
    ]


def test_channels_stay_apart() -> None:
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[..., 1] = 200
    assert (resize(image, 5) == [0, 200, 0]).all()


def test_a_picture_of_that_size_is_left_alone() -> None:
    image = lines([3, 1, 2], 3)
    assert resize(image, 3) is image


@pytest.mark.parametrize("size", [(448, 447), (896, 896), (1024, 768), (100, 333), (3584, 3584), (1, 1)])
def test_it_is_torchs_without_antialiasing_but_for_rounding(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(
        tensor, size=(448, 448), mode="bilinear", align_corners=False, antialias=False
    )
    ours = torch.from_numpy(resize(image, 448).astype(np.float64)).permute(2, 0, 1)[None]
    # Ours is cut to a whole number, and its places are rounded to float32: up to 1e-4 of a pixel, 0.03 of its value.
    assert bool(((expected - ours) > -0.03).all())
    assert bool(((expected - ours) < 1.03).all())
