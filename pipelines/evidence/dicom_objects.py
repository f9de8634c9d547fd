"""DICOM objects that are no images, named as a reader knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydicom import Dataset

#: By the beginning of the SOP class (PS3.4 B.5), the longer before the shorter.
_BY_CLASS: Final = (
    ("1.2.840.10008.1.3.10", "a directory of other files (DICOMDIR)"),
    ("1.2.840.10008.5.1.4.1.1.88.59", "a list of key images"),
    ("1.2.840.10008.5.1.4.1.1.88.", "a structured report"),
    ("1.2.840.10008.5.1.4.1.1.9.", "a waveform"),
    ("1.2.840.10008.5.1.4.1.1.11.", "a presentation state"),
    ("1.2.840.10008.5.1.4.1.1.104.", "a document in DICOM"),
    ("1.2.840.10008.5.1.4.1.1.66", "a segmentation, registration or raw data"),
    ("1.2.840.10008.5.1.4.1.1.481.", "a radiotherapy object"),
    ("1.2.840.10008.5.1.4.1.1.67", "a mapping of real-world values"),
    ("1.2.840.10008.5.1.4.1.1.4.2", "a spectroscopy"),
    ("1.2.840.10008.5.1.4.1.1.30", "a parametric map"),
)
#: Radiotherapy images are images.
_IMAGES: Final = frozenset({"1.2.840.10008.5.1.4.1.1.481.1"})
#: Modalities whose objects hold none, and what they are.
NO_IMAGES: Final = {
    "SR": "a structured report",
    "KO": "a list of key images",
    "PR": "a presentation state",
    "SEG": "a segmentation",
    "REG": "a registration",
    "RTSTRUCT": "a radiotherapy object",
    "RTPLAN": "a radiotherapy object",
    "RTDOSE": "a radiotherapy object",
    "RTRECORD": "a radiotherapy object",
    "ECG": "a waveform",
    "HD": "a waveform",
    "AU": "a waveform",
    "RESP": "a waveform",
    "DOC": "a document in DICOM",
}


def not_an_image(header: Dataset) -> str | None:
    """What it is instead; None for an image, and for what may be one."""
    kind = str(header.get("SOPClassUID") or "")
    if kind in _IMAGES:
        return None
    for beginning, what in _BY_CLASS:
        if kind == beginning or kind.startswith(beginning if beginning.endswith(".") else f"{beginning}."):
            return what
    return NO_IMAGES.get(str(header.get("Modality", "") or "").upper())
