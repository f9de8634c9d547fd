"""How the slices of a stack lie in the patient, and which way up a reader expects them.

Coordinates are DICOM's, in mm: they count up towards the patient's left, back and head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.depth import Values
from pipelines.evidence.volumes.stored import Vector
from pipelines.evidence.volumes.volume import Plane

Vectors = NDArray[np.float64]

_PLANES: Final[tuple[Plane, Plane, Plane]] = ("sagittal", "coronal", "axial")
"""By the axis along which slices follow each other."""
_SHOWN: Final = (
    (np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])),
    (np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0])),
    (np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])),
)
"""Where columns and rows count up to on the page, by the same axis."""
_NAMED_WITHIN: Final = math.cos(math.radians(37))
"""Of the plane whose name slices bear: heads are scanned at up to 30 degrees."""
_GAP: Final = 1.5
_UNEVEN: Final = 0.1
_TILT: Final = 0.5
"""Degrees."""
_MIXED: Final = 0.25
"""Where more of the distances than this are gaps, they are none."""


class Turn(NamedTuple):
    """What brings a stored slice upright: first the exchange of rows and columns, then the reversals."""

    exchange: bool = False
    rows: bool = False
    columns: bool = False

    def apply(self, values: Values) -> Values:
        if self.exchange:
            values = values.T
        return values[:: -1 if self.rows else 1, :: -1 if self.columns else 1]

    def of_pair(self, pair: tuple[float, float]) -> tuple[float, float]:
        """Distances of rows and columns, or their counts, of the slice when it is upright."""
        return (pair[1], pair[0]) if self.exchange else pair


class Lie(NamedTuple):
    """Which way the slices of a stack lie."""

    normal: Vectors
    """Of length 1; slices are numbered along it."""
    plane: Plane
    turn: Turn


def lie_of(orientations: Sequence[Vector]) -> Lie:
    """Of slices that are parallel but for what scanners round."""
    cosines = np.median(np.array(orientations), axis=0)
    along, down = cosines[:3], cosines[3:]
    normal = np.cross(along, down)
    normal /= np.linalg.norm(normal)
    axis = int(np.argmax(np.abs(normal)))
    if normal[axis] < 0:
        normal = -normal
    plane = _PLANES[axis] if normal[axis] >= _NAMED_WITHIN else "oblique"
    return Lie(normal, plane, turn_of(along, down, axis))


def turn_of(along: Vectors, down: Vectors, axis: int) -> Turn:
    """What brings slices upright that follow each other along an axis (0 left, 1 back, 2 head).

    Args:
        along: where columns count up to.
        down: where rows count up to.
    """
    right, below = _SHOWN[axis]
    exchange = bool(abs(along @ right) < abs(down @ right))
    if exchange:
        along, down = down, along
    return Turn(exchange, rows=bool(down @ below < 0), columns=bool(along @ right < 0))


def spacing_notes(places: Vectors) -> tuple[str, ...]:
    """What is wrong with the distances of slices.

    Args:
        places: along the normal in mm, counting up, none twice.
    """
    if len(places) < 3:
        return ()
    steps = np.diff(places)
    usual = float(np.median(steps))
    gaps = np.flatnonzero(steps > _GAP * usual)
    if len(gaps) > _MIXED * len(steps):
        return (_uneven(steps),)
    notes = []
    if len(gaps):
        missing = int(sum(max(1, round(steps[gap] / usual) - 1) for gap in gaps))
        where = f"after slice {gaps[0] + 1}" if len(gaps) == 1 else f"the first after slice {gaps[0] + 1}"
        what = "a slice is missing" if missing == 1 else f"{missing} slices are missing"
        notes.append(f"{what}, {where}" if len(gaps) == 1 else f"{what} in {len(gaps)} gaps, {where}")
    others = np.delete(steps, gaps)
    if np.ptp(others) > 2 * _UNEVEN * usual:
        notes.append(_uneven(others))
    return tuple(notes)


def tilt(positions: Vectors, normal: Vectors) -> float | None:
    """Degrees by which slices are shifted against each other, as those of a tilted gantry are; None where they are
    not."""
    if len(positions) < 2:
        return None
    way = positions[-1] - positions[0]
    length = float(np.linalg.norm(way))
    if length == 0:
        return None
    degrees = math.degrees(math.acos(min(1.0, abs(float(way @ normal)) / length)))
    return degrees if degrees > _TILT else None


def _uneven(steps: Vectors) -> str:
    return f"the slices are {steps.min():.3g} to {steps.max():.3g} mm apart"
