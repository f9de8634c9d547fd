"""From the values of a slice to the eight bits that a model is shown, as Google's CT notebook and serving code do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.depth import Bytes8, Values, extent, scaled
from pipelines.evidence.volumes.volume import Volume

CT_WINDOWS: Final = ((-1024, 1024), (-135, 215), (0, 80))
"""Of red, green and blue, in Hounsfield units. The serving code's green (135 to 215) is taken for a lost minus sign."""
_LEAST: Final = min(low for low, _ in CT_WINDOWS)
_GREATEST: Final = max(high for _, high in CT_WINDOWS)
_WORKERS: Final = 2


@dataclass(frozen=True)
class Shade:
    """How the slices of a volume are shown."""

    apply: Callable[[Values], Bytes8]
    """[rows, columns] -> [rows, columns] or [rows, columns, 3]."""
    scale: str
    """What is done, in plain words."""


def ct_shade() -> Shade:
    """Three windows as red, green and blue: wide, soft tissue, brain. Of whole Hounsfield units there are so few that
    all of them are worked out once, and looked up."""
    table = _table()

    def apply(values: Values) -> Bytes8:
        places = values.astype(np.intp)
        places -= _LEAST
        return table.take(places, axis=0, mode="clip")

    named = ", ".join(f"{name} {low} to {high}" for name, (low, high) in zip("RGB", CT_WINDOWS, strict=True))
    return Shade(apply, f"Hounsfield units as {named}")


def grey_shade(low: float, high: float) -> Shade:
    """One scale for all slices of a volume, as the serving code shows MRI."""

    def apply(values: Values) -> Bytes8:
        return scaled(values, low, high)

    return Shade(apply, f"grey from {low:.10g} to {high:.10g}, the least and the greatest value of the volume")


def volume_range(volume: Volume) -> tuple[float, float]:
    """Least and greatest finite value of all slices; what headers say of it is not trusted.

    Every slice is decoded for it, once and one after another: of a compressed series this takes about as long as the
    notebook's way takes to read it. Slices that cannot be decoded are left out.

    Raises:
        BadInput: no slice can be decoded, or no value differs from another: then there is nothing to be seen.
    """

    def of(number: int) -> tuple[float, float] | BadInput:
        try:
            return extent(volume.slice(number), volume.name)
        except BadInput as problem:
            return problem

    with ThreadPoolExecutor(_WORKERS) as pool:
        found = list(pool.map(of, range(1, volume.about.slices + 1)))
    ranges = [each for each in found if isinstance(each, tuple)]
    if not ranges:
        raise next(each for each in found if isinstance(each, BadInput))
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low == high:
        raise BadInput(volume.name, f"has the value {low:.10g} everywhere", "attach a volume that shows something")
    return low, high


def _table() -> Bytes8:
    """[Hounsfield units from the least that is told apart, 3], in the notebook's single precision and its order of
    operations."""
    units = np.arange(_LEAST, _GREATEST + 1)
    columns = []
    for low, high in CT_WINDOWS:
        shade = np.clip(units, low, high).astype(np.float32)
        shade -= low
        shade /= high - low
        shade *= 255
        columns.append(np.round(shade).astype(np.uint8))
    return np.stack(columns, axis=-1)
