"""Shades of known values, against the published formula worked out in whole fractions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.evidence.volumes.windows import ct_shade, grey_shade, volume_range
from pipelines.records import Kind
from tests.support.volumes import AXIAL, body, opened, write_nifti, write_series

#: Worked by hand: red, green, blue.
KNOWN = {
    -3024: (0, 0, 0),
    -1024: (0, 0, 0),
    -1000: (3, 0, 0),
    -135: (111, 0, 0),
    0: (128, 98, 0),
    8: (128, 104, 26),
    24: (130, 116, 76),
    40: (132, 128, 128),
    80: (137, 157, 255),
    215: (154, 255, 255),
    1024: (255, 255, 255),
    30_000: (255, 255, 255),
}


@pytest.mark.parametrize(("units", "colour"), KNOWN.items())
def test_known_values(units: int, colour: tuple[int, int, int]) -> None:
    assert tuple(ct_shade().apply(np.array([[units]], np.int32))[0, 0]) == colour


def test_every_value_has_the_shade_of_the_published_formula() -> None:
    values = np.arange(-1100, 1101, dtype=np.int32)[None]
    shown = ct_shade().apply(values)
    for channel, (low, high) in enumerate(((-1024, 1024), (-135, 215), (0, 80))):
        # round() of a fraction is exact, halves to even, as numpy rounds.
        exact = [round(Fraction(min(max(int(v), low), high) - low, high - low) * 255) for v in values[0]]
        assert shown[0, :, channel].tolist() == exact


def test_a_volume_of_other_values_has_one_scale(tmp_path: Path) -> None:
    patient = body() + 300
    write_series(tmp_path, patient, AXIAL, Modality="MR", RescaleSlope=None, RescaleIntercept=None)
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    low, high = volume_range(volume)
    assert (low, high) == (patient.min(), patient.max())
    shown = grey_shade(low, high).apply(volume.slice(2))
    exact = [[round(Fraction(int(v) - int(low), int(high - low)) * 255) for v in row] for row in patient[1]]
    assert shown.tolist() == exact


@pytest.mark.parametrize(
    ("value", "problem"), [(7, "has the value 7 everywhere"), (np.nan, "has no pixel with a finite value")]
)
def test_a_volume_in_which_nothing_is_to_be_seen_is_refused_by_name(tmp_path: Path, value: float, problem: str) -> None:
    path = write_nifti(tmp_path / "blank.nii", np.full((4, 5, 6), value, np.float32))
    (volume,) = opened(path, Kind.MR_SERIES)
    with pytest.raises(BadInput, match=rf"^blank\.nii: {problem}; "):
        volume_range(volume)
