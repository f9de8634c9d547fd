"""Whole slides written for tests: tiled pyramidal TIFF as scanners write it, and DICOM."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

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


def paper(width: int, height: int) -> Pixels:
    """An empty slide: nearly white."""
    return np.full((height, width, 3), PAPER, np.uint8)


def with_tissue(pixels: Pixels, left: int, top: int, width: int, height: int, seed: int = 0) -> Pixels:
    """The same with a piece of pink and purple tissue, grainy as tissue is."""
    piece = pixels[top : top + height, left : left + width]
    grain = np.random.default_rng(seed).integers(-30, 31, (*piece.shape[:2], 1))
    piece[:] = (np.array(TISSUE) + grain).clip(0, 255)
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
    with path.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 0))
        link = 4
        for pixels in levels:
            offsets, sizes = [], []
            for piece in _tiles(pixels, tile):
                data = _packed(piece, packing)
                offsets.append(file.tell())
                sizes.append(len(data))
                file.write(data)
            reduced = not description and pixels is not levels[0]
            height, width = pixels.shape[:2]
            link = _directory(file, link, width, height, description, reduced, tile, packing, offsets, sizes)
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


def _directory(
    file: Any, link: int, width: int, height: int, description: str, reduced: bool, tile: int, packing: Packing,
    offsets: Sequence[int], sizes: Sequence[int],
) -> int:  # fmt: skip
    """Writes one, makes ``link`` point to it, and returns where its own link lies."""
    entries: list[tuple[int, int, Sequence[int] | bytes]] = [
        (254, _LONG, [int(reduced)]),
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [8, 8, 8]),
        (259, _SHORT, [_COMPRESSION[packing]]),
        (262, _SHORT, [6 if packing == "jpeg" else 2]),
        (270, _ASCII, description.encode() + b"\0"),
        (277, _SHORT, [3]),
        (284, _SHORT, [1]),
        (322, _LONG, [tile]),
        (323, _LONG, [tile]),
        (324, _LONG, offsets),
        (325, _LONG, sizes),
    ]
    if packing == "jpeg":
        entries.append((530, _SHORT, [2, 2]))
    if not description:
        entries = [entry for entry in entries if entry[0] != 270]
    packed = []
    for tag, kind, values in entries:
        data = (
            values
            if isinstance(values, bytes)
            else struct.pack(f"<{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
        )
        if len(data) > 4:
            at = file.tell() + file.tell() % 2
            file.seek(at)
            file.write(data)
            data = struct.pack("<I", at)
        packed.append(struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0"))
    start = file.tell() + file.tell() % 2
    file.seek(start)
    file.write(struct.pack("<H", len(packed)) + b"".join(packed) + struct.pack("<I", 0))
    end: int = file.tell()
    file.seek(link)
    file.write(struct.pack("<I", start))
    file.seek(end)
    return end - 4


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
    from pydicom.uid import ExplicitVRLittleEndian, VLWholeSlideMicroscopyImageStorage

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
    meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
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
