"""The frames of a 2D DICOM file as 8-bit grey or RGB. Nothing else of the file is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.depth import Bytes8, Values, extent, full_range, scaled
from pipelines.evidence.dicom import read_header
from pipelines.evidence.dicom_decoding import Decoded, frames_in, opened_pixels, refuse_undecoded
from pipelines.evidence.dicom_objects import not_an_image
from pipelines.evidence.raster import Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_SERIES: Final = {"CT": "ct-series", "MR": "mr-series"}
_GREY: Final = ("MONOCHROME1", "MONOCHROME2")
_MOST_ENTRIES: Final = 1 << 16
"""Of a palette."""


def refuse_unfit(header: Dataset, name: str) -> None:
    """Whatever the header alone forbids, before any memory is taken for pixels.

    Raises:
        BadInput: it is no image, belongs to a series, is too large, or compressed in a way not decoded here.
    """
    what = not_an_image(header)
    if what is not None:
        raise BadInput(name, f"is {what}, not an image", "attach the images of the study")
    modality = str(header.get("Modality", "") or "").upper()
    if modality in _SERIES:
        raise BadInput(name, f"is one image of a series ({modality})", f"attach its folder: {_SERIES[modality]}=PATH")
    refuse_undecoded(header, name)


def read_dicom(path: Path, name: str, places: tuple[int, ...] = (0,), *, windowed: bool = False) -> Iterator[Shown]:
    """Frames of a DICOM file at these places, from 0, one after the other, on the scale that the serving code of
    MedGemma gives them.

    That is: the modality's table, no display window (headers carry unreliable ones), 8 bits as they are, anything
    deeper from its least value to its greatest, MONOCHROME1 inverted.

    Args:
        windowed: by the header's first display window after all, for whoever asks for it.

    Raises:
        BadInput: as ``refuse_unfit``; or there are no pixels, or they are damaged.
    """
    from PIL import Image

    header = read_header(path, name)
    refuse_unfit(header, name)
    with opened_pixels(path, name, header) as pixels:
        for place in places:
            steps: list[str] = []
            shown = _shown(pixels.frame(place), header, name, steps, windowed=windowed)
            yield Shown(Image.fromarray(shown), tuple(steps))


def frame_count(path: Path, name: str) -> int:
    """How many frames a file holds, by its header.

    Raises:
        BadInput: as ``refuse_unfit``.
    """
    header = read_header(path, name)
    refuse_unfit(header, name)
    return frames_in(header)


def _shown(decoded: Decoded, header: Dataset, name: str, steps: list[str], *, windowed: bool) -> Bytes8:
    values, bits = decoded.values, decoded.bits
    if decoded.photometric in _GREY:
        return _grey(decoded, header, name, steps, windowed=windowed)
    if decoded.photometric == "PALETTE COLOR":
        return _coloured(values, header, name, steps)
    if decoded.photometric != "RGB":
        raise ValueError(decoded.photometric)
    given = str(header.PhotometricInterpretation)
    if given != decoded.photometric:
        steps.append(f"{given} converted to RGB")
    if bits == 8:
        return values.astype(np.uint8, copy=False)
    steps.append(f"{bits}-bit colour scaled to 8")
    return scaled(values, 0, 2**bits - 1)


def _coloured(values: Values, header: Dataset, name: str, steps: list[str]) -> Bytes8:
    from pydicom.pixels.processing import apply_color_lut

    _refuse_swelling(header)
    colours = apply_color_lut(values, header)[..., :3]
    steps.append("palette applied")
    return scaled(colours, *full_range(*extent(colours, name), fractions=False))


def _refuse_swelling(header: Dataset) -> None:
    """A palette in segments says how long each is; pydicom writes them out without asking for how many entries.

    Raises:
        ValueError: they are more than a palette has.
    """
    for colour in ("Red", "Green", "Blue"):
        packed = header.get(f"Segmented{colour}PaletteColorLookupTableData")
        if packed is None:
            continue
        entries = np.frombuffer(bytes(packed)[: len(packed) // 2 * 2], "<u2").tolist()
        total = at = 0
        while at + 2 <= len(entries):
            kind, length = entries[at], entries[at + 1]
            total += length
            # Discrete, linear; an indirect one repeats others, and any of them may be the longest.
            at += {0: 2 + length, 1: 3}.get(kind, 4)
            if kind == 2:
                total += length * _MOST_ENTRIES
        if total > _MOST_ENTRIES:
            raise ValueError("a palette of more entries than there are")


def _grey(decoded: Decoded, header: Dataset, name: str, steps: list[str], *, windowed: bool) -> Bytes8:
    from pydicom.pixels.processing import apply_modality_lut

    values, bits = decoded.values, decoded.bits
    padding = _padding(values, header)
    falling = header.PhotometricInterpretation == "MONOCHROME1"
    window = _window(header, steps) if windowed else None
    if window is not None:
        values = apply_modality_lut(values, header)
    elif header.get("ModalityLUTSequence"):
        values = apply_modality_lut(values, header)
        steps.append("modality table applied")
    elif float(header.get("RescaleSlope") or 1) < 0:
        # A rescale is linear: stretching undoes it, but for its sign.
        falling = not falling
    if window is not None:
        shown = scaled(values, *window)
    elif values.dtype == np.uint8 and bits == 8:
        shown = values
    else:
        low, high = extent(values if padding is None else values[~padding], name)
        shown = scaled(values, low, high)
        steps.append(f"{bits}-bit grey scaled to 8: {low:.10g} is the least value, {high:.10g} the greatest")
    if falling:
        shown = np.subtract(255, shown)
        steps.append("inverted: low values are white")
    if padding is not None:
        shown = np.where(padding, np.uint8(0), shown)
        steps.append("padding made black")
    return shown


def _window(header: Dataset, steps: list[str]) -> tuple[float, float] | None:
    """What the header's first window shows as black and as white (PS3.3 C.11.2.1.2); None where it has none."""
    centre, width = (_first(header.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width < 1:
        steps.append("no window in the header")
        return None
    exact = str(header.get("VOILUTFunction") or "LINEAR").upper() == "LINEAR_EXACT"
    half, middle = (width / 2, centre) if exact else ((width - 1) / 2, centre - 0.5)
    steps.append(f"the header's window applied: centre {centre:.10g}, width {width:.10g}")
    return middle - half, middle + half


def _first(value: object) -> float | None:
    """Of one number or of several."""
    from pydicom.multival import MultiValue

    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return None if value in (None, "") else float(str(value))


def _padding(values: Values, header: Dataset) -> NDArray[np.bool_] | None:
    """Where the header says that there is no picture but filling, which would stretch the scale; None if nowhere."""
    first = header.get("PixelPaddingValue")
    if first is None:
        return None
    last = header.get("PixelPaddingRangeLimit")
    low, high = sorted((int(first), int(first if last is None else last)))
    padding: NDArray[np.bool_] = (values >= low) & (values <= high)
    return padding if padding.any() and not padding.all() else None
