"""NIfTI: the same slices whatever the order of axes, and units that are never guessed."""

from __future__ import annotations

import errno
import gzip
import io
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.evidence.volumes.volume_frames import volume_frames
from pipelines.records import Kind
from tests.support.pictures import PictureStore
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
    write_nifti,
)

THICK = {HEAD: (1, 1, 1), BACK: (1, 3, 1), LEFT: (4, 1, 1.2)}
PLANES = {LEFT: "sagittal", BACK: "coronal", HEAD: "axial"}
CT = np.linspace(-1000, 1500, 4 * 5 * 6).round().reshape(4, 5, 6)


@pytest.mark.parametrize("across", [HEAD, BACK, LEFT])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_all_axis_orders_give_the_same_slices(order: Order, across: int, tmp_path: Path) -> None:
    patient = body()
    path = write_nifti(tmp_path / "a.nii", patient, order, THICK[across])
    (volume,) = opened(path, Kind.MR_SERIES)
    np.testing.assert_array_equal(shown_by(volume), as_shown(patient, across))
    about = volume.about
    assert (about.plane, about.modality, about.units, about.warnings) == (PLANES[across], "MR", "arbitrary", ())
    assert about.slice_mm == THICK[across][across]
    assert (about.slices, about.rows, about.columns) == shown_by(volume).shape
    rows, columns = {HEAD: (BACK, LEFT), BACK: (HEAD, LEFT), LEFT: (HEAD, BACK)}[across]
    assert about.pixel_mm == pytest.approx((THICK[across][rows], THICK[across][columns]))


def test_packed_and_plain_are_the_same(tmp_path: Path) -> None:
    plain = write_nifti(tmp_path / "a.nii", body(), AXIAL)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (one,), (other,) = opened(plain, Kind.MR_SERIES), opened(tmp_path / "b.nii.gz", Kind.MR_SERIES)
    np.testing.assert_array_equal(shown_by(one), shown_by(other))


def test_the_second_version_of_the_format(tmp_path: Path) -> None:
    image = nibabel.Nifti2Image(body().transpose(2, 1, 0), np.diag([-1, -1, 1, 1]))
    nibabel.save(image, tmp_path / "a.nii")
    (volume,) = opened(tmp_path / "a.nii", Kind.MR_SERIES)
    np.testing.assert_array_equal(shown_by(volume), body())


@pytest.mark.parametrize(
    ("values", "units"),
    [
        (CT.astype(np.int16), "HU"),
        (CT.astype(np.float32), "HU"),
        ((CT + 1024).astype(np.int16), "arbitrary"),
        (CT / 1000, "arbitrary"),
        (CT * 10, "arbitrary"),
        (CT + 0.25, "arbitrary"),
        (np.full((4, 5, 6), np.nan), "arbitrary"),
    ],
)
def test_only_what_can_be_hounsfield_units_is_taken_for_them(values: np.ndarray, units: str, tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", values)
    (volume,) = opened(path, Kind.CT_SERIES)
    assert (volume.about.modality, volume.about.units) == ("CT", units)
    said = "its values are no Hounsfield units, and are not shown as such"
    assert volume.about.warnings == (() if units == "HU" else (said,))
    if units == "HU":
        np.testing.assert_array_equal(shown_by(volume), CT)
        assert volume.slice(1).dtype == np.int32
    assert opened(path, Kind.MR_SERIES)[0].about.units == "arbitrary"


def test_slope_and_intercept_count(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image((CT + 1024).astype(np.int16).transpose(2, 1, 0), np.diag([-1, -1, 1, 1]))
    image.header.set_slope_inter(1, -1024)
    image.to_filename(tmp_path / "a.nii")
    # nibabel scales values anew when it writes: they are put back as they were stored.
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = np.array([1, -1024], "<f4").tobytes()
    raw[352:] = (CT + 1024).astype("<i2").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    (volume,) = opened(tmp_path / "a.nii", Kind.CT_SERIES)
    assert volume.about.units == "HU"
    np.testing.assert_array_equal(shown_by(volume), CT)


def test_of_several_volumes_the_first(tmp_path: Path) -> None:
    both = np.stack([body().transpose(2, 1, 0), body().transpose(2, 1, 0) + 9], axis=-1)
    image = nibabel.Nifti1Image(both, np.diag([-1, -1, 1, 1]))
    for name in ("a.nii", "a.nii.gz"):
        nibabel.save(image, tmp_path / name)
        (volume,) = opened(tmp_path / name, Kind.MR_SERIES)
        np.testing.assert_array_equal(shown_by(volume), body())
        assert volume.about.warnings == ("the first of 2 volumes is used",)


def test_a_file_that_does_not_say_how_it_lies(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(body().transpose(2, 1, 0), None)
    nibabel.save(image, tmp_path / "a.nii")
    (volume,) = opened(tmp_path / "a.nii", Kind.MR_SERIES)
    assert volume.about.plane == "unknown"
    assert volume.about.warnings == ("the file does not say how its slices lie: left and right may be exchanged",)
    np.testing.assert_array_equal(shown_by(volume), body())


@pytest.mark.parametrize(("unit", "mm"), [(1, 1000.0), (2, 1.0), (3, 0.001), (0, 1.0), (7, 1.0)])
@pytest.mark.parametrize("placed", [True, False])
def test_units_are_brought_to_millimetres(unit: int, mm: float, placed: bool, tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", body(), AXIAL, (0.5 / mm, 0.75 / mm, 2 / mm))
    _with(path, 123, bytes([unit + 8]))
    if not placed:
        _with(path, 252, bytes(4))
    (volume,) = opened(path, Kind.MR_SERIES)
    about = volume.about
    assert about.plane == ("axial" if placed else "unknown")
    # Of a file that does not say how it lies the third axis counts the slices.
    assert about.slice_mm == pytest.approx(2.0 if placed else 0.5)
    assert about.pixel_mm == pytest.approx((0.75, 0.5) if placed else (0.75, 2.0))


def test_of_two_forms_of_its_place_the_first_that_holds(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", body(), Order((HEAD, BACK, LEFT), (True, False, False)))
    image = nibabel.load(path)
    image.set_qform(image.affine, 1)
    path = tmp_path / "b.nii"
    nibabel.save(image, path)
    _with(path, 280, bytes(48))  # the rows of the sform
    (volume,) = opened(path, Kind.MR_SERIES)
    np.testing.assert_array_equal(shown_by(volume), body())
    assert volume.about.warnings == ()
    # The sign of the third axis is missing, and the standard says what is meant then.
    about = _with(path, 76, np.array([0], "<f4").tobytes())
    assert opened(about, Kind.MR_SERIES)[0].about.plane == "axial"


def test_values_without_end_stay_on_their_side(tmp_path: Path) -> None:
    values = CT.astype(np.float32)
    values[0, 0, :3] = np.inf, -np.inf, np.nan
    (volume,) = opened(write_nifti(tmp_path / "a.nii", values), Kind.CT_SERIES)
    assert volume.slice(1)[0, :3].tolist() == [2**31 - 1, -(2**31), -1024]


def test_what_is_shipped_with_nibabel() -> None:
    folder = Path(nibabel.__file__).parent / "tests" / "data"
    (volume,) = opened(folder / "anatomical.nii", Kind.MR_SERIES)
    image = nibabel.as_closest_canonical(nibabel.load(folder / "anatomical.nii"))
    right_front_head = np.asarray(image.dataobj)
    np.testing.assert_array_equal(shown_by(volume), right_front_head.transpose(2, 1, 0)[:, ::-1, ::-1])


def _with(path: Path, at: int, what: bytes) -> Path:
    raw = bytearray(path.read_bytes())
    raw[at : at + len(what)] = what
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("at", "what", "problem"),
    [
        (40, np.array([3, 30_000, 30_000, 30_000], "<i2").tobytes(), "has 30000 x 30000 x 30000 voxels"),
        (40, np.array([3, 7, 7, 700], "<i2").tobytes(), "is cut off"),
        (40, np.array([1, 7, 1, 1], "<i2").tobytes(), "without a volume"),
        (40, np.array([3, -7, 1, 1], "<i2").tobytes(), "without a volume"),
        (70, np.array([128, 24], "<i2").tobytes(), "holds colours or complex numbers"),
        (70, np.array([32, 64], "<i2").tobytes(), "holds colours or complex numbers"),
        (70, np.array([999, 16], "<i2").tobytes(), "damaged header"),
        (108, np.array([1e30], "<f4").tobytes(), "damaged header"),
        (108, np.array([np.nan], "<f4").tobytes(), "damaged header"),
        (40, np.array([32_767, 7, 1, 1], "<i2").tobytes(), "damaged header"),
        (344, b"ni1\0", "a NIfTI header without its voxels"),
    ],
)
def test_damage_is_named(at: int, what: bytes, problem: str, tmp_path: Path) -> None:
    path = _with(write_nifti(tmp_path / "a.nii", body()), at, what)
    with pytest.raises(BadInput, match=rf"^a\.nii: .*{problem}"):
        opened(path, Kind.MR_SERIES)


@pytest.mark.parametrize("offset", [0, 8, 348, -5])
def test_voxels_never_begin_within_the_header(offset: int, tmp_path: Path) -> None:
    """``vox_offset`` below 352 means 352 (nifti1.h)."""
    path = write_nifti(tmp_path / "a.nii", body())
    (whole,) = opened(path, Kind.MR_SERIES)
    moved = _with(write_nifti(tmp_path / "b.nii", body()), 108, np.array([offset], "<f4").tobytes())
    (volume,) = opened(moved, Kind.MR_SERIES)
    np.testing.assert_array_equal(shown_by(volume), shown_by(whole))


def test_numbers_that_signal_that_they_are_none_are_taken_in_quiet(tmp_path: Path) -> None:
    signalling = np.array([0x7FA00000], "<u4").tobytes()
    placed = _with(write_nifti(tmp_path / "a.nii", body()), 280, signalling)
    assert opened(placed, Kind.CT_SERIES)[0].about.slices
    voxels = _with(write_nifti(tmp_path / "b.nii", CT.astype(np.float32)), 352, signalling)
    (volume,) = opened(voxels, Kind.CT_SERIES)
    assert volume.about.units == "HU"
    assert (shown_by(volume) == -1024).any()
    for kind in (Kind.CT_SERIES, Kind.MR_SERIES):
        (volume,) = opened(voxels, kind)
        assert len(volume_frames(volume, range(1, volume.about.slices + 1), "0" * 64, PictureStore()).frames) > 1


def test_a_full_disk_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "a.nii.gz"
    packed.write_bytes(gzip.compress(write_nifti(tmp_path / "a.nii", body()).read_bytes()))

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", Full)
    with pytest.raises(BadInput, match=r"^a\.nii\.gz: finds no room to be unpacked"):
        opened(packed, Kind.MR_SERIES)


def test_a_packed_file_that_is_damaged_or_something_else(tmp_path: Path) -> None:
    whole = gzip.compress(write_nifti(tmp_path / "a.nii", body(8, 40, 40)).read_bytes())
    for content, problem in (
        (whole[: len(whole) // 2], "damaged|cut off"),
        (whole[:40], "damaged|no NIfTI"),
        (b"\x1f\x8b\x08\0 and nothing of the kind", "damaged"),
        (gzip.compress(b"plain text" * 99), "is no NIfTI file"),
        (b"plain text" * 99, "is no NIfTI file"),
    ):
        (tmp_path / "b.nii.gz").write_bytes(content)
        with pytest.raises(BadInput, match=rf"^b\.nii\.gz: .*({problem})"):
            opened(tmp_path / "b.nii.gz", Kind.MR_SERIES)


@given(st.binary(max_size=348), st.binary(max_size=400))
def test_any_header_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.nii"
    path.write_bytes((b"\x5c\x01\0\0" + head)[:344].ljust(344, b"\0") + b"n+1\0" + rest)
    try:
        (volume,) = opened(path, Kind.CT_SERIES)
        volume.slice(1)
    except BadInput:
        pass
