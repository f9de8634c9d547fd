"""Files of many frames, each with its own place and scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.utils import compress
from pydicom.uid import EnhancedMRImageStorage, RLELossless

from pipelines.errors import BadInput
from pipelines.records import Kind
from tests.support.volumes import Array, body, group, opened, shown_by, write_enhanced, write_slice, zipped

SHARED = group(
    PlaneOrientationSequence={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
    PixelMeasuresSequence={"PixelSpacing": [0.5, 0.75], "SliceThickness": 2},
    PixelValueTransformationSequence={"RescaleSlope": 1, "RescaleIntercept": -1000, "RescaleType": "HU"},
)


def frames(places: Sequence[float], **content: Sequence[object]) -> list[Dataset]:
    """Each at its place along the body; ``content`` by keyword, one value a frame."""
    return [
        group(
            PlanePositionSequence={"ImagePositionPatient": [0, 0, place]},
            FrameContentSequence={keyword: values[number] for keyword, values in content.items()},
        )
        for number, place in enumerate(places)
    ]


ORDER = [2, 0, 3, 1]


def enhanced(path: Path, patient: Array, **elements: object) -> Path:
    return write_enhanced(path, patient[ORDER], frames([2 * place for place in ORDER]), SHARED, **elements)


def test_frames_are_put_in_order_and_each_is_rescaled(tmp_path: Path) -> None:
    patient = body()
    (volume,) = opened(enhanced(tmp_path / "a.dcm", patient))
    np.testing.assert_array_equal(shown_by(volume), patient.astype(int) - 1000)
    about = volume.about
    assert (about.units, about.plane, about.slice_mm, about.pixel_mm) == ("HU", "axial", 2.0, (0.5, 0.75))
    assert about.warnings == ()


@pytest.mark.parametrize("packed", [False, True])
def test_one_frame_is_decoded_without_the_others(packed: bool, tmp_path: Path) -> None:
    patient = body()
    path = enhanced(tmp_path / "a.dcm", patient)
    if packed:
        dataset = dcmread(path)
        compress(dataset, RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
        (volume,) = opened(path)
        np.testing.assert_array_equal(shown_by(volume), patient.astype(int) - 1000)
    else:
        path.write_bytes(path.read_bytes()[: -patient[0].nbytes])  # of the last frame, slice 2, nothing is left
        (volume,) = opened(path)
        for number in (1, 3, 4):
            np.testing.assert_array_equal(volume.slice(number), patient[number - 1].astype(int) - 1000)
        with pytest.raises(BadInput, match="has pixels that cannot be decoded"):
            volume.slice(2)


@pytest.mark.parametrize("in_memory", [0, 1 << 20])
def test_within_a_zip_archive(in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.evidence.volumes.files._IN_MEMORY", in_memory)
    patient = body()
    enhanced(tmp_path / "study" / "a.dcm", patient)
    (volume,) = opened(zipped(tmp_path / "study", tmp_path / "a.zip"))
    np.testing.assert_array_equal(shown_by(volume), patient.astype(int) - 1000)


def test_each_frame_has_a_scale_of_its_own(tmp_path: Path) -> None:
    items = frames([0, 1, 2])
    for number, item in enumerate(items):
        item.update(
            group(PixelValueTransformationSequence={"RescaleSlope": number + 1, "RescaleIntercept": 0.5 * number})
        )
    path = write_enhanced(
        tmp_path / "a.dcm",
        np.full((3, 4, 4), 100, np.uint16),
        items,
        SHARED,
        Modality="MR",
        SOPClassUID=EnhancedMRImageStorage,
    )
    (volume,) = opened(path, Kind.MR_SERIES)
    assert shown_by(volume)[:, 0, 0].tolist() == [100, 200.5, 301]


def test_moments_are_volumes_of_their_own(tmp_path: Path) -> None:
    patient = body(3)
    both = np.concatenate([patient, patient + 1])
    items = frames([0, 1, 2, 0, 1, 2], TemporalPositionIndex=[1, 1, 1, 2, 2, 2])
    volumes = opened(write_enhanced(tmp_path / "a.dcm", both, items, SHARED))
    for number, volume in enumerate(volumes):
        assert volume.about.description == f"Thorax, temporal position index {number + 1}"
        np.testing.assert_array_equal(shown_by(volume), patient.astype(int) + number - 1000)


def test_a_phase_of_nought_is_one(tmp_path: Path) -> None:
    patient = body(3)
    items = frames([0, 1, 2, 0, 1, 2])
    for number, item in enumerate(items):
        phase = 50 if number < 3 else 0
        item.update(group(CardiacSynchronizationSequence={"NominalPercentageOfCardiacPhase": phase}))
    volumes = opened(write_enhanced(tmp_path / "a.dcm", np.concatenate([patient + 1, patient]), items, SHARED))
    for number, phase in enumerate((0, 50)):
        about = volumes[number].about
        assert about.description == f"Thorax, nominal percentage of cardiac phase {phase}"
        np.testing.assert_array_equal(shown_by(volumes[number]), patient.astype(int) + number - 1000)


def test_frames_that_are_not_described_are_not_guessed_at(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "a.dcm", body(), frames([0, 1]), SHARED)
    with pytest.raises(BadInput, match="has 4 frames and describes 2"):
        opened(path)


def test_more_frames_than_there_are_pixels(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "a.dcm", body(), NumberOfFrames=10**9)
    with pytest.raises(BadInput, match="has 1000000000 frames"):
        opened(path)


def test_frames_without_places_keep_their_order(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body(), NumberOfFrames=4, ImagePositionPatient=None)
    (volume,) = opened(path)
    np.testing.assert_array_equal(shown_by(volume), body())
    assert "the order of their instance numbers" in volume.about.warnings[0]


def test_a_dose_is_no_volume() -> None:
    found = get_testdata_file("rtdose.dcm", download=False)
    assert found is not None
    with pytest.raises(BadInput, match="holds no slices"):
        opened(Path(str(found)))
