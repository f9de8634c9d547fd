"""Studies as an archive holds them: small DICOM files that belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, MRImageStorage

from tests.support.pictures import write_dicom

#: Those of the International Telecommunication Union for tests by their maker (UUID-derived roots are longer).
ROOT = "2.25.7001"
_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


def write_series(
    folder: Path,
    count: int,
    *,
    study: str = f"{ROOT}.1",
    series: str = f"{ROOT}.1.1",
    modality: str = "CT",
    date: str | None = "20260301",
    patient: str = "p1",
    side: int = 64,
    syntax: str | None = None,
    **elements: object,
) -> list[Path]:
    """A series of ``count`` slices, one above the other; each value of a slice is other than in the next.

    Args:
        series: the images are numbered below it.
        syntax: in which the pixels are stored, where it is a packed one.
        elements: by keyword.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n in range(count):
        values = (np.arange(side * side, dtype=np.int16).reshape(side, side) * (n + 1)) % 1000
        uid = f"{series}.{n + 1}"
        path = write_dicom(
            folder / f"{uid}.dcm",
            values.astype(np.int16),
            **{
                "SOPClassUID": _CLASSES.get(modality, DigitalXRayImageStorageForPresentation),
                "SOPInstanceUID": uid,
                "StudyInstanceUID": study,
                "SeriesInstanceUID": series,
                "Modality": modality,
                "PatientID": patient,
                "StudyDate": date,
                "StudyTime": "120000",
                "InstanceNumber": str(n + 1),
                "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "ImagePositionPatient": [0, 0, 2.5 * n],
                "PixelSpacing": [1, 1],
                "RescaleSlope": 1 if modality == "CT" else None,
                "RescaleIntercept": -1024 if modality == "CT" else None,
                **elements,
            },
        )
        if syntax is not None:
            packed = dcmread(path)
            packed.compress(syntax, generate_instance_uid=False)
            packed.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
