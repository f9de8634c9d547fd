"""Small plots of trends: a line with its first and last day, its least and greatest value, and the reference range."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.tasks.record.measurements import Measurement
from pipelines.tasks.record.period import span_of
from pipelines.tasks.record.sentences import number, readable

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

_LEAST: Final = 3
"""Values that make a trend; two are said in a sentence."""
_WIDTH, _HEIGHT = 480, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 30, 26
_TWICE: Final = 2
"""Drawn so many times as large, for printing and for fine screens."""
_INK, _FAINT, _BAND, _PAPER = (38, 70, 110), (120, 120, 120), (226, 236, 226), (255, 255, 255)


class _Point(NamedTuple):
    when: date
    value: float
    shown: str


@dataclass(frozen=True)
class Plot:
    """A picture of one trend."""

    name: str
    unit: str | None
    values: int
    png: bytes


def plot_of(series: Sequence[Measurement]) -> Plot | None:
    """A plot of measurements of one name and unit; None where they are too few, or are no numbers of known days.

    A pair of pressures is drawn as two lines.
    """
    upper = _points(series, lambda each: each.value.value)
    lower = _points(
        [each for each in series if each.is_pressure], lambda each: each.second.value if each.second else ""
    )
    # What never changes, as a height, is said in its sentence.
    if (
        len({point.when for point in upper}) < _LEAST
        or len({point.value for point in upper}) == 1
        or (lower and len(lower) != len(upper))
    ):
        return None
    last = series[-1]
    limits = [number(limit.value) if limit else None for limit in (last.low, last.high)]
    band = (float(limits[0]), float(limits[1])) if limits[0] is not None and limits[1] is not None else None
    unit = str(last.unit) if last.unit else None
    png = _drawn(last.name.value, unit, [upper, lower] if lower else [upper], None if lower else band)
    return Plot(last.name.value, unit, len(upper), png)


def _points(series: Sequence[Measurement], value_of: Callable[[Measurement], str]) -> list[_Point]:
    """Those with a number and a day; a value that is only known to be above or below one is no point."""
    found = []
    for each in series:
        value, span = number(value_of(each)), span_of(each.date.value) if each.date else None
        if value is not None and span is not None and span[0] == span[1] and each.comparator is None:
            found.append(_Point(span[0], float(value), readable(value_of(each))))
    return sorted(found, key=lambda point: point.when)


def _drawn(name: str, unit: str | None, lines: Sequence[Sequence[_Point]], band: tuple[float, float] | None) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (_WIDTH * _TWICE, _HEIGHT * _TWICE), _PAPER)
    draw = ImageDraw.Draw(image)
    points = [point for line in lines for point in line]
    values = [point.value for point in points] + list(band or ())
    low, high = min(values), max(values)
    margin = (high - low or abs(high) or 1.0) * 0.08
    first, last = min(point.when for point in points), max(point.when for point in points)
    place = _Frame(first, max((last - first).days, 1), low - margin, high + margin)
    if band is not None:
        upper, lower = place.y(band[1]), place.y(band[0])
        draw.rectangle((_LEFT * _TWICE, upper, (_WIDTH - _RIGHT) * _TWICE, lower), fill=_BAND)
    for line in lines:
        track = [(place.x(point.when), place.y(point.value)) for point in line]
        draw.line(track, fill=_INK, width=2 * _TWICE, joint="curve")
        for x, y in track:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=_INK)
    _labels(draw, name, unit, points, place)
    out = io.BytesIO()
    image.quantize(16).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class _Frame:
    """Where a day and a value lie in the picture."""

    first: date
    days: int
    low: float
    high: float

    def x(self, when: date) -> float:
        width = _WIDTH - _LEFT - _RIGHT
        return (_LEFT + width * (when - self.first).days / self.days) * _TWICE

    def y(self, value: float) -> float:
        height = _HEIGHT - _TOP - _BOTTOM
        return (_TOP + height * (self.high - value) / (self.high - self.low)) * _TWICE


def _labels(draw: ImageDraw, name: str, unit: str | None, points: Sequence[_Point], place: _Frame) -> None:
    """The name above, the least and the greatest value at the side, the first and the last day below."""
    from PIL import ImageFont

    font, title = ImageFont.load_default(11 * _TWICE), ImageFont.load_default(12 * _TWICE)
    draw.text((8 * _TWICE, 6 * _TWICE), _fitting(draw, f"{name}{f' ({unit})' if unit else ''}", title), _INK, title)
    least, most = (choose(points, key=lambda point: point.value) for choose in (min, max))
    for point in {least.value: least, most.value: most}.values():
        y = place.y(point.value)
        draw.text(((_LEFT - 8) * _TWICE, y), point.shown, _FAINT, font, anchor="rm")
    bottom = (_HEIGHT - 8) * _TWICE
    days = sorted({point.when for point in points})
    draw.text((_LEFT * _TWICE, bottom), days[0].isoformat(), _FAINT, font, anchor="ls")
    draw.text(((_WIDTH - _RIGHT) * _TWICE, bottom), days[-1].isoformat(), _FAINT, font, anchor="rs")


def _fitting(draw: ImageDraw, text: str, font: FreeTypeFont | ImageFont) -> str:
    """As much of a name as there is room for."""
    room = (_WIDTH - 16) * _TWICE
    while draw.textlength(text, font) > room:
        text = f"{text.rstrip('…')[:-2]}…"
    return text
