"""Which level of a slide is read, and how far it is reduced, to be seen as under a 10x objective.

10x is one micrometre per pixel, as in Google's pathology notebooks (ez-wsi-dicomweb).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.slides.slide import Level
from pipelines.records import Value

_WANTED: Final = 1.0
"""Micrometres per pixel."""
_NEAR: Final = 1.25
"""So many times finer or coarser is still 10x: scanners call 0.23 to 0.27 µm 40x, and halve from there."""
_UM: Final = 10.0
"""Power times micrometres per pixel."""
_COARSEST: Final = 2.0
"""5x. Cells are not told apart below."""


class Power(Value):
    """What the patches are read from."""

    level: int
    """As OpenSlide numbers them, 0 being the greatest power."""
    level_mpp: float
    """Micrometres per pixel of the level."""
    times: float
    """Its pixels for one of a patch, along a side; a whole number but for slides between 12x and 16x."""
    mpp: float
    """Micrometres per pixel of a patch."""
    warning: str | None = None

    @property
    def name(self) -> str:
        """As an objective is named."""
        return "10x" if _is_near(self.mpp) else f"{_UM / self.mpp:.2g}x"

    @property
    def said(self) -> str:
        """How its patches come about, in plain words."""
        read = f"{self.name}: level {self.level} ({self.level_mpp:.3g} µm per pixel)"
        if self.times == 1:
            return read
        return f"{read}, {self.times:.4g} x {self.times:.4g} pixels averaged"


def power_near_10x(mpp: float, levels: Sequence[Level], name: str) -> Power:
    """The level nearest to 10x where one is near; else the next finer one, to be reduced.

    Args:
        mpp: micrometres per pixel of the greatest power.
        levels: of the slide.
        name: for the message.

    Raises:
        BadInput: the slide has no power as high as 5x.
    """
    spacings = [mpp * level.downsample for level in levels]
    nearest = min(range(len(spacings)), key=lambda at: abs(math.log(spacings[at] / _WANTED)))
    if _is_near(spacings[nearest]):
        return Power(level=nearest, level_mpp=spacings[nearest], times=1, mpp=spacings[nearest])
    finer = [at for at, spacing in enumerate(spacings) if spacing < _WANTED]
    if not finer:
        return _coarse(nearest, spacings[nearest], name)
    level = max(finer, key=lambda at: spacings[at])
    times: float = round(_WANTED / spacings[level])
    if not _is_near(times * spacings[level]):
        times = _WANTED / spacings[level]
    return Power(level=level, level_mpp=spacings[level], times=times, mpp=times * spacings[level])


def _is_near(spacing: float) -> bool:
    # A hair more, for spacings that are products of rounded numbers.
    return 1 / (_NEAR * 1.0001) <= spacing / _WANTED <= _NEAR * 1.0001


def _coarse(level: int, spacing: float, name: str) -> Power:
    power = f"{_UM / spacing:.2g}x"
    if spacing > _COARSEST * 1.0001:
        raise BadInput(
            name,
            f"has no power above {power} ({spacing:.3g} µm per pixel)",
            "attach it at 10x or more, as it was scanned",
        )
    warning = f"its greatest power is {power}, below the 10x that the model was trained on"
    return Power(level=level, level_mpp=spacing, times=1, mpp=spacing, warning=warning)
