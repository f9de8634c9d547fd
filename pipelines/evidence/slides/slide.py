"""One whole slide, opened by OpenSlide: what it says of itself, and any part of it as a picture.

Only the slide's own levels are read. Pictures of its label and of the glass show names, and are never opened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.records import Patient, Value

if TYPE_CHECKING:
    from openslide import OpenSlide
    from PIL.Image import Image

_AGAIN: Final = "export it again from the scanner or archive"
_BLOCK: Final = 2048
"""Pixels on a side that are read at once: 16 MB as OpenSlide hands them out."""
_MOST_TILE_PIXELS: Final = 1 << 24
_LONGEST: Final = 1 << 21
"""Pixels along a side: of glass that is 76 mm long, 36 nm each."""
CACHE_BYTES: Final = 64 << 20
"""Of decoded tiles: two rows of those under a patch at 20x."""
_CREDIBLE: Final = (0.05, 20.0)
"""Micrometres per pixel of a scanner. Files that were converted state the resolution of a screen or a printer."""
_ASSUMED: Final = 0.5
_UM_AT_10X: Final = 10.0
"""Objective power times micrometres per pixel: a camera of usual pixels behind it."""


class Level(NamedTuple):
    """One power of the slide."""

    width: int
    height: int
    downsample: float
    """Pixels of the greatest power for one of its own, along a side."""


class About(Value):
    """A slide without its pixels: goes into the result, never to the model."""

    number: int
    """Among the slides that are attached, from 1: what a user names it by."""
    vendor: str
    """OpenSlide's name of its format."""
    width: int
    height: int
    """In pixels of its greatest power."""
    levels: int
    mpp: float
    """Micrometres per pixel at the greatest power."""
    mpp_from: Literal["header", "objective", "assumed"]
    """``objective``: from the power alone, 10x being one micrometre; ``assumed``: the file does not say, as 20x."""
    objective: float | None = None
    patient: Patient | None = None
    warnings: tuple[str, ...] = ()


class Slide:
    """An open slide, to be used in a ``with`` block, by several threads if need be. Its own files must stay where they
    are meanwhile.

    Args:
        path: of its file, or of the first of its files, which lie about it as they are named.
        name: as the user knows it.
        number: see `About`.
        patient: whom its headers name.

    Raises:
        BadInput: OpenSlide cannot open it, or it is of a size that cannot be.
    """

    def __init__(self, path: Path, name: str, number: int = 1, patient: Patient | None = None) -> None:
        self.name = name
        self._path = path
        self._failed: list[OpenSlide] = []
        self._replacing = Lock()
        self._handle = _opened(path, name)
        try:
            with _reading(name):
                sizes = zip(self._handle.level_dimensions, self._handle.level_downsamples, strict=True)
                self.levels = tuple(Level(width, height, float(times)) for (width, height), times in sizes)
                properties = dict(self._handle.properties)
            _refuse_size(name, self.levels, properties)
            self.about = _about(properties, self.levels, number, patient)
        except BaseException:
            self._handle.close()
            raise

    def __enter__(self) -> Slide:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        for handle in (self._handle, *self._failed):
            handle.close()

    def averaged(self, level: int, left: int, top: int, width: int, height: int, times: int = 1) -> Image:
        """A part of a level, reduced to means of ``times`` x ``times`` pixels; white where there is no slide.

        Read in blocks, so that a large part takes little memory.

        Args:
            left: of its upper left corner, in pixels of the level; ``top`` likewise.
            width: of what is handed out, in pixels; ``height`` likewise.
            times: at most 2,048.

        Returns:
            An RGB picture of ``width`` x ``height``.

        Raises:
            BadInput: it cannot be decoded. The slide can be read on elsewhere.
        """
        from PIL import Image as images

        step = max(1, _BLOCK // times)
        if width <= step and height <= step:
            return self._block(level, left, top, width, height, times)
        whole = images.new("RGB", (width, height))
        for y in range(0, height, step):
            for x in range(0, width, step):
                size = min(step, width - x), min(step, height - y)
                whole.paste(self._block(level, left + x * times, top + y * times, *size, times), (x, y))
        return whole

    def _block(self, level: int, left: int, top: int, width: int, height: int, times: int) -> Image:
        downsample = self.levels[level].downsample
        corner = round(left * downsample), round(top * downsample)
        shown = _on_white(self._region(corner, level, (width * times, height * times)))
        return shown.reduce(times) if times > 1 else shown

    def _region(self, corner: tuple[int, int], level: int, size: tuple[int, int]) -> Image:
        """A handle that has failed once refuses everything, whichever thread asks: so what fails is read again by one
        of its own, and the others go on with another."""
        handle = self._handle
        try:
            with _reading(self.name):
                return handle.read_region(corner, level, size)
        except BadInput:
            self._replace(handle)
        own = _opened(self._path, self.name)
        try:
            with _reading(self.name):
                return own.read_region(corner, level, size)
        finally:
            own.close()

    def _replace(self, handle: OpenSlide) -> None:
        with self._replacing:
            if self._handle is handle:
                self._handle = _opened(self._path, self.name)
                # Another thread may be reading from it.
                self._failed.append(handle)


def _on_white(read: Image) -> Image:
    """Beyond its edge and where nothing was scanned a slide is transparent."""
    from PIL import Image as images

    there = read.getchannel("A").getextrema()
    if there == (255, 255):
        return read.convert("RGB")
    white = images.new("RGBA", read.size, (255, 255, 255, 255))
    return (white if there == (0, 0) else images.alpha_composite(white, read)).convert("RGB")


def _opened(path: Path, name: str) -> OpenSlide:
    import openslide

    try:
        with _reading(name):
            handle = openslide.OpenSlide(path)
    except openslide.OpenSlideUnsupportedFormatError as unknown:
        raise BadInput(
            name, "is no whole slide that is read here", "attach a scanner's own file, a tiled TIFF or DICOM"
        ) from unknown
    handle.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
    return handle


@contextmanager
def _reading(name: str) -> Iterator[None]:
    import openslide

    try:
        yield
    except openslide.OpenSlideUnsupportedFormatError:
        raise
    except MemoryError as full:
        raise BadInput(name, "takes more memory than there is", _AGAIN) from full
    except (openslide.OpenSlideError, *DECODING_ERRORS) as broken:
        raise BadInput(name, "is a slide that is damaged or cut off", _AGAIN) from broken


def _refuse_size(name: str, levels: tuple[Level, ...], properties: Mapping[str, str]) -> None:
    """OpenSlide takes memory for whole tiles of the size that the file states, and ends the process where there is
    none."""
    if not levels or any(min(level.width, level.height) < 1 for level in levels):
        raise BadInput(name, "is a slide without a picture", _AGAIN)
    longest = max(max(level.width, level.height) for level in levels)
    tiles = [
        (_number(properties, f"openslide.level[{at}].tile-width") or 1)
        * (_number(properties, f"openslide.level[{at}].tile-height") or 1)
        for at in range(len(levels))
    ]
    if longest > _LONGEST or max(tiles) > _MOST_TILE_PIXELS:
        raise BadInput(name, "states a size that no slide has", _AGAIN)


def _about(properties: Mapping[str, str], levels: tuple[Level, ...], number: int, patient: Patient | None) -> About:
    objective = _number(properties, "openslide.objective-power")
    across, down = (_number(properties, f"openslide.mpp-{axis}") for axis in "xy")
    warnings: list[str] = []
    origin: Literal["header", "objective", "assumed"] = "header"
    mpp = across
    if mpp is None or not _CREDIBLE[0] <= mpp <= _CREDIBLE[1]:
        mpp = _UM_AT_10X / objective if objective else None
        origin = "objective"
    elif down is not None and not 0.9 < down / mpp < 1.1:
        warnings.append(f"its pixels are not square: {mpp:.3g} by {down:.3g} µm")
    if mpp is None or not _CREDIBLE[0] <= mpp <= _CREDIBLE[1]:
        mpp, origin = _ASSUMED, "assumed"
        warnings.append(f"it does not say its power: {_ASSUMED:g} µm per pixel (20x) are assumed")
    return About(
        number=number,
        vendor=properties.get("openslide.vendor", "unknown"),
        width=levels[0].width,
        height=levels[0].height,
        levels=len(levels),
        mpp=mpp,
        mpp_from=origin,
        objective=objective,
        patient=patient,
        warnings=tuple(warnings),
    )


def _number(properties: Mapping[str, str], key: str) -> float | None:
    """A positive number, None where there is none that can be read."""
    try:
        found = float(properties.get(key, ""))
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None
