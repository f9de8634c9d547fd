"""DICOM headers, without pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import BadInput
from pipelines.records import Patient

if TYPE_CHECKING:
    from pydicom import Dataset


def read_header(path: Path, name: str) -> Dataset:
    """All elements before the pixels.

    Raises:
        BadInput: the file is not DICOM, or cut off within its header.
    """
    import warnings

    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, EOFError, OSError, ValueError, AttributeError, KeyError) as broken:
        raise BadInput(name, "is not a readable DICOM file", "export it again from the archive") from broken


def patient_of(header: Dataset) -> Patient | None:
    """Whom the header names."""
    identifier = str(header.get("PatientID", "") or "").strip()
    if not identifier:
        return None
    born = str(header.get("PatientBirthDate", "") or "")
    name = str(header.get("PatientName", "") or "").replace("^", " ").strip()
    return Patient(
        id=identifier,
        name=name or None,
        birth_date=f"{born[:4]}-{born[4:6]}-{born[6:8]}" if len(born) == 8 else None,
    )
