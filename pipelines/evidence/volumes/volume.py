"""What every reader of CT and MR volumes provides: its geometry, and any one of its slices without the others."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from pipelines.evidence.depth import Values
from pipelines.records import Patient, Value

Plane = Literal["axial", "coronal", "sagittal", "oblique", "unknown"]
NOTHING_HU: Final = -1024
"""Hounsfield units where there is no value: black in every window."""


class About(Value):
    """A volume without its pixels: goes into the result, never to the model but for what a task's prompt says of it."""

    series: int
    """Its number among the volumes of the attachment, from 1: what a user names it by."""
    series_uid: str | None = None
    description: str | None = None
    """The header's own words, for the user alone: they may hold a diagnosis."""
    modality: Literal["CT", "MR", "unknown"]
    units: Literal["HU", "arbitrary"]
    """``HU`` only where the header gives the rescale of a CT image, or where a NIfTI file that the user calls CT holds
    whole numbers from air to bone."""
    slices: int
    rows: int
    columns: int
    """Of a slice as it is handed out, in pixels."""
    pixel_mm: tuple[float, float] | None = None
    """Distance of rows and of columns."""
    slice_mm: float | None = None
    """Median distance of neighbouring slices along their normal."""
    plane: Plane
    in_order: bool = True
    """Whether slices are known to follow each other as `Volume` numbers them; else their files' numbers count."""
    acquired: str | None = None
    """Date of the acquisition, else of the series or study (YYYY-MM-DD)."""
    patient: Patient | None = None
    warnings: tuple[str, ...] = ()
    """What a reader of the result must know: gaps, gantry tilt, files left out, slices turned, units unknown."""


class Volume(Protocol):
    """Slices are numbered from 1: axial ones from the feet to the head, coronal ones from front to back, sagittal ones
    from the patient's right to the left. Each is handed out as a reader expects it: the patient's right on the left of
    axial and coronal slices, front up in axial ones, head up in the others, front left in sagittal ones."""

    @property
    def about(self) -> About: ...

    @property
    def name(self) -> str:
        """Of what was attached, for errors."""
        ...

    def slice(self, number: int) -> Values:
        """Pixel values of one slice, [rows, columns]; Hounsfield units as int32, or what the file holds, rescaled.

        Raises:
            BadInput: it cannot be decoded.
        """
        ...
