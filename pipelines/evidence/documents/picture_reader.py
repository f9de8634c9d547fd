"""Reads the picture of a page: laid level, its lines found, each read, its numbers read twice.

Nothing here decides what a number is: where two readings differ, or a point may have been lost, the word's confidence
says so, and whoever makes something of the number has to heed it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.evidence.documents.level import Corners, Grey, View, corners_of, hull, moved, sheet_of, skew_of, view_of
from pipelines.evidence.documents.line_reader import LINE_HEIGHT, LineReader, LineReading
from pipelines.evidence.documents.line_words import ink_of_line, words_of_line
from pipelines.evidence.documents.ocr_weights import ocr_engine, weights_available
from pipelines.evidence.documents.order import in_reading_order
from pipelines.evidence.documents.page import Box, PlacedWord
from pipelines.records import Availability, Engine

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.evidence.documents.detector import Detector

#: A word that two readings do not agree on is as likely wrong as right.
DISPUTED: Final = 0.5
_SIDES: Final = (1600, 3000)
"""Pixels of the longest side between which a page is read: smaller ones are enlarged, at most twice."""
_LEAST_SKEW: Final = 0.1
_MOST_SLOPE: Final = 0.7
"""Degrees by which the found lines may still slope, after the page was laid level by its ink."""
_PLAIN: Final = 0.9
"""Mean confidence of lines that stand the right way up."""
_SAMPLE: Final = 8
_LEAST_SURE: Final = 0.6
"""What detection passed over counts only if it reads as something."""
_COARSE: Final = 22
"""Pixels of the picture as given, with the white above and below: in lower lines a lone digit is unsure."""
_STROKES: Final = frozenset("1lIi|!/\\-–—_.,:;'`~=\"· ")
_LEAST_WIDTH: Final = LINE_HEIGHT // 4
"""Pixels of a line's picture."""
_FOREIGN: Final = 0.15
"""Share of characters that look like others than Latin ones."""


@dataclass(frozen=True)
class PictureReading:
    """What was read off the picture of a page; see `Page` for the fields that bear its names."""

    words: tuple[PlacedWord, ...]
    turned: float = 0.0
    level_size: tuple[float, float] | None = None
    """In pixels of the picture as given."""
    warnings: tuple[str, ...] = ()
    """Each goes on after "page N"."""


@dataclass(frozen=True)
class _Line:
    """A stretch of writing: its corners in the view, its picture, and how it reads."""

    corners: Corners
    picture: Grey
    reading: LineReading


@dataclass(frozen=True)
class _Found:
    """A word in the view."""

    text: str
    box: Box
    confidence: float


class PictureReader:
    """Any number of pages may be read with one, also from several threads: one at a time. Loads at the first page.

    Args:
        threads: CPU threads.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._models: tuple[Detector, LineReader] | None = None

    @staticmethod
    def available() -> Availability:
        """Whether pictures can be read here, and how to get it if not."""
        return weights_available()

    def engine(self) -> Engine:
        """What reads them, for the log."""
        return ocr_engine()

    def read(self, picture: Image) -> PictureReading:
        """What stands in a picture of one page, upright or not.

        Raises:
            ModelNeeded: the models are missing or damaged.
        """
        given = np.asarray(picture.convert("L"), np.uint8)
        with self._lock:
            view, lines = self._lines(given)
            words = self._disputed(view, [word for line in lines for word in _words(line, view)])
        signs = sum(len(line.reading.signs) for line in lines)
        foreign = sum(line.reading.foreign for line in lines)
        warnings = []
        if foreign > _FOREIGN * max(signs, 1) and foreign >= _SAMPLE:
            warnings.append("seems to be written in other letters than Latin ones, which are not read here")
        return _reading(view, given, words, tuple(warnings))

    def _loaded(self) -> tuple[Detector, LineReader]:
        if self._models is None:
            from pipelines.evidence.documents.detector import Detector

            self._models = Detector(self._threads), LineReader(self._threads)
        return self._models

    def _lines(self, given: Grey) -> tuple[View, list[_Line]]:
        """The page as it lies level and the right way up, and its lines read."""
        from pipelines.evidence.documents.detector import passed_over, run_upwards, slope_of

        detector, _ = self._loaded()
        turn = partial(view_of, given, scale=_scale(given), sheet=sheet_of(given))
        view = _levelled(turn, 0)
        found = detector.lines(view.picture)
        if run_upwards(found):
            view = _levelled(turn, 90)
            found = detector.lines(view.picture)
        slope = slope_of(found)
        if abs(slope) > _MOST_SLOPE:
            view = turn(degrees=view.turned + slope)
            found = detector.lines(view.picture)
        lines = self._read(view.picture, found)
        if lines and self._upside_down(lines):
            view = turn(degrees=view.turned + 180)
            found = detector.lines(view.picture)
            lines = self._read(view.picture, found)
        extra = self._read(view.picture, passed_over(view.picture, found))
        return view, lines + [line for line in extra if _is_writing(line.reading)]

    def _read(self, picture: Grey, found: Sequence[Corners]) -> list[_Line]:
        _, reader = self._loaded()
        pictures = [_line_picture(picture, corners) for corners in found]
        readings = reader.read(pictures)
        return [_Line(corners, line, reading) for corners, line, reading in zip(found, pictures, readings, strict=True)]

    def _upside_down(self, lines: list[_Line]) -> bool:
        """Whether the longest lines read better the other way up. Asked only where they do not read well."""
        _, reader = self._loaded()
        longest = sorted(lines, key=lambda line: -line.picture.shape[1])[:_SAMPLE]
        upright = float(np.mean([line.reading.confidence for line in longest]))
        if upright >= _PLAIN:
            return False
        turned = reader.read([np.ascontiguousarray(line.picture[::-1, ::-1]) for line in longest])
        return float(np.mean([reading.confidence for reading in turned])) > upright

    def _disputed(self, view: View, words: list[_Found]) -> list[_Found]:
        """Each word with digits is read once more by itself; where that differs it is said, and nothing changed."""
        _, reader = self._loaded()
        numbers = [index for index, word in enumerate(words) if any(map(str.isdigit, word.text))]
        pictures = [_line_picture(view.picture, corners_of(_with_margin(words[index].box))) for index in numbers]
        checked = list(words)
        for index, again in zip(numbers, reader.read(pictures), strict=True):
            if _plain(again.text) != _plain(words[index].text):
                checked[index] = replace(words[index], confidence=min(words[index].confidence, DISPUTED))
        return checked


def _levelled(turn: Callable[..., View], degrees: float) -> View:
    """The page turned so far, and then by its skew."""
    view = turn(degrees=degrees)
    skew = skew_of(view.picture)
    return turn(degrees=degrees + skew) if abs(skew) >= _LEAST_SKEW else view


def _is_writing(reading: LineReading) -> bool:
    """Whether what detection passed over is writing: a single upright or level stroke may be the edge of anything."""
    text = reading.text.strip()
    return reading.confidence >= _LEAST_SURE and bool(set(text) - _STROKES)


def _scale(given: Grey) -> float:
    longest = max(given.shape)
    least, most = _SIDES
    return float(min(2.0, least / longest) if longest < least else min(1.0, most / longest))


def _line_picture(picture: Grey, corners: Corners) -> Grey:
    """A stretch of the picture, as high as lines are read."""
    import cv2

    wide = max(float(np.linalg.norm(corners[1] - corners[0])), float(np.linalg.norm(corners[2] - corners[3])))
    high = max(float(np.linalg.norm(corners[3] - corners[0])), float(np.linalg.norm(corners[2] - corners[1])), 1.0)
    width = max(_LEAST_WIDTH, round(wide * LINE_HEIGHT / high))
    matrix = cv2.getPerspectiveTransform(corners, corners_of((0, 0, width, LINE_HEIGHT)))
    line = cv2.warpPerspective(
        picture, matrix, (width, LINE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(line, np.uint8)


def _words(line: _Line, view: View) -> list[_Found]:
    """The line's words in the view."""
    import cv2

    ink = ink_of_line(line.picture)
    upper, lower = ink.rows
    whole = corners_of((0, 0, line.picture.shape[1], LINE_HEIGHT))
    back = np.asarray(cv2.getPerspectiveTransform(whole, line.corners), np.float64)
    found = words_of_line(line.reading, ink)
    given = view.points_given(line.corners)
    coarse = float(np.linalg.norm(given[3] - given[0])) < _COARSE
    # In small print a % by itself is an 8 to the recogniser, and a sure one.
    doubted = coarse and len(found) == 1 and len(found[0].text) == 1 and found[0].text.isdigit()
    return [
        _Found(
            word.text,
            hull(moved(corners_of((word.left, upper, word.right, lower)), back)),
            min(word.confidence, DISPUTED) if doubted or word.points_differ else word.confidence,
        )
        for word in found
    ]


def _with_margin(box: Box) -> Box:
    left, upper, right, lower = box
    margin = 0.25 * (lower - upper)
    return left - margin, upper - margin, right + margin, lower + margin


def _plain(text: str) -> str:
    """For comparing two readings: raised digits as such are told by their place, which one word alone has not."""
    import unicodedata

    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("μ", "u")


def _reading(view: View, given: Grey, words: list[_Found], warnings: tuple[str, ...]) -> PictureReading:
    height, width = given.shape
    view_height, view_width = view.picture.shape
    level = not np.allclose(view.to_given, np.diag(np.diag(view.to_given)), atol=1e-6)
    placed = []
    for word in words:
        box = hull(view.points_given(corners_of(word.box)))
        placed.append(
            (
                word.box,
                PlacedWord(
                    text=word.text,
                    box=_shares(box, width, height),
                    confidence=round(word.confidence, 4),
                    level=_shares(word.box, view_width, view_height) if level else None,
                ),
            )
        )
    # In pixels of the picture as given, so that a page keeps its scale.
    grown = max(view_width, view_height) / max(width, height)
    return PictureReading(
        words=tuple(in_reading_order(placed)),
        turned=view.turned,
        level_size=(view_width / grown, view_height / grown) if level else None,
        warnings=warnings,
    )


def _shares(box: Box, width: float, height: float) -> Box:
    left, upper, right, lower = box
    edges = left / width, upper / height, right / width, lower / height
    return tuple(min(1.0, max(0.0, edge)) for edge in edges)  # type: ignore[return-value]
