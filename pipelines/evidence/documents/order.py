"""Words into the order in which they are read: line by line from above, in a line from the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from pipelines.evidence.documents.page import Box

T = TypeVar("T")

_SAME_LINE: Final = 0.5
"""Of the lower of two heights: middles that lie no further apart are in one line."""


def in_reading_order(placed: Sequence[tuple[Box, T]]) -> list[T]:
    """What stands in the boxes, as read. Units do not matter, as long as boxes are level."""
    return [thing for line in lines_of(placed) for _, thing in line]


def lines_of(placed: Sequence[tuple[Box, T]]) -> list[list[tuple[Box, T]]]:
    """The same as lines, each from left to right. A box joins the line whose middle it lies level with."""
    lines: list[list[tuple[Box, T]]] = []
    middle = height = 0.0
    for box, thing in sorted(placed, key=lambda each: each[0][1] + each[0][3]):
        own = (box[1] + box[3]) / 2
        if lines and own - middle <= _SAME_LINE * min(height, box[3] - box[1]):
            line = lines[-1]
            line.append((box, thing))
            # The line's middle moves with it, so that a slight slope does not break it.
            middle += (own - middle) / len(line)
            height += (box[3] - box[1] - height) / len(line)
        else:
            lines.append([(box, thing)])
            middle, height = own, box[3] - box[1]
    for line in lines:
        line.sort(key=lambda each: (each[0][0], each[0][2]))
    return lines
