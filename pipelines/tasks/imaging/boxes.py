"""Boxes in a model's answer -> regions of the attached picture.

The form is the one that MedGemma was trained on: a JSON list of objects with ``label`` and ``box_2d``, which is
[y0, x0, y1, x1] in thousandths of the padded square. Models wrap, cut and vary it. What is understood without guessing
is taken; what is not is left out, and said.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pipelines.evidence.frames import Frame

Edges = tuple[int, int, int, int]

_SCALE: Final = 1000
_BOX_KEYS: Final = ("box_2d", "bbox_2d", "box", "bbox", "bounding_box")
_LABEL_KEYS: Final = ("label", "name", "description")
_LONGEST_LABEL: Final = 80
_MOST_TRIES: Final = 1000
_STARTS: Final = re.compile(r"[\[{]")
_FLAT_OBJECT: Final = re.compile(r"\{[^{}]{0,600}\}")
_BETWEEN: Final = re.compile(r"[\s,\[\]]*")
_FINAL: Final = re.compile(r"(?:\*\*|__)?\bfinal answer\b(?:\*\*|__)?\s*:?\s*(?:\*\*|__)?", re.IGNORECASE)
_FENCE: Final = re.compile(r"(?:`{3,}|~{3,})[ \t]*\w*")
_EXPECTED: Final = re.compile(r"(?:\A|`{3,}\w*|final answer\W*)\s*\Z", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")
_REST_OF_A_LIST: Final = re.compile(r"\{[^{}\n]{0,200}\b(?:box|bbox)(?:_2d)?\b[^{}\n]*\}?")
_NO_WORD: Final = re.compile(r"^[^\w\n]+$", re.MULTILINE)


class Region(NamedTuple):
    """One box of the answer."""

    label: str
    """As generated; empty where there was none."""
    box: Edges
    """Left, upper, right and lower edge in pixels of the attached picture."""
    box_2d: tuple[float, float, float, float]
    """As generated."""


@dataclass(frozen=True)
class Marks:
    """What an answer marks on a picture."""

    regions: tuple[Region, ...]
    listed: bool
    """Whether there is a list at all, an empty one ("not visible") included."""
    problems: tuple[str, ...]
    """What was left out and why, each the rest of a sentence: ``lies in the black border``."""
    prose: str
    """What the answer says besides its list, word for word."""


class _Found(NamedTuple):
    start: int
    end: int
    boxes: tuple[dict[str, Any], ...]


def marks_in(answer: str, frame: Frame) -> Marks:
    """The boxes of an answer about ``frame``, in their order; the same box twice is one.

    Behind "Final Answer" alone, where boxes stand there; what was considered before it is prose.
    """
    found = list(_lists(answer))
    finals = [final.end() for final in _FINAL.finditer(answer)]
    decided = [one for one in found if finals and one.start >= finals[-1]] or found
    problems: list[str] = []
    regions: list[Region] = []
    for item in (item for one in decided for item in one.boxes):
        made = _region(item, frame)
        if isinstance(made, str):
            problems.append(made)
        elif made not in regions:
            regions.append(made)
    prose, broken = _prose(answer, found)
    problems += ["cannot be read"] * broken
    return Marks(tuple(regions), bool(found), tuple(problems), prose)


def _lists(answer: str) -> Iterator[_Found]:
    """JSON that holds boxes, or is an empty list, wherever it stands. Four numbers alone may be anything: they count
    only where an answer is expected."""
    at = 0
    for _ in range(_MOST_TRIES):
        opening = _STARTS.search(answer, at)
        if opening is None:
            return
        start, at = opening.start(), opening.end()
        value, end = _value(answer, start)
        boxes = tuple(_boxes(value)) if end > start else ()
        if any(box["bare"] for box in boxes) and not _EXPECTED.search(answer, 0, start):
            continue
        if boxes or (end > start and value == []):
            yield _Found(start, end, boxes)
            at = end


def _value(answer: str, start: int) -> tuple[Any, int]:
    """The JSON value at ``start`` and where it ends; of broken JSON single objects, with what is known to go wrong:
    commas too many, and quotes of Python's."""
    try:
        return json.JSONDecoder().raw_decode(answer, start)
    except (ValueError, RecursionError):
        pass
    flat = _FLAT_OBJECT.match(answer, start)
    if flat is None:
        return None, start
    for reader in (json.loads, ast.literal_eval):
        try:
            return reader(re.sub(r",(?=\s*[}\]])", "", flat.group())), flat.end()
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return None, start


def _boxes(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Objects with a box, and bare lists of four numbers as such, at most a few levels deep."""
    if depth > 4:
        return
    if isinstance(value, dict):
        key = next((key for key in _BOX_KEYS if key in value), None)
        if key is not None:
            label = next((value[name] for name in _LABEL_KEYS if isinstance(value.get(name), str)), "")
            yield {"box": value[key], "label": _one_line(label), "bare": False}
            return
        value = list(value.values())
    if isinstance(value, list):
        if len(value) == 4 and all(_number(one) is not None for one in value):
            yield {"box": value, "label": "", "bare": True}
            return
        for one in value:
            yield from _boxes(one, depth + 1)


def _one_line(label: str) -> str:
    """Without halves of characters, which JSON may hold and nothing else can."""
    return " ".join(label.encode("utf-8", "ignore").decode().split())[:_LONGEST_LABEL].strip()


def _region(item: dict[str, Any], frame: Frame) -> Region | str:
    """The region, or why it is none."""
    four = _four(item["box"])
    if four is None:
        return "has no four numbers"
    box = _edges(four, frame)
    return box if isinstance(box, str) else Region(item["label"], box, four)


def _four(value: Any) -> tuple[float, float, float, float] | None:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,;]+", value.strip(" \t[]()")) if part]
    if not isinstance(value, list | tuple) or len(value) != 4:
        return None
    one, two, three, four = map(_number, value)
    return None if one is None or two is None or three is None or four is None else (one, two, three, four)


def _number(value: Any) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _edges(four: tuple[float, float, float, float], frame: Frame) -> Edges | str:
    """In pixels of the attached picture. Corners may be swapped. What is beyond the lower end is cut off there; numbers
    beyond 1000 are of another scale, which is nobody's to guess."""
    if max(four) > _SCALE:
        return "has numbers beyond 1000"
    (y0, y1), (x0, x1) = sorted((four[0], four[2])), sorted((four[1], four[3]))
    if y1 - y0 < 1 or x1 - x0 < 1:
        return "has no extent"
    left, upper = frame.to_source(x0 / _SCALE * frame.width, y0 / _SCALE * frame.height)
    right, lower = frame.to_source(x1 / _SCALE * frame.width, y1 / _SCALE * frame.height)
    width, height = frame.source_width, frame.source_height
    if right <= 0 or lower <= 0 or left >= width or upper >= height:
        return "lies in the black border, outside the picture"
    box = (
        max(0, round(left)),
        max(0, round(upper)),
        min(width, round(right)),
        min(height, round(lower)),
    )
    return box if box[0] < box[2] and box[1] < box[3] else "has no extent within the picture"


def _prose(answer: str, found: Sequence[_Found]) -> tuple[str, int]:
    """The answer without its lists and what wraps them; a break stays where they stood, or two halves would make a
    sentence. Also how many objects of a list are left over that could not be read."""
    pieces, at = [], 0
    for one in found:
        start, end = max(one.start, at), max(one.end, at)
        pieces.append(answer[at:start].rstrip("[, \t\n"))
        between = _BETWEEN.match(answer, end)
        at = between.end() if between is not None else end
    text = "\n\n".join([*pieces, answer[at:]])
    text, broken = _REST_OF_A_LIST.subn("\n\n", text)
    for mark in (_FENCE, _FINAL):
        text = mark.sub("\n\n", text)
    return _NO_WORD.sub("", text).strip(), broken
