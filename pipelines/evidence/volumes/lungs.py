"""Where the lungs are in an axial CT volume: air within the body, roughly."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.evidence.depth import Values
from pipelines.evidence.volumes.volume import Volume

_LOOKED_AT: Final = 32
"""Slices, evenly spread."""
_SIDE: Final = 128
"""Pixels of the coarse picture that is looked at."""
_TISSUE: Final = -400
_AIRY: Final = (-980, -500)
"""Hounsfield units of lung; gas in the bowel and around the body is thinner."""
_LEAST_SHARE: Final = 0.05
"""Of a body's cross-section that is lung where there is any."""
_OF_MOST: Final = 0.12
"""Of the largest cross-section of the lungs, the least that counts."""


def lung_slices(volume: Volume) -> tuple[int, int] | None:
    """First and last slice, from 1, that show lung, within the distance of those looked at; None where none do.

    A few dozen slices are decoded for it.
    """
    count = volume.about.slices
    numbers = sorted({1 + round(place * (count - 1) / (_LOOKED_AT - 1)) for place in range(_LOOKED_AT)})
    looked_at, shares = [], []
    for number in numbers:
        try:
            share = _lung_share(volume.slice(number))
        except BadInput:
            continue
        looked_at.append(number)
        shares.append(share)
    if not shares or max(shares) < _LEAST_SHARE:
        return None
    least = max(_LEAST_SHARE / 2, _OF_MOST * max(shares))
    first = last = int(np.argmax(shares))
    while first > 0 and shares[first - 1] >= least:
        first -= 1
    while last < len(shares) - 1 and shares[last + 1] >= least:
        last += 1
    return looked_at[first], looked_at[last]


def _lung_share(values: Values) -> float:
    """Of the body's cross-section that is lung."""
    step = max(1, max(values.shape) // _SIDE)
    coarse = values[::step, ::step]
    tissue = coarse > _TISSUE
    within = _within(tissue)
    body = int(np.count_nonzero(within | tissue))
    if body < coarse.size // 50:
        return 0.0
    low, high = _AIRY
    lung = within & (coarse >= low) & (coarse <= high)
    return float(np.count_nonzero(lung)) / body


def _within(tissue: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that have tissue on all four sides."""
    before, after = np.maximum.accumulate(tissue, 1), np.maximum.accumulate(tissue[:, ::-1], 1)[:, ::-1]
    above, below = np.maximum.accumulate(tissue, 0), np.maximum.accumulate(tissue[::-1], 0)[::-1]
    found: NDArray[np.bool_] = before & after & above & below & ~tissue
    return found
