"""The frames of a 2D DICOM file as 8-bit grey or RGB. Nothing else of the file is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.depth import Bytes8, Values, extent, mapped, scaled
from pipelines.evidence.dicom import read_header
from pipelines.evidence.dicom_decoding import Decoded, frames_in, opened_pixels, refuse_undecoded
from pipelines.evidence.dicom_objects import not_an_image
from pipelines.evidence.dicom_palette import coloured
from pipelines.evidence.raster import Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_SERIES: Final = {"CT": "ct-series", "MR": "mr-series"}
_GREY: Final = ("MONOCHROME1", "MONOCHROME2")


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
        steps.append("palette applied")
        return coloured(values, header)
    if decoded.photometric != "RGB":
        raise ValueError(decoded.photometric)
    given = str(header.PhotometricInterpretation)
    if given != decoded.photometric:
        steps.append(f"{given} converted to RGB")
    if bits == 8:
        return values.astype(np.uint8, copy=False)
    steps.append(f"{bits}-bit colour scaled to 8")
    return scaled(values, 0, 2**bits - 1)


def _grey(decoded: Decoded, header: Dataset, name: str, steps: list[str], *, windowed: bool) -> Bytes8:
    from pydicom.pixels.processing import apply_modality_lut

    values, bits = decoded.values, decoded.bits
    padding = _padding(values, header)
    falling = header.PhotometricInterpretation == "MONOCHROME1"
    slope, intercept = float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)
    if header.get("ModalityLUTSequence"):
        values = mapped(values, lambda every: apply_modality_lut(every, header))
        slope, intercept = 1.0, 0.0
        steps.append("modality table applied")
    view = _view(header, steps) if windowed else None
    if view is not None:
        shown = mapped(values, lambda every: view(every * slope + intercept))
    elif values.dtype == np.uint8 and bits == 8:
        shown = values
    else:
        low, high = extent(values if padding is None else values[~padding], name)
        shown = scaled(values, low, high)
        steps.append(f"{bits}-bit grey scaled to 8: {low:.10g} is the least value, {high:.10g} the greatest")
    # A rescale is linear: stretching undoes it, but for its sign.
    if falling != (view is None and slope < 0):
        shown = np.subtract(255, shown)
        steps.append("inverted: low values are white")
    if padding is not None:
        shown = np.where(padding, np.uint8(0), shown)
        steps.append("padding made black")
    return shown


class _Window(NamedTuple):
    centre: float
    width: float
    function: str


def _view(header: Dataset, steps: list[str]) -> Callable[[Values], Bytes8] | None:
    """What the header's first window shows of values, else its first table; None where it has neither."""
    window = _window(header, steps)
    if window is not None:
        return lambda units: _through(window, units)
    if header.get("VOILUTSequence"):
        steps.append("the header's display table applied")
        return lambda units: _through_table(header, units)
    steps.append("no window in the header")
    return None


def _window(header: Dataset, steps: list[str]) -> _Window | None:
    """The header's first; None where it has none."""
    centre, width = (_first(header.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    if centre is None or width is None or not width >= (1 if function == "LINEAR" else 0) or not width:
        return None
    curve = ", a sigmoid" if function == "SIGMOID" else ""
    steps.append(f"the header's window applied: centre {centre:.10g}, width {width:.10g}{curve}")
    return _Window(centre, width, function)


def _through(window: _Window, units: Values) -> Bytes8:
    """What a window shows of values (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    centre, width, function = window
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return np.rint(255 / (1 + np.exp(-4 * (units - centre) / width))).astype(np.uint8)
    if function == "LINEAR_EXACT":
        return scaled(units, centre - width / 2, centre + width / 2)
    return scaled(units, centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)


def _through_table(header: Dataset, units: Values) -> Bytes8:
    """What lies beyond the table is shown as its nearest end (PS3.3 C.11.2.1.1)."""
    from pydicom.pixels.processing import apply_voi

    entries, first, bits = map(int, header.VOILUTSequence[0].LUTDescriptor)
    entries = entries or 1 << 16
    table = apply_voi(np.arange(first, first + entries, dtype=np.int32), header)
    if first >= 1 << 15 and units.min() < 0:
        # Written as unsigned, as pixels are, though the values that it maps are not.
        first -= 1 << 16
    places = np.rint(units - first).clip(0, entries - 1).astype(np.int32)
    return scaled(table[places], 0, 2**bits - 1)


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
    low, high = sorted(_stored(int(number), values.dtype) for number in (first, first if last is None else last))
    padding: NDArray[np.bool_] = (values >= low) & (values <= high)
    return padding if padding.any() and not padding.all() else None


def _stored(number: int, kind: np.dtype[Any]) -> int:
    """As pixels hold it: some programs write one below 0 as if it were unsigned."""
    least, greatest = np.iinfo(kind).min, np.iinfo(kind).max
    return number if least <= number <= greatest else (number - least) % (greatest - least + 1) + least
