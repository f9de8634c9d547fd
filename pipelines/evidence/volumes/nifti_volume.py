"""The (first) volume of a NIfTI file, sliced as if it had been scanned that way, however its voxels are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.evidence.depth import Values
from pipelines.evidence.volumes.nifti_file import NiftiHeader, read_nifti
from pipelines.evidence.volumes.volume import NOTHING_HU, About, Plane
from pipelines.records import Attachment, Kind

_PLANES: Final[tuple[Plane, Plane, Plane]] = ("sagittal", "coronal", "axial")
_ROWS_AND_COLUMNS: Final = ((2, 1), (2, 0), (1, 0))
"""Of the axes right, front and head: along which rows and columns are counted in each plane. Both count down along
them; so do slices, but for axial ones."""
_THICK: Final = 1.5
"""So many times as far apart as pixels, slices were scanned one by one."""
_OBLIQUE: Final = 0.8
_LOOKED_AT: Final = 16
"""Slices of which values are looked at."""
_AIR: Final = -500
_DENSE: Final = 4000
_SCALED: Final = 0.05
"""Share of values that may be no whole numbers."""


@dataclass(frozen=True)
class NiftiVolume:
    """Implements `Volume`."""

    about: About
    name: str
    voxels: NDArray[Any] = field(repr=False)
    """Of the first volume, as they are stored."""
    scale: tuple[float, float]
    """Slope and intercept."""
    layout: _Layout

    def slice(self, number: int) -> Values:
        if not 1 <= number <= self.about.slices:
            problem = f"has no slice {number}, but {self.about.slices}"
            raise BadInput(self.name, problem, f"name slices from 1 to {self.about.slices}")
        values = self._values(number)
        if self.about.units != "HU":
            return values
        limits = np.iinfo(np.int32)
        # Doubles: single precision rounds the greatest number of 32 bits to one that has none.
        with np.errstate(invalid="ignore"):
            whole: Values = np.rint(np.nan_to_num(values.astype(np.float64), nan=NOTHING_HU))
        return whole.clip(limits.min, limits.max).astype(np.int32)

    def _values(self, number: int) -> Values:
        stored = self.layout.cut(self.voxels, number)
        if self.scale == (1, 0):
            return np.asarray(stored, stored.dtype.newbyteorder("="))
        with np.errstate(over="ignore", invalid="ignore"):
            scaled: Values = stored.astype(np.float64) * self.scale[0] + self.scale[1]
        return scaled


class _Layout(NamedTuple):
    """Which axis of the voxels is which."""

    slices: int
    rows: int
    columns: int
    slices_down: bool
    rows_down: bool
    columns_down: bool
    """Whether indices are counted from their end."""

    def cut(self, voxels: NDArray[Any], number: int) -> NDArray[Any]:
        """Slice ``number``, from 1, upright."""
        count = voxels.shape[self.slices]
        at = count - number if self.slices_down else number - 1
        cut = voxels[(*[slice(None)] * self.slices, at)]
        if self.rows > self.columns:
            cut = cut.T
        return cut[:: -1 if self.rows_down else 1, :: -1 if self.columns_down else 1]


def nifti_volume(path: Path, attachment: Attachment) -> NiftiVolume:
    """
    Raises:
        BadInput: as `read_nifti`.
    """
    name = attachment.name
    said, voxels = read_nifti(path, name)
    volume = said.shape[:3]
    layout, plane, distances, notes = _laid_out(said)
    if len(said.shape) > 3 and np.prod(said.shape[3:]) > 1:
        notes.append(f"the first of {np.prod(said.shape[3:])} volumes is used")
    modality: Literal["CT", "MR"] = "CT" if attachment.kind is Kind.CT_SERIES else "MR"
    hounsfield = modality == "CT" and _looks_like_hounsfield(voxels, said, layout)
    if modality == "CT" and not hounsfield:
        notes.append("its values are no Hounsfield units, and are not shown as such")
    about = About(
        series=1,
        modality=modality,
        units="HU" if hounsfield else "arbitrary",
        slices=volume[layout.slices],
        rows=volume[layout.rows],
        columns=volume[layout.columns],
        pixel_mm=(distances[1], distances[2]),
        slice_mm=distances[0],
        plane=plane,
        in_order=plane != "unknown",
        warnings=tuple(notes),
    )
    return NiftiVolume(about, name, voxels, said.scale, layout)


def _laid_out(said: NiftiHeader) -> tuple[_Layout, Plane, tuple[float, float, float], list[str]]:
    """Which axis is which, the plane, the distances of slices, rows and columns, and what to say of it."""
    shape = said.shape[:3]
    oriented = _oriented(said.affine)
    if said.affine is None or oriented is None:
        note = "the file does not say how its slices lie: left and right may be exchanged"
        zooms = said.zooms
        return _Layout(2, 1, 0, False, False, False), "unknown", (zooms[2], zooms[1], zooms[0]), [note]
    # For right, front and head the axis of the voxels that runs along it, and whether it does so downwards.
    stored = [int(np.flatnonzero(oriented[:, 0] == axis)[0]) for axis in range(3)]
    down = [bool(oriented[voxel, 1] < 0) for voxel in stored]
    distances = np.linalg.norm(said.affine[:3, :3], axis=0)
    across = _across([shape[voxel] for voxel in stored], [float(distances[voxel]) for voxel in stored])
    rows, columns = _ROWS_AND_COLUMNS[across]
    layout = _Layout(
        stored[across],
        stored[rows],
        stored[columns],
        # Along the axis the count goes down, but for axial slices.
        slices_down=down[across] if across == 2 else not down[across],
        rows_down=not down[rows],
        columns_down=not down[columns],
    )
    normal = np.cross(said.affine[:3, stored[rows]], said.affine[:3, stored[columns]])
    named = abs(normal[across]) >= _OBLIQUE * np.linalg.norm(normal)
    of_each = (float(distances[stored[across]]), float(distances[stored[rows]]), float(distances[stored[columns]]))
    return layout, _PLANES[across] if named else "oblique", of_each, []


def _oriented(affine: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """For each axis of the voxels the axis (right, front, head) that it runs along, and whether upwards (1) or
    downwards (-1); None where that cannot be said."""
    from nibabel.orientations import io_orientation

    if affine is None:
        return None
    found: NDArray[np.float64] = io_orientation(affine)  # type: ignore[no-untyped-call]
    return found if np.isfinite(found).all() else None


def _across(counts: list[int], distances: list[float]) -> int:
    """The axis along which slices follow each other: that of the only slice, else the one along which voxels lie
    clearly farther apart than along the others, else head to foot."""
    if 1 in counts:
        return max(axis for axis in range(3) if counts[axis] == 1)
    longest = int(np.argmax(distances))
    others = [distance for axis, distance in enumerate(distances) if axis != longest]
    return longest if distances[longest] >= _THICK * max(others) else 2


def _looks_like_hounsfield(voxels: NDArray[Any], said: NiftiHeader, layout: _Layout) -> bool:
    """Whether values reach from air to bone and no farther, and are whole numbers: the file itself cannot say."""
    count = voxels.shape[layout.slices]
    numbers = sorted({1 + round(place * (count - 1) / (_LOOKED_AT - 1)) for place in range(_LOOKED_AT)})
    step = max(1, int((voxels.shape[layout.rows] * voxels.shape[layout.columns] / 65536) ** 0.5))
    # Some of which may be no numbers.
    with np.errstate(over="ignore", invalid="ignore"):
        some = [layout.cut(voxels, number)[::step, ::step].astype(np.float64).ravel() for number in numbers]
        values = np.concatenate(some) * said.scale[0] + said.scale[1]
    values = values[np.isfinite(values)]
    if not len(values):
        return False
    fractions = float(np.mean(np.abs(values - np.rint(values)) > 1e-3))
    return bool(values.min() <= _AIR and np.percentile(values, 99.5) <= _DENSE and fractions <= _SCALED)
