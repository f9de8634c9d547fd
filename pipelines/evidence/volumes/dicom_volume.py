"""A stack of DICOM slices, of which only those asked for are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.depth import Values
from pipelines.evidence.quiet import QUIET
from pipelines.evidence.volumes.geometry import Turn, lie_of, spacing_notes, tilt
from pipelines.evidence.volumes.pixels import values_of
from pipelines.evidence.volumes.stacks import Stack
from pipelines.evidence.volumes.stored import Stored
from pipelines.evidence.volumes.volume import NOTHING_HU, About
from pipelines.records import Patient

_FAR: Final = 1 << 30
"""An intercept with which any 16 bits stay within 32."""


@dataclass(frozen=True)
class DicomVolume:
    """Implements `Volume`."""

    about: About
    name: str
    """Of the attachment, for errors."""
    stack: Stack = field(repr=False)
    turn: Turn

    def slice(self, number: int) -> Values:
        if not 1 <= number <= len(self.stack.slices):
            problem = f"has no slice {number}, but {len(self.stack.slices)}"
            raise BadInput(self.name, problem, f"name slices from 1 to {len(self.stack.slices)}")
        stored = self.stack.slices[number - 1]
        with QUIET:
            values, filling = values_of(stored.pixels)
        whole = self.about.units == "HU"
        rescaled = _rescaled(values, stored, whole=whole)
        if filling is not None:
            rescaled = np.where(filling, np.int32(NOTHING_HU) if whole else np.nan, rescaled)
        return self.turn.apply(rescaled)


def dicom_volume(
    stack: Stack, number: int, name: str, patient: Patient | None, warnings: tuple[str, ...]
) -> DicomVolume:
    """
    Args:
        number: of the volume among those of the attachment.
        warnings: about the attachment as a whole.
    """
    first = stack.slices[0]
    lie = lie_of([stored.orientation for stored in stack.slices]) if first.orientation else None
    turn = lie.turn if lie else Turn()
    notes = [*warnings, *stack.warnings]
    if stack.places is not None and lie is not None:
        notes += spacing_notes(stack.places)
        degrees = tilt(np.array([stored.position for stored in stack.slices]), lie.normal)
        if degrees is not None:
            notes.append(f"the slices are shifted against each other by {degrees:.0f} degrees, as a tilted gantry does")
    if lie is None:
        notes.append("the files do not say how their slices lie: left and right may be exchanged")
    elif turn != Turn():
        notes.append("the slices were turned to the usual view")
    if len({stored.spacing for stored in stack.slices}) > 1:
        notes.append("the distance of pixels differs from slice to slice")
    plane = lie.plane if lie else "unknown"
    units = _units(stack)
    if first.series.modality == "CT" and units != "HU":
        notes.append("the files do not say that their values are Hounsfield units, and they are not shown as such")
    if any(stored.pixels.inverted for stored in stack.slices):
        notes.append("inverted: the files have low values as white")
    rows, columns = turn.of_pair((first.rows, first.columns))
    about = About(
        series=number,
        series_uid=first.series.uid,
        description=", ".join(filter(None, (first.series.description, stack.told_apart))) or None,
        modality=first.series.modality,
        units=units,
        slices=len(stack.slices),
        rows=int(rows),
        columns=int(columns),
        pixel_mm=turn.of_pair((first.spacing[0], first.spacing[1])) if first.spacing else None,
        slice_mm=_slice_distance(stack),
        plane=plane,
        in_order=stack.places is not None,
        acquired=first.acquired,
        patient=patient,
        warnings=tuple(dict.fromkeys(notes)),
    )
    return DicomVolume(about, name, stack, turn)


def _units(stack: Stack) -> str:
    """``HU`` where every slice says how to get there, and none that it leads elsewhere."""
    first = stack.slices[0]
    told = all(one.rescale is not None and one.rescale_type in {"", "HU"} for one in stack.slices)
    return "HU" if first.series.modality == "CT" and told else "arbitrary"


def _slice_distance(stack: Stack) -> float | None:
    if stack.places is None or len(stack.places) < 2:
        return None
    return round(float(np.median(np.diff(stack.places))), 4)


def _rescaled(values: Values, stored: Stored, *, whole: bool) -> Values:
    """
    Args:
        whole: as whole numbers, which Hounsfield units are.
    """
    slope, intercept = stored.rescale or (1.0, 0.0)
    if not whole and (slope, intercept) == (1, 0):
        return values
    if whole and slope == 1 and intercept.is_integer() and abs(intercept) < _FAR and values.dtype.itemsize <= 2:
        return values.astype(np.int32) + np.int32(intercept)
    with np.errstate(over="ignore", invalid="ignore"):
        rescaled: Values = values * slope + intercept
    limits = np.iinfo(np.int32)
    return np.rint(rescaled).clip(limits.min, limits.max).astype(np.int32) if whole else rescaled
