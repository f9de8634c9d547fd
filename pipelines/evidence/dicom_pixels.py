"""The one image of a DICOM file as 8-bit grey or RGB. Nothing else of the file is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.errors import BadInput
from pipelines.evidence.depth import Bytes8, Values, extent, full_range, refuse_size, scaled, too_much_memory
from pipelines.evidence.dicom import read_header, reading, unwarned
from pipelines.evidence.raster import Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_SERIES: Final = {"CT": "ct-series", "MR": "mr-series"}
_GREY: Final = ("MONOCHROME1", "MONOCHROME2")
_AGAIN: Final = "export it again from the archive, uncompressed or as PNG"


def refuse_unfit(header: Dataset, name: str) -> None:
    """Whatever the header alone forbids, before any memory is taken for pixels.

    Raises:
        BadInput: it belongs to a series, has several frames, is too large, or compressed in a way not decoded here.
    """
    modality = str(header.get("Modality", "") or "").upper()
    if modality in _SERIES:
        raise BadInput(name, f"is one image of a series ({modality})", f"attach its folder: {_SERIES[modality]}=PATH")
    frames, rows, columns = (_number(header, keyword) for keyword in ("NumberOfFrames", "Rows", "Columns"))
    if frames > 1:
        raise BadInput(name, f"is a series of {frames} frames", "attach one of them, as PNG for example")
    refuse_size(name, rows * columns)
    if not _is_decoded(header):
        raise BadInput(name, f"is compressed as {_syntax_name(header)}, which is not decoded here", _AGAIN)


def read_dicom(path: Path, name: str) -> Shown:
    """The one image of a DICOM file, on the scale that the serving code of MedGemma gives it.

    That is: the modality's table, no display window (headers carry unreliable ones), 8 bits as they are, anything
    deeper from its least value to its greatest, MONOCHROME1 inverted.

    Raises:
        BadInput: as ``refuse_unfit``; or there are no pixels, or they are damaged.
    """
    from PIL import Image

    header = read_header(path, name)
    refuse_unfit(header, name)
    if not _number(header, "Rows") or not _number(header, "Columns"):
        raise BadInput(name, "is a DICOM file without a picture", "attach the images of the study")
    steps: list[str] = []
    try:
        with reading(name, f"has pixels that cannot be decoded ({_syntax_name(header)})", _AGAIN):
            shown = _shown(path, name, steps)
    except MemoryError as full:
        raise too_much_memory(name) from full
    return Shown(Image.fromarray(shown), tuple(steps))


def _shown(path: Path, name: str, steps: list[str]) -> Bytes8:
    from pydicom import dcmread
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.processing import apply_color_lut

    dataset = dcmread(path)
    values, found = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset, index=0)
    photometric, bits = str(found["photometric_interpretation"]), int(found["bits_stored"])
    if photometric in _GREY:
        return _grey(values, dataset, bits, name, steps)
    if photometric == "PALETTE COLOR":
        colours = apply_color_lut(values, dataset)[..., :3]
        steps.append("palette applied")
        return scaled(colours, *full_range(*extent(colours, name), fractions=False))
    if photometric != "RGB":
        raise ValueError(photometric)
    given = str(dataset.PhotometricInterpretation)
    if given != photometric:
        steps.append(f"{given} converted to RGB")
    if bits == 8:
        return values.astype(np.uint8, copy=False)
    steps.append(f"{bits}-bit colour scaled to 8")
    return scaled(values, 0, 2**bits - 1)


def _grey(values: Values, dataset: Dataset, bits: int, name: str, steps: list[str]) -> Bytes8:
    from pydicom.pixels.processing import apply_modality_lut

    padding = _padding(values, dataset)
    falling = dataset.PhotometricInterpretation == "MONOCHROME1"
    if dataset.get("ModalityLUTSequence"):
        values = apply_modality_lut(values, dataset)
        steps.append("modality table applied")
    elif float(dataset.get("RescaleSlope") or 1) < 0:
        # A rescale is linear: stretching undoes it, but for its sign.
        falling = not falling
    if values.dtype == np.uint8 and bits == 8:
        shown = values
    else:
        low, high = extent(values if padding is None else values[~padding], name)
        shown = scaled(values, low, high)
        steps.append(f"{bits}-bit grey scaled to 8: {low:.10g} is the least value, {high:.10g} the greatest")
    if falling:
        shown = np.subtract(255, shown)
        steps.append("inverted: low values are white")
    if padding is not None:
        shown[padding] = 0
        steps.append("padding made black")
    return shown


def _padding(values: Values, dataset: Dataset) -> NDArray[np.bool_] | None:
    """Where the header says that there is no picture but filling, which would stretch the scale; None if nowhere."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return None
    last = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((int(first), int(first if last is None else last)))
    padding: NDArray[np.bool_] = (values >= low) & (values <= high)
    return padding if padding.any() and not padding.all() else None


def _number(header: Dataset, keyword: str) -> int:
    """0 where there is none that can be read."""
    try:
        return int(header.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0


def _syntax_name(header: Dataset) -> str:
    from pydicom.uid import UID

    with unwarned():
        syntax = UID(str(header.file_meta.get("TransferSyntaxUID")))
    return "an unknown transfer syntax" if syntax.name == syntax else syntax.name


def _is_decoded(header: Dataset) -> bool:
    """Whether its transfer syntax can be; a file that names none is left to the attempt."""
    from pydicom.pixels.decoders.base import get_decoder

    syntax = header.file_meta.get("TransferSyntaxUID")
    try:
        with unwarned():
            return not syntax or get_decoder(str(syntax)).is_available
    except NotImplementedError:
        return False
