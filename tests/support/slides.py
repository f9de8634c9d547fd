"""Whole slides written for tests: tiled pyramidal TIFF as scanners write it, and DICOM."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Pixels = NDArray[np.uint8]
Packing = Literal["deflate", "jpeg"]

PAPER: Final = (244, 243, 245)
TISSUE: Final = (198, 120, 176)
_COMPRESSION: Final = {"deflate": 8, "jpeg": 7}
_SHORT, _LONG, _ASCII = 3, 4, 2
_Tag = tuple[int, int, "Sequence[int] | bytes"]


def paper(width: int, height: int) -> Pixels:
    """An empty slide: nearly white."""
    return np.full((height, width, 3), PAPER, np.uint8)


def with_tissue(pixels: Pixels, left: int, top: int, width: int, height: int, seed: int = 0, grain: int = 30) -> Pixels:
    """The same with a piece of pink and purple tissue, grainy as tissue is; no two of unlike seeds are alike."""
    piece = pixels[top : top + height, left : left + width]
    grains = np.random.default_rng(seed).integers(-grain, grain + 1, (*piece.shape[:2], 1))
    piece[:] = (np.array(TISSUE) + grains).clip(0, 255)
    return pixels


def halved(pixels: Pixels, times: int = 2) -> Pixels:
    """The next level of a pyramid: means of ``times`` x ``times`` pixels."""
    height, width = (side // times * times for side in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // times, times, width // times, times, 3)
    means: Pixels = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
    return means


def aperio(mpp: float | None, power: float | None = None) -> str:
    """What a scanner of this maker says of a slide."""
    told = ["Aperio Image Library v1.0.0"]
    told += [f"MPP = {mpp}"] if mpp is not None else []
    told += [f"AppMag = {power:g}"] if power is not None else []
    return "|".join(told)


def write_tiff(
    path: Path, levels: Sequence[Pixels], description: str = "", tile: int = 256, packing: Packing = "deflate"
) -> Path:
    """A tiled TIFF of these levels, the finest first; ``deflate`` keeps every pixel as it is."""
    packed = [[_packed(piece, packing) for piece in _tiles(pixels, tile)] for pixels in levels]

    def directories(at: Sequence[Sequence[int]]) -> list[bytes]:
        """One after the other from byte 8 on, given where the tiles of each level lie."""
        made: list[bytes] = []
        for number, (pixels, pieces, offsets) in enumerate(zip(levels, packed, at, strict=True)):
            tags = _tags(pixels, description, bool(number and not description), tile, packing)
            tags += [(324, _LONG, offsets), (325, _LONG, [len(piece) for piece in pieces])]
            made.append(_directory(tags, 8 + sum(map(len, made)), last=number == len(levels) - 1))
        return made

    place = 8 + sum(map(len, directories([[0] * len(pieces) for pieces in packed])))
    at = []
    for pieces in packed:
        at.append([place + sum(map(len, pieces[:number])) for number in range(len(pieces))])
        place += sum(map(len, pieces))
    with path.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 8))
        file.writelines(directories(at))
        file.writelines(piece for pieces in packed for piece in pieces)
    return path


def _tiles(pixels: Pixels, tile: int) -> list[Pixels]:
    """Row by row; what a tile has beyond the edge repeats it."""
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
    return [
        np.ascontiguousarray(padded[top : top + tile, left : left + tile])
        for top in range(0, height, tile)
        for left in range(0, width, tile)
    ]


def _packed(piece: Pixels, packing: Packing) -> bytes:
    if packing == "deflate":
        return zlib.compress(piece.tobytes(), 1)
    buffer = io.BytesIO()
    Image.fromarray(piece).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _tags(pixels: Pixels, description: str, reduced: bool, tile: int, packing: Packing) -> list[_Tag]:
    """All but where the tiles lie: number, type and values of each."""
    tags: list[_Tag] = [
        (254, _LONG, [int(reduced)]),
        (256, _LONG, [pixels.shape[1]]),
        (257, _LONG, [pixels.shape[0]]),
        (258, _SHORT, [8, 8, 8]),
        (259, _SHORT, [_COMPRESSION[packing]]),
        (262, _SHORT, [6 if packing == "jpeg" else 2]),
        (277, _SHORT, [3]),
        (284, _SHORT, [1]),
        (322, _LONG, [tile]),
        (323, _LONG, [tile]),
    ]
    tags += [(270, _ASCII, description.encode() + b"\0")] if description else []
    tags += [(530, _SHORT, [2, 2])] if packing == "jpeg" else []
    return tags


def _directory(tags: Sequence[_Tag], start: int, *, last: bool) -> bytes:
    """As it lies from byte ``start`` on, with the values that find no room in it; the next one follows it."""
    entries, beyond = b"", b""
    room = start + 2 + 12 * len(tags) + 4
    for tag, kind, values in sorted(tags, key=lambda one: one[0]):
        code = "H" if kind == _SHORT else "I"
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{code}", *values)
        if len(data) > 4:
            place = struct.pack("<I", room + len(beyond))
            beyond += data + b"\0" * (len(data) % 2)
            data = place
        entries += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    link = 0 if last else room + len(beyond)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", link) + beyond


def write_dicom_slide(
    folder: Path, levels: Sequence[Pixels], mpp: float, tile: int = 256, **elements: object
) -> list[Path]:
    """One DICOM file for each level, the finest first, its tiles uncompressed; ``elements`` by keyword."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, pixels in enumerate(levels, 1):
        spacing = mpp / 1000 * levels[0].shape[1] / pixels.shape[1]
        dataset = _dicom_level(pixels, spacing, number, tile)
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        paths.append(folder / f"level-{number}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def _dicom_level(pixels: Pixels, spacing: float, number: int, tile: int) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, VLWholeSlideMicroscopyImageStorage

    measures = Dataset()
    measures.PixelSpacing = [spacing, spacing]
    measures.SliceThickness = 0.001
    kind = Dataset()
    whole = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    kind.FrameType = whole if number == 1 else ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [kind]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 0, 0
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    pieces = _tiles(pixels, tile)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.4.{number}")
    dataset = Dataset()
    dataset.file_meta = meta
    given: dict[str, object] = {
        "SOPClassUID": meta.MediaStorageSOPClassUID,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": "1.2.3.1",
        "SeriesInstanceUID": "1.2.3.2",
        "FrameOfReferenceUID": "1.2.3.3",
        "InstanceNumber": number,
        "Modality": "SM",
        "ImageType": kind.FrameType,
        "PatientName": "Testcase^Ada",
        "PatientID": "p1",
        "Rows": tile,
        "Columns": tile,
        "NumberOfFrames": len(pieces),
        "TotalPixelMatrixRows": pixels.shape[0],
        "TotalPixelMatrixColumns": pixels.shape[1],
        "TotalPixelMatrixOriginSequence": [origin],
        "ImagedVolumeWidth": spacing * pixels.shape[1],
        "ImagedVolumeHeight": spacing * pixels.shape[0],
        "ImageOrientationSlide": [0, 1, 0, 1, 0, 0],
        "DimensionOrganizationType": "TILED_FULL",
        "NumberOfOpticalPaths": 1,
        "TotalPixelMatrixFocalPlanes": 1,
        "OpticalPathSequence": [path],
        "SharedFunctionalGroupsSequence": [shared],
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": b"".join(piece.tobytes() for piece in pieces),
    }
    for keyword, value in given.items():
        setattr(dataset, keyword, value)
    dataset["PixelData"].VR = "OB"
    return dataset
