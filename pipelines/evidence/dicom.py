"""DICOM headers, without pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.records import Patient

if TYPE_CHECKING:
    from pydicom import Dataset

#: What is asked of a header anywhere.
_USED: Final = (
    "BodyPartExamined",
    "Columns",
    "Modality",
    "NumberOfFrames",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "Rows",
)


@contextmanager
def unwarned() -> Iterator[None]:
    """Without pydicom's warnings about values that break a rule of the standard: many archives hold some."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pydicom|PIL)\.")
        yield


@contextmanager
def reading(name: str, problem: str, remedy: str) -> Iterator[None]:
    """Turns whatever a damaged file makes pydicom raise into one BadInput."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with unwarned():
            yield
    except (BytesLengthException, InvalidDicomError, *DECODING_ERRORS) as broken:
        raise BadInput(name, problem, remedy) from broken


def read_header(path: Path, name: str) -> Dataset:
    """All elements before the pixels.

    Raises:
        BadInput: the file is not DICOM, cut off within its header, or damaged where the header is needed.
    """
    from pydicom import dcmread

    with reading(name, "is not a readable DICOM file", "export it again from the archive"):
        header = dcmread(path, stop_before_pixels=True)
        # Values are converted when they are first looked at: damage shows here or nowhere.
        header.file_meta.get("TransferSyntaxUID")
        for keyword in _USED:
            str(header.get(keyword))
    return header


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
