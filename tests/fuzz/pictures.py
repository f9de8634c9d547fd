"""Picture files and 2D DICOM, sound ones of every kind, to be damaged."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from pipelines.evidence.identify import identify_file
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.picture import frames_of
from pipelines.records import Kind
from tests.fuzz.reader import Files, Reader, Seed
from tests.support.pictures import Array, PictureStore, deep_png, deflated, packaged, write_dicom

_RNG_SEED = 5


def raster() -> Reader:
    """PNG, JPEG, TIFF, BMP, WebP and GIF."""
    return Files(tuple(_pictures()), _look)


def dicom() -> Reader:
    """DICOM images in every syntax that is decoded."""
    return Files(tuple(_dicoms()), _look)


def _look(path: Path) -> None:
    store = PictureStore()
    attachment = identify_file(path, path.name, str(path), Kind.IMAGE)
    frames_of(inspect_attachment(attachment, store, None), store)


def _pictures() -> Iterator[Seed]:
    colour = np.random.default_rng(_RNG_SEED).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    grey = np.arange(480, dtype=np.uint16).reshape(24, 20)
    rgb, deep = Image.fromarray(colour), Image.fromarray(grey * 100)
    exif = Image.Exif()
    exif[0x0112] = 6
    second = Image.fromarray(255 - colour)
    several: dict[str, Any] = {"save_all": True, "append_images": [second]}
    made: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("rgb.png", rgb, {"exif": exif}),
        ("palette.png", rgb.quantize(16), {}),
        ("deep.png", deep, {}),
        ("animated.png", rgb, several),
        ("rgb.jpg", rgb, {"exif": exif}),
        ("progressive.jpg", rgb, {"progressive": True}),
        ("inks.jpg", rgb.convert("CMYK"), {}),
        ("rgb.tif", rgb, {"exif": exif}),
        ("lzw.tif", rgb, {"compression": "tiff_lzw"}),
        ("deflate.tif", deep, {"compression": "tiff_deflate"}),
        ("fax.tif", rgb.convert("1"), {"compression": "group4"}),
        ("jpeg.tif", rgb, {"compression": "jpeg"}),
        ("packbits.tif", rgb.quantize(16), {"compression": "packbits"}),
        ("floats.tif", Image.fromarray(grey.astype(np.float32)), {}),
        ("pages.tif", rgb, several),
        ("rgb.bmp", rgb, {}),
        ("palette.bmp", rgb.quantize(16), {}),
        ("lossy.webp", rgb, {}),
        ("lossless.webp", rgb.convert("RGBA"), {"lossless": True}),
        ("animated.webp", rgb, several),
        ("palette.gif", rgb.quantize(16), {}),
        ("animated.gif", rgb, several),
    ]
    for colour_type, samples in ((2, 3), (4, 2), (6, 4)):
        values = np.resize(grey * 8, (24, 20, samples))
        yield Seed(f"deep-{samples}.png", deep_png(values, colour_type), _right_sums)
    for name, image, options in made:
        out = io.BytesIO()
        image.save(out, {"jpg": "JPEG", "tif": "TIFF"}.get(name.rpartition(".")[2], name.rpartition(".")[2]), **options)
        yield Seed(name, out.getvalue(), _right_sums if name.endswith(".png") else bytes)


def _right_sums(png: bytes) -> bytes:
    """Checksums of all chunks that are still whole."""
    made, at = bytearray(png), 8
    while at + 12 <= len(made):
        (length,) = struct.unpack_from(">I", made, at)
        if at + 12 + length > len(made):
            break
        struct.pack_into(">I", made, at + 8 + length, zlib.crc32(made[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(made)


def _dicoms() -> Iterator[Seed]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # JPEG 2000 is not written for smaller ones.
        film = (np.arange(40 * 36, dtype=np.uint16).reshape(40, 36) * 2) + 100
        colour = np.random.default_rng(_RNG_SEED).integers(0, 256, (40, 36, 3), dtype=np.uint8)
        plain = write_dicom(
            folder / "plain.dcm",
            film,
            BitsStored=12,
            RescaleSlope=2,
            RescaleIntercept=-5,
            WindowCenter=1000,
            WindowWidth=500,
            PixelPaddingValue=100,
        )
        yield Seed("plain.dcm", plain.read_bytes())
        for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
            for name, values in (("film", film), ("colour", colour)):
                yield Seed(f"{name}-{syntax.keyword}.dcm", _compressed(folder / "packed.dcm", values, syntax))
        upper = write_dicom(
            folder / "upper.dcm", film << 4, BitsStored=12, HighBit=15, PhotometricInterpretation="MONOCHROME1"
        )
        yield Seed("upper.dcm", upper.read_bytes())
        big = write_dicom(folder / "big.dcm", film, ExplicitVRBigEndian, PixelData=film.astype(">u2").tobytes())
        yield Seed("big.dcm", big.read_bytes())
        for name, image, elements in (
            ("jpeg.dcm", Image.fromarray(film.astype(np.uint8)), {}),
            ("colour-jpeg.dcm", Image.fromarray(colour), {"PhotometricInterpretation": "YBR_FULL_422"}),
        ):
            out = io.BytesIO()
            image.save(out, "JPEG")
            packed = write_dicom(
                folder / name,
                np.asarray(image),
                JPEGBaseline8Bit,
                PixelData=encapsulate([out.getvalue()] * 3),
                NumberOfFrames=3,
                **elements,
            )
            yield Seed(name, packed.read_bytes())
        yield Seed("palette.dcm", _paletted(folder / "palette.dcm", film.astype(np.uint8)))
        table = _table(np.arange(4096) * 3)
        yield Seed("table.dcm", write_dicom(folder / "table.dcm", film, ModalityLUTSequence=table).read_bytes())
        jp2 = io.BytesIO()
        Image.fromarray(colour).save(jp2, "JPEG2000")
        given = encapsulate([jp2.getvalue()])
        boxed = write_dicom(folder / "boxed.dcm", colour, JPEG2000Lossless, PixelData=given)
        yield Seed("boxed.dcm", boxed.read_bytes())
        yield Seed("lossless-jpeg.dcm", packaged("SC_rgb_jpeg_gdcm.dcm").read_bytes())
        yield Seed("near.dcm", packaged("JPEGLSNearLossless_16.dcm").read_bytes())
        yield Seed("deflated.dcm", plain.read_bytes(), deflated)


def _compressed(path: Path, values: Array, syntax: str) -> bytes:
    dataset = dcmread(write_dicom(path, values))
    dataset.compress(syntax, encoding_plugin="" if syntax != RLELossless else "pydicom")
    dataset.save_as(path)
    return path.read_bytes()


def _paletted(path: Path, shades: Array) -> bytes:
    entries = np.arange(256, dtype=np.uint16) * 257
    tables: dict[str, object] = {
        f"{colour}PaletteColorLookupTable{part}": [256, 0, 16] if part == "Descriptor" else entries.tobytes()
        for colour in ("Red", "Green", "Blue")
        for part in ("Descriptor", "Data")
    }
    return write_dicom(path, shades, PhotometricInterpretation="PALETTE COLOR", **tables).read_bytes()


def _table(entries: Array) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(entries), 0, 16]
    item.ModalityLUTType = "US"
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return Sequence([item])
