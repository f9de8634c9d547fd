"""Pictures of a recording for reports and for the page, as PNG: its waveform, and its mel spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Word
from pipelines.speech.outline import MelSpectrogram, Waveform, read_mel, read_waveform

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Spans = Sequence[tuple[float, float]]
"""Seconds [start, end), in order."""

#: Pixels around the picture itself, for the axes.
_LEFT: Final = 44
_RIGHT: Final = 12
_TOP: Final = 10
_BOTTOM: Final = 24
_WORDS: Final = 18
_FONT_SIZE: Final = 11
#: Between two labels of the time axis at least.
_TICK_PIXELS: Final = 80
_TICKS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
#: The picture of a quieter recording is magnified up to this.
_LEAST_SCALE: Final = 10 ** (-48 / 20)
#: The darkest shade of the spectrogram.
_DEPTH_DB: Final = 75.0


@dataclass(frozen=True)
class Theme:
    """Colours, on a light or a dark ground."""

    ground: Colour
    ink: Colour
    grid: Colour
    speech: Colour
    wave: Colour
    core: Colour
    clipped: Colour
    mel: tuple[tuple[float, float, float], ...]
    """From the quietest to the loudest: lightness, chroma and hue (degrees) in OKLCH. Lightness changes evenly."""


LIGHT: Final = Theme(
    ground=(255, 255, 255),
    ink=(84, 94, 108),
    grid=(228, 232, 238),
    speech=(232, 243, 250),
    wave=(126, 182, 214),
    core=(22, 104, 151),
    clipped=(208, 40, 48),
    mel=((1.0, 0.0, 240), (0.82, 0.075, 232), (0.64, 0.12, 246), (0.46, 0.15, 272), (0.28, 0.12, 295)),
)
DARK: Final = Theme(
    ground=(15, 19, 26),
    ink=(150, 162, 178),
    grid=(38, 46, 58),
    speech=(22, 36, 50),
    wave=(52, 110, 146),
    core=(128, 200, 236),
    clipped=(255, 92, 92),
    mel=((0.19, 0.015, 262), (0.38, 0.12, 300), (0.57, 0.19, 350), (0.76, 0.15, 405), (0.95, 0.09, 460)),
)


def sound_png(
    path: Path,
    name: str,
    *,
    mel: bool = False,
    speech: Spans = (),
    words: Sequence[Word] = (),
    width: int = 1200,
    height: int | None = None,
    theme: Theme = LIGHT,
) -> bytes:
    """The waveform, speech shaded, what was cut off at full scale in red; or the mel spectrogram up to 8 kHz, a bar
    above where somebody speaks.

    Args:
        path: where the recording lies.
        name: what to call it in errors.
        mel: whether it is to be the spectrogram.
        speech: where somebody speaks.
        words: written below where there is room.
        height: 200, or 240 of a spectrogram, unless given.

    Raises:
        BadInput: there is no such file, or it is not sound that can be read.
    """
    frame = _Frame(width, height or (240 if mel else 200), theme, bool(words))
    if mel:
        spectrogram = read_mel(path, name, frame.columns)
        seconds = spectrogram.seconds
        _draw_mel(frame, spectrogram)
        frame.draw_bar(speech, seconds)
    else:
        waveform = read_waveform(path, name, frame.columns)
        seconds = waveform.seconds
        frame.draw_speech(speech, seconds)
        _draw_waveform(frame, waveform)
    frame.draw_axis(seconds)
    frame.draw_words(words, seconds)
    return frame.png()


class _Frame:
    """A picture with a time axis below."""

    def __init__(self, width: int, height: int, theme: Theme, words: bool) -> None:
        from PIL import Image, ImageDraw, ImageFont

        self.theme = theme
        self.left, self.top = _LEFT, _TOP
        self.columns = max(16, width - _LEFT - _RIGHT)
        self.rows = max(16, height - _TOP - _BOTTOM - (_WORDS if words else 0))
        self.image: Image.Image = Image.new("RGB", (self.columns + _LEFT + _RIGHT, height), theme.ground)
        self.pen: ImageDraw.ImageDraw = ImageDraw.Draw(self.image)
        self.font: ImageFont.FreeTypeFont | ImageFont.ImageFont = ImageFont.load_default(_FONT_SIZE)

    @property
    def bottom(self) -> int:
        return self.top + self.rows

    def paint(self, canvas: NDArray[np.float64]) -> None:
        """Put pixels, [height, width, 3], in place of what is drawn so far."""
        from PIL import Image, ImageDraw

        self.image = Image.fromarray(np.round(canvas).astype(np.uint8))
        self.pen = ImageDraw.Draw(self.image)

    def x(self, moment: float, seconds: float) -> int:
        return self.left + round(self.columns * min(1.0, max(0.0, moment / seconds)))

    def label(self, at: tuple[float, float], text: str, anchor: str) -> None:
        self.pen.text(at, text, fill=self.theme.ink, font=self.font, anchor=anchor)

    def draw_speech(self, speech: Spans, seconds: float) -> None:
        for start, end in speech:
            box = (
                self.x(start, seconds),
                self.top,
                max(self.x(start, seconds), self.x(end, seconds) - 1),
                self.bottom - 1,
            )
            self.pen.rectangle(box, fill=self.theme.speech)

    def draw_bar(self, speech: Spans, seconds: float) -> None:
        for start, end in speech:
            first, last = self.x(start, seconds), self.x(end, seconds) - 1
            self.pen.rectangle((first, self.top - 5, max(first, last), self.top - 3), fill=self.theme.core)

    def draw_axis(self, seconds: float) -> None:
        """Ticks at round times, labelled."""
        step = next((it for it in _TICKS if it / seconds * self.columns >= _TICK_PIXELS), 4 * _TICKS[-1])
        for number in range(int(seconds / step) + 1):
            at = self.x(number * step, seconds)
            self.pen.line((at, self.bottom, at, self.bottom + 4), fill=self.theme.ink)
            text = _clock(number * step, step)
            ends = at + self.pen.textlength(text, font=self.font) / 2 > self.image.width
            self.label((at, self.bottom + 7), text, "rt" if ends else "mt" if number else "lt")
        self.pen.line((self.left, self.bottom, self.left + self.columns, self.bottom), fill=self.theme.grid)

    def draw_words(self, words: Sequence[Word], seconds: float) -> None:
        """Each where it is spoken, where the one before leaves room."""
        free = float(self.left)
        for word in words:
            middle = self.x((word.start + word.end) / 2, seconds)
            half = self.pen.textlength(word.text, font=self.font) / 2
            if middle - half >= free and middle + half <= self.image.width:
                self.label((middle, self.bottom + _BOTTOM + 1), word.text, "mt")
                free = middle + half + 4

    def png(self) -> bytes:
        buffer = BytesIO()
        self.image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def _draw_waveform(frame: _Frame, waveform: Waveform) -> None:
    theme, rows = frame.theme, frame.rows
    peak = max(float(np.abs(waveform.least).max()), float(waveform.greatest.max()))
    # Full height is full scale, or so many times 6 dB less.
    scale_db = 6 * round(np.ceil(20 * np.log10(max(peak, _LEAST_SCALE)) / 6 - 1e-6))
    scale = 10 ** (scale_db / 20)
    shown = _stretched(len(waveform.rms), frame.columns)
    canvas = np.asarray(frame.image).astype(np.float64)
    part = canvas[frame.top : frame.bottom, frame.left : frame.left + frame.columns]
    part[rows // 2] = theme.grid
    clipped = waveform.clipped[shown]
    clipped[1:] |= clipped[:-1].copy()
    for low, high, colour in (
        (waveform.least, waveform.greatest, theme.wave),
        (-waveform.rms, waveform.rms, theme.core),
    ):
        inked = np.where(clipped[:, None], theme.clipped, colour)
        share = _covered(low[shown] / scale, high[shown] / scale, rows)[..., None]
        part[:] = part * (1 - share) + inked * share
    frame.paint(canvas)
    frame.label((frame.left - 6, frame.top), f"{scale_db} dB", "rt")


def _draw_mel(frame: _Frame, mel: MelSpectrogram) -> None:
    depth = np.clip(1 + mel.db / _DEPTH_DB, 0, 1)
    shown = _stretched(depth.shape[1], frame.columns)
    heights = (np.arange(frame.rows)[::-1] + 0.5) / frame.rows * len(depth) - 0.5
    below = np.clip(np.floor(heights).astype(int), 0, len(depth) - 2)
    share = np.clip(heights - below, 0, 1)[:, None]
    smooth = depth[below] * (1 - share) + depth[below + 1] * share
    canvas = np.asarray(frame.image).astype(np.float64)
    table = _shades(frame.theme.mel)
    canvas[frame.top : frame.bottom, frame.left : frame.left + frame.columns] = table[
        np.round(smooth[:, shown] * (len(table) - 1)).astype(int)
    ]
    frame.paint(canvas)
    for hertz in (500, 1000, 2000, 4000, 8000):
        if hertz <= mel.top_hz:
            at = frame.bottom - frame.rows * _mel(hertz) / _mel(mel.top_hz)
            frame.pen.line((frame.left - 4, at, frame.left - 1, at), fill=frame.theme.ink)
            text = f"{hertz // 1000} kHz" if hertz >= 1000 else f"{hertz} Hz"
            frame.label((frame.left - 6, at), text, "rt" if at < frame.top + 6 else "rm")


def _covered(low: NDArray[np.floating], high: NDArray[np.floating], rows: int) -> NDArray[np.float64]:
    """How much of each pixel lies between two heights from -1 to 1, [rows, columns]; at least a hair line is drawn."""
    top, bottom = (1 - np.clip(high, -1, 1)) / 2 * rows, (1 - np.clip(low, -1, 1)) / 2 * rows
    middle, half = (top + bottom) / 2, np.maximum(bottom - top, 0.6) / 2
    row = np.arange(rows)[:, None]
    return np.asarray(np.clip(np.minimum(middle + half, row + 1) - np.maximum(middle - half, row), 0, 1))


def _stretched(count: int, columns: int) -> NDArray[np.intp]:
    """Which of ``count`` columns is shown in each column of the picture."""
    return np.arange(columns) * count // columns


def _shades(stops: Sequence[tuple[float, float, float]], count: int = 256) -> NDArray[np.float64]:
    """Colours through the stops, [count, 3] from 0 to 255, evenly spaced in OKLCH, so that equal steps look equal."""
    place = np.linspace(0, len(stops) - 1, count)
    light, chroma, hue = (np.interp(place, np.arange(len(stops)), np.array(stops)[:, i]) for i in range(3))
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    # From OKLab to the cones' responses, and from these to linear light of sRGB (B. Ottosson's matrices).
    cones = np.stack((light, a, b), axis=1) @ np.array(
        ((1, 1, 1), (0.3963377774, -0.1055613458, -0.0894841775), (0.2158037573, -0.0638541728, -1.2914855480))
    )
    linear = cones**3 @ np.array(
        (
            (4.0767416621, -1.2684380046, -0.0041960863),
            (-3.3077115913, 2.6097574011, -0.7034186147),
            (0.2309699292, -0.3413193965, 1.7076147010),
        )
    )
    linear = np.clip(linear, 0, 1)
    return np.asarray(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def _mel(hertz: float) -> float:
    """Slaney's scale, as librosa's filters use it: even below 1 kHz, logarithmic above."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _clock(moment: float, step: float) -> str:
    """``0:05``, ``1:00:00``; with tenths where the steps are shorter than a second."""
    minutes, seconds = divmod(round(moment, 3), 60)
    text = f"{seconds:04.1f}" if step < 1 else f"{int(seconds):02d}"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"
