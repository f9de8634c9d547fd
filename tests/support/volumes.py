"""CT and MR volumes written for tests: DICOM series, enhanced files and NIfTI, of known values in known places."""

from __future__ import annotations

import itertools
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from pipelines.evidence.formats import format_of
from pipelines.evidence.volumes.opening import volumes_in
from pipelines.evidence.volumes.volume import Volume
from pipelines.records import Attachment, Kind, Member
from tests.support.pictures import PictureStore

Array = NDArray[Any]

LEFT, BACK, HEAD = range(3)
"""Axes of the patient, as DICOM counts along them."""


class Order(NamedTuple):
    """Which way slices, rows and columns follow each other: axes of the patient, and whether against their count."""

    axes: tuple[int, int, int]
    against: tuple[bool, bool, bool]


ORDERS = [
    Order(axes, against)
    for axes in itertools.permutations((LEFT, BACK, HEAD))
    for against in itertools.product((False, True), repeat=3)
]


def body(depth: int = 4, rows: int = 5, columns: int = 6) -> Array:
    """[to the head, to the back, to the left], every value another one."""
    return np.arange(depth * rows * columns, dtype=np.int16).reshape(depth, rows, columns) * 7 - 300


def stored_as(patient: Array, order: Order) -> Array:
    """A volume [head, back, left] as it is stored in some order: [slices, rows, columns]."""
    by_axis = patient.transpose(2, 1, 0)  # [left, back, head]
    stored = by_axis.transpose(order.axes)
    return stored[tuple(slice(None, None, -1 if back else 1) for back in order.against)]


def as_shown(patient: Array, across: int) -> Array:
    """What a reader is to see of it, worked out from what the words say: [slices, rows, columns].

    Axial slices go from the feet to the head, front up, right on the left; coronal ones from the front to the back, and
    sagittal ones from right to left, both with the head up, and sagittal ones with the front on the left.
    """
    if across == HEAD:
        return patient
    if across == BACK:
        return patient[::-1].transpose(1, 0, 2)
    return patient[::-1].transpose(2, 0, 1)


def shown_by(volume: Volume) -> Array:
    return np.array([volume.slice(number) for number in range(1, volume.about.slices + 1)])


def write_slice(path: Path, stored: Array, **elements: object) -> Path:
    """A DICOM file of one CT slice whose stored values are given; ``elements`` by keyword, None leaves one out; whole
    where their kind of value is to be another one than usual."""
    given: dict[str, object] = {
        "Modality": "CT",
        "PatientID": "p1",
        "PatientName": "Testcase^Ada",
        "PatientBirthDate": "19500102",
        "SeriesInstanceUID": "1.2.3",
        "SeriesNumber": 2,
        "SeriesDescription": "Thorax",
        "SeriesDate": "20240305",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "InstanceNumber": 1,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 0],
        "PixelSpacing": [0.5, 0.75],
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
        "Rows": stored.shape[-2],
        "Columns": stored.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": stored.dtype.itemsize * 8,
        "BitsStored": stored.dtype.itemsize * 8,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
        "PixelData": stored.tobytes() + b"\0" * (stored.nbytes % 2),
    } | elements
    given.setdefault("SOPClassUID", MRImageStorage if given["Modality"] == "MR" else CTImageStorage)
    given.setdefault("SOPInstanceUID", f"1.2.3.{zlib.crc32(str(path).encode())}")
    given.setdefault("HighBit", int(str(given["BitsStored"])) - 1)
    syntax = str(given.pop("TransferSyntaxUID", ExplicitVRLittleEndian))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = given["SOPClassUID"]
    meta.MediaStorageSOPInstanceUID = given["SOPInstanceUID"]
    dataset = Dataset()
    dataset.file_meta = meta
    for keyword, value in given.items():
        if isinstance(value, DataElement):
            dataset.add(value)
        elif value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW"
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    patient: Array,
    order: Order = ORDERS[-1],
    distances: tuple[float, float, float] = (1.0, 1.0, 1.0),
    **elements: object,
) -> list[Path]:
    """A series in some order of axes; its files' names and instance numbers say nothing about it.

    Args:
        patient: [head, back, left].
        distances: of voxels to the left, to the back and to the head, in mm.
    """
    stored = stored_as(patient, order)
    shape = patient.shape[::-1]
    signs = [-1.0 if against else 1.0 for against in order.against]
    vectors = np.zeros((3, 3))
    for vector, axis, sign in zip(vectors, order.axes, signs, strict=True):
        vector[axis] = sign
    first = np.zeros(3)
    for axis, against in zip(order.axes, order.against, strict=True):
        first[axis] = (shape[axis] - 1) * distances[axis] if against else 0
    scrambled = np.random.default_rng(5).permutation(len(stored))
    given = {
        "PixelSpacing": [distances[order.axes[1]], distances[order.axes[2]]],
        "ImageOrientationPatient": [*vectors[2], *vectors[1]],
        "SOPInstanceUID": None,
    } | elements
    uid = given.pop("SOPInstanceUID") or f"{given.get('SeriesInstanceUID', '1.2.3')}.9"
    return [
        write_slice(
            folder / f"{scrambled[number]:05}.dcm",
            values,
            **{
                "InstanceNumber": int(scrambled[number]) + 1,
                "ImagePositionPatient": list(first + number * distances[order.axes[0]] * vectors[0]),
                "SOPInstanceUID": f"{uid}.{number + 1}",
            }
            | given,
        )
        for number, values in enumerate(stored)
    ]


AXIAL = Order((HEAD, BACK, LEFT), (False, False, False))


def write_enhanced(path: Path, frames: Array, items: Sequence[Dataset], shared: Dataset, **elements: object) -> Path:
    """An enhanced file: frames [frames, rows, columns], and the functional groups of each and of all."""
    return write_slice(
        path,
        frames,
        **{
            "SOPClassUID": EnhancedCTImageStorage,
            "NumberOfFrames": len(frames),
            "ImageOrientationPatient": None,
            "ImagePositionPatient": None,
            "PixelSpacing": None,
            "RescaleSlope": None,
            "RescaleIntercept": None,
            "SharedFunctionalGroupsSequence": Items([shared]),
            "PerFrameFunctionalGroupsSequence": Items(list(items)),
        }
        | elements,
    )


def group(**sequences: dict[str, object]) -> Dataset:
    """A functional group: one item in each of its sequences, by keyword."""
    found = Dataset()
    for keyword, elements in sequences.items():
        item = Dataset()
        for name, value in elements.items():
            setattr(item, name, value)
        setattr(found, keyword, Items([item]))
    return found


def write_nifti(path: Path, patient: Array, order: Order = AXIAL, zooms: Sequence[float] = (1, 1, 1)) -> Path:
    """A NIfTI file whose voxels are in some order of axes.

    Args:
        patient: [head, back, left].
        zooms: of voxels to the left, to the back and to the head, in mm.
    """
    import nibabel

    stored = stored_as(patient, order)
    shape = patient.shape[::-1]
    affine = np.eye(4)
    affine[:3, :3] = 0
    for voxel, (axis, against) in enumerate(zip(order.axes, order.against, strict=True)):
        # NIfTI counts to the right and to the front.
        to_ras = -1.0 if axis in (LEFT, BACK) else 1.0
        step = to_ras * zooms[axis] * (-1 if against else 1)
        affine[axis, voxel] = step
        if against:
            affine[axis, 3] = to_ras * zooms[axis] * (shape[axis] - 1)
    image = nibabel.Nifti1Image(np.ascontiguousarray(stored), affine)
    image.set_sform(affine, 1)
    nibabel.save(image, path)
    return path


def study(folder: Path, kind: Kind = Kind.CT_SERIES) -> Attachment:
    """A folder as it is attached, its files under their paths in place of hashes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Attachment(
        sha256="0" * 64,
        name=folder.name,
        media_type="application/dicom",
        size=sum(path.stat().st_size for path in files),
        kind=kind,
        kind_from="user",
        members=tuple(Member(name=str(path.relative_to(folder)), sha256=str(path)) for path in files),
    )


def one_file(path: Path, kind: Kind = Kind.CT_SERIES) -> Attachment:
    return Attachment(
        sha256=str(path),
        name=path.name,
        media_type=format_of(path, path.name).value,
        size=path.stat().st_size,
        kind=kind,
        kind_from="user",
    )


def opened(path: Path, kind: Kind = Kind.CT_SERIES, patient: str | None = None) -> tuple[Volume, ...]:
    attachment = study(path, kind) if path.is_dir() else one_file(path, kind)
    return volumes_in(attachment, PictureStore(), patient)


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _files(folder):
            packed.write(path, path.relative_to(folder))
    return archive


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
