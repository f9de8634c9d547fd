"""The frames that a model is shown of a volume."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.volumes.volume_frames import volume_frames
from pipelines.evidence.volumes.windows import ct_shade
from pipelines.records import Kind
from tests.support.pictures import Array, PictureStore
from tests.support.volumes import AXIAL, body, opened, write_series


def pixels(store: PictureStore, sha256: str) -> Array:
    with Image.open(io.BytesIO(store.get(sha256))) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def test_slices_are_shown_in_the_order_given_and_labelled_as_they_are_sent(tmp_path: Path) -> None:
    patient = body(9)
    write_series(tmp_path, patient, AXIAL)
    (volume,) = opened(tmp_path)
    store = PictureStore()
    made = volume_frames(volume, [2, 5, 9], "a" * 64, store)
    assert made.numbers == (2, 5, 9)
    assert made.skipped == ()
    assert made.scale == "Hounsfield units as R -1024 to 1024, G -135 to 215, B 0 to 80"
    assert [(frame.number, frame.label, frame.steps[0]) for frame in made.frames] == [
        (1, "SLICE 1", "slice 2 of 9"),
        (2, "SLICE 2", "slice 5 of 9"),
        (3, "SLICE 3", "slice 9 of 9"),
    ]
    for frame, number in zip(made.frames, made.numbers, strict=True):
        assert frame.attachment == "a" * 64
        expected = ct_shade().apply(patient[number - 1].astype(np.int32))
        np.testing.assert_array_equal(pixels(store, frame.sha256)[:5], expected)


def test_the_same_slices_are_the_same_frames(tmp_path: Path) -> None:
    write_series(tmp_path, body(20), AXIAL)
    (volume,) = opened(tmp_path)
    first, second = (volume_frames(volume, range(1, 21), "a" * 64, PictureStore()) for _ in range(2))
    assert first == second


def test_a_damaged_slice_is_skipped_and_said(tmp_path: Path) -> None:
    paths = write_series(tmp_path, body(), AXIAL)
    paths[1].write_bytes(paths[1].read_bytes()[:-8])
    (volume,) = opened(tmp_path)
    made = volume_frames(volume, range(1, 5), "a" * 64, PictureStore())
    assert made.numbers == (1, 3, 4)
    assert [frame.label for frame in made.frames] == ["SLICE 1", "SLICE 2", "SLICE 3"]
    assert made.skipped == ("slice 2 of the volume, which has pixels that cannot be decoded",)


def test_no_slice_is_no_frames(tmp_path: Path) -> None:
    for path in write_series(tmp_path, body(), AXIAL, Modality="MR"):
        path.write_bytes(path.read_bytes()[:-8])
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    with pytest.raises(BadInput, match="has pixels that cannot be decoded"):
        volume_frames(volume, [1, 2], "a" * 64, PictureStore())


def test_only_the_slices_that_are_shown_are_decoded(tmp_path: Path) -> None:
    paths = write_series(tmp_path, body(9), AXIAL)
    (volume,) = opened(tmp_path)
    for number in (1, 3, 5, 7, 9):
        paths[number - 1].unlink()
    made = volume_frames(volume, [2, 4, 6, 8], "a" * 64, PictureStore())
    assert made.numbers == (2, 4, 6, 8)


def test_mr_has_one_scale_for_all_slices(tmp_path: Path) -> None:
    patient = body() + 300
    write_series(tmp_path, patient, AXIAL, Modality="MR")
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    store = PictureStore()
    made = volume_frames(volume, [1, 4], "a" * 64, store)
    assert made.scale == f"grey from 0 to {patient.max()}, the least and the greatest value of the volume"
    first, last = (pixels(store, frame.sha256) for frame in made.frames)
    np.testing.assert_array_equal(first[..., 0], first[..., 2])
    assert (first[0, 0, 0], last[4, 5, 0]) == (0, 255)
    assert first.max() < 255


def test_ct_of_other_units_is_never_shown_in_windows(tmp_path: Path) -> None:
    write_series(tmp_path, body(), AXIAL, RescaleSlope=None)
    (volume,) = opened(tmp_path)
    made = volume_frames(volume, [1], "a" * 64, PictureStore())
    assert made.scale == f"grey from {body().min()} to {body().max()}, the least and the greatest value of the volume"
