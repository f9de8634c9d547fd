"""Each image of a study as it is stored: where its pixels are, and where it lies in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.dicom import iso_date
from pipelines.evidence.volumes.files import File
from pipelines.evidence.volumes.header import Header

Vector = tuple[float, ...]

_MODALITIES: Final[dict[str, Literal["CT", "MR"]]] = {"CT": "CT", "MR": "MR"}
_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
SCREENS: Final = frozenset({_CAPTURE, *(f"{_CAPTURE}.{sort}" for sort in range(1, 5))})
"""Secondary captures of all sorts: dose tables, screens. No prefix: classes of microscopy begin with 7 as well."""
_NO_SLICES: Final = frozenset({"LOCALIZER", "SCREEN SAVE", "PASTED"})
MOST_PIXELS: Final = 1 << 24
"""Of one slice, of which a few are held at once, each in several forms."""
_MOST_FRAMES: Final = 20_000
_SLACK: Final = 1 << 24
"""Bytes, for headers and for images of a few pixels."""
_FARTHEST: Final = 1e5
"""In mm."""
_PIXEL_NUMBERS: Final = {
    "rows": "Rows",
    "columns": "Columns",
    "samples_per_pixel": "SamplesPerPixel",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "pixel_representation": "PixelRepresentation",
}


@dataclass(frozen=True)
class Series:
    """What the images of one series have in common."""

    uid: str
    number: float
    description: str
    modality: Literal["CT", "MR"]


@dataclass(frozen=True)
class Pixels:
    """Where the pixels of one image are, and what it takes to decode them."""

    file: File = field(repr=False)
    frame: int
    """From 0."""
    syntax: str
    offset: int | None
    """Of the value of the pixel data in the file; None where only pydicom finds it."""
    options: Mapping[str, Any] = field(repr=False)
    """As pydicom's decoders take them."""
    inverted: bool
    """Low values are white."""
    filling: tuple[int, int] | None
    """Least and greatest value, as stored, of what only fills the picture up."""


class Person(NamedTuple):
    """Whom an image names, in the header's own words."""

    id: str
    name: str
    born: str


@dataclass(frozen=True)
class Stored:
    """One image."""

    series: Series
    uid: str
    instance: float
    pixels: Pixels = field(repr=False)
    rows: int
    columns: int
    position: Vector
    """Of the centre of the first pixel, in mm (left, back, up are positive); empty where it is not known."""
    orientation: Vector
    """Direction in which columns count up, and that in which rows do; empty where it is not known."""
    spacing: Vector
    """Distance of rows and of columns in mm; empty where it is not known."""
    rescale: tuple[float, float] | None
    """Slope and intercept."""
    rescale_type: str
    derived: bool
    passes: tuple[tuple[str, str], ...]
    """What tells images apart that lie at one place: acquisition, echo, moment, diffusion."""
    person: Person
    acquired: str | None
    """YYYY-MM-DD."""


def stored_in(file: File, header: Header) -> tuple[Stored, ...]:
    """The images in one file; none where it shows no slices.

    Raises:
        BadInput: it has slices, but they are too large or too many, or what places them is damaged.
    """
    modality = _MODALITIES.get(header.text("Modality").upper())
    if modality is None or not header.has_pixels or header.text("SOPClassUID") in SCREENS:
        return ()
    if _NO_SLICES & set(header.texts("ImageType")) or header.whole("SamplesPerPixel") != 1:
        return ()
    rows, columns = header.whole("Rows"), header.whole("Columns")
    if rows < 1 or columns < 1 or not header.text("SeriesInstanceUID"):
        return ()
    if rows * columns > MOST_PIXELS:
        raise BadInput(file.name, f"has slices of {columns} x {rows} pixels", "attach a smaller copy")
    frames = max(1, header.whole("NumberOfFrames"))
    if frames > _MOST_FRAMES:
        raise BadInput(file.name, f"has {frames} frames, {_MOST_FRAMES} are read here", "attach one series of it")
    if file.size > 2 * _bytes(header) * frames + _SLACK:
        raise BadInput(file.name, "holds far more than the images that its header describes", "export it again")
    first = _first(file, header, modality, frames)
    if frames == 1 and header.numbers("ImagePositionPatient", 3):
        return (first,)
    from pipelines.evidence.volumes.functional_groups import frames_of

    return frames_of(file, first, frames)


def _first(file: File, header: Header, modality: Literal["CT", "MR"], frames: int) -> Stored:
    options: dict[str, Any] = {
        **{name: header.whole(keyword) for name, keyword in _PIXEL_NUMBERS.items()},
        "photometric_interpretation": header.text("PhotometricInterpretation").upper() or "MONOCHROME2",
        "number_of_frames": frames,
        "pixel_keyword": "PixelData",
        "pixel_vr": "OW",
    }
    # Where there are fewer pixels than that, what follows them is none of theirs, and pydicom says so.
    whole = header.pixel_bytes >= _bytes(header) * frames
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    passes = ("AcquisitionNumber", "EchoTime", "TemporalPositionIdentifier", "TriggerTime", "DiffusionBValue")
    dates = (iso_date(header.text(keyword)) for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"))
    number = header.number("SeriesNumber")
    return Stored(
        series=Series(
            header.text("SeriesInstanceUID"),
            float("inf") if number is None else number,
            header.text("SeriesDescription"),
            modality,
        ),
        uid=header.text("SOPInstanceUID"),
        instance=header.number("InstanceNumber") or 0,
        pixels=Pixels(
            file,
            0,
            header.syntax,
            header.pixels if whole else None,
            options,
            # Of Hounsfield units there is but one meaning, however they are to be shown.
            inverted=modality != "CT" and options["photometric_interpretation"] == "MONOCHROME1",
            filling=_filling(header),
        ),
        rows=header.whole("Rows"),
        columns=header.whole("Columns"),
        position=within_reach(header.numbers("ImagePositionPatient", 3)),
        orientation=unit_vectors(header.numbers("ImageOrientationPatient", 6)),
        spacing=positive(header.numbers("PixelSpacing", 2)),
        rescale=None if slope is None or intercept is None or slope == 0 else (slope, intercept),
        rescale_type=header.text("RescaleType").upper(),
        derived="DERIVED" in header.texts("ImageType"),
        passes=tuple((keyword, header.text(keyword)) for keyword in passes),
        person=Person(*(header.text(f"Patient{what}") for what in ("ID", "Name", "BirthDate"))),
        acquired=next(filter(None, dates), None),
    )


def _filling(header: Header) -> tuple[int, int] | None:
    first, last = header.number("PixelPaddingValue"), header.number("PixelPaddingRangeLimit")
    if first is None:
        return None
    low, high = sorted(_as_pixels_are(header, value) for value in (first, first if last is None else last))
    return low, high


def _as_pixels_are(header: Header, value: float) -> int:
    """Signed or not: files and readers take these elements for either, whatever the pixels are."""
    unsigned = int(value) % (1 << 16)
    return unsigned - (1 << 16) if header.whole("PixelRepresentation") and unsigned >> 15 else unsigned


def _bytes(header: Header) -> int:
    """Of one image, uncompressed."""
    return header.whole("Rows") * header.whole("Columns") * -(-header.whole("BitsAllocated") // 8)


def unit_vectors(cosines: Vector) -> Vector:
    """Two directions at right angles, of length 1; empty where these are none."""
    if len(cosines) != 6:
        return ()
    along, down = cosines[:3], cosines[3:]
    lengths = sum(x * x for x in along) ** 0.5, sum(x * x for x in down) ** 0.5
    if not all(0.9 < length < 1.1 for length in lengths):
        return ()
    if abs(sum(x * y for x, y in zip(along, down, strict=True))) > 0.05:
        return ()
    return (*(x / lengths[0] for x in along), *(x / lengths[1] for x in down))


def within_reach(position: Vector) -> Vector:
    """Empty where it is farther away than any scanner is long."""
    return position if all(abs(distance) < _FARTHEST for distance in position) else ()


def positive(spacing: Vector) -> Vector:
    return spacing if all(distance > 0 for distance in spacing) else ()
