"""Which slices of a volume a model is shown where they are more than it was trained on."""

from __future__ import annotations

from typing import Final

MOST: Final = 85
"""Slices of one volume in Google's CT notebook. Its serving container has no limit of its own."""


def published(count: int) -> tuple[int, ...]:
    """Numbers, from 1, of the slices that the notebook shows of ``count``.

    At most 85: all. Of more, those at the zero-based places round(i / 85 * (count - 1)) for i from 1 to 85: never the
    first, always the last.
    """
    if count <= MOST:
        return tuple(range(1, count + 1))
    return tuple(round(step / MOST * (count - 1)) + 1 for step in range(1, MOST + 1))
