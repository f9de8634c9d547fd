"""Writes a CT series of a phantom, a body of water with rods in it: it shows no one and lets a CT question be asked.

The numbers in it are known, so that what becomes of them can be seen: see `RODS`. Its slices are numbered as a scanner
numbers them, from the head down.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SLICES: Final = 12
SIDE: Final = 96
PIXEL_MM: Final = 3.0
SLICE_MM: Final = 10.0
AIR, WALL, WATER = -1000, 120, 0
"""Hounsfield units around the body, of its wall and within it."""
_INTERCEPT: Final = -1024
_NAMESPACE: Final = uuid.UUID("5e0c4b5e-6f0b-4a55-9d0c-3f0f4d1a2b77")


class Rod(NamedTuple):
    """Along the body, at this place to the patient's left of its middle and behind it, in millimetres."""

    left: float
    behind: float
    radius: float
    units: int
    """Hounsfield units."""


RODS: Final = (Rod(60, 40, 12, 700), Rod(-60, 40, 12, -100), Rod(0, -50, 20, -800), Rod(0, 10, 14, 65))
"""Like bone (on the patient's left), fat, lung, and blood that has clotted; the last one begins at the sixth slice."""


def write(folder: Path) -> None:
    """Write the series as ``slice-01.dcm`` and so on, always the same bytes.

    Raises:
        ImportError: pydicom or numpy is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, SLICES + 1):
        _slice(number).save_as(folder / f"slice-{number:02}.dcm", enforce_file_format=True)


def units(number: int) -> Any:
    """Hounsfield units of a slice, [rows, columns], numbered from the head: rows run to the back, columns to the
    patient's left."""
    import numpy as np

    middle = (SIDE - 1) / 2
    behind, left = ((np.indices((SIDE, SIDE)) - middle) * PIXEL_MM).astype(float)
    from_middle = np.hypot(left / 125, behind / 95)
    image = np.full((SIDE, SIDE), AIR, np.int16)
    image[from_middle < 1] = WALL
    image[from_middle < 0.93] = WATER
    for place, rod in enumerate(RODS):
        if place < len(RODS) - 1 or number >= SLICES // 2:
            image[np.hypot(left - rod.left, behind - rod.behind) < rod.radius] = rod.units
    return image


def _slice(number: int) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    of = Dataset()
    of.file_meta = FileMetaDataset()
    of.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    of.file_meta.MediaStorageSOPClassUID = of.SOPClassUID = CTImageStorage
    of.file_meta.MediaStorageSOPInstanceUID = of.SOPInstanceUID = _uid(f"slice {number}")
    of.file_meta.ImplementationClassUID = _uid("maker")
    of.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    of.StudyDate = of.SeriesDate = of.AcquisitionDate = of.ContentDate = "20260901"
    of.StudyTime = of.SeriesTime = of.ContentTime = "120000"
    of.Modality, of.Manufacturer, of.ConversionType = "CT", "written by a program", "SYN"
    of.StudyDescription = of.SeriesDescription = "Phantom, synthetic"
    of.PatientName, of.PatientID, of.PatientBirthDate, of.PatientSex = "Phantom^Synthetic", "phantom", "", "O"
    of.PatientComments = "Written by a program as a sample; of no patient."
    of.StudyInstanceUID, of.SeriesInstanceUID, of.FrameOfReferenceUID = map(_uid, ("study", "series", "frame"))
    of.StudyID, of.SeriesNumber, of.AcquisitionNumber, of.InstanceNumber = "1", 1, 1, number
    of.AccessionNumber = of.ReferringPhysicianName = of.PositionReferenceIndicator = ""
    of.PatientPosition, of.KVP, of.RescaleType = "HFS", "120", "HU"
    of.SliceThickness, of.PixelSpacing = SLICE_MM, [PIXEL_MM, PIXEL_MM]
    edge = -(SIDE - 1) / 2 * PIXEL_MM
    of.ImagePositionPatient = [edge, edge, (SLICES - number) * SLICE_MM]
    of.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    of.SamplesPerPixel, of.PhotometricInterpretation = 1, "MONOCHROME2"
    of.Rows = of.Columns = SIDE
    of.BitsAllocated, of.BitsStored, of.HighBit, of.PixelRepresentation = 16, 12, 11, 0
    of.RescaleIntercept, of.RescaleSlope = _INTERCEPT, 1
    of.PixelData = (units(number) - _INTERCEPT).astype("<u2").tobytes()
    of["PixelData"].VR = "OW"
    return of


def _uid(what: str) -> str:
    """Always the same (DICOM PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, what).int}"
