"""Finds where lines of writing stand in a picture: RapidOCR's detection, and what it passes over."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.errors import ModelNeeded
from pipelines.evidence.documents.level import Corners, Grey, corners_of, hull, ink_of, small_copy
from pipelines.evidence.documents.ocr_weights import DETECTION, REPAIR, weights
from pipelines.quiet import silence_telemetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pixels of the longest side at which lines are looked for; they are read at full size.
FINDING_SIDE: Final = 1280
_ANY_SIDE: Final = 100_000
_UPRIGHT: Final = 1.5
"""Times as high as wide: a line that runs upwards, or a single letter."""
_LONG: Final = 4
"""Times as wide as high: a line long enough to tell an angle, and how many tell it together."""
_ENOUGH: Final = 3
_MOST_PASSED_OVER: Final = 80


class Detector:
    """Loads on construction. Not for several threads at once.

    Args:
        threads: CPU threads.
    """

    def __init__(self, threads: int) -> None:
        path = weights(DETECTION)
        silence_telemetry()
        try:
            from rapidocr import RapidOCR

            # With paths given it looks for no model of its own, and so downloads none.
            self._engine: Any = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.use_cls": False,
                    "Global.max_side_len": _ANY_SIDE,
                    "Det.model_path": str(path),
                    "Det.limit_type": "max",
                    "Det.limit_side_len": _ANY_SIDE,
                    "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
        except ImportError as problem:
            raise ModelNeeded(DETECTION, "the library that runs it cannot be loaded", REPAIR) from problem

    def lines(self, picture: Grey) -> list[Corners]:
        """The corners of each stretch of writing, in pixels, some white around it included."""
        copy = small_copy(picture, FINDING_SIDE)
        found = self._engine(np.repeat(copy[..., None], 3, axis=2), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        scale = np.array([picture.shape[1] / copy.shape[1], picture.shape[0] / copy.shape[0]], np.float32)
        return [np.asarray(box, np.float32) * scale for box in found.boxes]


def run_upwards(lines: list[Corners]) -> bool:
    """Whether most of the writing runs upwards or downwards: the page lies on its side."""
    upright = level = 0.0
    for line in lines:
        wide, high = _sides(line)
        if high > _UPRIGHT * wide:
            upright += high
        elif wide > _UPRIGHT * high:
            level += wide
    return upright > level


def slope_of(lines: list[Corners]) -> float:
    """Degrees by which long lines still run downwards to the right: the middle one of all."""
    angles = [
        math.degrees(math.atan2(float(line[1][1] - line[0][1]), float(line[1][0] - line[0][0])))
        for line in lines
        if _sides(line)[0] > _LONG * _sides(line)[1]
    ]
    return statistics.median(angles) if len(angles) >= _ENOUGH else 0.0


def passed_over(picture: Grey, lines: list[Corners]) -> list[Corners]:
    """Single characters level with found lines that detection passed over, as it does with a flag or a lone digit."""
    import cv2

    if not lines:
        return []
    boxes = np.array([hull(line) for line in lines])
    # Around writing the found boxes have about as much white as makes this its height.
    high = 0.6 * float(np.median(boxes[:, 3] - boxes[:, 1]))
    ink = ink_of(picture, _odd(2 * high)).astype(np.uint8)
    for left, upper, right, lower in boxes.round().astype(int):
        ink[max(0, upper) : lower, max(0, left) : right] = 0
    count, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pieces = [
        (x, y, x + width, y + height)
        for x, y, width, height, _ in found[1:count].tolist()
        if 0.4 * high <= height <= 1.6 * high and 0.08 * high <= width <= 2 * high
    ]
    level = [piece for piece in pieces if _level_with(piece, boxes, high)]
    joined = _joined(sorted(level), high)
    if len(joined) > _MOST_PASSED_OVER:
        # A pattern or noise, no forgotten characters.
        return []
    margin = 0.35 * high
    return [corners_of((x0 - margin, y0 - margin, x1 + margin, y1 + margin)) for x0, y0, x1, y1 in joined]


def _level_with(piece: tuple[int, int, int, int], boxes: NDArray[Any], high: float) -> bool:
    middle = (piece[1] + piece[3]) / 2
    return bool((np.abs((boxes[:, 1] + boxes[:, 3]) / 2 - middle) < 0.5 * high).any())


def _joined(pieces: list[tuple[int, int, int, int]], high: float) -> list[tuple[int, int, int, int]]:
    """Neighbours on one level as one."""
    joined: list[tuple[int, int, int, int]] = []
    for piece in pieces:
        for index, other in enumerate(joined):
            near = piece[0] - other[2] < 0.6 * high and piece[2] > other[0] - 0.6 * high
            if near and abs(piece[1] + piece[3] - other[1] - other[3]) < high:
                joined[index] = (
                    min(piece[0], other[0]),
                    min(piece[1], other[1]),
                    max(piece[2], other[2]),
                    max(piece[3], other[3]),
                )
                break
        else:
            joined.append(piece)
    return joined


def _sides(line: Corners) -> tuple[float, float]:
    return float(np.linalg.norm(line[1] - line[0])), float(np.linalg.norm(line[3] - line[0]))


def _odd(size: float) -> int:
    return max(3, int(size) // 2 * 2 + 1)
