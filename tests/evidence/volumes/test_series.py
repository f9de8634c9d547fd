"""DICOM series: slices in their places and the usual way up, however they are called and stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import DataElement, dcmread
from pydicom.pixels.utils import compress
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from pipelines.errors import BadInput
from pipelines.evidence.volumes.windows import volume_range
from pipelines.records import Kind
from tests.support.volumes import (
    AXIAL,
    BACK,
    HEAD,
    LEFT,
    ORDERS,
    Order,
    as_shown,
    body,
    opened,
    shown_by,
    write_series,
    write_slice,
    zipped,
)

PLANES = {LEFT: "sagittal", BACK: "coronal", HEAD: "axial"}
SAGITTAL = Order((LEFT, HEAD, BACK), (False, True, False))


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_all_axis_orders_are_shown_alike(order: Order, tmp_path: Path) -> None:
    patient = body()
    write_series(tmp_path, patient, order, distances=(0.5, 0.75, 2.0))
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), as_shown(patient, order.axes[0]))
    about = volume.about
    assert about.plane == PLANES[order.axes[0]]
    assert about.slice_mm == (0.5, 0.75, 2.0)[order.axes[0]]
    expected = {LEFT: (2.0, 0.75), BACK: (2.0, 0.5), HEAD: (0.75, 0.5)}[order.axes[0]]
    assert about.pixel_mm == expected
    assert (about.slices, about.rows, about.columns) == shown_by(volume).shape
    as_stored = {LEFT: ((LEFT, HEAD, BACK), (True, False)), BACK: ((BACK, HEAD, LEFT), (True, False))}
    usual = as_stored.get(order.axes[0], ((HEAD, BACK, LEFT), (False, False)))
    turned = (order.axes, order.against[1:]) != usual
    assert about.warnings == (("the slices were turned to the usual view",) if turned else ())


def test_what_is_known_of_it(tmp_path: Path) -> None:
    write_series(tmp_path, body(), AXIAL)
    (volume,) = opened(tmp_path)
    about = volume.about
    assert (about.series, about.modality, about.units, about.acquired) == (1, "CT", "HU", "2024-03-05")
    assert about.patient is not None
    assert (about.patient.id, about.patient.name, about.patient.birth_date) == ("p1", "Testcase Ada", "1950-01-02")
    assert about.description == "Thorax"


@pytest.mark.parametrize(
    ("slope", "intercept", "stored", "units"),
    [(1, -1024, 1064, 40), (2, -1000, 7, -986), (0.5, -10.25, 101, 40), (1, -1024, 65535, 64511), (-1, 100, 60, 40)],
)
def test_hounsfield_units(slope: float, intercept: float, stored: int, units: int, tmp_path: Path) -> None:
    values = np.full((3, 4), stored, np.uint16)
    write_slice(tmp_path / "a.dcm", values, RescaleSlope=slope, RescaleIntercept=intercept)
    (volume,) = opened(tmp_path / "a.dcm")
    found = volume.slice(1)
    assert found.dtype == np.int32
    assert set(found.ravel().tolist()) == {units}


def test_values_beyond_32_bits_stay_on_their_side(tmp_path: Path) -> None:
    values = np.array([[-1, 0, 1]], np.int16)
    for slope, intercept, expected in (
        ("1", "1e12", [2**31 - 1] * 3),
        ("1", "-1e12", [-(2**31)] * 3),
        ("1e308", "0", [-(2**31), 0, 2**31 - 1]),
        ("1", "2147483647", [2**31 - 2, 2**31 - 1, 2**31 - 1]),
    ):
        write_slice(tmp_path / "a.dcm", values, RescaleSlope=slope, RescaleIntercept=intercept)
        assert opened(tmp_path / "a.dcm")[0].slice(1)[0].tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "padding", "limit", "filled"),
    [
        (np.int16, -2000, None, [-2000]),
        (np.int16, 63536, None, [-2000]),  # as which some write it
        (np.uint16, 63536, None, [63536]),
        (np.uint16, 60000, 63536, [60000, 61000, 63536]),
    ],
)
@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_what_only_fills_a_picture_is_black(
    dtype: type, padding: int, limit: int | None, filled: list[int], syntax: str | None, tmp_path: Path
) -> None:
    """Below air in Hounsfield units, and out of the range of anything else."""
    values = np.full((4, 5), 1000, dtype)
    values[1], values[0, : len(filled)] = 1200, filled
    given: dict[str, Any] = {"RescaleIntercept": 5000, "TransferSyntaxUID": syntax or ExplicitVRLittleEndian}
    if syntax == ExplicitVRBigEndian:
        given["PixelData"] = values.byteswap().tobytes()
    for keyword, value in (("PixelPaddingValue", padding), ("PixelPaddingRangeLimit", limit)):
        if value is not None:
            given[keyword] = DataElement(keyword, "SS" if value < 0 else "US", value)
    for modality, kind in (("CT", Kind.CT_SERIES), ("MR", Kind.MR_SERIES)):
        path = write_slice(tmp_path / "a.dcm", values, Modality=modality, **given)
        (volume,) = opened(path, kind)
        found = volume.slice(1)
        assert found[1:, 0].tolist() == [6200, 6000, 6000]
        if modality == "CT":
            assert found[0].tolist() == [-1024] * len(filled) + [6000] * (5 - len(filled))
        else:
            assert np.isnan(found[0, : len(filled)]).all()
            assert volume_range(volume) == (6000, 6200)


@pytest.mark.parametrize("missing", [{"RescaleSlope": None}, {"RescaleIntercept": None}, {"RescaleType": "US"}])
def test_what_is_not_said_to_be_hounsfield_units_is_none(missing: dict[str, Any], tmp_path: Path) -> None:
    write_series(tmp_path, body(), AXIAL, **missing)
    (volume,) = opened(tmp_path)
    assert volume.about.units == "arbitrary"
    assert any("Hounsfield" in warning for warning in volume.about.warnings)


def test_mr_values_are_rescaled_slice_by_slice(tmp_path: Path) -> None:
    for number, slope in enumerate((1, 2, 0.25)):
        write_slice(
            tmp_path / f"{number}.dcm",
            np.full((3, 4), 100, np.int16),
            Modality="MR",
            RescaleSlope=slope,
            ImagePositionPatient=[0, 0, number],
        )
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    assert [float(shown.max()) for shown in shown_by(volume)] == [100, 200, 25]
    assert volume.about.units == "arbitrary"


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
@pytest.mark.parametrize("signed", [False, True])
def test_lossless_compression_changes_nothing(syntax: str, signed: bool, tmp_path: Path) -> None:
    dtype = np.int16 if signed else np.uint16
    values = np.random.default_rng(3).integers(-900 if signed else 0, 3000, (40, 50)).astype(dtype)
    plain = write_slice(tmp_path / "plain.dcm", values, RescaleIntercept=-1024)
    packed = dcmread(plain)
    compress(packed, syntax, generate_instance_uid=False)
    packed.save_as(tmp_path / "packed.dcm")
    (one,), (other,) = opened(plain), opened(tmp_path / "packed.dcm")
    np.testing.assert_array_equal(one.slice(1), values.astype(int) - 1024)
    np.testing.assert_array_equal(one.slice(1), other.slice(1))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_ways_to_write_the_same(syntax: str, tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    stored = values.byteswap() if syntax == ExplicitVRBigEndian else values
    write_slice(tmp_path / "a.dcm", values, TransferSyntaxUID=syntax, PixelData=stored.tobytes())
    (volume,) = opened(tmp_path / "a.dcm")
    np.testing.assert_array_equal(volume.slice(1), values)


def test_low_values_as_white_are_inverted_in_mr_and_mean_the_same_in_ct(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.uint16).reshape(3, 4)
    for modality, expected in (("CT", values), ("MR", 4095 - values)):
        path = write_slice(
            tmp_path / f"{modality}.dcm",
            values,
            Modality=modality,
            PhotometricInterpretation="MONOCHROME1",
            BitsStored=12,
        )
        (volume,) = opened(path, Kind.CT_SERIES if modality == "CT" else Kind.MR_SERIES)
        np.testing.assert_array_equal(volume.slice(1), expected)


def test_a_zip_archive_is_read_like_a_folder(tmp_path: Path) -> None:
    patient = body()
    write_series(tmp_path / "study", patient, SAGITTAL)
    (volume,) = opened(zipped(tmp_path / "study", tmp_path / "study.zip"))
    np.testing.assert_array_equal(shown_by(volume), as_shown(patient, LEFT))


@pytest.mark.parametrize(
    ("characters", "description", "identifier"),
    [
        ("ISO_IR 192", "Грудь", "Ж1"),
        ("ISO_IR 144", "Грудь", "Ж1"),
        ("\\ISO 2022 IR 87", "胸部", "p1"),
        (None, "Thorax", "p1"),
    ],
)
def test_names_are_read_in_the_alphabet_of_the_file(
    characters: str | None, description: str, identifier: str, tmp_path: Path
) -> None:
    given = {"SpecificCharacterSet": characters, "SeriesDescription": description, "PatientID": identifier}
    write_series(tmp_path, body(), AXIAL, **given)
    (volume,) = opened(tmp_path, patient=identifier)
    assert volume.about.description == description
    assert volume.about.patient is not None
    assert volume.about.patient.id == identifier


def test_several_series_are_numbered_by_their_own_numbers(tmp_path: Path) -> None:
    for name, number, uid in (("a", 10, "1.1"), ("b", 3, "1.3"), ("c", 3, "1.2"), ("d", None, "1.0")):
        write_series(tmp_path / name, body(), AXIAL, SeriesNumber=number, SeriesInstanceUID=uid, SeriesDescription=name)
    assert [(volume.about.series, volume.about.description) for volume in opened(tmp_path)] == [
        (1, "c"),
        (2, "b"),
        (3, "a"),
        (4, "d"),
    ]


def test_what_is_no_slice_is_left_out_and_said(tmp_path: Path) -> None:
    write_series(tmp_path / "thorax", body(), AXIAL)
    values = np.zeros((6, 6), np.int16)
    write_slice(tmp_path / "scout.dcm", values, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_slice(tmp_path / "dose.dcm", values, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    write_slice(tmp_path / "report.dcm", values, Modality="SR", PixelData=None)
    write_slice(tmp_path / "other.dcm", values, Modality="PT")
    (tmp_path / "notes.txt").write_text("read me")
    (tmp_path / "inner.zip").write_bytes(zipped(tmp_path / "thorax", tmp_path / "x.zip").read_bytes())
    (tmp_path / "x.zip").unlink()
    (volume,) = opened(tmp_path)
    assert volume.about.slices == 4
    assert volume.about.warnings == (
        "1 file left out that is no DICOM",
        "1 archive inside not opened",
        "4 DICOM files left out that show no slices of a CT or MR volume",
    )


def test_single_images_beside_a_volume_are_none(tmp_path: Path) -> None:
    write_series(tmp_path / "thorax", body(), AXIAL)
    write_slice(tmp_path / "one.dcm", np.zeros((6, 6), np.int16), SeriesInstanceUID="1.9", SeriesNumber=1)
    (volume,) = opened(tmp_path)
    assert (volume.about.slices, volume.about.warnings) == (4, ("1 single image left out",))


@pytest.mark.parametrize("name", ["3-plane localizer", "SCOUT", "AX loc", "Survey_32ch"])
def test_scouts_beside_a_volume_are_none(name: str, tmp_path: Path) -> None:
    write_series(tmp_path / "head", body(), AXIAL, Modality="MR", SeriesDescription="local field, location")
    scout: dict[str, Any] = {"Modality": "MR", "SeriesInstanceUID": "1.9", "SeriesNumber": 1, "SeriesDescription": name}
    write_series(tmp_path / "scout", body(3), AXIAL, **scout)
    (volume,) = opened(tmp_path, Kind.MR_SERIES)
    assert (volume.about.slices, volume.about.warnings) == (4, ("3 images of scouts left out",))
    assert opened(tmp_path / "scout", Kind.MR_SERIES)[0].about.slices == 3


def test_planes_of_one_series_are_volumes_of_their_own(tmp_path: Path) -> None:
    patient = body(6, 6, 6)
    write_series(tmp_path / "a", patient, AXIAL, SOPInstanceUID="5.1")
    write_series(tmp_path / "b", patient, SAGITTAL, SOPInstanceUID="5.2")
    assert sorted(volume.about.plane for volume in opened(tmp_path)) == ["axial", "sagittal"]


def test_the_same_image_twice_is_used_once(tmp_path: Path) -> None:
    patient = body()
    for name, uid in (("a", "5.1"), ("b", "5.1"), ("c", "5.2")):  # b: the same files; c: sent again under new UIDs
        write_series(tmp_path / name, patient, AXIAL, SOPInstanceUID=uid)
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), patient)
    assert volume.about.warnings == ("4 images given twice and used once",)


def test_images_that_were_all_given_one_uid_are_not_one_image(tmp_path: Path) -> None:
    patient = body()
    for path in write_series(tmp_path, patient, AXIAL):
        dataset = dcmread(path)
        dataset.SOPInstanceUID = "1.2.3"
        dataset.save_as(path)
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), patient)
    assert volume.about.warnings == ()


def test_derived_images_give_way_to_those_they_come_from(tmp_path: Path) -> None:
    patient = body()
    write_series(tmp_path / "a", patient, AXIAL, SOPInstanceUID="5.1")
    write_series(tmp_path / "b", patient + 1, AXIAL, SOPInstanceUID="5.2", ImageType=["DERIVED", "SECONDARY"])
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), patient)
    assert volume.about.warnings == ("4 images left out that are derived from the others",)


def _named(keyword: str, value: object) -> dict[str, Any]:
    return {keyword: value}


@pytest.mark.parametrize(
    ("keyword", "said"),
    [
        ("AcquisitionNumber", "acquisition number"),
        ("EchoTime", "echo time"),
        ("TemporalPositionIdentifier", "temporal position identifier"),
    ],
)
def test_passes_over_the_same_places_are_volumes_of_their_own(keyword: str, said: str, tmp_path: Path) -> None:
    patient = body()
    for number in (2, 10):
        write_series(
            tmp_path / f"{number}", patient + number, AXIAL, SOPInstanceUID=f"5.{number}", **_named(keyword, number)
        )
    volumes = opened(tmp_path)
    assert [volume.about.description for volume in volumes] == [f"Thorax, {said} 2", f"Thorax, {said} 10"]
    for volume, number in zip(volumes, (2, 10), strict=True):
        np.testing.assert_array_equal(shown_by(volume), patient + number)


def test_a_part_of_a_pass_is_left_out(tmp_path: Path) -> None:
    """As images are that watch for the contrast to arrive."""
    patient = body(9)
    write_series(tmp_path / "a", patient, AXIAL, SOPInstanceUID="5.1", AcquisitionNumber=2)
    write_series(tmp_path / "b", patient[:2], AXIAL, SOPInstanceUID="5.2", AcquisitionNumber=1)
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), patient)
    assert volume.about.warnings == ("2 images left out that cover only a part",)


def test_passes_that_nothing_tells_apart_follow_their_instance_numbers(tmp_path: Path) -> None:
    patient = body()
    for number in range(2):
        for place, values in enumerate(patient):
            write_slice(
                tmp_path / f"{number}{place}.dcm",
                values + number,
                ImagePositionPatient=[0, 0, place],
                InstanceNumber=2 * place + number + 1,
                TriggerTime=100 * place + number,
            )
    volumes = opened(tmp_path)
    assert [volume.about.description for volume in volumes] == ["Thorax, pass 1", "Thorax, pass 2"]
    for number, volume in enumerate(volumes):
        np.testing.assert_array_equal(shown_by(volume), patient + number)


def _stack(folder: Path, places: list[float], shift: float = 0) -> tuple[str, ...]:
    for number, place in enumerate(places):
        write_slice(
            folder / f"{number}.dcm",
            np.full((4, 4), number, np.int16),
            ImagePositionPatient=[0, shift * place, place],
        )
    (volume,) = opened(folder)
    assert shown_by(volume)[:, 0, 0].tolist() == sorted(range(len(places)), key=places.__getitem__)
    return volume.about.warnings


@pytest.mark.parametrize(
    ("places", "warnings"),
    [
        ([0, 1, 2, 3, 4], ()),
        ([4, 0, 3, 1, 2], ()),
        ([-7.5, -5, -2.5, 0.001, 2.5], ()),
        ([0, 1, 2, 4, 5], ("a slice is missing, after slice 3",)),
        ([0, 1, 4, 5, 6, 7, 8, 10, 11], ("3 slices are missing in 2 gaps, the first after slice 2",)),
        ([0, 1, 2, 3.3, 4.3, 5.3], ("the slices are 1 to 1.3 mm apart",)),
        ([0, 1, 2, 3, 8, 13, 18], ("the slices are 1 to 5 mm apart",)),
    ],
)
def test_gaps_and_uneven_distances_are_said(places: list[float], warnings: tuple[str, ...], tmp_path: Path) -> None:
    assert _stack(tmp_path, places) == warnings


def test_a_tilted_gantry_is_said(tmp_path: Path) -> None:
    angle = 15
    warnings = _stack(tmp_path, [0, 2, 4, 6], shift=float(np.tan(np.radians(angle))))
    assert warnings == (f"the slices are shifted against each other by {angle} degrees, as a tilted gantry does",)


@pytest.mark.parametrize(("degrees", "plane"), [(0, "axial"), (30, "axial"), (45, "oblique")])
def test_planes_between_planes(degrees: float, plane: str, tmp_path: Path) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    for number in range(3):
        write_slice(
            tmp_path / f"{number}.dcm",
            np.full((4, 4), number, np.int16),
            ImageOrientationPatient=[1, 0, 0, 0, c, s],
            ImagePositionPatient=[0, -s * number * 3, c * number * 3],
        )
    (volume,) = opened(tmp_path)
    assert (volume.about.plane, volume.about.slice_mm, volume.about.warnings) == (plane, 3.0, ())
    assert shown_by(volume)[:, 0, 0].tolist() == [0, 1, 2]


def test_without_places_instance_numbers_count_and_that_is_said(tmp_path: Path) -> None:
    for name, number in (("a", 3), ("b", 1), ("c", 2)):
        values = np.full((4, 4), number, np.int16)
        write_slice(tmp_path / f"{name}.dcm", values, InstanceNumber=number, ImagePositionPatient=None)
    (volume,) = opened(tmp_path)
    assert shown_by(volume)[:, 0, 0].tolist() == [1, 2, 3]
    assert "the order of their instance numbers" in volume.about.warnings[0]


def test_a_folder_of_the_other_modality_is_named(tmp_path: Path) -> None:
    write_series(tmp_path / "head", body(), AXIAL, Modality="MR")
    with pytest.raises(BadInput, match=r"holds MR and no CT; name its kind: mr-series=head"):
        opened(tmp_path / "head")


def test_of_both_modalities_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body(), AXIAL, SeriesInstanceUID="1.1")
    write_series(tmp_path / "b", body(), AXIAL, Modality="MR", SeriesInstanceUID="1.2")
    assert [volume.about.modality for volume in opened(tmp_path)] == ["CT"]
    assert [volume.about.modality for volume in opened(tmp_path, Kind.MR_SERIES)] == ["MR"]


def test_a_slice_that_is_not_there(tmp_path: Path) -> None:
    write_series(tmp_path, body(), AXIAL)
    (volume,) = opened(tmp_path)
    for number in (0, 5):
        with pytest.raises(BadInput, match="name slices from 1 to 4"):
            volume.slice(number)
