"""A picture of a page laid level: its skew measured, a photographed sheet cut out, the map back to the picture kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.documents.page import Box

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]
"""3 x 3, of points (x, y, 1) in pixels, y downwards."""
Corners = NDArray[np.float32]
"""Four points: upper left, upper right, lower right, lower left."""

_COPY_SIDE: Final = 1200
_MOST_SKEW: Final = 20.0
_POINTS: Final = 60_000
_LEAST_POINTS: Final = 200
_STEPS: Final = ((0.25, _MOST_SKEW, 6.0), (0.05, 0.25, 2.0), (0.02, 0.05, 1.0))
"""Degrees between the angles that are tried, how far on either side of the best before, and the pixels in a row: rows
as wide as letters are high still tell lines from gaps at an angle between two steps, finer ones only near the best."""
_PEAKS: Final = 4
"""Angles that are looked at closer: in wide rows a table's own pitch may look level as well."""
_SHEET: Final = (0.3, 0.97)
"""Share of the picture that a photographed sheet covers; one that fills it is no matter."""
_AT_CORNER: Final = 0.004
"""Of the picture's longer side."""
_AVERAGED: Final = 0.75
_BENT: Final = 0.04
"""Of its longer side: a sheet whose edges differ less from a rectangle's needs no flattening."""


@dataclass(frozen=True)
class View:
    """A picture of a page as it is read, and where its points lie in the picture as given."""

    picture: Grey
    to_given: Matrix
    turned: float = 0.0
    """Degrees counter-clockwise."""

    def points_given(self, points: Corners) -> Corners:
        """Points of the view as points of the picture as given."""
        return moved(points, self.to_given)


def moved(points: NDArray[Any], matrix: Matrix) -> Corners:
    """Points under a matrix."""
    spread = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return (spread[:, :2] / spread[:, 2:]).astype(np.float32)


def corners_of(box: Box) -> Corners:
    left, upper, right, lower = box
    return np.array([[left, upper], [right, upper], [right, lower], [left, lower]], np.float32)


def hull(points: Corners) -> Box:
    (left, upper), (right, lower) = points.min(axis=0), points.max(axis=0)
    return float(left), float(upper), float(right), float(lower)


def small_copy(picture: Grey, side: int = _COPY_SIDE) -> Grey:
    """No longer than ``side``, by averaging areas."""
    import cv2

    longest = max(picture.shape)
    if longest <= side:
        return picture
    height, width = (max(1, round(each * side / longest)) for each in picture.shape)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def skew_of(picture: Grey) -> float:
    """Degrees counter-clockwise by which to turn it so that its lines lie level, at most 20 either way.

    Lines of writing and rules fall together in few rows when a page is level: the angle is taken at which the rows'
    ink differs most.
    """
    points = _ink_points(small_copy(picture))
    return _best_angle(points[:, 0], points[:, 1]) if len(points) >= _LEAST_POINTS else 0.0


def _ink_points(copy: Grey) -> NDArray[np.float64]:
    """(x, y) of dark pixels, those of large dark areas left out."""
    rows, columns = np.nonzero(ink_of(copy, 31))
    step = max(1, len(rows) // _POINTS)
    return np.stack([columns[::step], rows[::step]], axis=1).astype(np.float64)


def ink_of(picture: Grey, window: int) -> NDArray[np.bool_]:
    """Where it is darker than its surroundings, which have ``window`` (odd) pixels a side."""
    import cv2

    smooth = cv2.GaussianBlur(picture, (3, 3), 0)
    return np.asarray(
        cv2.adaptiveThreshold(smooth, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, 15), np.bool_
    )


def _best_angle(along: NDArray[np.float64], down: NDArray[np.float64]) -> float:
    centres = [0.0]
    for step, reach, pixels in _STEPS:
        # From the middle outwards: at equal heights the page is turned less.
        angles = sorted({c + float(o) for c in centres for o in np.arange(-reach, reach + step / 2, step)}, key=abs)
        heights = [_contrast(along, down, math.radians(angle), pixels) for angle in angles]
        best = sorted(zip(heights, angles, strict=True), key=lambda tried: -tried[0])
        centres = _apart([angle for _, angle in best], step)[:_PEAKS]
    return centres[0]


def _apart(angles: Sequence[float], step: float) -> list[float]:
    """The angles, best first, without those next to a better one."""
    kept: list[float] = []
    for angle in angles:
        if all(abs(angle - other) > 1.5 * step for other in kept):
            kept.append(angle)
    return kept


def _contrast(along: NDArray[np.float64], down: NDArray[np.float64], angle: float, pixels: float) -> float:
    rows = (down * math.cos(angle) - along * math.sin(angle)) / pixels
    counts = np.bincount((rows - rows.min()).astype(np.intp)).astype(np.float64)
    return float(np.square(np.diff(counts)).sum())


def sheet_of(picture: Grey) -> Corners | None:
    """The corners of a sheet of paper that was photographed from aside, if there is one that needs flattening."""
    import cv2

    copy = small_copy(picture, 600)
    scale = max(picture.shape) / max(copy.shape)
    smooth = cv2.GaussianBlur(copy, (7, 7), 0)
    _, bright = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Writing and rules must not cut the sheet to pieces.
    closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    outline = cv2.convexHull(max(outlines, key=cv2.contourArea))
    share = cv2.contourArea(outline) / copy.size
    corners = cv2.approxPolyDP(outline, 0.02 * cv2.arcLength(outline, closed=True), closed=True)
    if not _SHEET[0] < share < _SHEET[1] or len(corners) != 4:
        return None
    ordered = _in_order(corners.reshape(4, 2).astype(np.float32))
    height, width = copy.shape
    at_corners = np.abs(ordered - corners_of((0, 0, width - 1, height - 1))).max(axis=1) < _AT_CORNER * max(copy.shape)
    # A dark band across a scanned page may cut it aslant; a table that a sheet lies on shows at more than two corners.
    if at_corners.sum() >= 2 or not _is_bent(ordered):
        return None
    return ordered * np.float32(scale)


def _in_order(corners: Corners) -> Corners:
    total, difference = corners.sum(axis=1), np.diff(corners, axis=1)[:, 0]
    return corners[[total.argmin(), difference.argmin(), total.argmax(), difference.argmax()]]


def _is_bent(corners: Corners) -> bool:
    """Whether opposite edges differ in length or direction: a sheet that is merely turned is left to `skew_of`."""
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    left, right = corners[3] - corners[0], corners[2] - corners[1]
    longest = max(float(np.linalg.norm(edge)) for edge in (upper, lower, left, right))
    off = max(float(np.linalg.norm(upper - lower)), float(np.linalg.norm(left - right)))
    return off > _BENT * longest


def view_of(given: Grey, *, degrees: float, scale: float = 1.0, sheet: Corners | None = None) -> View:
    """The picture flattened, turned counter-clockwise and scaled, all in one step."""
    import cv2

    height, width = given.shape
    if sheet is None and degrees == 0 and scale == 1:
        return View(given, np.eye(3))
    matrix = np.eye(3)
    if scale < _AVERAGED:
        # The warp looks at single pixels; where it shrinks, areas are averaged first.
        given = small_copy(given, round(max(given.shape) * scale))
        matrix = np.diag([given.shape[1] / width, given.shape[0] / height, 1.0])
        sheet = None if sheet is None else moved(sheet, matrix)
        (height, width), scale = given.shape, 1.0
    outline, flatten = corners_of((0, 0, width, height)), np.eye(3)
    if sheet is not None:
        wide = max(float(np.linalg.norm(sheet[1] - sheet[0])), float(np.linalg.norm(sheet[2] - sheet[3])))
        high = max(float(np.linalg.norm(sheet[3] - sheet[0])), float(np.linalg.norm(sheet[2] - sheet[1])))
        outline = corners_of((0, 0, wide, high))
        flatten = np.asarray(cv2.getPerspectiveTransform(sheet, outline), np.float64)
    cosine, sine = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    left, upper, right, lower = hull(moved(outline, turn))
    warp = _moved_by(-left, -upper) @ turn @ flatten
    size = (max(1, round(right - left)), max(1, round(lower - upper)))
    picture = cv2.warpPerspective(
        given,
        # OpenCV counts from the middle of the first pixel, all else here from its edge.
        _moved_by(-0.5) @ warp @ _moved_by(0.5),
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(np.median(given)),
    )
    return View(np.asarray(picture, np.uint8), np.linalg.inv(warp @ matrix), degrees % 360)


def _moved_by(across: float, down: float | None = None) -> Matrix:
    return np.array([[1, 0, across], [0, 1, across if down is None else down], [0, 0, 1]], np.float64)
